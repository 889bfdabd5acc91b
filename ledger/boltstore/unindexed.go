package boltstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sort"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// Unindexed is a store that is read without its index: what a damaged one cannot
// hide. Entries are read by their place, and objects by a list that was made by
// reading all of them. Identities and rows are not found. It reads only.
type Unindexed struct {
	*Store
	objects []record // sorted
	count   uint64   // of stored objects, damaged ones too
}

// mostGone is how many damaged objects in a row are passed: nothing says how many
// there are, and a damaged key may seem to be of one far away.
const mostGone = 1024

// OpenUnindexed opens an existing file, and reads its objects: 16 bytes of memory
// for each. progress may be nil. As with [OpenReadOnly], no process may have the
// file open for writing, and none can while it is open.
func OpenUnindexed(ctx context.Context, path string, progress ledger.Progress) (*Unindexed, error) {
	return Layout(0).OpenUnindexed(ctx, path, progress)
}

// scan lists the objects. A damaged one is passed: there may be a sound copy.
func (u *Unindexed) scan(ctx context.Context, progress ledger.Progress) error {
	err := u.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketObjects); b != nil {
			u.count = after(b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for next := uint64(0); next < u.count; {
		list, at, err := u.sound(ctx, next, chunk)
		if err != nil {
			return err
		}
		for _, o := range list {
			u.objects = append(u.objects, record{prefixOf(o.Digest), o.ordinal})
		}
		if next = at; progress != nil {
			progress("objects", next, u.count)
		}
	}
	slices.SortFunc(u.objects, compareRecords)
	return nil
}

// numbered is an object with its place.
type numbered struct {
	ledger.Object
	ordinal uint64
}

// sound returns the sound objects of up to n from one on, and where to go on.
func (u *Unindexed) sound(ctx context.Context, from, n uint64) (list []numbered, next uint64, err error) {
	next = from
	for gone := 0; next < min(from+n, u.count); {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		objects, err := u.Objects(ctx, next, min(from+n, u.count)-next)
		for i, o := range objects {
			list = append(list, numbered{o, next + uint64(i)})
		}
		if next += uint64(len(objects)); len(objects) > 0 {
			gone = 0
		}
		switch bad := (*ledger.Corrupt)(nil); {
		case errors.As(err, &bad) && bad.Bucket == "objects" && gone < mostGone:
			gone++
			next++
		case err != nil:
			return nil, 0, err
		}
	}
	return list, next, nil
}

// Count is the number of objects that are stored, with those that are damaged.
func (u *Unindexed) Count() uint64 { return u.count }

// Sound returns the objects from one place to another that are not damaged, to be
// stored again.
func (u *Unindexed) Sound(ctx context.Context, from, to uint64) ([]ledger.Object, error) {
	list, _, err := u.sound(ctx, from, to-from)
	objects := make([]ledger.Object, 0, len(list))
	for _, o := range list {
		o.Fresh = true
		objects = append(objects, o.Object)
	}
	return objects, err
}

// Get implements ledger.Reader.
func (u *Unindexed) Get(ctx context.Context, table, key string) ([]byte, error) {
	if table != ledger.ObjectTable {
		return u.Store.Get(ctx, table, key)
	}
	d, err := hex.DecodeString(key)
	if err != nil || len(d) != sha256.Size {
		return nil, nil
	}
	want := record{prefix: prefixOf(ledger.Hash(d))}
	at := sort.Search(len(u.objects), func(i int) bool { return compareRecords(u.objects[i], want) >= 0 })
	for ; at < len(u.objects) && u.objects[at].prefix == want.prefix; at++ {
		list, err := u.Objects(ctx, u.objects[at].at, 1)
		if err != nil {
			return nil, err
		}
		if len(list) == 1 && list[0].Digest == ledger.Hash(d) {
			return list[0].Bytes, nil
		}
	}
	return nil, nil
}
