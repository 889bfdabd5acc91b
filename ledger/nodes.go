package ledger

import (
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// nodes reads the nodes of one tree for one proof: from memory at the right
// edge, else from a stored tile, each of which is read once.
type nodes struct {
	ctx    context.Context
	tree   *tree
	reader Reader
	cache  *tileCache // may be nil
	tiles  []Tile     // used so far; at most two per tile level
}

// get returns the root of the perfect subtree id, all of whose leaves must be
// in the tree.
func (n *nodes) get(id compact.NodeID) (Hash, error) {
	level, height := int(id.Level)/tileHeight, int(id.Level)%tileHeight
	first := id.Index << height // the subtree's first hash in the tile level
	index, at := first/tileWidth, id.Index%(tileWidth>>height)
	if id.Index+1 > n.tree.size>>id.Level {
		return Hash{}, fmt.Errorf("node %d/%d is not in a tree of size %d", id.Level, id.Index, n.tree.size)
	}
	if index == n.tree.size>>(tileHeight*level)/tileWidth {
		return n.tree.edge[level].nodes[height][at], nil
	}
	data, err := n.tile(level, index)
	if err != nil {
		return Hash{}, err
	}
	return tileNode(data, height, at), nil
}

func (n *nodes) tile(level int, index uint64) ([]byte, error) {
	for _, t := range n.tiles {
		if t.Level == level && t.Index == index {
			return t.Data, nil
		}
	}
	data := n.cache.get(level, index)
	if data == nil {
		var err error
		if data, err = readTile(n.ctx, n.reader, level, index); err != nil {
			return nil, err
		}
		n.cache.put(level, index, data)
	}
	n.tiles = append(n.tiles, Tile{Level: level, Index: index, Data: data})
	return data, nil
}

// all returns the hashes for a proof. The nodes between begin and end, which
// are listed from the right, are folded into one: it belongs to a subtree that
// is not perfect.
func (n *nodes) all(p proof.Nodes) ([]Hash, error) {
	_, begin, end := p.Ephem()
	hashes := make([]Hash, 0, len(p.IDs))
	for i, id := range p.IDs {
		h, err := n.get(id)
		if err != nil {
			return nil, err
		}
		if i > begin && i < end {
			hashes[len(hashes)-1] = hashNode(h, hashes[len(hashes)-1])
			continue
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// root returns the root of the tree as it was at an earlier size.
func (n *nodes) root(size uint64) (Hash, error) {
	var edge []Hash
	for _, id := range compact.RangeNodes(0, size, nil) {
		h, err := n.get(id)
		if err != nil {
			return Hash{}, err
		}
		edge = append(edge, h)
	}
	return foldEdge(edge), nil
}

// distrust drops what this proof was made of from the cache.
func (n *nodes) distrust() {
	for _, t := range n.tiles {
		n.cache.forget(t.Level, t.Index)
	}
}
