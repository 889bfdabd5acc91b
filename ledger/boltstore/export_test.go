package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

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
