package policy

import (
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// memos keep what is the same for many requests: an agent acts more than once,
// under one warrant, and calls its arguments by the same names. Making Cedar's
// records and sets costs more than most policies. All are functions of their
// keys alone.
type memos struct {
	agents    memo[Principal, cedar.Record]
	warrants  memo[Authority, cedar.Record]
	humans    memo[Human, cedar.Record]
	targets   memo[target, cedar.Record]
	resources memo[resource, cedar.Record]
	shapes    memo[shapeKey, shape]
}

// maxRemembered bounds each memo, maxShape the keys of shapes, which agents may
// choose; the others have a few hundred bytes.
const (
	maxRemembered = 1024
	maxShape      = 512
)

// memo is a bounded map. When it is full it starts again: what is in use comes
// back at once.
type memo[K key[K], V any] struct {
	mu    sync.RWMutex
	items map[K]V
}

// key is what results are remembered by. Its own copy holds on to nothing larger,
// such as the statement that it is a part of.
type key[K any] interface {
	comparable
	own() K
}

// get returns what stands under a key, or makes it.
func (m *memo[K, V]) get(key K, make func(K) V) V {
	m.mu.RLock()
	v, ok := m.items[key]
	m.mu.RUnlock()
	if ok {
		return v
	}
	key = key.own()
	v = make(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.items == nil || len(m.items) >= maxRemembered {
		m.items = map[K]V{}
	}
	m.items[key] = v
	return v
}

type (
	target   attest.Target
	resource attest.Resource
	shapeKey string
)

func (p Principal) own() Principal {
	p.ID, p.TrustDomain = strings.Clone(p.ID), strings.Clone(p.TrustDomain)
	p.Path, p.Owner = strings.Clone(p.Path), strings.Clone(p.Owner)
	return p
}

func (a Authority) own() Authority {
	a.Basis, a.Accountable, a.Purpose = strings.Clone(a.Basis), strings.Clone(a.Accountable), strings.Clone(a.Purpose)
	return a
}

func (h Human) own() Human { return h }

func (t target) own() target {
	return target{strings.Clone(t.Endpoint), strings.Clone(t.Kind), strings.Clone(t.Protocol)}
}

func (r resource) own() resource { return resource{strings.Clone(r.ID), strings.Clone(r.Kind)} }

func (k shapeKey) own() shapeKey { return shapeKey(strings.Clone(string(k))) }
