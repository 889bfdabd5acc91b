package boltstore

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

// apply writes a delta, and returns what the index has to learn of it. objects
// are those of the delta that are not there yet, gone the ordinals of those that are
// to be erased.
func apply(tx *bolt.Tx, start uint64, d ledger.Delta, objects []ledger.Object, gone []uint64) (*keys, error) {
	k := &keys{start: start, rows: group(d.Rows)}
	for _, step := range []func(*bolt.Tx, *keys, ledger.Delta) error{
		putEntries,
		func(tx *bolt.Tx, k *keys, _ ledger.Delta) error { return putObjects(tx, k, objects) },
		func(tx *bolt.Tx, _ *keys, d ledger.Delta) error { return eraseObjects(tx, d, gone) },
		putTiles, putCells, putRecent, putHead,
	} {
		if err := step(tx, k, d); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func putEntries(tx *bolt.Tx, k *keys, d ledger.Delta) error {
	b, err := sequential(tx, bucketEntries)
	if err != nil {
		return err
	}
	k.ids = make([]ledger.Hash, len(d.Entries))
	for i, e := range d.Entries {
		index := k.start + uint64(i)
		if failpoint.Mutant("reuse-index") && i == 0 && k.start > 100 {
			index--
		}
		if err := b.Put(number(index), appendEntry(make([]byte, 0, entryFixed+len(e.Bytes)), e)); err != nil {
			return err
		}
		k.ids[i] = e.ID
	}
	return nil
}

func putObjects(tx *bolt.Tx, k *keys, objects []ledger.Object) error {
	b, err := sequential(tx, bucketObjects)
	if err != nil {
		return err
	}
	k.first = after(b)
	if last, _ := b.Cursor().Last(); k.first == 0 && last != nil {
		return &ledger.Corrupt{Bucket: "objects", Key: "(last)", Want: "a number", Got: "another key"}
	}
	k.objects = make([]ledger.Hash, len(objects))
	for i, o := range objects {
		v := append(append(make([]byte, 0, len(o.Digest)+len(o.Bytes)), o.Digest[:]...), o.Bytes...)
		if err := b.Put(number(k.first+uint64(i)), v); err != nil {
			return err
		}
		k.objects[i] = o.Digest
	}
	return nil
}

// eraseObjects leaves of objects their digests alone. Their bytes are on other pages
// then: see wipe.go.
func eraseObjects(tx *bolt.Tx, d ledger.Delta, gone []uint64) error {
	if len(d.Erase) == 0 {
		return nil
	}
	if err := beginErasure(tx); err != nil {
		return err
	}
	for _, at := range gone {
		b, err := sequential(tx, bucketObjects)
		if err != nil {
			return err
		}
		v := b.Get(number(at))
		if len(v) < sha256.Size {
			return &ledger.Corrupt{Bucket: "objects", Key: fmt.Sprint(at), Want: "an object", Got: fmt.Sprint(len(v), " bytes")}
		}
		if err := b.Put(number(at), bytes.Clone(v[:sha256.Size])); err != nil {
			return err
		}
	}
	return nil
}

func putTiles(tx *bolt.Tx, _ *keys, d ledger.Delta) error {
	if len(d.Tiles) == 0 {
		return nil
	}
	b, err := sequential(tx, bucketTiles)
	if err != nil {
		return err
	}
	for _, t := range d.Tiles {
		if err := b.Put(tileKey(t.Level, t.Index), t.Data); err != nil {
			return err
		}
	}
	return nil
}

func putCells(tx *bolt.Tx, _ *keys, d ledger.Delta) error {
	// Sorted: bbolt inserts a run of neighbours into one page.
	cells := slices.SortedFunc(slices.Values(d.Cells), func(x, y ledger.Cell) int {
		return cmp.Or(cmp.Compare(x.Table, y.Table), cmp.Compare(x.Key, y.Key))
	})
	var b *bolt.Bucket
	for i, c := range cells {
		name, key := cellBucket(c.Table), []byte(c.Key)
		if i == 0 || c.Table != cells[i-1].Table {
			var err error
			if b, err = tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		var err error
		if c.Value == nil {
			err = b.Delete(key)
		} else {
			err = b.Put(key, sealed(name, key, c.Value))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putRecent keeps what the index learns, for a start before a segment has it.
func putRecent(tx *bolt.Tx, k *keys, _ ledger.Delta) error {
	if len(k.ids) == 0 && len(k.objects) == 0 {
		return nil
	}
	b, err := sequential(tx, bucketRecent)
	if err != nil {
		return err
	}
	key := number(k.start)
	return b.Put(key, sealed(bucketRecent, key, appendKeys(nil, k)))
}

func putHead(tx *bolt.Tx, _ *keys, d ledger.Delta) error {
	b, err := sequential(tx, bucketHead)
	if err != nil {
		return err
	}
	v, err := d.Head.AppendBinary(nil)
	if err != nil {
		return err
	}
	return b.Put(keyHead, sealed(bucketHead, keyHead, v))
}
