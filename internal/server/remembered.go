package server

import "sync"

const (
	maxRemembered = 16 << 20 // bytes of keys or values, of one sort
	never         = -1       // the size of what is not remembered
)

// remembered is a bounded map of what was read. When it is full it starts again:
// what is in use comes back at once.
type remembered[K comparable, V any] struct {
	mu         sync.RWMutex
	items      map[K]V
	size       int
	generation uint64
}

// get returns what is remembered under a key, or reads it. read also says how
// large it is. What was read before forget is not kept after it.
func (m *remembered[K, V]) get(key K, read func() (V, int, error)) (V, error) {
	m.mu.RLock()
	v, ok := m.items[key]
	generation := m.generation
	m.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, size, err := read()
	if err == nil && size != never {
		m.keep(key, v, size, generation)
	}
	return v, err
}

func (m *remembered[K, V]) keep(key K, v V, size int, generation uint64) {
	const overhead = 128 // of an entry of the map
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	if m.size += size + overhead; m.size > maxRemembered || m.items == nil {
		m.items, m.size = map[K]V{}, size+overhead
	}
	m.items[key] = v
}

// forget empties the map, and keeps nothing of what is being read.
func (m *remembered[K, V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items, m.size = nil, 0
	m.generation++
}

// len says how many items are remembered.
func (m *remembered[K, V]) len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.items)
}
