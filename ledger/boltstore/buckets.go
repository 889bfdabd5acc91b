package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// The buckets of the file. Integers are big-endian, so that keys sort by number.
//
//	head       "head"                   -> sum[4] || ledger.Head
//	           "format"                 -> u32, the number of this layout
//	           "layout"                 -> u32, the number of what is in cells and rows, see layout.go
//	           "part"                   -> u32, entries of a segment of level 0
//	           "wiped"                  -> sum[4], while nothing erased is on free pages, see wipe.go
//	entries    u64 index                -> sum[4] || identity[32] || leaf hash[32] || entry
//	tiles      u8 level || u64 index    -> ledger.Tile data
//	objects    u64 ordinal              -> SHA-256[32] || bytes
//	recent     u64 index of first entry -> what the index does not have yet of one commit
//	segments   u8 level || u64 number   -> a bucket, see segment.go
//	           "catalog"                -> the segments that are complete
//	cell/<t>   key                      -> sum[4] || value, one bucket for each table
//
// Entries and objects are kept in the order in which they come, so that a commit
// writes to the ends of a few buckets and to nothing else. What finds them by
// hash or by row is gathered in memory and written as sorted segments later.
//
// bbolt has no checksum on its pages. What is not hashed anyway has a sum, see
// sum.go.
var (
	bucketHead     = []byte("head")
	bucketEntries  = []byte("entries")
	bucketTiles    = []byte("tiles")
	bucketObjects  = []byte("objects")
	bucketRecent   = []byte("recent")
	bucketSegments = []byte("segments")

	keyHead    = []byte("head")
	keyFormat  = []byte("format")
	keyLayout  = []byte("layout")
	keyPart    = []byte("part")
	keyCatalog = []byte("catalog")
)

const (
	cellPrefix = "cell/"
	format     = 3
)

// fixedBuckets are made when the file is.
var fixedBuckets = [][]byte{bucketHead, bucketEntries, bucketTiles, bucketObjects, bucketRecent, bucketSegments}

func cellBucket(table string) []byte { return []byte(cellPrefix + table) }

// number is the key of an entry, an object or a recent commit.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func tileKey(level int, index uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(level)}, index)
}

// sequential returns a bucket whose keys only grow. Its pages are filled to the
// brim: the default of one half is for inserts in the middle, and doubles the
// file. bbolt keeps the setting for one transaction.
func sequential(tx *bolt.Tx, name []byte) (*bolt.Bucket, error) {
	b := tx.Bucket(name)
	if b == nil {
		return nil, &ledger.Corrupt{Bucket: string(name), Key: "(all)", Want: "a bucket", Got: "none"}
	}
	b.FillPercent = 1.0
	return b, nil
}

// create makes the buckets of a new file, and refuses one of another layout, but
// for the one before, whose head had no sum.
func create(tx *bolt.Tx, l Layout) error {
	if b := tx.Bucket(bucketHead); b != nil {
		if v := b.Get(keyFormat); bytes.Equal(v, binary.BigEndian.AppendUint32(nil, format-1)) {
			if err := upgrade(b); err != nil {
				return err
			}
		}
		return checkFormat(b)
	}
	for _, name := range fixedBuckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	if err := putWiped(tx); err != nil { // there is nothing to be erased
		return err
	}
	head := tx.Bucket(bucketHead)
	if err := head.Put(keyLayout, binary.BigEndian.AppendUint32(nil, uint32(l))); err != nil {
		return err
	}
	if err := head.Put(keyPart, binary.BigEndian.AppendUint32(nil, partEntries)); err != nil {
		return err
	}
	return head.Put(keyFormat, binary.BigEndian.AppendUint32(nil, format))
}

// upgrade gives the head its sum.
func upgrade(head *bolt.Bucket) error {
	if v := head.Get(keyHead); v != nil {
		if err := head.Put(keyHead, sealed(bucketHead, keyHead, v)); err != nil {
			return err
		}
	}
	return head.Put(keyFormat, binary.BigEndian.AppendUint32(nil, format))
}

func checkFormat(head *bolt.Bucket) error {
	for _, want := range []struct {
		key []byte
		n   uint32
	}{{keyFormat, format}, {keyPart, partEntries}} {
		if v := head.Get(want.key); len(v) != 4 || binary.BigEndian.Uint32(v) != want.n {
			return fmt.Errorf("the file has %s %x, this program reads %d", want.key, v, want.n)
		}
	}
	return nil
}

const entryFixed = sumSize + 32 + 32

func appendEntry(b []byte, e ledger.Entry) []byte {
	b = appendSum(b, e.ID[:])
	b = append(b, e.ID[:]...)
	b = append(b, e.Leaf[:]...)
	return append(b, e.Bytes...)
}

// parseIdentity reads the identity of an entry in stored form.
func parseIdentity(index uint64, v []byte) (ledger.Hash, error) {
	if len(v) <= entryFixed {
		return ledger.Hash{}, &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "an entry", Got: fmt.Sprint(len(v), " bytes")}
	}
	id := v[sumSize : sumSize+32]
	if !checkSum(v[:sumSize], id) {
		return ledger.Hash{}, &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "an identity that has its checksum", Got: fmt.Sprintf("%x", id)}
	}
	return ledger.Hash(id), nil
}

// parseEntry copies an entry out of a page and checks its hash.
func parseEntry(index uint64, v []byte) (ledger.Entry, error) {
	id, err := parseIdentity(index, v)
	if err != nil {
		return ledger.Entry{}, err
	}
	e := ledger.Entry{ID: id, Leaf: ledger.Hash(v[sumSize+32 : entryFixed]), Bytes: append([]byte(nil), v[entryFixed:]...)}
	return e, checkLeaf(index, e.Bytes, e.Leaf)
}

// parseLeaf checks the hash of an entry and returns it.
func parseLeaf(index uint64, v []byte) (ledger.Hash, error) {
	if len(v) <= entryFixed {
		_, err := parseIdentity(index, v)
		return ledger.Hash{}, err
	}
	leaf := ledger.Hash(v[sumSize+32 : entryFixed])
	return leaf, checkLeaf(index, v[entryFixed:], leaf)
}

func checkLeaf(index uint64, entry []byte, leaf ledger.Hash) error {
	if got := ledger.HashLeaf(entry); got != leaf {
		return &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: leaf.String(), Got: got.String()}
	}
	return nil
}
