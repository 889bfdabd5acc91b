package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deedlog/deed/ledger"
)

// Run tests that a store keeps the contract of ledger.Store. open returns a
// new, empty store; Run closes it.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	tests := []struct {
		name string
		test func(*testing.T, ledger.Store)
	}{
		{"empty", testEmpty},
		{"round trip", testRoundTrip},
		{"conflict writes nothing", testConflict},
		{"cells", testCells},
		{"erase", testErase},
		{"scan", testScan},
		{"rows", testRows},
		{"bytes are not shared", testOwnership},
		{"reads during commits", testConcurrent},
		{"log", testLog},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			tt.test(t, s)
		})
	}
}

var ctx = context.Background()

// delta is a commit of entries n to n+count-1.
func delta(n uint64, count int) ledger.Delta {
	var d ledger.Delta
	for i := range count {
		b := fmt.Appendf(nil, "entry %d", n+uint64(i))
		d.Entries = append(d.Entries, ledger.Entry{ID: sha256.Sum256(b), Leaf: ledger.HashLeaf(b), Bytes: b})
	}
	d.Head = Head(n + uint64(count))
	return d
}

// Head is a well-formed head of the given size: its edge hashes to its root, and
// is otherwise of no real tree, which a store cannot tell.
func Head(size uint64) ledger.Head {
	if size == 0 {
		return ledger.EmptyHead()
	}
	edge := []ledger.Hash{}
	for s := size; s > 0; s &= s - 1 {
		edge = append(edge, sha256.Sum256(fmt.Appendf(nil, "edge %d %d", size, s)))
	}
	root := edge[len(edge)-1]
	for i := len(edge) - 2; i >= 0; i-- {
		root = sha256.Sum256(slices.Concat([]byte{1}, edge[i][:], root[:]))
	}
	return ledger.Head{Size: size, Root: root, Edge: edge, Time: int64(size)}
}

func commit(t *testing.T, s ledger.Store, expect ledger.Head, d ledger.Delta) {
	t.Helper()
	if err := s.Commit(ctx, expect, d); err != nil {
		t.Fatal(err)
	}
}

func testEmpty(t *testing.T, s ledger.Store) {
	h, err := s.Load(ctx)
	if err != nil || !h.Equal(ledger.EmptyHead()) {
		t.Errorf("Load = %+v, %v", h, err)
	}
	if v, err := s.Get(ctx, "table", "key"); v != nil || err != nil {
		t.Errorf("Get = %q, %v", v, err)
	}
	if e, err := s.Entries(ctx, 0, 10); len(e) != 0 || err != nil {
		t.Errorf("Entries = %v, %v", e, err)
	}
	if d, err := s.Tile(ctx, 0, 0); d != nil || err != nil {
		t.Errorf("Tile = %v, %v", d, err)
	}
	if _, found, err := s.Lookup(ctx, ledger.Hash{}); found || err != nil {
		t.Errorf("Lookup = %v, %v", found, err)
	}
}

func testRoundTrip(t *testing.T, s ledger.Store) {
	d := delta(0, 5)
	object := ledger.Object{Digest: sha256.Sum256([]byte("object")), Bytes: []byte("object")}
	empty := ledger.Object{Digest: sha256.Sum256(nil)}
	d.Objects = []ledger.Object{object, empty}
	d.Tiles = []ledger.Tile{{Level: 0, Index: 7, Data: []byte("tile")}, {Level: 1, Index: 7, Data: []byte("upper")}}
	commit(t, s, ledger.EmptyHead(), d)
	commit(t, s, d.Head, delta(5, 3))

	if h, err := s.Load(ctx); err != nil || !h.Equal(Head(8)) {
		t.Errorf("Load = %+v, %v", h, err)
	}
	entries, err := s.Entries(ctx, 3, 100)
	if err != nil || len(entries) != 5 {
		t.Fatalf("Entries(3, 100) = %d entries, %v, want 5", len(entries), err)
	}
	for i, e := range entries {
		want := fmt.Sprintf("entry %d", i+3)
		if string(e.Bytes) != want || e.ID != sha256.Sum256([]byte(want)) {
			t.Errorf("entry %d = %q", i+3, e.Bytes)
		}
		if index, found, err := s.Lookup(ctx, e.ID); index != uint64(i+3) || !found || err != nil {
			t.Errorf("Lookup of entry %d = %d, %v, %v", i+3, index, found, err)
		}
	}
	if e, err := s.Entries(ctx, 2, 2); len(e) != 2 || err != nil {
		t.Errorf("Entries(2, 2) = %d entries, %v", len(e), err)
	}
	for _, o := range d.Objects {
		if v, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); v == nil || !bytes.Equal(v, o.Bytes) || err != nil {
			t.Errorf("object = %q, %v, want %q", v, err, o.Bytes)
		}
	}
	if v, err := s.Get(ctx, ledger.ObjectTable, strings.ToUpper(object.Digest.String())); v != nil || err != nil {
		t.Errorf("object by upper-case key = %q, %v", v, err)
	}
	if data, err := s.Tile(ctx, 1, 7); string(data) != "upper" || err != nil {
		t.Errorf("Tile = %q, %v", data, err)
	}
	if data, err := s.Tile(ctx, 2, 7); data != nil || err != nil {
		t.Errorf("missing Tile = %q, %v", data, err)
	}
	list, err := s.Objects(ctx, 1, 10)
	if err != nil || len(list) != 1 || list[0].Digest != empty.Digest || len(list[0].Bytes) > 0 {
		t.Errorf("Objects(1, 10) = %v, %v, want the second one", list, err)
	}
}

// testErase: an erased object is gone by its digest, keeps its place among the
// others, and may be brought again.
func testErase(t *testing.T, s ledger.Store) {
	object := func(text string) ledger.Object {
		return ledger.Object{Digest: sha256.Sum256([]byte(text)), Bytes: []byte(text)}
	}
	d := delta(0, 2)
	d.Objects = []ledger.Object{object("one"), object("two"), object("three"), object("")}
	commit(t, s, ledger.EmptyHead(), d)
	gone := delta(2, 1)
	gone.Erase = []ledger.Hash{d.Objects[1].Digest, sha256.Sum256([]byte("never there"))}
	commit(t, s, d.Head, gone)
	for i, o := range d.Objects {
		v, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String())
		if err != nil || (v == nil) != (i == 1) || string(v) != string(o.Bytes) && i != 1 {
			t.Errorf("object %d = %q, %v", i, v, err)
		}
	}
	list, err := s.Objects(ctx, 0, 10)
	if err != nil || len(list) != 4 || list[1].Digest != d.Objects[1].Digest || list[1].Bytes != nil || list[3].Bytes == nil {
		t.Errorf("Objects = %v, %v", list, err)
	}
	again := delta(3, 1)
	again.Objects = []ledger.Object{object("two")}
	commit(t, s, gone.Head, again)
	if v, err := s.Get(ctx, ledger.ObjectTable, d.Objects[1].Digest.String()); string(v) != "two" || err != nil {
		t.Errorf("brought again = %q, %v", v, err)
	}
}

func testConflict(t *testing.T, s ledger.Store) {
	commit(t, s, ledger.EmptyHead(), delta(0, 2))
	wrongRoot := Head(2)
	wrongRoot.Root[0] ^= 1
	for name, expect := range map[string]ledger.Head{"size": Head(1), "empty": ledger.EmptyHead(), "root": wrongRoot} {
		d := delta(expect.Size, 1)
		d.Cells = []ledger.Cell{{Table: "t", Key: "k", Value: []byte("v")}}
		if err := s.Commit(ctx, expect, d); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: Commit = %v, want ErrConflict", name, err)
		}
	}
	if v, _ := s.Get(ctx, "t", "k"); v != nil {
		t.Error("a refused commit wrote a cell")
	}
	if h, _ := s.Load(ctx); !h.Equal(Head(2)) {
		t.Errorf("a refused commit changed the head to %+v", h)
	}
}

func testCells(t *testing.T, s ledger.Store) {
	d := delta(0, 1)
	d.Cells = []ledger.Cell{{Table: "a", Key: "x", Value: []byte("1")}, {Table: "a", Key: "y", Value: []byte("2")}, {Table: "b", Key: "x", Value: []byte("3")}, {Table: "a", Key: "empty", Value: []byte{}}}
	commit(t, s, ledger.EmptyHead(), d)
	d = delta(1, 1)
	d.Cells = []ledger.Cell{{Table: "a", Key: "x", Value: nil}, {Table: "a", Key: "y", Value: []byte("4")}, {Table: "c", Key: "none", Value: nil}}
	commit(t, s, Head(1), d)
	for _, tt := range []struct{ table, key, want string }{{"a", "y", "4"}, {"b", "x", "3"}, {"a", "empty", ""}} {
		if v, err := s.Get(ctx, tt.table, tt.key); v == nil || string(v) != tt.want || err != nil {
			t.Errorf("Get(%s, %s) = %q, %v, want %q", tt.table, tt.key, v, err, tt.want)
		}
	}
	for _, tt := range []struct{ table, key string }{{"a", "x"}, {"c", "none"}, {"b", "y"}} {
		if v, err := s.Get(ctx, tt.table, tt.key); v != nil || err != nil {
			t.Errorf("Get(%s, %s) = %q, %v, want nothing", tt.table, tt.key, v, err)
		}
	}
}

func testScan(t *testing.T, s ledger.Store) {
	d := delta(0, 1)
	var all []string
	for i := range 700 {
		key := fmt.Sprintf("k%03d", i)
		all = append(all, key)
		d.Cells = append(d.Cells, ledger.Cell{Table: "t", Key: key, Value: []byte(key)})
	}
	d.Cells = append(d.Cells, ledger.Cell{Table: "t", Key: "a", Value: []byte("a")}, ledger.Cell{Table: "t", Key: "z", Value: []byte("z")})
	d.Cells = append(d.Cells, ledger.Cell{Table: "u", Key: "k", Value: []byte("other")})
	commit(t, s, ledger.EmptyHead(), d)
	tests := []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"k", "", 9999, all},
		{"k", "k698", 9999, all[699:]},
		{"k", "", 3, all[:3]},
		{"k5", "", 9999, all[500:600]},
		{"k5", "k54", 5, all[540:545]},
		{"k5", "z", 9999, nil},
		{"k5", "a", 2, all[500:502]},
		{"x", "", 9999, nil},
	}
	for _, tt := range tests {
		var got []string
		err := s.Scan(ctx, "t", tt.prefix, tt.after, func(key string, v []byte) bool {
			if string(v) != key {
				t.Errorf("value of %q is %q", key, v)
			}
			if _, err := s.Get(ctx, "t", key); err != nil { // no lock is held
				t.Error(err)
			}
			got = append(got, key)
			return len(got) < tt.limit
		})
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("Scan(%q, %q) to %d: %d keys, %v, want %d", tt.prefix, tt.after, tt.limit, len(got), err, len(tt.want))
		}
	}
}

func testRows(t *testing.T, s ledger.Store) {
	r := ledger.Row{Name: "agent", Key: "a"}
	var up []uint64
	d := delta(0, 900)
	for i := range uint64(900) {
		if i%3 != 1 {
			up = append(up, i)
			d.Rows = append(d.Rows, ledger.IndexedRow{Row: r, Index: i})
		}
		for _, other := range []ledger.Row{{Name: "agent", Key: "b"}, {Name: "agent", Key: ""}, {Name: "agen", Key: "ta"}, {Name: "agent", Key: "a\x00"}} {
			d.Rows = append(d.Rows, ledger.IndexedRow{Row: other, Index: i})
		}
	}
	d.Rows = append(d.Rows, d.Rows[0]) // the same row of one entry twice is one row
	commit(t, s, ledger.EmptyHead(), d)
	down := slices.Clone(up)
	slices.Reverse(down)
	tests := []struct {
		from   uint64
		newest bool
		want   []uint64
	}{
		{0, false, up}, {math.MaxUint64, true, down}, {899, true, down}, {900, false, nil},
		{4, false, up[3:]}, {5, false, up[3:]}, {4, true, down[len(down)-3:]}, {0, true, []uint64{0}},
	}
	for _, tt := range tests {
		var got []uint64
		err := s.ScanRows(ctx, r, tt.from, tt.newest, func(i uint64) bool { got = append(got, i); return true })
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("ScanRows from %d, newest %v: %d rows, %v, want %d", tt.from, tt.newest, len(got), err, len(tt.want))
		}
	}
	n := 0
	if err := s.ScanRows(ctx, r, 0, false, func(uint64) bool { n++; return n < 2 }); err != nil || n != 2 {
		t.Errorf("ScanRows went on after false: %d, %v", n, err)
	}
}

func testOwnership(t *testing.T, s ledger.Store) {
	d := delta(0, 1)
	d.Cells = []ledger.Cell{{Table: "t", Key: "k", Value: []byte("value")}}
	d.Tiles = []ledger.Tile{{Data: []byte("tile")}}
	commit(t, s, ledger.EmptyHead(), d)
	for range 2 { // spoil what was given, then what was returned
		v, _ := s.Get(ctx, "t", "k")
		tile, _ := s.Tile(ctx, 0, 0)
		e, _ := s.Entries(ctx, 0, 1)
		h, _ := s.Load(ctx)
		if string(v) != "value" || string(tile) != "tile" || string(e[0].Bytes) != "entry 0" || !h.Equal(Head(1)) {
			t.Fatalf("stored bytes changed: %q %q %q %+v", v, tile, e[0].Bytes, h)
		}
		for _, b := range [][]byte{d.Cells[0].Value, d.Tiles[0].Data, d.Entries[0].Bytes, v, tile, e[0].Bytes} {
			b[0] = '!'
		}
		h.Edge[0], d.Head.Edge[0] = ledger.Hash{}, ledger.Hash{}
	}
}

func testConcurrent(t *testing.T, s ledger.Store) {
	const commits = 40
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v, err := s.Get(ctx, "t", "size")
				if err != nil {
					t.Error(err)
				}
				n := uint64(len(v)) // what the cell says is there
				e, err := s.Entries(ctx, 0, n)
				if err != nil || uint64(len(e)) != n {
					t.Errorf("%d entries of %d, %v", len(e), n, err)
				}
			}
		})
	}
	for i := range uint64(commits) {
		d := delta(i, 1)
		d.Cells = []ledger.Cell{{Table: "t", Key: "size", Value: make([]byte, i+1)}}
		commit(t, s, Head(i), d)
		if h, err := s.Load(ctx); err != nil || h.Size != i+1 {
			t.Errorf("Load after commit = %d, %v", h.Size, err)
		}
	}
	close(stop)
	wg.Wait()
}

// testLog runs a log over the store, past the first tile, with a restart.
func testLog(t *testing.T, s ledger.Store) {
	const size = 300
	h := new(MemoryHead)
	for part := range 2 {
		l := Open(t, Config(t, s, h))
		var wg sync.WaitGroup
		for i := part * size / 2; i < (part+1)*size/2; i++ {
			wg.Go(func() {
				r, err := l.Append(ctx, Text(fmt.Sprint("text ", i)))
				if err != nil {
					t.Error(err)
					return
				}
				VerifyReceipt(t, r)
			})
		}
		wg.Wait()
		l.Close()
	}
	l := Open(t, Config(t, s, h))
	if l.Size() != size {
		t.Fatalf("size %d, want %d", l.Size(), size)
	}
	for i := range uint64(size) {
		r, err := l.Receipt(ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		VerifyReceipt(t, r)
	}
	CheckStore(t, s)
}
