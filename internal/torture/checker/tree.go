package checker

import (
	"crypto/sha256"
	"math/bits"
)

// Hash is a SHA-256 hash.
type Hash = [sha256.Size]byte

// tree is an RFC 6962 tree with all of its complete nodes: levels[0] are the
// leaf hashes, and node i of a level is over the nodes 2i and 2i+1 below it. It
// answers for every size up to its own.
type tree struct {
	levels [][]Hash
}

func leafHash(entry []byte) Hash {
	return sha256.Sum256(append([]byte{0}, entry...))
}

func nodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

func (t *tree) append(h Hash) {
	for level := 0; ; level++ {
		if level == len(t.levels) {
			t.levels = append(t.levels, nil)
		}
		t.levels[level] = append(t.levels[level], h)
		n := len(t.levels[level])
		if n%2 == 1 {
			return
		}
		h = nodeHash(t.levels[level][n-2], t.levels[level][n-1])
	}
}

// cut makes the tree one of n leaves.
func (t *tree) cut(n int) {
	for level := range t.levels {
		t.levels[level] = t.levels[level][:min(n>>level, len(t.levels[level]))]
	}
}

// edge returns the roots of the perfect subtrees that n leaves are made of,
// largest first.
func (t *tree) edge(n uint64) (edge []Hash) {
	for level := bits.Len64(n) - 1; level >= 0; level-- {
		if n>>level&1 == 1 {
			edge = append(edge, t.levels[level][n>>level-1])
		}
	}
	return edge
}

// root returns the Merkle tree hash of the first n leaves.
func (t *tree) root(n uint64) Hash {
	edge := t.edge(n)
	if len(edge) == 0 {
		return sha256.Sum256(nil)
	}
	root := edge[len(edge)-1]
	for i := len(edge) - 2; i >= 0; i-- {
		root = nodeHash(edge[i], root)
	}
	return root
}

// A full tile has 256 hashes (c2sp.org/tlog-tiles).
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	midHeight  = 4
)

// tile is the stored form of a full tile: its hashes, then the nodes four levels
// above them.
func (t *tree) tile(level int, index uint64) []byte {
	var data []byte
	put := func(level int, from, n uint64) {
		for _, h := range t.levels[level][from : from+n] {
			data = append(data, h[:]...)
		}
	}
	put(level*tileHeight, index*tileWidth, tileWidth)
	put(level*tileHeight+midHeight, index*(tileWidth>>midHeight), tileWidth>>midHeight)
	return data
}
