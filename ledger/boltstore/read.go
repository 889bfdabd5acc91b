package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// chunk bounds how many keys one read transaction of a scan covers. A long
// transaction would keep bbolt from using freed pages again, and a callback
// that reads again inside one can deadlock.
const chunk = 256

// Get implements ledger.Reader.
func (s *Store) Get(_ context.Context, table, key string) (value []byte, err error) {
	name, k, ok := place(table, key)
	if !ok {
		return nil, nil
	}
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(name)
		if b == nil {
			return nil
		}
		if v := b.Get(k); v != nil {
			value = append([]byte{}, v...)
		}
		return nil
	})
	if err == nil && value != nil && table == ledger.ObjectTable {
		err = checkObject(k, value)
	}
	if err != nil {
		return nil, err
	}
	return value, nil
}

// place finds the bucket and key of a cell, or of a key of a reserved table.
func place(table, key string) (name, k []byte, ok bool) {
	switch table {
	case ledger.ObjectTable, ledger.IDTable:
		k, err := hex.DecodeString(key)
		if err != nil || len(k) != sha256.Size || hex.EncodeToString(k) != key {
			return nil, nil, false
		}
		return tableBucket(table), k, true
	}
	return tableBucket(table), []byte(key), true
}

func tableBucket(table string) []byte {
	switch table {
	case ledger.ObjectTable:
		return bucketObjects
	case ledger.IDTable:
		return bucketIDs
	}
	return cellBucket(table)
}

func checkObject(digest, value []byte) error {
	if got := sha256.Sum256(value); !bytes.Equal(got[:], digest) {
		want := hex.EncodeToString(digest)
		return &ledger.Corrupt{Bucket: "objects", Key: want, Want: want, Got: hex.EncodeToString(got[:])}
	}
	return nil
}

// Scan implements ledger.Reader.
func (s *Store) Scan(ctx context.Context, table, prefix, after string, fn func(string, []byte) bool) error {
	raw := table == ledger.ObjectTable || table == ledger.IDTable
	for {
		pairs, err := s.pairs(table, prefix, after, raw)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := ctx.Err(); err != nil {
				return err
			}
			if table == ledger.ObjectTable {
				if err := checkObject(p.raw, p.value); err != nil {
					return err
				}
			}
			if !fn(p.key, p.value) {
				return nil
			}
			after = p.key
		}
		if len(pairs) < chunk {
			return nil
		}
	}
}

type pair struct {
	key        string
	raw, value []byte
}

// pairs reads the next keys of a table. The keys of the reserved tables are
// stored as bytes and scanned as hexadecimal, which sorts the same.
func (s *Store) pairs(table, prefix, after string, raw bool) (list []pair, err error) {
	lo := max(prefix, after)
	seek := []byte(lo)
	if raw {
		seek = make([]byte, hex.DecodedLen(len(lo)))
		n, _ := hex.Decode(seek, []byte(lo)) // an odd digit, or what is no digit, is sorted out below
		seek = seek[:n]
	}
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(tableBucket(table))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Seek(seek); k != nil && len(list) < chunk; k, v = c.Next() {
			key := string(k)
			if raw {
				key = hex.EncodeToString(k)
			}
			switch in := strings.HasPrefix(key, prefix); {
			case in && key > after:
				list = append(list, pair{key: key, raw: bytes.Clone(k), value: append([]byte{}, v...)})
			case !in && key > prefix:
				return nil
			}
		}
		return nil
	})
	return list, err
}

// ScanRows implements ledger.Reader.
func (s *Store) ScanRows(ctx context.Context, r ledger.Row, from uint64, newest bool, fn func(uint64) bool) error {
	for {
		list, err := s.rows(r, from, newest)
		if err != nil {
			return err
		}
		for _, i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !fn(i) {
				return nil
			}
		}
		if len(list) < chunk {
			return nil
		}
		last := list[len(list)-1]
		if newest && last == 0 {
			return nil
		}
		if from = last + 1; newest {
			from = last - 1
		}
	}
}

func (s *Store) rows(r ledger.Row, from uint64, newest bool) (list []uint64, err error) {
	prefix := rowPrefix(r)
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketRows)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, _ := c.Seek(rowKey(r, from))
		step := c.Next
		if newest {
			step = c.Prev
			if !bytes.Equal(k, rowKey(r, from)) {
				if k == nil {
					k, _ = c.Last()
				} else {
					k, _ = c.Prev()
				}
			}
		}
		for ; bytes.HasPrefix(k, prefix) && len(k) == len(prefix)+8 && len(list) < chunk; k, _ = step() {
			list = append(list, binary.BigEndian.Uint64(k[len(prefix):]))
		}
		return nil
	})
	return list, err
}

// Entries implements ledger.Reader.
func (s *Store) Entries(_ context.Context, start, n uint64) (list []ledger.Entry, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketEntries)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		want := start
		for k, v := c.Seek(indexKey(start)); k != nil && want-start < n; k, v = c.Next() {
			if !bytes.Equal(k, indexKey(want)) {
				return &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(want), Want: "an entry", Got: fmt.Sprintf("key %x", k)}
			}
			e, err := parseEntry(want, v)
			if err != nil {
				return err
			}
			list = append(list, e)
			want++
		}
		return nil
	})
	return list, err
}

// Tile implements ledger.Reader.
func (s *Store) Tile(_ context.Context, level int, index uint64) (data []byte, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketTiles); b != nil {
			data = slices.Clone(b.Get(tileKey(level, index)))
		}
		return nil
	})
	return data, err
}

// Lookup implements ledger.Reader.
func (s *Store) Lookup(_ context.Context, id ledger.Hash) (index uint64, found bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketIDs)
		if b == nil {
			return nil
		}
		v := b.Get(id[:])
		if v != nil && len(v) != 8 {
			return &ledger.Corrupt{Bucket: "ids", Key: id.String(), Want: "8 bytes", Got: fmt.Sprint(len(v), " bytes")}
		}
		if v != nil {
			index, found = binary.BigEndian.Uint64(v), true
		}
		return nil
	})
	return index, found, err
}
