package checker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// Everything that is known here of how the database is laid out is in this file
// and in index.go: the buckets and the form of their keys and values. Integers
// are big-endian, a sum is explained in sums.go.
//
//	head       "head"               -> sum || u8 1 || u64 size || u64 time || root[32] || edge[32]...
//	           "format"             -> u32 3
//	entries    u64 index            -> sum of identity || identity[32] || leaf hash[32] || entry
//	tiles      u8 level || u64      -> hashes
//	objects    u64 ordinal          -> SHA-256[32] || bytes
//	cell/<t>   key                  -> sum || value
//	recent, segments                -> the index, see index.go
const layoutFormat = 3

// bucket calls fn for every key of a bucket. Bytes belong to the transaction.
func bucket(tx *bolt.Tx, name string, fn func(k, v []byte) error) error {
	b := tx.Bucket([]byte(name))
	if b == nil {
		return fmt.Errorf("no bucket %s", name)
	}
	return b.ForEach(func(k, v []byte) error {
		if err := fn(k, v); err != nil {
			return fmt.Errorf("bucket %s, key %x: %w", name, k, err)
		}
		return nil
	})
}

// storedHead is the head of the last commit.
type storedHead struct {
	size, time uint64
	root       Hash
	edge       []Hash
}

func readHead(tx *bolt.Tx) (h storedHead, err error) {
	b := tx.Bucket([]byte("head"))
	if b == nil {
		return h, errors.New("no bucket head")
	}
	if v := b.Get([]byte("format")); len(v) != 4 || binary.BigEndian.Uint32(v) != layoutFormat {
		return h, fmt.Errorf("the file has layout %x, the checker knows %d", v, layoutFormat)
	}
	v, err := unseal([]byte("head"), []byte("head"), b.Get([]byte("head")))
	if err != nil {
		return h, fmt.Errorf("the stored head: %w", err)
	}
	if len(v) < 49 || len(v)%32 != 17 || v[0] != 1 {
		return h, fmt.Errorf("%d bytes are no head", len(v))
	}
	h.size, h.time = binary.BigEndian.Uint64(v[1:]), binary.BigEndian.Uint64(v[9:])
	h.root = Hash(v[17:49])
	for rest := v[49:]; len(rest) > 0; rest = rest[32:] {
		h.edge = append(h.edge, Hash(rest[:32]))
	}
	return h, nil
}

func readEntries(tx *bolt.Tx, fn func(index uint64, id, leaf Hash, entry []byte) error) error {
	return bucket(tx, "entries", func(k, v []byte) error {
		if len(k) != 8 || len(v) <= sumSize+64 {
			return fmt.Errorf("%d bytes are no entry", len(v))
		}
		id, rest := v[sumSize:sumSize+32], v[sumSize+32:]
		if !bytes.Equal(v[:sumSize], sum(id)) {
			return errors.New("the identity does not have its sum")
		}
		return fn(binary.BigEndian.Uint64(k), Hash(id), Hash(rest[:32]), rest[32:])
	})
}

func readTiles(tx *bolt.Tx, fn func(level int, index uint64, data []byte) error) error {
	return bucket(tx, "tiles", func(k, v []byte) error {
		if len(k) != 9 {
			return fmt.Errorf("%d bytes are no name of a tile", len(k))
		}
		return fn(int(k[0]), binary.BigEndian.Uint64(k[1:]), v)
	})
}

func readObjects(tx *bolt.Tx, fn func(ordinal uint64, digest Hash, object []byte) error) error {
	return bucket(tx, "objects", func(k, v []byte) error {
		if len(k) != 8 || len(v) < 32 {
			return fmt.Errorf("%d bytes are no object", len(v))
		}
		return fn(binary.BigEndian.Uint64(k), Hash(v[:32]), v[32:])
	})
}

// checkCells checks the sum of every state cell.
func checkCells(tx *bolt.Tx) error {
	return tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if !strings.HasPrefix(string(name), "cell/") {
			return nil
		}
		return bucket(tx, string(name), func(k, v []byte) error {
			_, err := unseal(name, k, v)
			return err
		})
	})
}
