package boltstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// TestUnindexed reads a file whose index is of no use: entries and objects are
// there, of a damaged object its sound copy, and nothing is found by identity.
func TestUnindexed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	m := newModel()
	for len(m.ids) < boltstore.PartEntries+100 {
		m.commit(t, s, 400)
	}
	bad := ledger.Object{Digest: m.objects[5], Bytes: []byte("entry 5"), Fresh: true}
	gone := m.objects[6]
	if err := errors.Join(s.Decay(bad.Digest), s.Decay(gone)); err != nil {
		t.Fatal(err)
	}
	d := m.delta(1)
	d.Objects = append(d.Objects, bad)
	if err := s.Commit(ctx, m.head, d); err != nil {
		t.Fatal(err)
	}
	if err := s.SpoilIndex(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err := boltstore.Open(path); err == nil {
		s.Close()
		t.Fatal("a damaged index does not refuse the start")
	}
	u, err := boltstore.OpenUnindexed(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if got, want := u.Count(), uint64(len(m.objects)+1); got != want {
		t.Errorf("%d objects, want %d", got, want)
	}
	if list, err := u.Sound(ctx, 0, u.Count()); err != nil || len(list) != len(m.objects)-1 || !list[0].Fresh {
		t.Errorf("%d sound objects, %v, want %d", len(list), err, len(m.objects)-1)
	}
	for i, digest := range m.objects {
		v, err := u.Get(ctx, ledger.ObjectTable, digest.String())
		if want := i != 6; err != nil || (v != nil) != want {
			t.Fatalf("object %d = %q, %v", i, v, err)
		}
	}
	if entries, err := u.Entries(ctx, 0, 1<<20); err != nil || len(entries) != len(m.ids) {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if _, err := boltstore.OpenUnindexed(ctx, path+".none", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
}
