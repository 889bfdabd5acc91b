package policy

import (
	"math/bits"

	"github.com/cedar-policy/cedar-go"
)

// graph is the parents of entities, by number. It may have cycles.
type graph struct {
	number  map[cedar.EntityUID]int
	parents [][]int
}

func newGraph(entities cedar.EntityMap) *graph {
	g := &graph{number: make(map[cedar.EntityUID]int, len(entities))}
	for uid, e := range entities {
		child := g.add(uid)
		for parent := range e.Parents.All() {
			above := g.add(parent) // which may be no entity of its own
			g.parents[child] = append(g.parents[child], above)
		}
	}
	return g
}

func (g *graph) add(uid cedar.EntityUID) int {
	n, ok := g.number[uid]
	if !ok {
		n = len(g.parents)
		g.number[uid], g.parents = n, append(g.parents, nil)
	}
	return n
}

// spread hands what stands at an entity down to all that are in it, round by
// round until one brings nothing new. It is done when a set is loaded, and groups
// do not lie deep in each other.
func (g *graph) spread(from map[cedar.EntityUID]bitset, words int) []bitset {
	reached := make([]bitset, len(g.parents))
	for uid, n := range g.number {
		reached[n] = make(bitset, words)
		reached[n].union(from[uid])
	}
	for added := ^uint64(0); added != 0; {
		added = 0
		for n, parents := range g.parents {
			for _, parent := range parents {
				added |= reached[n].union(reached[parent])
			}
		}
	}
	return reached
}

// bitset is a set of small numbers.
type bitset []uint64

const wordBits = 64

// newBitset returns an empty set for numbers below n.
func newBitset(n int) bitset { return make(bitset, (n+wordBits-1)/wordBits) }

func (b bitset) add(i int) { b[i/wordBits] |= 1 << (i % wordBits) }

// union adds the numbers of another set, which may be nil, and returns zero if
// none was new.
func (b bitset) union(with bitset) (added uint64) {
	for i, word := range with {
		added |= word &^ b[i]
		b[i] |= word
	}
	return added
}

// intersect keeps the numbers that are in another set too.
func (b bitset) intersect(with bitset) {
	for i := range b {
		b[i] &= with[i]
	}
}

// next returns the first number from i on, or -1.
func (b bitset) next(i int) int {
	for at := i / wordBits; at < len(b); at++ {
		if word := b[at] >> (i % wordBits); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
		i = (at + 1) * wordBits
	}
	return -1
}
