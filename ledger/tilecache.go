package ledger

import "sync"

// A tileCache keeps the tiles that the last entries completed, with all nodes
// inside: the proofs of these entries are made right after, and need no hashing.
type tileCache struct {
	mu    sync.RWMutex
	tiles map[tileName]*partial
	order [cachedTiles]tileName // a ring: the next to go is at next
	next  int
}

type tileName struct {
	level int
	index uint64
}

const cachedTiles = 64 // 1 MiB, and 16,384 entries

func (c *tileCache) get(name tileName) *partial {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.tiles[name]
}

func (c *tileCache) put(tiles []Tile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tiles == nil {
		c.tiles = make(map[tileName]*partial, cachedTiles)
	}
	for _, t := range tiles {
		delete(c.tiles, c.order[c.next])
		c.order[c.next] = tileName{t.Level, t.Index}
		c.tiles[c.order[c.next]] = t.nodes
		c.next = (c.next + 1) % cachedTiles
	}
}
