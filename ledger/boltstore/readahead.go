package boltstore

import (
	"context"
	"os"
	"sync"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

const (
	// aheadPiece is what is read at once.
	aheadPiece = 1 << 20
	// aheadWindow bounds how far the file is read before the place where a scan
	// is: a file that is larger than the memory must not lose again what the
	// scan has yet to come to. Entries and objects lie in the file in the order
	// in which they came, but not to the byte.
	aheadWindow = 256 << 20
)

// ReadAhead reads the file in a row while scans over all of it go on. bbolt maps
// the file and tells the system to expect random reads, so that a scan of a file
// that is not in memory waits for every page alone: it is slower by an order of
// magnitude. Hand the progress that it returns to [ledger.Check] or
// [ledger.Rehash], which tells it how far the scan is; it calls next, which may
// be nil. Call stop before the store is closed. The end of ctx stops it too.
//
// It reads at the speed of the disk: it is not for a store that is being served.
func (s *Store) ReadAhead(ctx context.Context, next ledger.Progress) (progress ledger.Progress, stop func()) {
	a := s.newAhead(aheadWindow, next)
	return a.progress, a.start(ctx)
}

func (s *Store) newAhead(window int64, next ledger.Progress) *ahead {
	return &ahead{file: s.file, objects: s.objects(), window: window, next: next, moved: make(chan struct{}, 1)}
}

func (a *ahead) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { a.run(ctx) })
	return func() {
		cancel()
		wait.Wait()
	}
}

// objects is how many objects are stored, or 0 if that cannot be read.
func (s *Store) objects() (n uint64) {
	_ = s.view(func(tx *bolt.Tx) error { // the scan will find what is wrong
		if b := tx.Bucket(bucketObjects); b != nil {
			n = after(b)
		}
		return nil
	})
	return n
}

// ahead reads a file before a scan of it.
type ahead struct {
	file    *os.File
	objects uint64
	window  int64
	next    ledger.Progress
	moved   chan struct{} // the scan has

	mu     sync.Mutex
	bucket string  // that the scan is in
	scan   int     // how many there were, each from the start of the file
	part   float64 // of the file that the scan has passed
	read   int64   // by us, in this scan
}

// progress takes in how far a scan is.
func (a *ahead) progress(bucket string, done, size uint64) {
	if bucket == "objects" && size == 0 {
		size = a.objects
	}
	a.mu.Lock()
	if bucket != a.bucket {
		a.bucket, a.part, a.read = bucket, 0, 0
		a.scan++
	}
	if size > 0 {
		a.part = min(1, float64(done)/float64(size))
	}
	a.mu.Unlock()
	select {
	case a.moved <- struct{}{}:
	default: // it knows already that there is something new
	}
	if a.next != nil {
		a.next(bucket, done, size)
	}
}

// run reads for one scan after the other.
func (a *ahead) run(ctx context.Context) {
	var buffer []byte
	for scan, end := 0, false; ctx.Err() == nil; {
		at, now := a.place()
		if now != scan {
			scan, end = now, false
		}
		if at < 0 || end {
			select {
			case <-a.moved:
			case <-ctx.Done():
			}
			continue
		}
		if buffer == nil {
			buffer = make([]byte, aheadPiece)
		}
		n, err := fetch(a.file, at, buffer)
		a.mu.Lock()
		if a.scan == scan {
			a.read = at + int64(n)
		}
		a.mu.Unlock()
		end = err != nil || n == 0 // of the file, or it cannot be read: the scan will say so
	}
}

// place is what to read next, and for which scan; or -1 while it is far enough
// ahead, or there is no scan.
func (a *ahead) place() (at int64, scan int) {
	length := int64(0)
	if info, err := a.file.Stat(); err == nil {
		length = info.Size()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	passed := int64(a.part * float64(length))
	// What the scan has passed needs no reading any more, but for a margin: its
	// place is an estimate.
	a.read = max(a.read, min(passed, length)-a.window/4)
	if a.read >= length || a.read > passed+a.window || a.scan == 0 || !inFile(a.bucket) {
		return -1, a.scan
	}
	return a.read, a.scan
}

// inFile reports whether a scan goes through the file from its start to its end.
// Others look up places here and there.
func inFile(bucket string) bool {
	return bucket == "entries" || bucket == "objects" || bucket == "state"
}
