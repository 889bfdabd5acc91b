package boltstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// TestErasedBytes: neither the file in which they were erased has anything of erased
// bytes, nor one that is made again.
func TestErasedBytes(t *testing.T) {
	dir := t.TempDir()
	path, again := filepath.Join(dir, "log.db"), filepath.Join(dir, "again.db")
	bytesOf := []byte("what a person was shown, and nobody may read any more")
	object := ledger.Object{Digest: sha256.Sum256(bytesOf), Bytes: bytesOf}
	s := openAt(t, path)
	head := rewritten(t, s, []ledger.Object{object, {Digest: sha256.Sum256([]byte("stays")), Bytes: []byte("stays")}})
	if err := s.Commit(t.Context(), head, ledger.Delta{Head: head, Erase: []ledger.Hash{object.Digest}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, path, bytesOf, 0)
	holds(t, path, []byte("stays"), 1)
	from, err := boltstore.OpenUnindexed(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	objects, err := from.Sound(t.Context(), 0, from.Count())
	if err != nil {
		t.Fatal(err)
	}
	to := openAt(t, again)
	rewritten(t, to, objects)
	if b, err := to.Get(t.Context(), ledger.ObjectTable, fmt.Sprintf("%x", object.Digest[:])); b != nil || err != nil {
		t.Errorf("Get of the erased object: %q, %v", b, err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, again, bytesOf, 0)
	holds(t, again, []byte("stays"), 1)
}

// holds wants some text in a file, at least so often; 0 is not at all.
func holds(t *testing.T, path string, text []byte, least int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, text); n < least || least == 0 && n > 0 {
		t.Errorf("%s has %.40q %d times", filepath.Base(path), text, n)
	}
}

// rewritten fills a new store with one entry and objects.
func rewritten(t *testing.T, s *boltstore.Store, objects []ledger.Object) ledger.Head {
	t.Helper()
	r, err := ledger.NewRewrite(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	entry := []byte("an entry")
	e := ledger.Entry{ID: sha256.Sum256(entry), Leaf: ledger.HashLeaf(entry), Bytes: entry}
	if err := r.Append(t.Context(), []ledger.Entry{e}, 1, objects, nil, nil); err != nil {
		t.Fatal(err)
	}
	return r.Head()
}
