package boltstore

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// merge makes one segment of 16, a chunk at a time, so that neither memory nor
// a transaction grows with it.
func (s *Store) merge(w *writer, from []*segment) error {
	for _, kind := range []byte{kindIDs, kindObjects} {
		if err := s.mergeRecords(w, from, kind); err != nil {
			return err
		}
	}
	if err := s.mergeRows(w, from); err != nil {
		return err
	}
	return w.finish(from)
}

func (s *Store) mergeRecords(w *writer, from []*segment, kind byte) error {
	sources := make([]*records, len(from))
	for i, g := range from {
		sources[i] = &records{blocks: s.walk(g, []byte{kind})}
		if err := sources[i].next(); err != nil {
			return err
		}
	}
	for {
		var least *records
		for _, r := range sources { // in order, so that of equal ones the oldest is first
			if !r.done && (least == nil || compareRecords(r.head, least.head) < 0) {
				least = r
			}
		}
		if least == nil {
			return nil
		}
		if err := w.record(kind, least.head); err != nil {
			return err
		}
		if err := least.next(); err != nil {
			return err
		}
	}
}

// records are those of one kind of a segment, in order.
type records struct {
	blocks *walk
	rest   []byte
	head   record
	done   bool
}

func (r *records) next() error {
	for len(r.rest) == 0 {
		k, v, err := r.blocks.next()
		if err != nil || k == nil {
			r.done = true
			return err
		}
		if r.rest, err = r.blocks.segment.block(k, v); err != nil {
			return err
		}
	}
	r.head, r.rest = parseRecord(r.rest), r.rest[recordSize:]
	return nil
}

func (s *Store) mergeRows(w *writer, from []*segment) error {
	sources := make([]*rowBlocks, len(from))
	for i, g := range from {
		sources[i] = &rowBlocks{blocks: s.walk(g, []byte{kindRows})}
		if err := sources[i].next(); err != nil {
			return err
		}
	}
	for {
		var least []byte
		for _, r := range sources {
			if r.row != nil && (least == nil || bytes.Compare(r.row, least) < 0) {
				least = r.row
			}
		}
		if least == nil {
			return w.endRow()
		}
		for _, r := range sources { // the older segment has the smaller indexes
			for bytes.Equal(r.row, least) {
				if err := w.row(least, r.indexes); err != nil {
					return err
				}
				if err := r.next(); err != nil {
					return err
				}
			}
		}
	}
}

// rowBlocks are the blocks of rows of a segment, in order.
type rowBlocks struct {
	blocks  *walk
	row     []byte // nil after the last
	indexes []uint64
}

func (r *rowBlocks) next() error {
	k, v, err := r.blocks.next()
	if err != nil || k == nil {
		r.row = nil
		return err
	}
	if r.indexes, err = r.blocks.segment.rowBlock(k, v); err != nil {
		return err
	}
	r.row = k[:len(k)-8]
	return nil
}

// A walk goes through the keys of a segment that have a prefix, some at a time:
// a read transaction that lasts would keep pages from being used again.
type walk struct {
	store   *Store
	segment *segment
	prefix  []byte
	ready   []stored
	last    []byte
	ended   bool
}

const walkChunk = 16

func (s *Store) walk(g *segment, prefix []byte) *walk {
	return &walk{store: s, segment: g, prefix: prefix, last: prefix}
}

// next returns the next key and value, no key after the last.
func (w *walk) next() (k, v []byte, err error) {
	if len(w.ready) == 0 && !w.ended {
		if err := w.store.view(w.read); err != nil {
			return nil, nil, err
		}
	}
	if len(w.ready) == 0 {
		return nil, nil, nil
	}
	p := w.ready[0]
	w.ready = w.ready[1:]
	return p.key, p.value, nil
}

func (w *walk) read(tx *bolt.Tx) error {
	b, err := w.segment.bucket(tx)
	if err != nil {
		return err
	}
	c := b.Cursor()
	k, v := c.Seek(w.last)
	if bytes.Equal(k, w.last) {
		k, v = c.Next()
	}
	for ; bytes.HasPrefix(k, w.prefix) && len(w.ready) < walkChunk; k, v = c.Next() {
		w.ready = append(w.ready, stored{slices.Clone(k), slices.Clone(v)})
	}
	if n := len(w.ready); n < walkChunk {
		w.ended = true
	} else {
		w.last = w.ready[n-1].key
	}
	return nil
}
