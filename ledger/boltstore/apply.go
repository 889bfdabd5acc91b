package boltstore

import (
	"bytes"
	"cmp"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

// apply writes a delta. Keys with no natural order are sorted first: bbolt
// inserts a run of neighbours into one page.
func apply(tx *bolt.Tx, start uint64, d ledger.Delta) error {
	steps := []func(*bolt.Tx, uint64, ledger.Delta) error{
		putEntries, putIDs, putTiles, putObjects, putCells, putRows, putHead,
	}
	for _, step := range steps {
		if err := step(tx, start, d); err != nil {
			return err
		}
	}
	return nil
}

func putEntries(tx *bolt.Tx, start uint64, d ledger.Delta) error {
	b, err := sequential(tx, bucketEntries)
	if err != nil {
		return err
	}
	for i, e := range d.Entries {
		index := start + uint64(i)
		if failpoint.Mutant("reuse-index") && i == 0 && start > 100 {
			index--
		}
		if err := b.Put(indexKey(index), appendEntry(e)); err != nil {
			return err
		}
	}
	return nil
}

func putIDs(tx *bolt.Tx, start uint64, d ledger.Delta) error {
	b, err := bucket(tx, bucketIDs)
	if err != nil {
		return err
	}
	order := make([]int, len(d.Entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return bytes.Compare(d.Entries[x].ID[:], d.Entries[y].ID[:]) })
	for _, i := range order {
		if err := b.Put(d.Entries[i].ID[:], indexKey(start+uint64(i))); err != nil {
			return err
		}
	}
	return nil
}

func putTiles(tx *bolt.Tx, _ uint64, d ledger.Delta) error {
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

func putObjects(tx *bolt.Tx, _ uint64, d ledger.Delta) error {
	b, err := bucket(tx, bucketObjects)
	if err != nil {
		return err
	}
	objects := slices.SortedFunc(slices.Values(d.Objects), func(x, y ledger.Object) int {
		return bytes.Compare(x.Digest[:], y.Digest[:])
	})
	for _, o := range objects {
		// An object with this digest has these bytes; unless the stored ones
		// are damaged, and then this mends them.
		if bytes.Equal(b.Get(o.Digest[:]), o.Bytes) && len(o.Bytes) > 0 {
			continue
		}
		if err := b.Put(o.Digest[:], o.Bytes); err != nil {
			return err
		}
	}
	return nil
}

func putCells(tx *bolt.Tx, _ uint64, d ledger.Delta) error {
	cells := slices.SortedFunc(slices.Values(d.Cells), func(x, y ledger.Cell) int {
		return cmp.Or(cmp.Compare(x.Table, y.Table), cmp.Compare(x.Key, y.Key))
	})
	var b *bolt.Bucket
	for i, c := range cells {
		if i == 0 || c.Table != cells[i-1].Table {
			var err error
			if b, err = tx.CreateBucketIfNotExists(cellBucket(c.Table)); err != nil {
				return err
			}
		}
		var err error
		if c.Value == nil {
			err = b.Delete([]byte(c.Key))
		} else {
			err = b.Put([]byte(c.Key), c.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func putRows(tx *bolt.Tx, _ uint64, d ledger.Delta) error {
	b, err := bucket(tx, bucketRows)
	if err != nil {
		return err
	}
	keys := make([][]byte, len(d.Rows))
	for i, r := range d.Rows {
		keys[i] = rowKey(r.Row, r.Index)
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, k := range keys {
		if err := b.Put(k, nil); err != nil {
			return err
		}
	}
	return nil
}

func putHead(tx *bolt.Tx, _ uint64, d ledger.Delta) error {
	b, err := bucket(tx, bucketHead)
	if err != nil {
		return err
	}
	v, err := d.Head.AppendBinary(nil)
	if err != nil {
		return err
	}
	return b.Put(keyHead, v)
}
