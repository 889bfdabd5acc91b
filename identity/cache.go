package identity

import (
	"sync"
	"time"
)

// Cache remembers which chains lead to which bundles, so that the signatures
// of a chain are checked once for the many statements signed under it. A hit
// gives exactly the answer of [Verify]: only the search for paths, which does
// not depend on the time, is remembered; the time is compared on every call.
//
// Only chains that do lead to the bundle are kept, so a stranger cannot fill
// it. It holds at most the number of chains given to [NewCache], dropping the
// least recently used half at a time. It is safe for concurrent use.
type Cache struct {
	mu         sync.Mutex
	half       int
	young, old map[cacheKey][]interval
}

// cacheKey needs no trust domain: verify compares it before the lookup.
type cacheKey struct{ chain, bundle [32]byte }

// NewCache makes a cache of about 200 bytes per chain; chains < 2 means 2.
func NewCache(chains int) *Cache {
	return &Cache{half: max(chains/2, 1), young: map[cacheKey][]interval{}}
}

// Verify is [Verify] with memory.
func (m *Cache) Verify(c *Chain, b *Bundle, at time.Time) (Signer, error) {
	return verify(c, b, at, m.findPaths)
}

func (m *Cache) findPaths(c *Chain, b *Bundle) ([]interval, *Error) {
	key := cacheKey{c.digest, b.digest}
	if paths := m.get(key); paths != nil {
		return paths, nil
	}
	paths, fault := findPaths(c, b)
	if fault == nil {
		m.put(key, paths)
	}
	return paths, fault
}

func (m *Cache) get(key cacheKey) []interval {
	m.mu.Lock()
	defer m.mu.Unlock()
	if paths, ok := m.young[key]; ok {
		return paths
	}
	paths, ok := m.old[key]
	if ok {
		m.keep(key, paths)
	}
	return paths
}

func (m *Cache) put(key cacheKey, paths []interval) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(key, paths)
}

// Len says how many chains are remembered.
func (m *Cache) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.young) + len(m.old)
}

// keep is called with mu held.
func (m *Cache) keep(key cacheKey, paths []interval) {
	if len(m.young) >= m.half {
		m.old, m.young = m.young, map[cacheKey][]interval{}
	}
	m.young[key] = paths
}
