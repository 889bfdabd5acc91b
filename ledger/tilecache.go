package ledger

import "sync"

// A tileCache keeps full tiles in memory: those that proofs of new entries need,
// and those that were read last. What a proof is made of is verified, so that a
// tile that was damaged when it was read is found.
type tileCache struct {
	mu    sync.RWMutex
	tiles map[tileName][]byte
	order []tileName // a ring: the next to go is at next
	next  int
}

type tileName struct {
	level int
	index uint64
}

const cachedTiles = 256 // 2.2 MiB

func (c *tileCache) get(level int, index uint64) []byte {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.tiles[tileName{level, index}]
}

// put keeps a tile, whose data nobody changes any more.
func (c *tileCache) put(level int, index uint64, data []byte) {
	if c == nil {
		return
	}
	name := tileName{level, index}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tiles == nil {
		c.tiles, c.order = make(map[tileName][]byte, cachedTiles), make([]tileName, cachedTiles)
	}
	if _, ok := c.tiles[name]; !ok {
		delete(c.tiles, c.order[c.next])
		c.order[c.next] = name
		c.next = (c.next + 1) % cachedTiles
	}
	c.tiles[name] = data
}

// forget drops a tile that turned out to be damaged.
func (c *tileCache) forget(level int, index uint64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tiles, tileName{level, index})
}
