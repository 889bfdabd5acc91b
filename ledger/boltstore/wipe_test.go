package boltstore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// personal are objects of many sizes, each full of a text of its own: several on a
// page, one on a page, and on pages that belong together.
func personal() (list []ledger.Object) {
	for i, size := range []int{40, 900, 5_000, 16_000, 40_000, 1_000_000} {
		b := bytes.Repeat(secret(i), size/len(secret(i))+1)
		list = append(list, ledger.Object{Digest: sha256.Sum256(b), Bytes: b})
	}
	return list
}

func secret(i int) []byte { return fmt.Appendf(nil, "personal data, number %d; ", i) }

func digests(list []ledger.Object) (out []ledger.Hash) {
	for _, o := range list {
		out = append(out, o.Digest)
	}
	return out
}

// crowded is a store with personal data between much else, whose file has old copies
// of it on many free pages.
func crowded(t *testing.T, path string) (*boltstore.Store, ledger.Head) {
	t.Helper()
	s := openAt(t, path)
	head := ledger.EmptyHead()
	for i, o := range personal() {
		for n := range 6 {
			d := ledger.Delta{Head: storetest.Head(head.Size + 1), Objects: []ledger.Object{text(fmt.Sprint("stays ", i, " ", n))}}
			if n == 0 {
				d.Objects = append(d.Objects, o)
			}
			head = grow(t, s, head, d)
		}
	}
	return s, head
}

func text(s string) ledger.Object {
	return ledger.Object{Digest: sha256.Sum256([]byte(s)), Bytes: []byte(s)}
}

// grow commits one more entry.
func grow(t *testing.T, s *boltstore.Store, head ledger.Head, d ledger.Delta) ledger.Head {
	t.Helper()
	b := fmt.Appendf(nil, "entry %d", head.Size)
	d.Entries = []ledger.Entry{{ID: sha256.Sum256(b), Leaf: ledger.HashLeaf(b), Bytes: b}}
	d.Head = storetest.Head(head.Size + 1)
	if err := s.Commit(ctx, head, d); err != nil {
		t.Fatal(err)
	}
	return d.Head
}

// TestWipe: when a commit returns, nothing of what it erased is in the file, while
// others read; and all else is there.
func TestWipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s, head := crowded(t, path)
	for i := range personal() {
		holds(t, path, secret(i), 1)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.Objects(ctx, 0, 1000); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i, o := range personal() {
		head = grow(t, s, head, ledger.Delta{Erase: []ledger.Hash{o.Digest}})
		holds(t, path, secret(i), 0)
		if !s.Wiped() {
			t.Error("it does not say that it is wiped")
		}
	}
	close(stop)
	readers.Wait()
	head = grow(t, s, head, ledger.Delta{Objects: []ledger.Object{text("later")}})
	intact(t, s, head)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	intact(t, s, head)
	s.Close()
}

// TestWipeWaits: a read that began before keeps its bytes.
func TestWipeWaits(t *testing.T) {
	s, head := crowded(t, filepath.Join(t.TempDir(), "log.db"))
	defer s.Close()
	o := personal()[0] // the second object of the file
	done := make(chan struct{})
	got := s.Beneath(1, func(waited func() bool) {
		go func() {
			defer close(done)
			grow(t, s, head, ledger.Delta{Erase: []ledger.Hash{o.Digest}})
		}()
		for !waited() {
			select {
			case <-done:
				return
			default:
				runtime.Gosched()
			}
		}
	})
	<-done
	if !bytes.Equal(got, append(o.Digest[:], o.Bytes...)) {
		t.Errorf("a read meanwhile has %.60q", got)
	}
}

// intact wants all that is not personal, and a file that is built as it should be.
func intact(t *testing.T, s *boltstore.Store, head ledger.Head) {
	t.Helper()
	for i := range personal() {
		for n := range 6 {
			o := text(fmt.Sprint("stays ", i, " ", n))
			if b, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); !bytes.Equal(b, o.Bytes) || err != nil {
				t.Errorf("Get = %q, %v", b, err)
			}
		}
	}
	if got, err := s.Load(ctx); err != nil || !got.Equal(head) {
		t.Errorf("Load = %d, %v", got.Size, err)
	}
	if err := s.CheckPages(func(c *ledger.Corrupt) { t.Error(c) }); err != nil {
		t.Error(err)
	}
}

// TestWipeAtStart: what a crash has left of an erasure is wiped by the next start;
// so is a file from before there was wiping.
func TestWipeAtStart(t *testing.T) {
	for name, interrupt := range map[string]func(*boltstore.Store) error{
		"after the commit": func(s *boltstore.Store) error { return s.EraseOnly(digests(personal())...) },
		"an older file": func(s *boltstore.Store) error {
			return errors.Join(s.EraseOnly(digests(personal())...), s.ForgetWiped())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			s, head := crowded(t, path)
			if err := errors.Join(interrupt(s), s.Close()); err != nil {
				t.Fatal(err)
			}
			holds(t, path, secret(5), 1)
			s = openAt(t, path)
			defer s.Close()
			for i := range personal() {
				holds(t, path, secret(i), 0)
			}
			if !s.Wiped() {
				t.Error("it does not say that it is wiped")
			}
			intact(t, s, head)
		})
	}
}

// TestWipeTail: what a commit that failed has left after the last page goes too.
func TestWipeTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s, head := crowded(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	_, end, err := boltstore.Unused(f, info.Size(), 16<<10)
	if err != nil || int64(end)*16<<10 >= info.Size() {
		t.Fatalf("the last page is %d, of %d bytes: %v", end, info.Size(), err)
	}
	if _, err := f.WriteAt(secret(99), info.Size()-100); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s = openAt(t, path)
	defer s.Close()
	holds(t, path, secret(99), 1)
	head = grow(t, s, head, ledger.Delta{Erase: digests(personal())})
	holds(t, path, secret(99), 0)
	intact(t, s, head)
}

// TestEraseCopies: an object that was damaged and came again has two copies, and
// both are erased: while the index is in memory, after a start, and from a segment.
func TestEraseCopies(t *testing.T) {
	o := personal()[1]
	for name, before := range map[string]func(t *testing.T, path string, s *boltstore.Store, head ledger.Head) (*boltstore.Store, ledger.Head){
		"in memory": func(_ *testing.T, _ string, s *boltstore.Store, head ledger.Head) (*boltstore.Store, ledger.Head) {
			return s, head
		},
		"after a start": func(t *testing.T, path string, s *boltstore.Store, head ledger.Head) (*boltstore.Store, ledger.Head) {
			s.Close()
			return openAt(t, path), head
		},
		"in a segment": segmented,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			s := openAt(t, path)
			head := grow(t, s, ledger.EmptyHead(), ledger.Delta{Objects: []ledger.Object{o}})
			if err := s.Decay(o.Digest); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); err == nil {
				t.Fatal("the damage is not found")
			}
			head = grow(t, s, head, ledger.Delta{Objects: []ledger.Object{o}})
			if b, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); err != nil || !bytes.Equal(b, o.Bytes) {
				t.Fatalf("it was not mended: %v", err)
			}
			s, head = before(t, path, s, head)
			grow(t, s, head, ledger.Delta{Erase: []ledger.Hash{o.Digest}})
			s.Close()
			holds(t, path, secret(1)[:20], 0)
		})
	}
}

// segmented fills the part until it is in a segment.
func segmented(t *testing.T, path string, s *boltstore.Store, head ledger.Head) (*boltstore.Store, ledger.Head) {
	t.Helper()
	d := ledger.Delta{Head: storetest.Head(boltstore.PartEntries + 1)}
	for i := head.Size; i < d.Head.Size; i++ {
		b := fmt.Appendf(nil, "entry %d", i)
		d.Entries = append(d.Entries, ledger.Entry{ID: sha256.Sum256(b), Leaf: ledger.HashLeaf(b), Bytes: b})
	}
	if err := s.Commit(ctx, head, d); err != nil {
		t.Fatal(err)
	}
	head = grow(t, s, d.Head, ledger.Delta{})
	for len(s.Segments()) == 0 {
		s.Close() // waits for what the indexer is at
		s = openAt(t, path)
	}
	return s, head
}

// FuzzUnused: a file whose two metas and free lists say anything gives an error, or
// pages that are there, each once, and never one with a meta.
func FuzzUnused(f *testing.F) {
	path := filepath.Join(f.TempDir(), "log.db")
	s := openAt(f, path)
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	const size = 16 << 10
	seed := func(slot int) (metas, list []byte) {
		page := int(binary.NativeEndian.Uint64(b[slot*size+16+32:]))
		return b[slot*size : slot*size+80], b[page*size : page*size+200]
	}
	one, listOne := seed(0)
	two, listTwo := seed(1)
	f.Add(one, listOne, two, listTwo)
	f.Fuzz(func(t *testing.T, one, listOne, two, listTwo []byte) {
		file := make([]byte, 8*size)
		for slot, part := range [][]byte{one, two} {
			copy(file[slot*size:(slot+1)*size], part)
			boltstore.SealMeta(file[slot*size : (slot+1)*size])
		}
		copy(file[2*size:4*size], listOne)
		copy(file[4*size:6*size], listTwo)
		list, end, err := boltstore.Unused(bytes.NewReader(file), int64(len(file)), size)
		if err != nil {
			return
		}
		for i, id := range list {
			if id < 2 || id >= end || i > 0 && list[i-1] >= id {
				t.Errorf("free pages %d of %d", list, end)
			}
		}
	})
}
