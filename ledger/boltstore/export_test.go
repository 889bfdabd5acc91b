package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// SyncData is the sync of a commit.
var SyncData = syncData

// PartEntries is the number of entries of the smallest segment.
const PartEntries = partEntries

// Segments returns the levels of the complete segments, oldest first.
func (s *Store) Segments() (levels []int) {
	for _, g := range s.index.Load().segments {
		levels = append(levels, g.level)
	}
	return levels
}

// Buckets counts those of segments, whether they count or not.
func (s *Store) Buckets() (n int) {
	_ = s.view(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketSegments).ForEachBucket(func([]byte) error { n++; return nil })
	})
	return n
}

// LeaveOver makes a bucket of a segment that does not count, as a crash does.
func (s *Store) LeaveOver(level int, number uint64) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.Bucket(bucketSegments).CreateBucket(segmentID{level, number}.key())
		if err != nil {
			return err
		}
		return b.Put([]byte{kindFilter}, make([]byte, 1000))
	})
}

// Decay damages the stored bytes of every copy of an object.
func (s *Store) Decay(d ledger.Hash) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketObjects)
		return b.ForEach(func(k, v []byte) error {
			if !bytes.HasPrefix(v, d[:]) {
				return nil
			}
			bad := bytes.Clone(v)
			bad[len(bad)-1] = '?'
			return b.Put(bytes.Clone(k), bad)
		})
	})
}

// EraseOnly erases objects and does not go on, as a crash after the commit does.
func (s *Store) EraseOnly(digests ...ledger.Hash) error {
	gone, err := s.ordinals(digests)
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bolt.Tx) error { return eraseObjects(tx, ledger.Delta{Erase: digests}, gone) })
}

// ForgetWiped makes the file one of before there was wiping.
func (s *Store) ForgetWiped() error { return s.db.Update(beginErasure) }

// Wiped reports whether nothing erased is left.
func (s *Store) Wiped() (done bool) {
	_ = s.view(func(tx *bolt.Tx) error { done = wiped(tx); return nil })
	return done
}

// Unused lists the pages that neither meta refers to.
func Unused(file io.ReaderAt, length int64, size int) ([]uint64, uint64, error) {
	return unused(file, length, size)
}

// Beneath reads the stored bytes of an object where they are. Before it ends, it
// calls during with a function that reports whether a wipe waits for it.
func (s *Store) Beneath(ordinal uint64, during func(waited func() bool)) (value []byte) {
	_ = s.view(func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketObjects).Get(number(ordinal))
		during(func() bool {
			if !s.reading.TryRLock() {
				return true
			}
			s.reading.RUnlock()
			return false
		})
		value = bytes.Clone(v)
		return nil
	})
	return value
}

// SealMeta gives a page with a meta the sum, and what it says of itself.
func SealMeta(page []byte) {
	b := page[pageHeader : pageHeader+metaSize]
	machine.PutUint32(b, metaMagic)
	machine.PutUint32(b[4:], metaVersion)
	machine.PutUint32(b[8:], uint32(len(page)))
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	machine.PutUint64(b[metaSize-8:], sum.Sum64())
}

// SpoilIndex damages the list of segments.
func (s *Store) SpoilIndex() error {
	return s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketSegments).Put(keyCatalog, []byte("not a list"))
	})
}

// Downgrade makes the file one of the layout before.
func (s *Store) Downgrade() error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketHead)
		v, err := unseal(bucketHead, keyHead, b.Get(keyHead))
		if err == nil {
			err = b.Put(keyHead, bytes.Clone(v))
		}
		return errors.Join(err, b.Put(keyFormat, binary.BigEndian.AppendUint32(nil, format-1)))
	})
}

// Unnumber makes the file one that was made before there were layouts.
func (s *Store) Unnumber() error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketHead).Delete(keyLayout) })
}

// WithoutFilters forgets the filters, as if they were not loaded yet.
func (s *Store) WithoutFilters() {
	for _, g := range s.index.Load().segments {
		g.filter.Store(nil)
	}
}

// Ahead is ReadAhead with a window, and tells how much was read.
func (s *Store) Ahead(ctx context.Context, window int64, next ledger.Progress) *Ahead {
	a := s.newAhead(window, next)
	return &Ahead{a: a, Progress: a.progress, Stop: a.start(ctx)}
}

// Ahead is what reads ahead.
type Ahead struct {
	a        *ahead
	Progress ledger.Progress
	Stop     func()
}

// Read is how far the file was read for the scan that goes on.
func (a *Ahead) Read() int64 {
	a.a.mu.Lock()
	defer a.a.mu.Unlock()
	return a.a.read
}
