package admission

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/policy"
)

// Cache remembers what is expensive and a pure function of bytes that their
// digest names: parsed chains and bundles, proven paths, loaded policies,
// compiled warrants. A nil *Cache remembers nothing. It is safe for concurrent
// use, and a hit gives exactly what the work itself would give.
type Cache struct {
	paths    *identity.Cache
	chains   memo[attest.Digest, *identity.Chain]
	bundles  memo[bundleKey, *identity.Bundle]
	sets     memo[attest.Digest, *attest.Roots]
	keys     memo[attest.Digest, *token.Keys]
	policies memo[policyKey, *policy.Set]
	warrants memo[attest.ID, *policy.Warrant]
	checks   memo[attest.ID, checkedChain] // by the leaf's ID
}

// checkedChain is what [warrant.Check] said of some links.
type checkedChain struct {
	links  []warrant.Link
	chain  warrant.Chain
	faults []*attest.Fault
}

type bundleKey struct {
	domain string
	digest attest.Digest
}

type policyKey struct{ policies, schema, entities attest.Digest }

// NewCache returns a cache of at most n items of each sort.
func NewCache(n int) *Cache {
	return &Cache{
		paths:    identity.NewCache(n),
		chains:   memo[attest.Digest, *identity.Chain]{most: n},
		bundles:  memo[bundleKey, *identity.Bundle]{most: n},
		sets:     memo[attest.Digest, *attest.Roots]{most: n},
		keys:     memo[attest.Digest, *token.Keys]{most: n},
		policies: memo[policyKey, *policy.Set]{most: n},
		warrants: memo[attest.ID, *policy.Warrant]{most: n, size: warrantSize},
		checks:   memo[attest.ID, checkedChain]{most: n, size: chainSize},
	}
}

// chain parses a chain. Only chains that were proven are remembered, by verify: a
// stranger's may be far larger in memory than on the wire.
func (c *Cache) chain(d attest.Digest, der []byte) (*identity.Chain, error) {
	if c != nil {
		if chain, ok := c.chains.look(d); ok {
			return chain, nil
		}
	}
	return identity.ParseChain(der)
}

func (c *Cache) bundle(domain string, d attest.Digest, doc []byte) (*identity.Bundle, error) {
	parse := func() (*identity.Bundle, error) { return identity.ParseBundle(domain, doc) }
	if c == nil {
		return parse()
	}
	return c.bundles.get(bundleKey{domain, d}, parse)
}

// roots reads a set of authorities.
func (c *Cache) roots(d attest.Digest, doc []byte) (*attest.Roots, error) {
	parse := func() (*attest.Roots, error) { return attest.ParseRoots(doc) }
	if c == nil {
		return parse()
	}
	return c.sets.get(d, parse)
}

// jwks reads the keys of a provider.
func (c *Cache) jwks(d attest.Digest, doc []byte) (*token.Keys, error) {
	parse := func() (*token.Keys, error) { return token.ParseKeys(doc) }
	if c == nil {
		return parse()
	}
	return c.keys.get(d, parse)
}

// verify proves a chain that was read under a digest.
func (c *Cache) verify(d attest.Digest, chain *identity.Chain, b *identity.Bundle, at time.Time) (identity.Signer, error) {
	if c == nil {
		return identity.Verify(chain, b, at)
	}
	signer, err := c.paths.Verify(chain, b, at)
	if err != nil {
		return signer, err
	}
	if _, ok := c.chains.look(d); !ok {
		_, _ = c.chains.get(attest.DigestFrom(chain.Digest()), func() (*identity.Chain, error) { return chain, nil })
	}
	return signer, nil
}

// policy loads a policy set; a set that is not valid is nil without an error.
func (c *Cache) policy(p *attest.Policy, src policy.Source) (*policy.Set, error) {
	load := func() (*policy.Set, error) {
		set, err := policy.Load(src)
		if attest.AsFault(err) != nil {
			return nil, nil
		}
		return set, err
	}
	if c == nil {
		return load()
	}
	return c.policies.get(policyKey{p.Policies, p.Schema, p.Entities}, load)
}

func (c *Cache) warrant(l warrant.Link) (*policy.Warrant, error) {
	compile := func() (*policy.Warrant, error) { return policy.Compile(l.Warrant) }
	if c == nil {
		return compile()
	}
	return c.warrants.get(l.ID, compile)
}

// check checks the links of a chain, of which there is at least one. A leaf's ID
// names all warrants up to the root, but not the keys that signed them: those are
// compared. The caller must not change the faults.
func (c *Cache) check(links []warrant.Link) (warrant.Chain, []*attest.Fault) {
	if c == nil {
		return warrant.Check(links)
	}
	leaf := links[len(links)-1].ID
	known, ok := c.checks.look(leaf)
	if ok && slices.EqualFunc(known.links, links, sameLink) {
		return known.chain, known.faults
	}
	chain, faults := warrant.Check(links)
	_, _ = c.checks.get(leaf, func() (checkedChain, error) { return checkedChain{links, chain, faults}, nil })
	return chain, faults
}

func sameLink(a, b warrant.Link) bool {
	return a.ID == b.ID && a.Signer.Party == b.Signer.Party &&
		a.Signer.KeySum == b.Signer.KeySum && a.Signer.KeyID == b.Signer.KeyID
}

// chainSize is the most that the warrants of a checked chain took on the wire;
// opened they take several times as much, but as a rule somebody holds them
// anyway.
func chainSize(c checkedChain) int { return len(c.links) * attest.MaxWarrant }

// warrantSize is about what a compiled warrant takes in memory: its Cedar text
// many times over.
func warrantSize(w *policy.Warrant) int { return 16 * len(w.Text()) }

// maxHeld bounds what a memo with sizes holds, in bytes.
const maxHeld = 64 << 20

// memo is a bounded map of results. When it is full it starts again: what is
// in use comes back at once.
type memo[K comparable, V any] struct {
	mu    sync.RWMutex
	items map[K]V
	most  int
	size  func(V) int // may be nil
	held  int
}

func (m *memo[K, V]) look(key K) (V, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.items[key]
	return v, ok
}

func (m *memo[K, V]) get(key K, make func() (V, error)) (V, error) {
	if v, ok := m.look(key); ok {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return v, err
	}
	size := 0
	if m.size != nil {
		size = m.size(v)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.items == nil || len(m.items) >= m.most || m.held+size > maxHeld {
		m.items, m.held = map[K]V{}, 0
	}
	m.items[key] = v
	m.held += size
	return v, nil
}

func identityError(err error) *identity.Error {
	var e *identity.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
