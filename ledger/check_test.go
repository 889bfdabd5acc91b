package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// A liar is a store that answers some reads wrongly.
type liar struct {
	ledger.Store
	tile   func(level int, index uint64, data []byte) []byte
	lookup func(index uint64) (uint64, bool)
	entry  func(index uint64, e *ledger.Entry)
	head   func(*ledger.Head)
}

func (l liar) Tile(ctx context.Context, level int, index uint64) ([]byte, error) {
	data, err := l.Store.Tile(ctx, level, index)
	if l.tile != nil {
		data = l.tile(level, index, data)
	}
	return data, err
}

func (l liar) Lookup(ctx context.Context, id ledger.Hash) (uint64, bool, error) {
	index, found, err := l.Store.Lookup(ctx, id)
	if l.lookup != nil {
		index, found = l.lookup(index)
	}
	return index, found, err
}

func (l liar) Entries(ctx context.Context, start, n uint64) ([]ledger.Entry, error) {
	entries, err := l.Store.Entries(ctx, start, n)
	for i := range entries {
		if l.entry != nil {
			l.entry(start+uint64(i), &entries[i])
		}
	}
	return entries, err
}

func (l liar) Load(ctx context.Context) (ledger.Head, error) {
	h, err := l.Store.Load(ctx)
	if l.head != nil {
		l.head(&h)
	}
	return h, err
}

func TestCheckFindsFaults(t *testing.T) {
	c := config(t)
	c.Cosigner = nil
	l := storetest.Open(t, c)
	var wg sync.WaitGroup
	for i := range 600 {
		wg.Go(func() {
			if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	l.Close()
	tests := []struct {
		name        string
		store       liar
		bucket, key string // of the first fault; none if empty
	}{
		{"nothing", liar{}, "", ""},
		{"tile changed", liar{tile: func(_ int, i uint64, d []byte) []byte {
			if i == 1 {
				d[77] ^= 1
			}
			return d
		}}, "tiles", "tile/0/001"},
		{"tile missing", liar{tile: func(_ int, i uint64, d []byte) []byte {
			if i == 1 {
				return nil
			}
			return d
		}}, "tiles", "tile/0/001"},
		{"entry changed", liar{entry: func(i uint64, e *ledger.Entry) {
			if i == 300 {
				e.Bytes[0] ^= 1
			}
		}}, "tiles", "tile/0/001"},
		{"last entry changed", liar{entry: func(i uint64, e *ledger.Entry) {
			if i == 599 {
				e.Bytes[0] ^= 1
			}
		}}, "head", "600"},
		{"identity of another entry", liar{lookup: func(i uint64) (uint64, bool) { return max(i, 1), true }}, "ids", ""},
		{"identity missing", liar{lookup: func(i uint64) (uint64, bool) { return i, i != 9 }}, "ids", ""},
		{"head says more", liar{head: func(h *ledger.Head) { h.Size++ }}, "entries", "600"},
		{"head says another root", liar{head: func(h *ledger.Head) { h.Root[0] ^= 1 }}, "head", "600"},
		{"head says less", liar{head: func(h *ledger.Head) { h.Size-- }}, "head", "599"},
	}
	for _, tt := range tests {
		tt.store.Store = c.Store
		var faults []*ledger.Corrupt
		err := ledger.Check(ctx, tt.store, func(c *ledger.Corrupt) { faults = append(faults, c) }, func(_ string, done, size uint64) {
			if size > 0 && done > size {
				t.Errorf("%s: %d of %d done", tt.name, done, size)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		switch {
		case tt.bucket == "" && len(faults) > 0:
			t.Errorf("%s: %v", tt.name, faults[0])
		case tt.bucket == "":
		case len(faults) == 0 || faults[0].Bucket != tt.bucket || tt.key != "" && faults[0].Key != tt.key:
			t.Errorf("%s: faults %v, want %s %s", tt.name, faults, tt.bucket, tt.key)
		}
	}
}

// TestDamagedTile tests that a wrong tile gives errors and never a wrong proof.
func TestDamagedTile(t *testing.T) {
	c := config(t)
	c.Cosigner = nil
	damaged := false
	c.Store = liar{Store: c.Store, tile: func(_ int, _ uint64, d []byte) []byte {
		if damaged && d != nil {
			d[5*32] ^= 1
		}
		return d
	}}
	l := storetest.Open(t, c)
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() { l.Append(ctx, storetest.Text(fmt.Sprint(i))) })
	}
	wg.Wait()
	l.Close()
	l = storetest.Open(t, c) // has no tile in memory
	damaged = true
	for _, tt := range []struct {
		name string
		read func() error
	}{
		{"proof of the neighbour", func() error { _, err := l.Receipt(ctx, 4); return err }},
		{"tile", func() error { _, err := l.Tile(ctx, ledger.TileID{Width: 256}); return err }},
	} {
		var bad *ledger.Corrupt
		if err := tt.read(); !asCorrupt(err, &bad) || bad.Bucket != "tiles" {
			t.Errorf("%s: %v, want *Corrupt", tt.name, err)
		}
	}
}

// TestDamagedIdentity tests that an identity which leads astray is an error, and
// never the entry of another.
func TestDamagedIdentity(t *testing.T) {
	c := config(t)
	lie := uint64(0)
	c.Store = liar{Store: c.Store, lookup: func(uint64) (uint64, bool) { return lie, lie > 0 }}
	l := storetest.Open(t, c)
	for _, text := range []storetest.Text{"a", "b", "c"} {
		if _, err := l.Append(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, lie = range []uint64{2, 99} {
		var bad *ledger.Corrupt
		if r, err := l.Append(ctx, storetest.Text("a")); !asCorrupt(err, &bad) || bad.Bucket != "ids" {
			t.Errorf("Append = %q, %v, want *Corrupt", r.Entry, err)
		}
	}
}

// A pit is a store whose objects are damaged without end: one key that seems to be
// far away makes every place before it look so.
type pit struct{ ledger.Store }

// Objects implements ledger.Reader.
func (pit) Objects(_ context.Context, start, _ uint64) ([]ledger.Object, error) {
	return nil, &ledger.Corrupt{Bucket: "objects", Key: fmt.Sprint(start), Want: "an object", Got: "key ff"}
}

// TestCheckEnds tests that such damage ends a check, and is named.
func TestCheckEnds(t *testing.T) {
	c := config(t)
	c.Cosigner = nil
	l := storetest.Open(t, c)
	if _, err := l.Append(ctx, storetest.Text("a")); err != nil {
		t.Fatal(err)
	}
	l.Close()
	n := 0
	err := ledger.Check(ctx, pit{c.Store}, func(bad *ledger.Corrupt) {
		if n++; bad.Bucket != "objects" {
			t.Error(bad)
		}
	}, nil)
	if err != nil || n == 0 || n > 2000 {
		t.Errorf("%d faults, %v", n, err)
	}
}

// TestCheckSigned tests that a store which does not reach the signed checkpoint,
// or reaches another one, is told from a sound one.
func TestCheckSigned(t *testing.T) {
	c := config(t)
	c.Cosigner = nil
	l := storetest.Open(t, c)
	for _, text := range []storetest.Text{"a", "b", "c"} {
		if _, err := l.Append(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := ledger.ParseSignedCheckpoint(l.Checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	longer, other := signed.Checkpoint, signed.Checkpoint
	longer.Size++
	other.Root[0] ^= 1
	for name, tt := range map[string]struct {
		signed *ledger.Checkpoint
		faults int
	}{"none": {nil, 0}, "its own": {&signed.Checkpoint, 0}, "longer": {&longer, 1}, "another": {&other, 1}} {
		var faults []*ledger.Corrupt
		if err := ledger.CheckSigned(ctx, c.Store, tt.signed, func(bad *ledger.Corrupt) { faults = append(faults, bad) }, nil); err != nil {
			t.Fatal(err)
		}
		if len(faults) != tt.faults || len(faults) > 0 && faults[0].Bucket != "head" {
			t.Errorf("%s: faults %v, want %d", name, faults, tt.faults)
		}
	}
}
