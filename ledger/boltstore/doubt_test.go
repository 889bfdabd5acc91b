//go:build torture

package boltstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

var background = context.Background()

type writeAt func(b []byte, off int64) (int, error)

// intercept puts f around the page writes of bbolt.
func intercept(s *Store, f func(meta bool, b []byte, off int64, plain writeAt) (int, error)) {
	field := reflect.ValueOf(s.db).Elem().FieldByName("ops").FieldByName("writeAt")
	write := (*func([]byte, int64) (int, error))(unsafe.Pointer(field.UnsafeAddr()))
	plain := *write
	metas := int64(2 * s.db.Info().PageSize)
	*write = func(b []byte, off int64) (int, error) { return f(off < metas, b, off, plain) }
}

func openDoubted(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func identity(i uint64) ledger.Hash { return sha256.Sum256(fmt.Appendf(nil, "entry %d", i)) }

// A growing log has small entries and one row that all have.
type growing struct{ head ledger.Head }

func (m *growing) delta(n int) ledger.Delta {
	var d ledger.Delta
	for i := range n {
		index := m.head.Size + uint64(i)
		b := fmt.Appendf(nil, "entry %d", index)
		d.Entries = append(d.Entries, ledger.Entry{ID: identity(index), Leaf: ledger.HashLeaf(b), Bytes: b})
		d.Rows = append(d.Rows, ledger.IndexedRow{Row: ledger.Row{Name: "all"}, Index: index})
	}
	d.Head = storetest.Head(m.head.Size + uint64(n))
	return d
}

func (m *growing) commit(t *testing.T, s *Store, n int) {
	t.Helper()
	d := m.delta(n)
	if err := s.Commit(background, m.head, d); err != nil {
		t.Fatal(err)
	}
	m.head = d.Head
}

func held(s *Store) bool {
	if s.indexing.TryLock() {
		s.indexing.Unlock()
		return false
	}
	return true
}

func errFull() error { return &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC} }

// The meta page of a merge is written, ENOSPC is reported.
func TestDoubtMergeUnknown(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	var fired atomic.Bool
	intercept(s, func(meta bool, b []byte, off int64, plain writeAt) (int, error) {
		n, err := plain(b, off)
		if meta && len(s.index.Load().segments) == fanout && held(s) && fired.CompareAndSwap(false, true) {
			return n, errFull()
		}
		return n, err
	})
	m := &growing{head: ledger.EmptyHead()}
	for range fanout {
		m.commit(t, s, partEntries)
	}
	m.commit(t, s, 1)
	for end := time.Now().Add(10 * time.Second); !fired.Load() && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	if !fired.Load() {
		t.Fatal("not fired")
	}
	time.Sleep(100 * time.Millisecond)
	at, found, err := s.Lookup(background, identity(5))
	t.Logf("Lookup = %d %v %v", at, found, err)
	if err != nil {
		t.Errorf("an id that is logged: %v", err)
	}
	err = s.ScanRows(background, ledger.Row{Name: "all"}, 0, false, func(uint64) bool { return true })
	if err != nil {
		t.Errorf("rows: %v", err)
	}
	for range 20 {
		m.commit(t, s, partEntries)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	if n := len(s.index.Load().parts); n > 3 {
		t.Errorf("%d parts in memory: the indexer is stuck", n)
	}
}

// A commit that waits behind a transaction of the indexer whose write fails.
func TestDoubtCommitAfterFailedIndexer(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	var armed atomic.Bool
	intercept(s, func(meta bool, b []byte, off int64, plain writeAt) (int, error) {
		n, err := plain(b, off)
		if meta && armed.CompareAndSwap(true, false) {
			return n, &fs.PathError{Op: "write", Path: "x", Err: syscall.EIO}
		}
		return n, err
	})
	m := &growing{head: ledger.EmptyHead()}
	m.commit(t, s, 3)
	in, indexer := make(chan struct{}), make(chan error, 1)
	armed.Store(true)
	go func() {
		indexer <- s.update(func(tx *bolt.Tx) error {
			close(in)
			time.Sleep(300 * time.Millisecond)
			return nil
		})
	}()
	<-in
	err := s.Commit(background, m.head, m.delta(3))
	t.Logf("indexer: %v; Commit: %v; broken: %v", <-indexer, err, s.broken.Load() != nil)
	if err == nil {
		t.Error("a commit was acknowledged after a write of this store had failed")
	}
}

// A commit of unknown outcome that took place, and the index cannot be read again.
func TestDoubtUnknownReloadFails(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	var armed atomic.Bool
	intercept(s, func(meta bool, b []byte, off int64, plain writeAt) (int, error) {
		n, err := plain(b, off)
		if meta && armed.CompareAndSwap(true, false) {
			return n, errFull()
		}
		return n, err
	})
	l := storetest.Open(t, storetest.Config(t, s, new(storetest.MemoryHead)))
	if _, err := l.Append(background, storetest.Text("a")); err != nil {
		t.Fatal(err)
	}
	err := s.db.Update(func(tx *bolt.Tx) error { // decay of a value
		b := tx.Bucket(bucketRecent)
		k, v := b.Cursor().First()
		w := append([]byte(nil), v...)
		w[10] ^= 1
		return b.Put(append([]byte(nil), k...), w)
	})
	if err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	r, err := l.Append(background, storetest.Text("b"))
	t.Logf("Append = %d %v, size %d", r.Index, err, l.Size())
	list, err := s.Entries(background, 0, 10)
	seen := make(map[ledger.Hash]int)
	for i, e := range list {
		if at, ok := seen[e.ID]; ok {
			t.Errorf("entries %d and %d have one identity", at, i)
		}
		seen[e.ID] = i
	}
	t.Logf("%d entries %v", len(list), err)
}

// The catalog's key has decayed / a recent record is gone.
func TestDoubtCatalogGone(t *testing.T) {
	for _, what := range []string{"catalog", "recent"} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			s := openDoubted(t, path)
			head := new(storetest.MemoryHead)
			c := storetest.Config(t, s, head)
			c.MaxBatch = 1
			l, err := ledger.Open(background, c)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2*partEntries + 3 {
				if _, err := l.Append(background, storetest.Text(fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			l.Close()
			for len(s.Segments()) < 2 {
				time.Sleep(time.Millisecond)
			}
			victim := "5"
			err = s.db.Update(func(tx *bolt.Tx) error {
				if what == "recent" {
					b := tx.Bucket(bucketRecent)
					victim = fmt.Sprint(2*partEntries + 1)
					return b.Delete(number(2*partEntries + 1))
				}
				b := tx.Bucket(bucketSegments)
				v := append([]byte(nil), b.Get(keyCatalog)...)
				if err := b.Delete(keyCatalog); err != nil {
					return err
				}
				return b.Put([]byte("catalof"), v) // one bit
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			s, err = Open(path)
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			defer s.Close()
			c.Store = s
			l, err = ledger.Open(background, c)
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			defer l.Close()
			r, err := l.Append(background, storetest.Text(victim))
			t.Logf("again %q: index %d, duplicate %v, %v", victim, r.Index, r.Duplicate, err)
			if err == nil && !r.Duplicate {
				t.Errorf("a start was accepted, and %q is logged twice", victim)
			}
		})
	}
}

// One damaged block of a segment.
func TestDoubtDamagedBlockStopsIndexer(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	m := &growing{head: ledger.EmptyHead()}
	m.commit(t, s, partEntries)
	m.commit(t, s, 1)
	for len(s.Segments()) < 1 {
		time.Sleep(time.Millisecond)
	}
	err := s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSegments).Bucket(segmentID{}.key())
		k, v := b.Cursor().Seek([]byte{kindRows})
		w := append([]byte(nil), v...)
		w[len(w)-1] ^= 1
		return b.Put(append([]byte(nil), k...), w)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		m.commit(t, s, partEntries)
		time.Sleep(3 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	recent := 0
	_ = s.view(func(tx *bolt.Tx) error { recent = tx.Bucket(bucketRecent).Stats().KeyN; return nil })
	if n := len(s.index.Load().parts); n > 3 {
		t.Errorf("%d parts in memory, %d records in recent, %d segments, broken %v: the indexer is stuck and nobody is told", n, recent, len(s.Segments()), s.broken.Load() != nil)
	}
}

// After ErrUnknown the filters are still there.
func TestDoubtFiltersAfterReload(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	m := &growing{head: ledger.EmptyHead()}
	m.commit(t, s, partEntries)
	m.commit(t, s, 1)
	for len(s.Segments()) < 1 {
		time.Sleep(time.Millisecond)
	}
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	m.commit(t, s, 1)
	time.Sleep(100 * time.Millisecond)
	if s.index.Load().segments[0].filter.Load() == nil {
		t.Error("no filter after reload")
	}
}

// A commit is on the disk and not learned yet when the indexer, in doubt, reads the
// index again.
func TestDoubtLearnedOnce(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	m := &growing{head: ledger.EmptyHead()}
	m.commit(t, s, 3)
	s.indexing.Lock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.commit(t, s, 2)
	}()
	for {
		if head, err := s.Load(background); err != nil || head.Size == 5 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	err := s.reloadHeld()
	s.indexing.Unlock()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	got := s.index.Load().parts[0].rows[ledger.Row{Name: "all"}]
	if want := []uint64{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("the row has entries %v, want %v", got, want)
	}
}

func save(t *testing.T, h *HeadFile, text string) {
	t.Helper()
	if err := h.Save([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func saved(t *testing.T, path string) string {
	text, err := (&HeadFile{Path: path}).Load()
	if err != nil {
		return "refused: " + err.Error()
	}
	return string(text)
}

// The file at the path is replaced or removed while a process saves.
func TestDoubtHeadReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head")
	h := &HeadFile{Path: path}
	save(t, h, "1")
	old, _ := os.ReadFile(path)
	save(t, h, "2")
	if err := os.WriteFile(path+".old", old, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".old", path); err != nil {
		t.Fatal(err)
	}
	err := h.Save([]byte("3"))
	if got := saved(t, path); err == nil && got != "3" {
		t.Errorf("replaced: Save returned nil, the path has %q", got)
	}
	os.Remove(path)
	err = h.Save([]byte("4"))
	if got := saved(t, path); err == nil && got != "4" {
		t.Errorf("removed: Save returned nil, the path has %q", got)
	}
}

// Two writers of one path.
func TestDoubtHeadTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head")
	a, b := &HeadFile{Path: path}, &HeadFile{Path: path}
	save(t, a, "a1")
	for _, x := range []string{"b2", "b3", "b4"} {
		save(t, b, x)
	}
	err := a.Save([]byte("a2"))
	if got := saved(t, path); err == nil && got != "a2" {
		t.Errorf("Save of a2 returned nil, Load gives %q; b4 was saved and is gone", got)
	}
}

// A store that is broken tells no head: it may not be synced.
func TestDoubtReopenBroken(t *testing.T) {
	s := openDoubted(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	var armed atomic.Bool
	intercept(s, func(meta bool, b []byte, off int64, plain writeAt) (int, error) {
		n, err := plain(b, off)
		if meta && armed.CompareAndSwap(true, false) {
			return n, &fs.PathError{Op: "write", Path: "x", Err: syscall.EIO}
		}
		return n, err
	})
	c := storetest.Config(t, s, new(storetest.MemoryHead))
	l, err := ledger.Open(background, c)
	if err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	_, err = l.Append(background, storetest.Text("a"))
	t.Logf("Append: %v", err)
	l.Close()
	l, err = ledger.Open(background, c)
	if err == nil {
		t.Errorf("a log over a broken store opens and signs size %d", l.Size())
		l.Close()
	}
}
