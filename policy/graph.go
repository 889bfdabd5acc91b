package policy

import (
	"math/bits"

	"github.com/cedar-policy/cedar-go"
)

// graph is the parents of entities, by number. It may have cycles.
type graph struct {
	number  map[cedar.EntityUID]int
	parents [][]int
	order   []int // parents before children, but for cycles
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
	seen := make([]bool, len(g.parents))
	for n := range g.parents {
		g.sort(n, seen)
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

func (g *graph) sort(n int, seen []bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	for _, parent := range g.parents[n] {
		g.sort(parent, seen)
	}
	g.order = append(g.order, n)
}

// spread hands what stands at an entity down to all that are in it. One round
// does it, and another finds nothing left to do, but for cycles.
func (g *graph) spread(from map[cedar.EntityUID]bitset, words int) []bitset {
	reached := make([]bitset, len(g.parents))
	for uid, n := range g.number {
		reached[n] = make(bitset, words)
		reached[n].union(from[uid])
	}
	for grew := true; grew; {
		grew = false
		for _, n := range g.order {
			for _, parent := range g.parents[n] {
				grew = reached[n].union(reached[parent]) || grew
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

// union adds the numbers of another set, which may be nil, and reports whether
// any was new.
func (b bitset) union(with bitset) (grew bool) {
	for i, word := range with {
		grew = grew || word&^b[i] != 0
		b[i] |= word
	}
	return grew
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
