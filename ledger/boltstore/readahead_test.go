//go:build unix

package boltstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A large entry has 2 KiB.
type large uint64

func (n large) ID() ledger.Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (n large) Place(ledger.View, time.Time) (ledger.Placement, error) {
	id := n.ID()
	return ledger.Placement{Entry: bytes.Repeat(id[:], 64)}, nil
}

// fillLarge makes a database of n large entries and returns its path.
func fillLarge(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	defer s.Close()
	c := storetest.Config(t, s, new(storetest.MemoryHead))
	c.Cosigner = nil
	l := storetest.Open(t, c)
	defer l.Close()
	const adders = 1024
	var wait sync.WaitGroup
	for w := range adders {
		wait.Go(func() {
			for i := w; i < n; i += adders {
				if _, err := l.Append(ctx, large(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return path
}

// eventually waits until what goes on by itself has come to something.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal(what)
}

// TestReadAhead: it stays within its window before the scan, starts again for
// the next scan of the file, and does nothing for others.
func TestReadAhead(t *testing.T) {
	path := fillLarge(t, 3000)
	s := openAt(t, path)
	defer s.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	a := s.Ahead(ctx, 1<<20, func(string, uint64, uint64) { said++ })
	defer a.Stop()
	time.Sleep(20 * time.Millisecond)
	if read := a.Read(); read != 0 {
		t.Errorf("%d bytes were read before there was a scan", read)
	}
	for _, bucket := range []string{"entries", "objects", "state"} {
		size := uint64(1000)
		a.Progress(bucket, 0, size)
		eventually(t, bucket+": nothing is read ahead", func() bool { return a.Read() > 1<<20 })
		time.Sleep(20 * time.Millisecond)
		if read := a.Read(); read > 2<<20 {
			t.Errorf("%s: %d bytes were read ahead, with a window of 1 MiB", bucket, read)
		}
		a.Progress(bucket, size/2, size)
		eventually(t, bucket+": it does not follow", func() bool { return a.Read() > info.Size()/2 })
		a.Progress(bucket, size, size)
		eventually(t, bucket+": it does not come to the end", func() bool { return a.Read() >= info.Size() })
		a.Progress("rows", 0, size)
		a.Progress("cells", 0, size)
	}
	if said != 15 {
		t.Errorf("progress was handed on %d times of 15", said)
	}
}

// TestReadAheadStops: with its context, and when told to.
func TestReadAheadStops(t *testing.T) {
	s := openAt(t, fillLarge(t, 1000))
	defer s.Close()
	ended, cancel := context.WithCancel(ctx)
	progress, stop := s.ReadAhead(ended, nil)
	progress("entries", 0, 1000)
	cancel()
	progress("entries", 500, 1000)
	stop()
	progress("entries", 1000, 1000)
	stop()
	_, stop = s.ReadAhead(ctx, nil)
	stop()
}

// TestReadAheadOfChange: a file that grows or is cut off meanwhile does no harm.
func TestReadAheadOfChange(t *testing.T) {
	path := fillLarge(t, 3000)
	s := openAt(t, path)
	defer s.Close()
	a := s.Ahead(ctx, 1<<20, nil)
	defer a.Stop()
	a.Progress("entries", 0, 3000)
	eventually(t, "nothing is read ahead", func() bool { return a.Read() > 0 })
	c := storetest.Config(t, s, new(storetest.MemoryHead))
	c.Cosigner, c.Recover = nil, true
	l := storetest.Open(t, c)
	for i := range 50 {
		if _, err := l.Append(ctx, large(5000+i)); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	a.Progress("entries", 3050, 3050)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "what the file grew by is not read", func() bool { return a.Read() >= info.Size() })

	short := damage(t, path, func([]byte) {})
	cut, err := boltstore.OpenReadOnly(short)
	if err != nil {
		t.Fatal(err)
	}
	defer cut.Close()
	b := cut.Ahead(ctx, 1<<20, nil)
	defer b.Stop()
	b.Progress("entries", 0, 3050)
	if err := os.Truncate(short, 3<<20); err != nil {
		t.Fatal(err)
	}
	for done := range uint64(3050) {
		b.Progress("entries", done, 3050)
	}
	b.Progress("objects", 0, 0) // it goes on with the next
	eventually(t, "it does not come to the new end", func() bool { return b.Read() > 0 && b.Read() <= 4<<20 })
	if err := ledger.Rehash(ctx, cut, nil, func(*ledger.Corrupt) {}, b.Progress); err != nil {
		t.Errorf("a database that was cut off: %v", err)
	}
}
