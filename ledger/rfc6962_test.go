package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
)

// The oracle: RFC 6962, section 2.1, word for word and as slow.

// mth is MTH(D[n]), section 2.1.
func mth(d [][]byte) Hash {
	switch n := len(d); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0x00}, d[0]...))
	default:
		k := largestPower(n)
		l, r := mth(d[:k]), mth(d[k:])
		return sha256.Sum256(slices.Concat([]byte{0x01}, l[:], r[:]))
	}
}

// path is PATH(m, D[n]), section 2.1.1.
func path(m int, d [][]byte) []Hash {
	n := len(d)
	if n == 1 {
		return nil
	}
	k := largestPower(n)
	if m < k {
		return append(path(m, d[:k]), mth(d[k:]))
	}
	return append(path(m-k, d[k:]), mth(d[:k]))
}

// subproof is SUBPROOF(m, D[n], b), section 2.1.2; PROOF(m, D[n]) has b true.
func subproof(m int, d [][]byte, b bool) []Hash {
	n := len(d)
	if m == n {
		if b {
			return nil
		}
		return []Hash{mth(d)}
	}
	k := largestPower(n)
	if m <= k {
		return append(subproof(m, d[:k], b), mth(d[k:]))
	}
	return append(subproof(m-k, d[k:], false), mth(d[:k]))
}

// largestPower is the largest power of two smaller than n.
func largestPower(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// grown is a tree with its tiles, and a Reader of both.
type grown struct {
	Reader // nil: only what is below may be called
	t      *testing.T
	data   [][]byte
	tree   *tree
	tiles  map[string][]byte
	edge   map[string][]byte // of EdgeTable
}

func newGrown(t *testing.T) *grown {
	return &grown{t: t, tree: new(tree), tiles: make(map[string][]byte), edge: make(map[string][]byte)}
}

func (g *grown) add() {
	entry := fmt.Appendf(nil, "entry %d", len(g.data))
	g.data = append(g.data, entry)
	tiles := g.tree.append(HashLeaf(entry), nil)
	for _, tile := range tiles {
		g.tiles[fmt.Sprint(tile.Level, tile.Index)] = tile.Data
	}
	for _, c := range g.tree.changedEdge(tiles) {
		g.edge[c.Key] = c.Value
	}
}

func (g *grown) Tile(_ context.Context, level int, index uint64) ([]byte, error) {
	return g.tiles[fmt.Sprint(level, index)], nil
}

func (g *grown) Entries(_ context.Context, start, n uint64) (list []Entry, err error) {
	for _, b := range g.data[start : start+n] {
		list = append(list, Entry{Bytes: b})
	}
	return list, nil
}

func (g *grown) Get(_ context.Context, _, key string) ([]byte, error) {
	return g.edge[key], nil
}

func (g *grown) nodes() *nodes {
	return &nodes{ctx: context.Background(), tree: g.tree, reader: g}
}

func (g *grown) inclusion(index, size int) []Hash {
	g.t.Helper()
	hashes, err := g.nodes().proof(uint64(index), uint64(size))
	if err != nil {
		g.t.Fatal(err)
	}
	return hashes
}

func (g *grown) consistency(older, newer int) []Hash {
	g.t.Helper()
	plan, err := proof.Consistency(uint64(older), uint64(newer))
	if err != nil {
		g.t.Fatal(err)
	}
	hashes, err := g.nodes().all(plan)
	if err != nil {
		g.t.Fatal(err)
	}
	return hashes
}

func TestRootEverySize(t *testing.T) {
	g := newGrown(t)
	for size := 0; size <= 700; size++ {
		want := mth(g.data)
		head := g.tree.head(1)
		if head.Root != want {
			t.Fatalf("size %d: root %v, want %v", size, head.Root, want)
		}
		b, _ := head.AppendBinary(nil)
		if back, err := ParseHead(b); err != nil || !back.Equal(head) {
			t.Fatalf("size %d: ParseHead = %+v, %v", size, back, err)
		}
		if size%13 == 0 || size%256 < 2 {
			loaded, err := loadTree(context.Background(), g, head)
			if err != nil || !loaded.head(1).Equal(head) {
				t.Fatalf("size %d: loadTree: %v", size, err)
			}
			for l := range loaded.edge {
				for h := range loaded.edge[l].nodes {
					if !slices.Equal(loaded.edge[l].nodes[h], g.tree.edge[l].nodes[h]) {
						t.Fatalf("size %d: loaded tree differs at level %d height %d", size, l, h)
					}
				}
			}
		}
		g.add()
	}
}

// TestProofsAllPairs compares every proof between any two sizes of a small tree.
func TestProofsAllPairs(t *testing.T) {
	const last = 70
	g := newGrown(t)
	for range last {
		g.add()
	}
	for size := 1; size <= last; size++ {
		if root, err := g.nodes().root(uint64(size)); err != nil || root != mth(g.data[:size]) {
			t.Fatalf("root of size %d: %v", size, err)
		}
		for m := range size {
			if got, want := g.inclusion(m, size), path(m, g.data[:size]); !slices.Equal(got, want) {
				t.Fatalf("PATH(%d, D[%d]) = %v, want %v", m, size, got, want)
			} else {
				checkLeadsTo(t, HashLeaf(g.data[m]), m, size, got, mth(g.data[:size]))
			}
			if m > 0 {
				if got, want := g.consistency(m, size), subproof(m, g.data[:size], true); !slices.Equal(got, want) {
					t.Fatalf("PROOF(%d, D[%d]) = %v, want %v", m, size, got, want)
				}
			}
		}
	}
}

// checkLeadsTo compares leadsTo with the verifier that readers use, for a proof
// and for proofs that are nearly right.
func checkLeadsTo(t *testing.T, leaf Hash, index, size int, hashes []Hash, root Hash) {
	t.Helper()
	c := Checkpoint{Size: uint64(size), Root: root}
	wrong := [][]Hash{hashes, append(slices.Clone(hashes), leaf), hashes[:max(len(hashes)-1, 0)]}
	if len(hashes) > 1 {
		swapped := slices.Clone(hashes)
		swapped[0], swapped[1] = swapped[1], swapped[0]
		wrong = append(wrong, swapped)
	}
	for i, h := range wrong {
		for _, at := range []int{index, index ^ 1, index + 1} {
			if at >= size {
				continue
			}
			want := verifyInclusion(uint64(at), h, leaf, c) == nil
			if got := leadsTo(leaf, uint64(at), uint64(size), h) == root; got != want {
				t.Fatalf("proof %d of %d in %d as %d: holds %v, want %v", i, index, size, at, got, want)
			}
		}
	}
}

// TestProofsAcrossTiles samples the sizes where tiles end.
func TestProofsAcrossTiles(t *testing.T) {
	const last = 3*256 + 2
	g := newGrown(t)
	for range last {
		g.add()
	}
	for _, size := range []int{255, 256, 257, 300, 511, 512, 513, 600, 767, 768, 769, last} {
		for m := size % 7; m < size; m += 31 {
			if got, want := g.inclusion(m, size), path(m, g.data[:size]); !slices.Equal(got, want) {
				t.Errorf("PATH(%d, D[%d]) differs", m, size)
			}
			if m > 0 {
				if got, want := g.consistency(m, size), subproof(m, g.data[:size], true); !slices.Equal(got, want) {
					t.Errorf("PROOF(%d, D[%d]) differs", m, size)
				}
			}
		}
	}
}

// TestSuccessor tests that a batch that was given up leaves no trace in trees
// that share its memory.
func TestSuccessor(t *testing.T) {
	base := newGrown(t)
	for range 300 {
		base.add()
	}
	shared := base.tree.head(0)
	a, b := base.tree.successor(), base.tree.successor()
	for i := range byte(200) {
		a.append(HashLeaf([]byte{'a', i}), nil)
	}
	wantA := a.head(0)
	for i := range byte(200) {
		b.append(HashLeaf([]byte{'b', i}), nil)
	}
	if !a.head(0).Equal(wantA) || !base.tree.head(0).Equal(shared) {
		t.Error("the second successor changed the first, or the tree")
	}
	if b.head(0).Root == wantA.Root {
		t.Error("both successors have one root")
	}
}

// TestLoadTreeEdge loads trees with the kept edge, without it, with one of
// another size and with a wrong one: the result is always the same.
func TestLoadTreeEdge(t *testing.T) {
	g := newGrown(t)
	for range 5*256 + 3 {
		g.add()
	}
	head := g.tree.head(1)
	kept := g.edge["1"]
	if len(kept) != 5*32 {
		t.Fatalf("an edge of %d bytes", len(kept))
	}
	wrong := slices.Clone(kept)
	wrong[40] ^= 1
	for name, edge := range map[string][]byte{"kept": kept, "none": nil, "older": kept[:4*32], "wrong": wrong} {
		g.edge["1"] = edge
		loaded, err := loadTree(context.Background(), g, head)
		if err != nil || !loaded.head(1).Equal(head) || !slices.Equal(loaded.edge[1].nodes[0], g.tree.edge[1].nodes[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g.tiles[fmt.Sprint(0, 2)] = nil // the kept edge alone says what is above it
	g.edge["1"] = kept
	if _, err := loadTree(context.Background(), g, head); err != nil {
		t.Errorf("with the edge: %v", err)
	}
}

func TestCheckTile(t *testing.T) {
	g := newGrown(t)
	for range 256 {
		g.add()
	}
	id := TileID{Width: 256}
	data := g.tiles[fmt.Sprint(0, 0)]
	if err := checkTile(id, data); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(data); at += 101 {
		bad := slices.Clone(data)
		bad[at] ^= 4
		if checkTile(id, bad) == nil {
			t.Errorf("a bit flipped at byte %d is not found", at)
		}
	}
}

// TestInclusionAsItIs compares the proofs in a tree as it is, of every size, from
// stored tiles and from those that were just completed.
func TestInclusionAsItIs(t *testing.T) {
	g := newGrown(t)
	cache := new(tileCache)
	for size := 1; size <= 3*256+2; size++ {
		entry := fmt.Appendf(nil, "entry %d", len(g.data))
		tiles := g.tree.append(HashLeaf(entry), nil)
		cache.put(tiles)
		for _, tile := range tiles {
			g.tiles[fmt.Sprint(tile.Level, tile.Index)] = tile.Data
		}
		g.data = append(g.data, entry)
		step := 1
		if size > 40 {
			step = size/7 | 1
		}
		for m := size % step; m < size; m += step {
			want := path(m, g.data)
			for _, c := range []*tileCache{nil, cache} {
				g.tree.tail.Store(nil) // it is of a tree that does not grow
				n := &nodes{ctx: context.Background(), tree: g.tree, reader: g, cache: c}
				if got, err := n.inclusion(uint64(m)); err != nil || !slices.Equal(got, want) {
					t.Fatalf("PATH(%d, D[%d]) = %v, %v, want %v", m, size, got, err, want)
				}
			}
		}
	}
}
