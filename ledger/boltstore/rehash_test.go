//go:build unix

package boltstore_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// rehash returns the places of the faults that ledger.Rehash finds.
func rehash(t testing.TB, s *boltstore.Store) (places []string) {
	t.Helper()
	if err := ledger.Rehash(ctx, s, nil, func(c *ledger.Corrupt) { places = append(places, c.Bucket+" "+c.Key) }, nil); err != nil {
		t.Fatal(err)
	}
	return places
}

// TestRehash: a bit of an entry and of its leaf hash is found at its place, and
// none of what the root does not cover.
func TestRehash(t *testing.T) {
	path := fill(t, 2100)
	sound := openAt(t, path)
	entries, err := sound.Entries(ctx, 1500, 1)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := sound.Leaves(ctx, nil, 1499, 3)
	if err != nil || len(leaves) != 3 || leaves[1] != entries[0].Leaf || leaves[1] != ledger.HashLeaf(entries[0].Bytes) {
		t.Errorf("Leaves = %v, %v", leaves, err)
	}
	if leaves, err := sound.Leaves(ctx, leaves[:1], 2099, 5); err != nil || len(leaves) != 2 {
		t.Errorf("Leaves at the end: %d, %v", len(leaves), err)
	}
	if found := rehash(t, sound); len(found) > 0 {
		t.Errorf("a sound database: %v", found)
	}
	sound.Close()
	identity := append(entries[0].ID[:], entries[0].Leaf[:]...)
	for _, tt := range []struct {
		name   string
		bytes  []byte
		offset int
		want   string
	}{
		{"entry", entries[0].Bytes, 5, "[entries 1500]"},
		{"leaf hash", identity, 40, "[entries 1500 head 2100]"},
		{"identity", identity, 7, "[]"},
	} {
		s := openAt(t, damage(t, path, func(b []byte) { flip(t, b, tt.bytes, tt.offset) }))
		if found := fmt.Sprint(rehash(t, s)); found != tt.want {
			t.Errorf("%s: found %s, want %s", tt.name, found, tt.want)
		}
		s.Close()
	}
}

// BenchmarkRehash measures, for each entry of 2 KiB of a log in memory, the root
// and nothing else, and the full check.
func BenchmarkRehash(b *testing.B) {
	const n = 20_000
	path := fillLarge(b, n)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	none := func(c *ledger.Corrupt) { b.Error(c) }
	for _, way := range []struct {
		name string
		read func(*boltstore.Store, ledger.Progress) error
	}{
		{"root", func(s *boltstore.Store, p ledger.Progress) error { return ledger.Rehash(ctx, s, nil, none, p) }},
		{"check", func(s *boltstore.Store, p ledger.Progress) error { return ledger.Check(ctx, s, none, p) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(info.Size())
			used := processorTime()
			for b.Loop() {
				s, err := boltstore.OpenReadOnly(path)
				if err != nil {
					b.Fatal(err)
				}
				progress, stop := s.ReadAhead(ctx, nil)
				if err := way.read(s, progress); err != nil {
					b.Fatal(err)
				}
				stop()
				s.Close()
			}
			b.ReportMetric(float64((processorTime()-used).Nanoseconds())/float64(b.N*n), "cpu-ns/entry")
		})
	}
}
