package boltstore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// A segment is the index of an aligned range of entries: partEntries of them at
// level 0, and 16 times as many at each level above, into which 16 segments are
// merged. It is written once, sorted, in a bucket of its own:
//
//	'i' u64 prefix u32 block  ->  identities: (prefix[8] || index[6]) ...
//	'o' u64 prefix u32 block  ->  objects:    (prefix[8] || ordinal[6]) ...
//	'r' row u64 index         ->  entries with the row, as uvarint differences
//	'z'                       ->  filter of the identities
//
// Each value has its sum before it. prefix is the first 8 bytes of a hash; in a
// key, of the block's first. Who follows one compares the whole hash, which is
// at the place that it leads to. A row is written as in rowKey.
type segmentID struct {
	level  int
	number uint64
}

const (
	fanoutBits = 4
	fanout     = 1 << fanoutBits
	topLevel   = 2 // 2^20 entries, with 4096 in a part

	kindIDs     = 'i'
	kindObjects = 'o'
	kindRows    = 'r'
	kindFilter  = 'z'

	blockRecords = 512  // in a block of hashes
	blockIndexes = 4096 // in a block of rows
	recordSize   = 8 + 6
)

// A segment is one that is complete. Its filter is nil until it is loaded.
type segment struct {
	segmentID
	filter atomic.Pointer[filter]
}

func (id segmentID) entries() uint64 { return partEntries << (fanoutBits * id.level) }
func (id segmentID) start() uint64   { return id.number * id.entries() }
func (id segmentID) end() uint64     { return (id.number + 1) * id.entries() }

func (id segmentID) key() []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(id.level)}, id.number)
}

// bucket returns the segment's, or errGone if it was merged into another.
func (id segmentID) bucket(tx *bolt.Tx) (*bolt.Bucket, error) {
	if all := tx.Bucket(bucketSegments); all != nil {
		if b := all.Bucket(id.key()); b != nil {
			return b, nil
		}
	}
	return nil, errGone
}

func prefixOf(h ledger.Hash) uint64 { return binary.BigEndian.Uint64(h[:]) }

func blockKey(kind byte, prefix uint64, block uint32) []byte {
	k := binary.BigEndian.AppendUint64([]byte{kind}, prefix)
	return binary.BigEndian.AppendUint32(k, block)
}

// rowPrefix is unambiguous: no row is a prefix of another.
func rowPrefix(r ledger.Row) []byte {
	k := append(make([]byte, 0, 1+2+len(r.Name)+2+len(r.Key)), kindRows)
	k = binary.BigEndian.AppendUint16(k, uint16(len(r.Name)))
	k = append(k, r.Name...)
	k = binary.BigEndian.AppendUint16(k, uint16(len(r.Key)))
	return append(k, r.Key...)
}

func rowKey(prefix []byte, index uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(prefix), index)
}

// A record says where the hash is that begins with prefix.
type record struct{ prefix, at uint64 }

func compareRecords(a, b record) int {
	return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.at, b.at))
}

func appendRecord(b []byte, r record) []byte {
	b = binary.BigEndian.AppendUint64(b, r.prefix)
	b = binary.BigEndian.AppendUint16(b, uint16(r.at>>32))
	return binary.BigEndian.AppendUint32(b, uint32(r.at))
}

func parseRecord(b []byte) record {
	at := uint64(binary.BigEndian.Uint16(b[8:]))<<32 | uint64(binary.BigEndian.Uint32(b[10:]))
	return record{prefix: binary.BigEndian.Uint64(b), at: at}
}

// find returns the places of the hashes with a prefix, newest first.
func (id segmentID) find(b *bolt.Bucket, kind byte, prefix uint64) (places []uint64, err error) {
	c := b.Cursor()
	k, v := floor(c, blockKey(kind, prefix, 1<<32-1))
	for ; len(k) == len(blockKey(0, 0, 0)) && k[0] == kind; k, v = c.Prev() {
		block, err := id.block(k, v)
		if err != nil {
			return nil, err
		}
		after := sort.Search(len(block)/recordSize, func(i int) bool {
			return binary.BigEndian.Uint64(block[i*recordSize:]) > prefix
		})
		for ; after > 0; after-- {
			r := parseRecord(block[(after-1)*recordSize:])
			if r.prefix != prefix {
				return places, nil
			}
			places = append(places, r.at)
		}
	}
	return places, nil
}

// block checks a block of records.
func (id segmentID) block(k, v []byte) ([]byte, error) {
	block, err := id.value(k, v)
	if err == nil && len(block)%recordSize != 0 {
		err = &ledger.Corrupt{Bucket: id.String(), Key: text(k), Want: "records", Got: fmt.Sprint(len(block), " bytes")}
	}
	return block, err
}

// value checks the sum of a value of the segment.
func (id segmentID) value(k, v []byte) ([]byte, error) {
	b, err := unseal(id.key(), k, v)
	if bad, ok := errors.AsType[*ledger.Corrupt](err); ok {
		bad.Bucket = id.String()
	}
	return b, err
}

// String names the bucket of the segment in messages.
func (id segmentID) String() string { return fmt.Sprintf("segments/%d/%d", id.level, id.number) }

// floor moves to the last key that is not greater than k.
func floor(c *bolt.Cursor, k []byte) (key, value []byte) {
	key, value = c.Seek(k)
	if bytes.Equal(key, k) {
		return key, value
	}
	if key == nil {
		return c.Last()
	}
	return c.Prev()
}

// indexes returns up to n entries with a row, from one index on, or downwards.
func (id segmentID) indexes(b *bolt.Bucket, r ledger.Row, from uint64, newest bool, n int) (list []uint64, err error) {
	prefix := rowPrefix(r)
	c := b.Cursor()
	k, v := floor(c, rowKey(prefix, from))
	step := c.Next
	if newest {
		step = c.Prev
	} else if !isRow(k, prefix) {
		k, v = c.Seek(rowKey(prefix, from)) // no block begins before
	}
	for ; isRow(k, prefix) && len(list) < n; k, v = step() {
		block, err := id.rowBlock(k, v)
		if err != nil {
			return nil, err
		}
		list = append(list, page(block, from, newest, n-len(list))...)
	}
	return list, nil
}

// isRow reports whether a key is of a block of the row.
func isRow(k, prefix []byte) bool { return len(k) == len(prefix)+8 && bytes.HasPrefix(k, prefix) }

// rowBlock is the entries of one block of a row.
func (id segmentID) rowBlock(k, v []byte) ([]uint64, error) {
	b, err := id.value(k, v)
	if err != nil {
		return nil, err
	}
	if len(k) < 8 {
		return nil, &ledger.Corrupt{Bucket: id.String(), Key: text(k), Want: "a row and an index", Got: fmt.Sprint(len(k), " bytes")}
	}
	first := binary.BigEndian.Uint64(k[len(k)-8:])
	r := &reader{rest: b}
	list := []uint64{first}
	for before := first; len(r.rest) > 0; {
		before += r.uvarint()
		list = append(list, before)
	}
	if r.err != nil {
		return nil, &ledger.Corrupt{Bucket: id.String(), Key: text(k), Want: "indexes", Got: r.err.Error()}
	}
	return list, nil
}
