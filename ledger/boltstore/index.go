package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// An index is what finds entries and objects by hash and by row: the complete
// segments, and in memory the entries after them. It does not change; only its
// last part grows. A commit or a new segment makes another.
type index struct {
	segments []*segment // by start
	parts    []*part    // the entries after the last segment
	end      uint64     // index after the last entry that it knows of
}

// errGone: the segment was merged into another meanwhile, which a newer index
// has.
var errGone = errors.New("no such segment")

// indexed is the number of entries that the segments have.
func (x *index) indexed() uint64 {
	if n := len(x.segments); n > 0 {
		return x.segments[n-1].end()
	}
	return 0
}

// has reports whether a segment is complete.
func (x *index) has(id segmentID) bool {
	return slices.ContainsFunc(x.segments, func(s *segment) bool { return s.segmentID == id })
}

// adopt takes over the filters that another index has loaded.
func (x *index) adopt(from *index) {
	if from == nil {
		return
	}
	for _, s := range x.segments {
		for _, o := range from.segments {
			if o.segmentID == s.segmentID {
				s.filter.Store(o.filter.Load())
			}
		}
	}
}

// with returns an index that knows of a commit too.
func (x *index) with(k *keys) *index {
	next := &index{segments: x.segments, parts: slices.Clone(x.parts), end: max(x.end, k.end())}
	for number := k.start / partEntries; number*partEntries < k.end(); number++ {
		if number*partEntries < x.indexed() {
			continue // at a start: a segment has this already
		}
		i := slices.IndexFunc(next.parts, func(p *part) bool { return p.number == number })
		if i < 0 {
			i = len(next.parts)
			next.parts = append(next.parts, newPart(number))
		}
		next.parts[i].add(k)
	}
	return next
}

// without returns an index in which one segment has taken the place of a part,
// or of the segments that were merged into it.
func (x *index) without(s *segment) *index {
	next := &index{end: x.end}
	covered := func(low, high uint64) bool { return s.start() <= low && high <= s.end() }
	for _, o := range x.segments {
		if !covered(o.start(), o.end()) {
			next.segments = append(next.segments, o)
		}
	}
	next.segments = append(next.segments, s)
	slices.SortFunc(next.segments, func(a, b *segment) int { return int(int64(a.start()) - int64(b.start())) })
	for _, p := range x.parts {
		if !covered(p.number*partEntries, (p.number+1)*partEntries) {
			next.parts = append(next.parts, p)
		}
	}
	return next
}

// catalog is the stored list of segments: u8 level || u64 number, each.
func (x *index) catalog() []byte {
	var b []byte
	for _, s := range x.segments {
		b = append(b, s.key()...)
	}
	return sealed(bucketSegments, keyCatalog, b)
}

// loadIndex reads the list of segments, and what recent commits have brought. To
// write it has to be whole: what is missing would be logged twice. To read it
// need not be, so that a check can name what is wrong.
func loadIndex(tx *bolt.Tx, toWrite bool) (*index, error) {
	x, err := loadCatalog(tx)
	if err != nil {
		return nil, err
	}
	have := x.indexed()
	if b := tx.Bucket(bucketRecent); b != nil {
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			recent, err := loadKeys(k, v)
			if err != nil {
				return nil, err
			}
			if toWrite && recent.start > have {
				return nil, gap("recent", text(k), have)
			}
			have = max(have, recent.end())
			x = x.with(recent)
		}
	}
	if !toWrite {
		return x, nil
	}
	head, err := loadHead(tx)
	if err == nil && have != head.Size {
		err = gap("recent", "(all)", have)
	}
	return x, err
}

func gap(bucket, key string, have uint64) error {
	return &ledger.Corrupt{Bucket: bucket, Key: key, Want: fmt.Sprint("what finds entry ", have), Got: "none"}
}

func loadCatalog(tx *bolt.Tx) (*index, error) {
	x := new(index)
	b := tx.Bucket(bucketSegments)
	if b == nil || b.Get(keyCatalog) == nil {
		return x, nil
	}
	list, err := unseal(bucketSegments, keyCatalog, b.Get(keyCatalog))
	if err != nil {
		return nil, err
	}
	for ; len(list) >= 9; list = list[9:] {
		s := &segment{segmentID: segmentID{level: int(list[0]), number: binary.BigEndian.Uint64(list[1:])}}
		if s.level > topLevel || s.start() != x.indexed() {
			return nil, &ledger.Corrupt{Bucket: "segments", Key: "catalog", Want: fmt.Sprint("a segment from entry ", x.indexed()), Got: s.String()}
		}
		x.segments = append(x.segments, s)
	}
	x.end = x.indexed()
	return x, nil
}

func loadKeys(k, v []byte) (*keys, error) {
	body, err := unseal(bucketRecent, k, v)
	if err != nil {
		return nil, err
	}
	if len(k) != 8 {
		return nil, &ledger.Corrupt{Bucket: "recent", Key: text(k), Want: "an index", Got: fmt.Sprint(len(k), " bytes")}
	}
	recent, err := parseKeys(binary.BigEndian.Uint64(k), body)
	if err != nil {
		return nil, &ledger.Corrupt{Bucket: "recent", Key: text(k), Want: "the index of a commit", Got: err.Error()}
	}
	return recent, nil
}

// id finds an identity in memory, or says which segments may have it, newest
// first.
func (x *index) id(id ledger.Hash) (at uint64, found bool, in []*segment) {
	for _, p := range x.parts {
		if at, found := p.id(id); found {
			return at, true, nil
		}
	}
	prefix := prefixOf(id)
	for _, s := range slices.Backward(x.segments) {
		if f := s.filter.Load(); f == nil || f.has(prefix) {
			in = append(in, s)
		}
	}
	return 0, false, in
}

// places calls fn with where a hash may be, in memory and then in segments,
// newest first, until fn returns true.
func (x *index) places(tx *bolt.Tx, kind byte, h ledger.Hash, in []*segment, fn func(at uint64) (bool, error)) error {
	for _, s := range in {
		b, err := s.bucket(tx)
		if err != nil {
			return err
		}
		list, err := s.find(b, kind, prefixOf(h))
		if err != nil {
			return err
		}
		for _, at := range list {
			if done, err := fn(at); done || err != nil {
				return err
			}
		}
	}
	return nil
}

// indexes returns up to n entries with a row, from one index on, or downwards.
func (x *index) indexes(tx *bolt.Tx, r ledger.Row, from uint64, newest bool, n int) (list []uint64, err error) {
	segments := func() error {
		for i := range x.segments {
			s := x.segments[i]
			if newest {
				s = x.segments[len(x.segments)-1-i]
			}
			if len(list) >= n || newest && s.start() > from || !newest && s.end() <= from {
				continue
			}
			b, err := s.bucket(tx)
			if err != nil {
				return err
			}
			more, err := s.indexes(b, r, from, newest, n-len(list))
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
		return nil
	}
	if !newest {
		err = segments()
	}
	for i := range x.parts {
		p := x.parts[i]
		if newest {
			p = x.parts[len(x.parts)-1-i]
		}
		if len(list) < n {
			list = append(list, p.indexes(r, from, newest, n-len(list))...)
		}
	}
	if newest && err == nil {
		err = segments()
	}
	return list, err
}
