package boltstore

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// The buckets of the file. Integers are big-endian, so that keys sort by number.
//
//	head       "head"                    -> ledger.Head
//	entries    u64 index                 -> identity[32] || leaf hash[32] || entry
//	tiles      u8 level || u64 index     -> ledger.Tile data
//	ids        identity[32]              -> u64 index
//	objects    SHA-256[32]               -> bytes
//	rows       u16 len || name || u16 len || key || u64 index -> empty
//	cell/<t>   key                       -> value, one bucket for each table
//
// The leaf hash beside the entry is what a read compares with: bbolt has no
// checksum on its pages, and the tile with the hash may not be complete yet.
var (
	bucketHead    = []byte("head")
	bucketEntries = []byte("entries")
	bucketTiles   = []byte("tiles")
	bucketIDs     = []byte("ids")
	bucketObjects = []byte("objects")
	bucketRows    = []byte("rows")

	keyHead = []byte("head")
)

const cellPrefix = "cell/"

// fixedBuckets are made when the file is.
var fixedBuckets = [][]byte{bucketHead, bucketEntries, bucketTiles, bucketIDs, bucketObjects, bucketRows}

func cellBucket(table string) []byte { return []byte(cellPrefix + table) }

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

func tileKey(level int, index uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(level)}, index)
}

// rowPrefix is unambiguous: no row is a prefix of another.
func rowPrefix(r ledger.Row) []byte {
	k := binary.BigEndian.AppendUint16(nil, uint16(len(r.Name)))
	k = append(k, r.Name...)
	k = binary.BigEndian.AppendUint16(k, uint16(len(r.Key)))
	return append(k, r.Key...)
}

func rowKey(r ledger.Row, index uint64) []byte {
	return binary.BigEndian.AppendUint64(rowPrefix(r), index)
}

// sequential returns a bucket whose keys only grow. Its pages are filled to the
// brim: the default of one half is for inserts in the middle, and doubles the
// file. bbolt keeps the setting for one transaction.
func sequential(tx *bolt.Tx, name []byte) (*bolt.Bucket, error) {
	b, err := bucket(tx, name)
	if err != nil {
		return nil, err
	}
	b.FillPercent = 1.0
	return b, nil
}

func bucket(tx *bolt.Tx, name []byte) (*bolt.Bucket, error) {
	b := tx.Bucket(name)
	if b == nil {
		return nil, &ledger.Corrupt{Bucket: string(name), Key: "(all)", Want: "a bucket", Got: "none"}
	}
	return b, nil
}

const entryFixed = 32 + 32

func appendEntry(e ledger.Entry) []byte {
	leaf := ledger.HashLeaf(e.Bytes)
	v := make([]byte, 0, entryFixed+len(e.Bytes))
	v = append(v, e.ID[:]...)
	v = append(v, leaf[:]...)
	return append(v, e.Bytes...)
}

// parseEntry copies an entry out of a page and checks its hash.
func parseEntry(index uint64, v []byte) (ledger.Entry, error) {
	if len(v) <= entryFixed {
		return ledger.Entry{}, &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "an entry", Got: fmt.Sprint(len(v), " bytes")}
	}
	e := ledger.Entry{ID: ledger.Hash(v[:32]), Bytes: append([]byte(nil), v[entryFixed:]...)}
	want := ledger.Hash(v[32:entryFixed])
	if got := ledger.HashLeaf(e.Bytes); got != want {
		return ledger.Entry{}, &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: want.String(), Got: got.String()}
	}
	return e, nil
}
