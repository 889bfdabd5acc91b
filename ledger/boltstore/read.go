package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
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
	if table == ledger.ObjectTable {
		d, err := hex.DecodeString(key)
		if err != nil || len(d) != sha256.Size || hex.EncodeToString(d) != key {
			return nil, nil
		}
		return s.object(ledger.Hash(d))
	}
	name, k := cellBucket(table), []byte(key)
	err = s.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(name); b != nil {
			value, err = cell(name, k, b.Get(k))
		}
		return err
	})
	return value, err
}

// cell checks and copies a value, nil if there is none.
func cell(bucket, key, v []byte) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	value, err := unseal(bucket, key, v)
	if err != nil {
		return nil, err
	}
	return append([]byte{}, value...), nil
}

// object returns the bytes with a digest, nil if there are none. Of several
// copies the newest that is sound is taken.
func (s *Store) object(d ledger.Hash) (value []byte, err error) {
	err = s.find(func(tx *bolt.Tx, x *index) error {
		var bad error
		value = nil
		try := func(at uint64) (bool, error) {
			stored, v, err := objectAt(tx, at)
			if errors.Is(err, errLater) || err == nil && stored != d {
				return false, nil // or only the first bytes of the digest are the same
			}
			if err != nil {
				bad = err
				s.decayed.Store(true)
			}
			value = v
			return value != nil, nil // not of one that was erased: it may have come again
		}
		for _, p := range slices.Backward(x.parts) {
			for _, at := range p.copies(d) {
				if found, _ := try(at); found {
					return nil
				}
			}
		}
		newest := slices.Clone(x.segments)
		slices.Reverse(newest)
		if err := x.places(tx, kindObjects, d, newest, try); err != nil || value != nil {
			return err
		}
		return bad
	})
	return value, err
}

// errLater: a commit after the read began brought it.
var errLater = errors.New("later than this transaction")

// objectAt reads the object with an ordinal.
func objectAt(tx *bolt.Tx, ordinal uint64) (ledger.Hash, []byte, error) {
	b := tx.Bucket(bucketObjects)
	if b == nil || ordinal >= after(b) {
		return ledger.Hash{}, nil, errLater
	}
	return parseObject(ordinal, b.Get(number(ordinal)), new(slab))
}

// after is the number after the last key of a bucket.
func after(b *bolt.Bucket) uint64 {
	k, _ := b.Cursor().Last()
	if len(k) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(k) + 1
}

// parseObject copies an object out of a page and checks its hash.
func parseObject(ordinal uint64, v []byte, s *slab) (ledger.Hash, []byte, error) {
	if len(v) < sha256.Size {
		return ledger.Hash{}, nil, &ledger.Corrupt{Bucket: "objects", Key: fmt.Sprint(ordinal), Want: "an object", Got: fmt.Sprint(len(v), " bytes")}
	}
	digest, value := ledger.Hash(v[:sha256.Size]), v[sha256.Size:]
	if len(value) == 0 && digest != emptyObject {
		return digest, nil, nil // erased
	}
	if got := ledger.Hash(sha256.Sum256(value)); got != digest {
		return digest, nil, &ledger.Corrupt{Bucket: "objects", Key: digest.String(), Want: digest.String(), Got: got.String()}
	}
	return digest, s.copy(value), nil
}

// A slab is memory for copies that are made together and go together: one piece
// for many of them.
type slab []byte

const mostSlab = 64 << 10

// copy copies a value that belongs to a page. The first piece is of its size, and
// each later one twice as large, so that a single value takes no more than itself.
func (s *slab) copy(v []byte) []byte {
	if free := cap(*s) - len(*s); free < len(v) || *s == nil {
		*s = make([]byte, 0, max(len(v), min(2*cap(*s), mostSlab)))
	}
	start := len(*s)
	*s = append(*s, v...)
	return (*s)[start:len(*s):len(*s)]
}

// emptyObject is the digest of no bytes: an object like any other.
var emptyObject = ledger.Hash(sha256.Sum256(nil))

// ordinals finds all copies of objects.
func (s *Store) ordinals(digests []ledger.Hash) (list []uint64, err error) {
	for _, d := range digests {
		var found []uint64
		err := s.find(func(tx *bolt.Tx, x *index) error {
			found = nil
			try := func(at uint64) (bool, error) {
				b := tx.Bucket(bucketObjects)
				if b == nil {
					return true, nil
				}
				// also of a copy that is damaged
				if v := b.Get(number(at)); len(v) >= sha256.Size && ledger.Hash(v[:sha256.Size]) == d && !slices.Contains(found, at) {
					found = append(found, at)
				}
				return false, nil
			}
			for _, p := range x.parts {
				for _, at := range p.copies(d) {
					_, _ = try(at)
				}
			}
			return x.places(tx, kindObjects, d, x.segments, try)
		})
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// Objects implements ledger.Reader.
func (s *Store) Objects(_ context.Context, start, n uint64) (list []ledger.Object, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketObjects)
		if b == nil {
			return nil
		}
		var bytesOf slab
		c, want := b.Cursor(), start
		for k, v := c.Seek(number(start)); k != nil && want-start < n; k, v = c.Next() {
			if !bytes.Equal(k, number(want)) {
				return &ledger.Corrupt{Bucket: "objects", Key: fmt.Sprint(want), Want: "an object", Got: fmt.Sprintf("key %x", k)}
			}
			digest, value, err := parseObject(want, v, &bytesOf)
			if err != nil {
				s.decayed.Store(true)
				return err
			}
			list = append(list, ledger.Object{Digest: digest, Bytes: value})
			want++
		}
		return nil
	})
	return list, err
}

// Scan implements ledger.Reader.
func (s *Store) Scan(ctx context.Context, table, prefix, after string, fn func(string, []byte) bool) error {
	for {
		pairs, err := s.pairs(table, prefix, after)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := ctx.Err(); err != nil {
				return err
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
	key   string
	value []byte
}

// pairs reads the next cells of a table.
func (s *Store) pairs(table, prefix, after string) (list []pair, err error) {
	name := cellBucket(table)
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(name)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Seek([]byte(max(prefix, after))); k != nil && len(list) < chunk; k, v = c.Next() {
			key := string(k)
			switch in := strings.HasPrefix(key, prefix); {
			case in && key > after:
				value, err := cell(name, k, v)
				if err != nil {
					return err
				}
				list = append(list, pair{key, value})
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
		var list []uint64
		err := s.find(func(tx *bolt.Tx, x *index) (err error) {
			list, err = x.indexes(tx, r, from, newest, chunk)
			return err
		})
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

// Entries implements ledger.Reader.
func (s *Store) Entries(_ context.Context, start, n uint64) (list []ledger.Entry, err error) {
	err = s.eachEntry(start, n, func(index uint64, v []byte) error {
		e, err := parseEntry(index, v)
		if err == nil {
			list = append(list, e)
		}
		return err
	})
	return list, err
}

// Leaves implements ledger.LeafReader. It hashes the entries where they are.
func (s *Store) Leaves(_ context.Context, list []ledger.Hash, start, n uint64) ([]ledger.Hash, error) {
	err := s.eachEntry(start, n, func(index uint64, v []byte) error {
		leaf, err := parseLeaf(index, v)
		if err == nil {
			list = append(list, leaf)
		}
		return err
	})
	return list, err
}

// eachEntry calls do with the stored form of entries, which lasts as long as the
// call.
func (s *Store) eachEntry(start, n uint64, do func(index uint64, v []byte) error) error {
	return s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketEntries)
		if b == nil {
			return nil
		}
		c, want := b.Cursor(), start
		for k, v := c.Seek(number(start)); k != nil && want-start < n; k, v = c.Next() {
			if len(k) != 8 || binary.BigEndian.Uint64(k) != want {
				return &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(want), Want: "an entry", Got: fmt.Sprintf("key %x", k)}
			}
			if err := do(want, v); err != nil {
				return err
			}
			want++
		}
		return nil
	})
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

// Lookup implements ledger.Reader. Most identities that are new are told so by
// the filters, without a look at the file.
func (s *Store) Lookup(_ context.Context, id ledger.Hash) (at uint64, found bool, err error) {
	at, found, in := s.index.Load().id(id)
	if found || len(in) == 0 {
		return at, found, nil
	}
	err = s.find(func(tx *bolt.Tx, x *index) error {
		at, found, in = x.id(id)
		if found {
			return nil
		}
		return x.places(tx, kindIDs, id, in, func(place uint64) (bool, error) {
			b := tx.Bucket(bucketEntries)
			if b == nil {
				return false, &ledger.Corrupt{Bucket: "entries", Key: "(all)", Want: "a bucket", Got: "none"}
			}
			stored, err := parseIdentity(place, b.Get(number(place)))
			at, found = place, err == nil && stored == id
			return found, err
		})
	})
	if err != nil || !found {
		return 0, false, err
	}
	return at, true, nil
}

// find runs fn in a read transaction, again with a newer index if one of its
// segments was merged meanwhile.
func (s *Store) find(fn func(*bolt.Tx, *index) error) error {
	for {
		x := s.index.Load()
		err := s.view(func(tx *bolt.Tx) error { return fn(tx, x) })
		if !errors.Is(err, errGone) {
			return err
		}
		s.indexing.Lock() // the newer one may be about to be known
		same := x == s.index.Load()
		s.indexing.Unlock()
		if same {
			return &ledger.Corrupt{Bucket: "segments", Key: "catalog", Want: "segments that are there", Got: err.Error()}
		}
	}
}
