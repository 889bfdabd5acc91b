package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// The indexer is a goroutine that writes segments: of every part that is full,
// and of every 16 segments that are side by side. It has transactions of its
// own, small ones, between the commits. A segment counts when the catalog names
// it; what a crash leaves of another is thrown away.

// runIndexer works until the store is closed.
func (s *Store) runIndexer() {
	defer close(s.idle)
	s.loadFilters()
	s.garbage = s.leftOver()
	for range s.wake {
		for s.closing.Load() == 0 && s.broken.Load() == nil {
			if more, err := s.indexOnce(); !more || err != nil {
				break // no room, perhaps: the next commit wakes it again
			}
		}
	}
}

// indexOnce ends an erasure that found no room, writes one segment that is due, or
// frees one that is not needed any more, and reports whether there was one. A merge
// that meets damage is not tried again before the next start: what it would merge is
// found all the same, and deed log check names the damage.
func (s *Store) indexOnce() (bool, error) {
	if s.unwiped.Load() {
		return true, s.finishErasures()
	}
	x := s.index.Load()
	if len(x.parts) > 1 { // a later part has begun, so that the first is full
		p := x.parts[0]
		return true, s.write(newWriter(s, segmentID{number: p.number}), p)
	}
	if len(s.garbage) > 0 {
		return true, s.free(s.garbage[0])
	}
	from := mergeable(x.segments)
	if from == nil {
		return false, nil
	}
	id := segmentID{level: from[0].level + 1, number: from[0].number >> fanoutBits}
	if s.unmergeable[id] {
		return false, nil
	}
	err := s.merge(newWriter(s, id), from)
	if bad := (*ledger.Corrupt)(nil); errors.As(err, &bad) {
		s.unmergeable[id] = true
	}
	return true, err
}

// mergeable returns 16 segments that make one of the next level.
func mergeable(list []*segment) []*segment {
	for i, s := range list {
		if s.level == topLevel || s.number%fanout != 0 || i+fanout > len(list) {
			continue
		}
		if last := list[i+fanout-1]; last.level == s.level && last.number == s.number+fanout-1 {
			return list[i : i+fanout]
		}
	}
	return nil
}

// write makes a segment of a part.
func (s *Store) write(w *writer, p *part) error {
	for _, kind := range []struct {
		name byte
		keys map[ledger.Hash]uint64
	}{{kindIDs, p.ids}, {kindObjects, p.objects}} {
		list := make([]record, 0, len(kind.keys))
		for h, at := range kind.keys {
			list = append(list, record{prefixOf(h), at})
			if kind.name == kindObjects {
				for _, at := range p.older[h] {
					list = append(list, record{prefixOf(h), at})
				}
			}
		}
		slices.SortFunc(list, compareRecords)
		for _, r := range list {
			if err := w.record(kind.name, r); err != nil {
				return err
			}
		}
	}
	type written struct {
		prefix  []byte
		indexes []uint64
	}
	rows := make([]written, 0, len(p.rows))
	for r, indexes := range p.rows {
		rows = append(rows, written{rowPrefix(r), indexes})
	}
	slices.SortFunc(rows, func(a, b written) int { return bytes.Compare(a.prefix, b.prefix) })
	for _, r := range rows {
		if err := w.row(r.prefix, r.indexes); err != nil {
			return err
		}
	}
	return w.finish(nil)
}

// A writer writes the bucket of a segment in ascending order of keys, one chunk
// of them after the other.
type writer struct {
	store  *Store
	id     segmentID
	begun  bool
	filter filter

	kind    byte   // of block
	block   []byte // records that are not put yet
	blocks  uint32
	prefix  []byte   // row of indexes
	indexes []uint64 // of the row, not put yet

	pending []stored
	size    int // bytes in pending
}

type stored struct{ key, value []byte }

const writeChunk = 512 << 10 // bytes of one transaction: commits wait no longer than that takes

func newWriter(s *Store, id segmentID) *writer {
	return &writer{store: s, id: id, filter: newFilter(id.entries())}
}

func (w *writer) record(kind byte, r record) error {
	if kind != w.kind || len(w.block) >= blockRecords*recordSize {
		if err := w.endBlock(); err != nil {
			return err
		}
		w.kind = kind
	}
	if kind == kindIDs {
		w.filter.add(r.prefix)
	}
	w.block = appendRecord(w.block, r)
	return nil
}

func (w *writer) endBlock() error {
	if len(w.block) == 0 {
		return nil
	}
	key := blockKey(w.kind, binary.BigEndian.Uint64(w.block), w.blocks)
	w.blocks++
	err := w.put(key, w.block)
	w.block = nil
	return err
}

// row adds entries that have a row; all entries of one row come one after the
// other.
func (w *writer) row(prefix []byte, indexes []uint64) error {
	if err := w.endBlock(); err != nil {
		return err
	}
	if !bytes.Equal(prefix, w.prefix) {
		if err := w.endRow(); err != nil {
			return err
		}
		w.prefix = bytes.Clone(prefix)
	}
	for len(indexes) > 0 {
		n := min(len(indexes), blockIndexes-len(w.indexes))
		w.indexes = append(w.indexes, indexes[:n]...)
		if indexes = indexes[n:]; len(indexes) > 0 {
			if err := w.endRow(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) endRow() error {
	if len(w.indexes) == 0 {
		return nil
	}
	first := w.indexes[0]
	err := w.put(rowKey(w.prefix, first), appendDeltas(nil, first, w.indexes[1:]))
	w.indexes = w.indexes[:0]
	return err
}

func (w *writer) put(key, value []byte) error {
	v := sealed(w.id.key(), key, value)
	w.pending = append(w.pending, stored{key, v})
	w.size += len(key) + len(v)
	if w.size < writeChunk {
		return nil
	}
	return w.store.update(w.flush)
}

// errClosing: the rest is for the next start.
var errClosing = errors.New("the store is being closed")

func (w *writer) flush(tx *bolt.Tx) error {
	if w.store.closing.Load() != 0 {
		return errClosing
	}
	all, err := sequential(tx, bucketSegments)
	if err != nil {
		return err
	}
	if !w.begun && w.store.index.Load().has(w.id) {
		return fmt.Errorf("segment %s is there already", w.id)
	}
	if !w.begun && all.Bucket(w.id.key()) != nil {
		if err := all.DeleteBucket(w.id.key()); err != nil { // of an attempt that did not end
			return err
		}
	}
	b, err := all.CreateBucketIfNotExists(w.id.key())
	if err != nil {
		return err
	}
	b.FillPercent = 1.0
	for _, p := range w.pending {
		if err := b.Put(p.key, p.value); err != nil {
			return err
		}
	}
	w.begun, w.pending, w.size = true, nil, 0
	return nil
}

// finish completes the segment: from here on it stands for the part, or for the
// segments that were merged, whose buckets are freed later.
func (w *writer) finish(merged []*segment) error {
	if err := errors.Join(w.endBlock(), w.endRow(), w.put([]byte{kindFilter}, w.filter)); err != nil {
		return err
	}
	done := &segment{segmentID: w.id}
	done.filter.Store(&w.filter)
	s := w.store
	s.indexing.Lock()
	defer s.indexing.Unlock()
	var next *index
	err := s.update(func(tx *bolt.Tx) error {
		if err := w.flush(tx); err != nil {
			return err
		}
		all := tx.Bucket(bucketSegments)
		next = s.index.Load().without(done)
		if err := all.Put(keyCatalog, next.catalog()); err != nil {
			return err
		}
		return forget(tx, next.indexed())
	})
	if err == nil {
		s.index.Store(next)
		for _, m := range merged {
			s.garbage = append(s.garbage, m.segmentID)
		}
	} else if errors.Is(err, ledger.ErrUnknown) {
		err = errors.Join(err, s.reloadHeld()) // it may be there after all
	}
	return err
}

// leftOver lists the buckets of segments that the catalog does not name: of
// segments that were merged, and of an attempt that did not end.
func (s *Store) leftOver() (list []segmentID) {
	x := s.index.Load()
	_ = s.view(func(tx *bolt.Tx) error { // what is damaged is left where it is
		all := tx.Bucket(bucketSegments)
		if all == nil {
			return nil
		}
		return all.ForEachBucket(func(k []byte) error {
			if len(k) != 9 {
				return nil
			}
			if id := (segmentID{level: int(k[0]), number: binary.BigEndian.Uint64(k[1:])}); !x.has(id) {
				list = append(list, id)
			}
			return nil
		})
	})
	return list
}

// free deletes the bucket of a segment that does not count any more. Each has a
// transaction of its own, since deleting one reads all of its pages.
func (s *Store) free(id segmentID) error {
	s.garbage = s.garbage[1:]
	return s.update(func(tx *bolt.Tx) error {
		if s.closing.Load() != 0 {
			return errClosing
		}
		all, err := sequential(tx, bucketSegments)
		if err != nil || all.Bucket(id.key()) == nil || s.index.Load().has(id) {
			return err
		}
		return all.DeleteBucket(id.key())
	})
}

// forget deletes what recent commits brought that a segment now has.
func forget(tx *bolt.Tx, indexed uint64) error {
	b, err := sequential(tx, bucketRecent)
	if err != nil {
		return err
	}
	var old [][]byte
	c := b.Cursor()
	var last []byte // its entries end where the next begin
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if last != nil && binary.BigEndian.Uint64(k) <= indexed {
			old = append(old, last)
		}
		last = bytes.Clone(k)
	}
	for _, k := range old {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// update is a transaction of the store's own. Like a commit, it ends the store when
// what is on the disk is in doubt.
func (s *Store) update(fn func(*bolt.Tx) error) error {
	written := false
	return s.transact(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			err := fn(tx)
			written = err == nil
			return err
		})
	}, &written)
}

// loadFilters reads the filters of the segments, without which the segments are
// looked into.
func (s *Store) loadFilters() {
	for _, g := range s.index.Load().segments {
		_ = s.view(func(tx *bolt.Tx) error {
			b, err := g.bucket(tx)
			if err != nil {
				return err
			}
			v, err := g.value([]byte{kindFilter}, b.Get([]byte{kindFilter}))
			if err != nil || len(v) == 0 || len(v)%filterBlock != 0 {
				return err
			}
			f := filter(bytes.Clone(v))
			g.filter.Store(&f)
			return nil
		})
	}
}
