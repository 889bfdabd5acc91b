package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// checkChunk is the number of entries that Check reads at once.
const checkChunk = 256

// Check reads a whole store and reports every fault with its place. It hashes
// all entries and objects again, rebuilds root, edge and tiles from the
// entries, compares them with the stored ones, and follows every identity to
// its entry. Search rows and cells are not covered by the tree and not checked.
//
// The error is nil if all of it was read, whether or not there were faults.
// progress may be nil; it is called now and then with the number of entries
// done. A store may be appended to meanwhile: Check covers the head at its
// start.
func Check(ctx context.Context, s Store, report func(*Corrupt), progress func(done, size uint64)) error {
	c := &checker{ctx: ctx, store: s, report: report, tree: new(tree)}
	var err error
	if c.head, err = s.Load(ctx); err != nil {
		return c.fault("loading head", err)
	}
	for c.tree.size < c.head.Size {
		if progress != nil {
			progress(c.tree.size, c.head.Size)
		}
		if more, err := c.entries(); err != nil || !more {
			return err
		}
	}
	if got := c.tree.head(c.head.Time); !got.Equal(c.head) {
		report(&Corrupt{Bucket: "head", Key: fmt.Sprint(c.head.Size), Want: got.Root.String(), Got: c.head.Root.String()})
	}
	if progress != nil {
		progress(c.tree.size, c.head.Size)
	}
	return c.objects()
}

type checker struct {
	ctx    context.Context
	store  Store
	report func(*Corrupt)
	head   Head
	tree   *tree // of the entries read so far
}

// fault reports a *Corrupt and goes on; any other error ends the check.
func (c *checker) fault(doing string, err error) error {
	var bad *Corrupt
	if errors.As(err, &bad) {
		c.report(bad)
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// entries checks the next chunk, and reports whether the rest can be checked.
func (c *checker) entries() (more bool, err error) {
	n := min(checkChunk, c.head.Size-c.tree.size)
	entries, err := c.store.Entries(c.ctx, c.tree.size, n)
	for _, e := range entries {
		if err := c.identity(e.ID, c.tree.size); err != nil {
			return false, err
		}
		if err := c.leaf(HashLeaf(e.Bytes)); err != nil {
			return false, err
		}
	}
	var bad *Corrupt
	switch {
	case errors.As(err, &bad):
		c.report(bad)
		// The stored leaf hash stands in for the damaged entry: if the root
		// comes out right, these bytes are all that is wrong.
		leaf, err := hex.DecodeString(bad.Want)
		if err != nil || len(leaf) != len(Hash{}) {
			return false, nil
		}
		return true, c.leaf(Hash(leaf))
	case err != nil:
		return false, fmt.Errorf("reading entry %d: %w", c.tree.size, err)
	case uint64(len(entries)) < n:
		c.report(&Corrupt{Bucket: "entries", Key: fmt.Sprint(c.tree.size), Want: "an entry", Got: "none"})
		return false, nil
	}
	return true, nil
}

func (c *checker) identity(id Hash, index uint64) error {
	got, found, err := c.store.Lookup(c.ctx, id)
	if err != nil {
		return c.fault("looking up identity", err)
	}
	if !found || got != index {
		text := "none"
		if found {
			text = fmt.Sprint("entry ", got)
		}
		c.report(&Corrupt{Bucket: "ids", Key: id.String(), Want: fmt.Sprint("entry ", index), Got: text})
	}
	return nil
}

// leaf grows the tree and compares the tiles that this completes.
func (c *checker) leaf(h Hash) error {
	for _, t := range c.tree.append(h, nil) {
		got, err := c.store.Tile(c.ctx, t.Level, t.Index)
		if err != nil {
			if err := c.fault("reading tile", err); err != nil {
				return err
			}
			continue
		}
		if !bytes.Equal(got, t.Data) {
			id := TileID{Level: t.Level, Index: t.Index, Width: tileWidth}
			c.report(&Corrupt{Bucket: "tiles", Key: id.String(), Want: "the hashes of its entries", Got: firstDifference(t.Data, got)})
		}
	}
	return nil
}

func firstDifference(want, got []byte) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d bytes", len(got))
	}
	at := 0
	for want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("another hash at %d", at/32)
}

// objects reads all of them, which is what checks their bytes, and finds each by
// its digest. A damaged one is passed.
func (c *checker) objects() error {
	for next := uint64(0); ; {
		list, err := c.store.Objects(c.ctx, next, checkChunk)
		for _, o := range list {
			if err := c.object(o); err != nil {
				return err
			}
		}
		next += uint64(len(list))
		var bad *Corrupt
		switch {
		case errors.As(err, &bad):
			c.report(bad)
			next++
		case err != nil:
			return fmt.Errorf("reading object %d: %w", next, err)
		case len(list) == 0:
			return c.ctx.Err()
		}
	}
}

func (c *checker) object(o Object) error {
	found, err := c.store.Get(c.ctx, ObjectTable, o.Digest.String())
	if err != nil {
		return c.fault("looking up object", err)
	}
	if found == nil {
		c.report(&Corrupt{Bucket: "objects", Key: o.Digest.String(), Want: "found by its digest", Got: "not found"})
	}
	return nil
}
