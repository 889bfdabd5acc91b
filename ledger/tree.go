package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/deedlog/deed/internal/failpoint"
)

const (
	tileHeight = 8 // c2sp.org/tlog-tiles: a tile spans 8 levels of the tree
	tileWidth  = 1 << tileHeight

	// storedNodes is the number of nodes that a stored tile keeps of the level
	// midHeight above its hashes.
	midHeight   = 4
	storedNodes = tileWidth >> midHeight
	storedTile  = (tileWidth + storedNodes) * len(Hash{})
)

// A tree is the right edge of a log: at each tile level the partial tile, with
// all nodes inside. Full tiles are in the store. A tree does not change once it
// is shared; the sequencer grows a successor.
type tree struct {
	size  uint64
	edge  []partial
	grown bool                   // a successor writes behind our slices; sequencer only
	tail  atomic.Pointer[[]Hash] // see nodes.tail; of a tree that does not change any more
}

// A partial is a tile that is not full. nodes[h] are the perfect subtrees of
// 2^h of its hashes. The slices have room for the full tile, and a successor
// appends to the same arrays: no reader looks past its own length.
type partial struct {
	nodes [tileHeight][]Hash
}

// successor returns a tree with the contents of t, to be grown. Trees share
// memory, so a second successor of one tree gets its own copy: otherwise a
// batch that was given up could be overwritten while its bytes are in use.
func (t *tree) successor() *tree {
	s := &tree{size: t.size, edge: append([]partial(nil), t.edge...)}
	if t.grown {
		for l := range s.edge {
			s.edge[l].copyNodes()
		}
	}
	t.grown = true
	return s
}

func (p *partial) copyNodes() {
	for h := range p.nodes {
		p.nodes[h] = append(make([]Hash, 0, tileWidth>>h), p.nodes[h]...)
	}
}

// append adds a leaf hash and appends to tiles those that it completed.
func (t *tree) append(leaf Hash, tiles []Tile) []Tile {
	index := t.size
	t.size++
	for level, h := 0, leaf; ; level++ {
		if level == len(t.edge) {
			t.edge = append(t.edge, partial{})
		}
		p := &t.edge[level]
		if !p.push(h) {
			return tiles
		}
		tiles = append(tiles, p.seal(level, index>>(tileHeight*(level+1))))
		h = hashNode(p.nodes[tileHeight-1][0], p.nodes[tileHeight-1][1])
		t.edge[level] = partial{} // fresh arrays: the old ones may have readers
	}
}

// push adds a hash at the bottom of p and reports whether p is now full.
func (p *partial) push(h Hash) bool {
	for i := range p.nodes {
		if p.nodes[i] == nil {
			p.nodes[i] = make([]Hash, 0, tileWidth>>i)
		}
		p.nodes[i] = append(p.nodes[i], h)
		n := len(p.nodes[i])
		if n%2 == 1 {
			return false
		}
		h = hashNode(p.nodes[i][n-2], p.nodes[i][n-1])
	}
	return true
}

// seal returns the stored form of the full tile p.
func (p *partial) seal(level int, index uint64) Tile {
	data := make([]byte, 0, storedTile)
	for _, h := range p.nodes[0] {
		data = append(data, h[:]...)
	}
	if failpoint.Mutant("short-tile") {
		clear(data[(tileWidth-1)*32:])
	}
	for _, h := range p.nodes[midHeight] {
		data = append(data, h[:]...)
	}
	return Tile{Level: level, Index: index, Data: data, nodes: &partial{nodes: p.nodes}}
}

// rightEdge returns the roots of the perfect subtrees of t, largest first.
func (t *tree) rightEdge() []Hash {
	var edge []Hash
	for level := len(t.edge) - 1; level >= 0; level-- {
		width := t.size >> (tileHeight * level) % tileWidth
		for h := tileHeight - 1; h >= 0; h-- {
			if width>>h&1 == 1 {
				nodes := t.edge[level].nodes[h]
				edge = append(edge, nodes[width>>h-1])
			}
		}
	}
	return edge
}

// head returns the head of t, whose last entry has this time.
func (t *tree) head(ms int64) Head {
	edge := t.rightEdge()
	return Head{Size: t.size, Root: foldEdge(edge), Edge: edge, Time: ms}
}

// changedEdge is what a batch changed of edgeCells.
func (t *tree) changedEdge(completed []Tile) []Cell {
	return slices.DeleteFunc(t.edgeCells(), func(c Cell) bool {
		return !slices.ContainsFunc(completed, func(t Tile) bool { return strconv.Itoa(t.Level+1) == c.Key })
	})
}

// edgeCells keeps the partial tiles above the entries, so that loadTree does not
// have to read every tile below them.
func (t *tree) edgeCells() []Cell {
	var cells []Cell
	for level := 1; level < len(t.edge); level++ {
		data := make([]byte, 0, len(t.edge[level].nodes[0])*len(Hash{}))
		for _, h := range t.edge[level].nodes[0] {
			data = append(data, h[:]...)
		}
		cells = append(cells, Cell{Table: EdgeTable, Key: strconv.Itoa(level), Value: data})
	}
	return cells
}

// loadTree rebuilds the tree of a committed head from the store, and refuses
// one that does not hash to the head.
func loadTree(ctx context.Context, r Reader, head Head) (*tree, error) {
	var t *tree
	for _, edge := range []bool{true, false} { // without the kept edge if it does not fit
		var err error
		if t, err = buildTree(ctx, r, head, edge); err != nil {
			return nil, err
		}
		if t.head(head.Time).Equal(head) {
			return t, nil
		}
	}
	return nil, &Corrupt{Bucket: "head", Key: fmt.Sprint(head.Size), Want: head.Root.String(), Got: t.head(head.Time).Root.String()}
}

func buildTree(ctx context.Context, r Reader, head Head, edge bool) (*tree, error) {
	t := &tree{size: head.Size, edge: make([]partial, tileLevels(head.Size))}
	for level := range t.edge {
		end := head.Size >> (tileHeight * level)
		hashes, err := loadHashes(ctx, r, level, end-end%tileWidth, end, edge)
		if err != nil {
			return nil, err
		}
		for _, h := range hashes {
			t.edge[level].push(h)
		}
	}
	return t, nil
}

// loadHashes reads the hashes of an incomplete tile: those of entries, or the
// kept ones, or else it computes them from the tiles below.
func loadHashes(ctx context.Context, r Reader, level int, from, to uint64, edge bool) ([]Hash, error) {
	if level == 0 {
		return loadLeaves(ctx, r, from, to)
	}
	if edge {
		data, err := r.Get(ctx, EdgeTable, strconv.Itoa(level))
		if bad := (*Corrupt)(nil); err != nil && !errors.As(err, &bad) {
			return nil, fmt.Errorf("reading edge of level %d: %w", level, err)
		}
		if uint64(len(data)) == (to-from)*uint64(len(Hash{})) {
			hashes := make([]Hash, to-from)
			for i := range hashes {
				hashes[i] = Hash(data[i*32 : i*32+32])
			}
			return hashes, nil
		}
	}
	var hashes []Hash
	for i := from; i < to; i++ {
		data, err := readTile(ctx, r, level-1, i)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, tileNode(data, tileHeight, 0))
	}
	return hashes, nil
}

func loadLeaves(ctx context.Context, r Reader, from, to uint64) ([]Hash, error) {
	entries, err := r.Entries(ctx, from, to-from)
	if err != nil {
		return nil, fmt.Errorf("reading entries from %d: %w", from, err)
	}
	if uint64(len(entries)) != to-from {
		missing := from + uint64(len(entries))
		return nil, &Corrupt{Bucket: "entries", Key: fmt.Sprint(missing), Want: "an entry", Got: "none"}
	}
	hashes := make([]Hash, len(entries))
	for i, e := range entries {
		hashes[i] = HashLeaf(e.Bytes)
	}
	return hashes, nil
}

// readTile reads a full tile that must be there.
func readTile(ctx context.Context, r Reader, level int, index uint64) ([]byte, error) {
	data, err := r.Tile(ctx, level, index)
	if err != nil {
		return nil, fmt.Errorf("reading tile: %w", err)
	}
	if len(data) != storedTile {
		id := TileID{Level: level, Index: index, Width: tileWidth}
		return nil, &Corrupt{Bucket: "tiles", Key: id.String(), Want: fmt.Sprint(storedTile, " bytes"), Got: fmt.Sprint(len(data), " bytes")}
	}
	return data, nil
}

// tileNode returns the root of the i-th subtree of 2^height hashes of a stored
// tile. From height 4 on it starts at the stored nodes, so that it takes at
// most 15 hashes.
func tileNode(data []byte, height int, i uint64) Hash {
	switch height {
	case 0:
		return Hash(data[i*32 : i*32+32])
	case midHeight:
		at := (tileWidth + i) * 32
		return Hash(data[at : at+32])
	}
	return hashNode(tileNode(data, height-1, 2*i), tileNode(data, height-1, 2*i+1))
}

// tileLevels is the number of tile levels of a tree with any hash in them.
func tileLevels(size uint64) int {
	return (bits.Len64(size) + tileHeight - 1) / tileHeight
}
