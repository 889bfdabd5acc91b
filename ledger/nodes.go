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
	tiles  []Tile     // read so far; at most two per tile level

	recent     *partial // the tile of cache that was used last
	recentName tileName
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
	if p := n.completed(tileName{level, index}); p != nil {
		return p.nodes[height][at], nil
	}
	data, err := n.tile(level, index)
	if err != nil {
		return Hash{}, err
	}
	return tileNode(data, height, at), nil
}

// completed returns a tile that is in the cache, or nil.
func (n *nodes) completed(name tileName) *partial {
	if n.cache != nil && (n.recent == nil || n.recentName != name) {
		n.recent, n.recentName = n.cache.get(name), name
	}
	return n.recent
}

func (n *nodes) tile(level int, index uint64) ([]byte, error) {
	for _, t := range n.tiles {
		if t.Level == level && t.Index == index {
			return t.Data, nil
		}
	}
	data, err := readTile(n.ctx, n.reader, level, index)
	if err != nil {
		return nil, err
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

// proof returns the inclusion proof of a leaf in the tree of an earlier size, or
// as it is.
func (n *nodes) proof(index, size uint64) ([]Hash, error) {
	if size == n.tree.size {
		return n.inclusion(index)
	}
	plan, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	return n.all(plan)
}

// inclusion returns the proof of a leaf in the tree as it is, from the sibling
// to the root's child (RFC 6962, section 2.1.1).
func (n *nodes) inclusion(index uint64) ([]Hash, error) {
	tail, err := n.tail()
	if err != nil {
		return nil, err
	}
	hashes := make([]Hash, 0, len(tail))
	for h := range len(tail) - 1 {
		sibling, last := index>>h^1, (n.tree.size-1)>>h
		switch {
		case sibling == last:
			hashes = append(hashes, tail[h])
		case sibling < last:
			node, err := n.get(compact.NodeID{Level: uint(h), Index: sibling})
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, node)
		}
	}
	return hashes, nil
}

// tail returns, for each level up to the root, the subtree with the last leaf,
// which may not be full. It is the same for all proofs in a tree.
func (n *nodes) tail() ([]Hash, error) {
	if t := n.tree.tail.Load(); t != nil {
		return *t, nil
	}
	last := n.tree.size - 1
	h, err := n.get(compact.NodeID{Index: last})
	if err != nil {
		return nil, err
	}
	tail := []Hash{h}
	for level := uint(0); last > 0; level, last = level+1, last>>1 {
		if last&1 == 1 {
			left, err := n.get(compact.NodeID{Level: level, Index: last - 1})
			if err != nil {
				return nil, err
			}
			h = hashNode(left, h)
		}
		tail = append(tail, h)
	}
	n.tree.tail.Store(&tail)
	return tail, nil
}
