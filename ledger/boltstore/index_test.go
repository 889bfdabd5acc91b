package boltstore_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// A model is what a store should hold, and makes the commits for it.
type model struct {
	rng     *rand.Rand
	head    ledger.Head
	ids     []ledger.Hash
	objects []ledger.Hash
	rows    map[ledger.Row][]uint64
}

func newModel() *model {
	return &model{rng: rand.New(rand.NewPCG(3, 5)), head: ledger.EmptyHead(), rows: make(map[ledger.Row][]uint64)}
}

func (m *model) delta(n int) ledger.Delta {
	var d ledger.Delta
	for range n {
		index := uint64(len(m.ids))
		b := fmt.Appendf(nil, "entry %d", index)
		id := ledger.Hash(sha256.Sum256(b))
		d.Entries = append(d.Entries, ledger.Entry{ID: id, Leaf: ledger.HashLeaf(b), Bytes: b})
		m.ids = append(m.ids, id)
		o := ledger.Object{Digest: id, Bytes: b, Fresh: m.rng.IntN(2) == 0}
		d.Objects = append(d.Objects, o)
		m.objects = append(m.objects, o.Digest)
		rare := ledger.Row{Name: "rare", Key: fmt.Sprint(m.rng.IntN(3000))}
		for _, r := range []ledger.Row{{Name: "all", Key: ""}, {Name: "al", Key: "l"}, rare} {
			d.Rows = append(d.Rows, ledger.IndexedRow{Row: r, Index: index})
			m.rows[r] = append(m.rows[r], index)
		}
	}
	d.Head = storetest.Head(uint64(len(m.ids)))
	return d
}

func (m *model) commit(t *testing.T, s *boltstore.Store, n int) {
	t.Helper()
	d := m.delta(n)
	if err := s.Commit(ctx, m.head, d); err != nil {
		t.Fatal(err)
	}
	m.head = d.Head
}

// thorough is the number of lookups from which on all rows are read too.
const thorough = 50

// check compares what a reader finds with the model.
func (m *model) check(t *testing.T, s *boltstore.Store, lookups int) {
	t.Helper()
	for range lookups {
		i := m.rng.IntN(len(m.ids))
		if at, found, err := s.Lookup(ctx, m.ids[i]); at != uint64(i) || !found || err != nil {
			t.Fatalf("Lookup of entry %d of %d = %d, %v, %v", i, len(m.ids), at, found, err)
		}
		if v, err := s.Get(ctx, ledger.ObjectTable, m.objects[i].String()); string(v) != fmt.Sprint("entry ", i) || err != nil {
			t.Fatalf("object %d of %d = %q, %v", i, len(m.ids), v, err)
		}
		other := m.ids[i]
		other[20] ^= 1 // the same prefix
		if _, found, err := s.Lookup(ctx, other); found || err != nil {
			t.Fatalf("Lookup of no entry = %v, %v", found, err)
		}
		if v, err := s.Get(ctx, ledger.ObjectTable, other.String()); v != nil || err != nil {
			t.Fatalf("no object = %q, %v", v, err)
		}
	}
	rows := []ledger.Row{{Name: "rare", Key: "7"}, {Name: "rare", Key: "2999"}, {Name: "none"}}
	if lookups >= thorough {
		rows = append(rows, ledger.Row{Name: "all"}, ledger.Row{Name: "al", Key: "l"})
	}
	for _, r := range rows {
		m.checkRow(t, s, r, uint64(m.rng.IntN(len(m.ids))))
	}
}

func (m *model) checkRow(t *testing.T, s *boltstore.Store, r ledger.Row, middle uint64) {
	t.Helper()
	for _, from := range []uint64{0, middle, math.MaxUint64} {
		for _, newest := range []bool{false, true} {
			want := slices.DeleteFunc(slices.Clone(m.rows[r]), func(i uint64) bool { return i != from && (i > from) == newest })
			if newest {
				slices.Reverse(want)
			}
			var got []uint64
			err := s.ScanRows(ctx, r, from, newest, func(i uint64) bool { got = append(got, i); return true })
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("row %v from %d, newest %v: %d entries, %v, want %d", r, from, newest, len(got), err, len(want))
			}
		}
	}
}

// await waits until the indexer has done what is due.
func await(t *testing.T, s *boltstore.Store, level int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !slices.Contains(s.Segments(), level); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no segment of level %d in a minute: %v", level, s.Segments())
		}
	}
}

// TestIndex follows a store over two merges, with readers, restarts and commits
// of all sizes, and finds what a model says.
func TestIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	defer func() { s.Close() }()
	m := newModel()
	sizes := []int{1, 2, 7, boltstore.PartEntries / 3, boltstore.PartEntries - 1, boltstore.PartEntries, 2*boltstore.PartEntries + 1}
	for goal := 18 * boltstore.PartEntries; len(m.ids) < goal; {
		m.commit(t, s, sizes[m.rng.IntN(len(sizes))])
		m.check(t, s, 5)
		if m.rng.IntN(8) == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openAt(t, path)
			m.check(t, s, 50)
		}
	}
	await(t, s, 1)
	m.check(t, s, 1000)
	s.WithoutFilters()
	m.check(t, s, 100)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	readOnly, err := boltstore.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	m.check(t, readOnly, 1000)
	t.Logf("%d entries, segments of level %v", len(m.ids), readOnly.Segments())
}

// TestLeftOver frees what does not count any more: segments that were merged, one
// at a time, and after a start what a crash has left.
func TestLeftOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	defer func() { s.Close() }()
	m := newModel()
	for len(m.ids) <= 16*boltstore.PartEntries {
		m.commit(t, s, boltstore.PartEntries)
	}
	await(t, s, 1)
	freed := func() {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); s.Buckets() != len(s.Segments()); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d buckets of %d segments", s.Buckets(), len(s.Segments()))
			}
		}
	}
	freed()
	for number := range uint64(3) {
		if err := s.LeaveOver(0, 100+number); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	freed()
	m.check(t, s, 200)
}

// TestIndexTop goes on to the level that is not merged any more. It has small
// segments under the tag torture only.
func TestIndexTop(t *testing.T) {
	if boltstore.PartEntries > 64 {
		t.Skip("takes a million entries: run with -tags torture, as make torture does")
	}
	s := openAt(t, filepath.Join(t.TempDir(), "log.db"))
	defer s.Close()
	m := newModel()
	for len(m.ids) < 600*boltstore.PartEntries {
		m.commit(t, s, 1+m.rng.IntN(500))
		m.check(t, s, 2)
	}
	await(t, s, 2)
	m.check(t, s, 1000)
	t.Logf("%d entries, segments of level %v", len(m.ids), s.Segments())
}

// TestIndexConcurrent reads while segments are written and merged.
func TestIndexConcurrent(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "log.db"))
	defer s.Close()
	m := newModel()
	m.commit(t, s, boltstore.PartEntries/2)
	stop, done := make(chan struct{}), make(chan struct{})
	first := slices.Clone(m.ids)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			id := first[i%len(first)]
			if at, found, err := s.Lookup(ctx, id); at != uint64(i%len(first)) || !found || err != nil {
				t.Errorf("Lookup = %d, %v, %v", at, found, err)
				return
			}
			n := uint64(0)
			err := s.ScanRows(ctx, ledger.Row{Name: "all"}, 0, false, func(i uint64) bool { n++; return i == n-1 && n < 500 })
			if err != nil || n < min(500, uint64(len(first))) {
				t.Errorf("ScanRows stopped after %d rows, %v", n, err)
				return
			}
			if v, err := s.Get(ctx, ledger.ObjectTable, id.String()); v == nil || err != nil {
				t.Errorf("object = %q, %v", v, err)
				return
			}
		}
	}()
	for len(m.ids) < 18*boltstore.PartEntries {
		m.commit(t, s, 1+m.rng.IntN(boltstore.PartEntries/4))
	}
	await(t, s, 1)
	close(stop)
	<-done
}
