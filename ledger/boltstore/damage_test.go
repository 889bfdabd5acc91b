package boltstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

var ctx = context.Background()

// fill makes a database of n entries and returns its path.
func fill(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	defer s.Close()
	c := storetest.Config(t, s, new(storetest.MemoryHead))
	c.Cosigner = nil
	l := storetest.Open(t, c)
	defer l.Close()
	errs := make(chan error, n)
	for i := range n {
		go func() {
			_, err := l.Append(ctx, storetest.Text(fmt.Sprintf("text number %04d", i)))
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// damage returns the path of a copy with changed bytes.
func damage(t testing.TB, path string, change func([]byte)) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	bad := filepath.Join(t.TempDir(), "bad.db")
	if err := os.WriteFile(bad, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return bad
}

// flip flips a bit in every copy of text, offset bytes after its start; old
// pages have some.
func flip(t testing.TB, b []byte, text []byte, offset int) {
	t.Helper()
	n := 0
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], text)
		if i < 0 {
			break
		}
		at += i
		b[at+offset] ^= 1
		n++
	}
	if n == 0 {
		t.Fatal("the bytes to damage are not in the file")
	}
}

func check(t testing.TB, s *boltstore.Store) (faults []*ledger.Corrupt) {
	t.Helper()
	if err := ledger.Check(ctx, s, func(c *ledger.Corrupt) { faults = append(faults, c) }, nil); err != nil {
		t.Fatal(err)
	}
	return faults
}

// TestDamage flips one bit of each kind of data, and looks for its name.
func TestDamage(t *testing.T) {
	path := fill(t, 300)
	sound := openAt(t, path)
	entries, err := sound.Entries(ctx, 17, 1)
	if err != nil {
		t.Fatal(err)
	}
	tile, err := sound.Tile(ctx, 0, 0)
	if err != nil || len(check(t, sound)) > 0 {
		t.Fatalf("%v, or faults in a sound database", err)
	}
	head, err := sound.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := head.AppendBinary(nil)
	sound.Close()
	text := bytes.TrimSpace(bytes.Split(entries[0].Bytes, []byte(" after "))[0][len("17 1767225600000 "):])
	object := storetest.Text(text).ID()

	tests := []struct {
		name        string
		bytes       []byte
		offset      int
		bucket, key string
	}{
		{"entry", entries[0].Bytes, 5, "entries", "17"},
		{"tile", tile[:64], 40, "tiles", "tile/0/000"},
		{"object", append(object[:], text...), 32 + 3, "objects", object.String()},
		{"head", stored, 20, "head", "head"},
		{"time of the head", stored, 15, "head", "head"},
		{"identity", append(entries[0].ID[:], entries[0].Leaf[:]...), 7, "entries", "17"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad, err := boltstore.OpenReadOnly(damage(t, path, func(b []byte) { flip(t, b, tt.bytes, tt.offset) }))
			if err != nil {
				t.Fatal(err)
			}
			defer bad.Close()
			faults := check(t, bad)
			if len(faults) == 0 || faults[0].Bucket != tt.bucket || faults[0].Key != tt.key {
				t.Errorf("faults %v, want %s %s", faults, tt.bucket, tt.key)
			}
		})
	}
	t.Run("reads", func(t *testing.T) {
		s := openAt(t, damage(t, path, func(b []byte) { flip(t, b, entries[0].Bytes, 5); flip(t, b, append(object[:], text...), 35) }))
		defer s.Close()
		var bad *ledger.Corrupt
		if e, err := s.Entries(ctx, 15, 5); !errors.As(err, &bad) || len(e) != 2 {
			t.Errorf("Entries = %d entries, %v, want 2 and *Corrupt", len(e), err)
		}
		if _, err := s.Get(ctx, ledger.ObjectTable, object.String()); !errors.As(err, &bad) || bad.Want != object.String() {
			t.Errorf("Get = %v, want *Corrupt", err)
		}
	})
}

// TestDecay has a known object decay while the store is open: the next commit
// that has it mends it, once any read has met the damage.
func TestDecay(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "log.db"))
	defer s.Close()
	o := ledger.Object{Bytes: []byte("a certificate chain")}
	o.Digest = sha256.Sum256(o.Bytes)
	head := ledger.EmptyHead()
	commit := func() {
		t.Helper()
		b := fmt.Appendf(nil, "entry %d", head.Size)
		d := ledger.Delta{Head: storetest.Head(head.Size + 1), Objects: []ledger.Object{o},
			Entries: []ledger.Entry{{ID: sha256.Sum256(b), Leaf: ledger.HashLeaf(b), Bytes: b}}}
		if err := s.Commit(ctx, head, d); err != nil {
			t.Fatal(err)
		}
		head = d.Head
	}
	reads := map[string]func() error{
		"by digest": func() error { _, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); return err },
		"in a row":  func() error { _, err := s.Objects(ctx, 0, 1); return err },
	}
	for name, read := range reads {
		commit()
		if err := s.Decay(o.Digest); err != nil {
			t.Fatal(err)
		}
		var bad *ledger.Corrupt
		if err := read(); !errors.As(err, &bad) {
			t.Fatalf("read %s: %v, want *Corrupt", name, err)
		}
		commit()
		if v, err := s.Get(ctx, ledger.ObjectTable, o.Digest.String()); string(v) != string(o.Bytes) {
			t.Errorf("read %s, and not mended: %q, %v", name, v, err)
		}
	}
	commit()
	if list, err := s.Objects(ctx, 3, 9); len(list) != 0 || err != nil {
		t.Errorf("%d copies too many, %v", len(list), err)
	}
}

// TestLayoutBefore opens a file whose head has no sum yet.
func TestLayoutBefore(t *testing.T) {
	path := fill(t, 10)
	s := openAt(t, path)
	want, err := s.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Downgrade(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := boltstore.OpenReadOnly(path); err == nil {
		t.Error("a reader takes a head without a sum")
	}
	s = openAt(t, path)
	defer s.Close()
	if got, err := s.Load(ctx); err != nil || !got.Equal(want) {
		t.Errorf("Load = %v, %v, want %v", got, err, want)
	}
	if faults := check(t, s); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestDamagedFile flips bits and cuts anywhere: whatever comes, no panic.
func TestDamagedFile(t *testing.T) {
	path := fill(t, 40)
	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 150 {
		cut := -1
		bad := damage(t, path, func(b []byte) {
			for range 8 { // in the pages that are in use, at the start of the file
				b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
				b[rng.IntN(len(b)/16384)*16384+rng.IntN(64)] ^= 1 << rng.IntN(8)
			}
			if rng.IntN(10) == 0 {
				cut = rng.IntN(len(b))
			}
		})
		if cut >= 0 {
			if err := os.Truncate(bad, int64(cut)); err != nil {
				t.Fatal(err)
			}
		}
		s, err := boltstore.OpenReadOnly(bad)
		if err != nil {
			found++
			continue
		}
		faults := 0
		err = ledger.Check(ctx, s, func(*ledger.Corrupt) { faults++ }, nil)
		if err != nil || faults > 0 {
			found++
		}
		s.Close()
	}
	t.Logf("found damage in %d of 150 files", found)
	if found < 75 {
		t.Errorf("found damage in %d of 150 files", found)
	}
}
