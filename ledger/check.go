package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// checkChunk is the number of entries that are read at once.
const checkChunk = 256

// Progress is called now and then while a store is read, with the bucket that
// is being read, and how much of it is done. size is 0 where it is not known.
type Progress func(bucket string, done, size uint64)

// Check reads a whole store and reports every fault with its place. It hashes
// all entries and objects again, alone and in a row, rebuilds root, edge and
// tiles from the entries, compares them with the stored ones, and follows every
// identity to its entry. Search rows and cells are not covered by the tree; who
// placed the entries can rebuild them.
//
// The error is nil if all of it was read, whether or not there were faults.
// progress may be nil. A store may be appended to meanwhile: Check covers the
// head at its start.
func Check(ctx context.Context, s Store, report func(*Corrupt), progress Progress) error {
	return CheckSigned(ctx, s, nil, report, progress)
}

// CheckSigned is Check, and compares the entries with a checkpoint too: the one
// of the head file tells a database that has lost its last commits, which is
// sound otherwise. A nil checkpoint is none.
func CheckSigned(ctx context.Context, s Store, signed *Checkpoint, report func(*Corrupt), progress Progress) error {
	c := &checker{ctx: ctx, reader: s, report: report, progress: progress, tree: new(tree), signed: signed, alone: true}
	head, err := s.Load(ctx)
	if err != nil {
		return c.fault("head", "head", err)
	}
	c.size = head.Size
	if more, err := c.all(); err != nil || !more {
		return err
	}
	if got := c.tree.head(head.Time); !got.Equal(head) {
		report(&Corrupt{Bucket: "head", Key: fmt.Sprint(head.Size), Want: got.Root.String(), Got: head.Root.String()})
	}
	if err := c.edge(s); err != nil {
		return err
	}
	if err := c.beyond(s); err != nil {
		return err
	}
	return c.objects()
}

// A checker reads a log from its first entry on.
type checker struct {
	ctx      context.Context
	reader   Reader
	report   func(*Corrupt)
	progress Progress
	pace     func(bytes int) error // after that much was read; may be nil
	signed   *Checkpoint
	alone    bool // read each entry and object by itself too, as a client would
	size     uint64
	tree     *tree // of the entries read so far
	read     ScrubCount
}

// fault reports a *Corrupt and goes on; any other error ends the check. Where
// the store only knows that its file is broken, the place is what was asked for.
func (c *checker) fault(bucket, key string, err error) error {
	var bad *Corrupt
	if !errors.As(err, &bad) {
		return fmt.Errorf("reading %s %s: %w", bucket, key, err)
	}
	c.report(bad.at(bucket, key))
	return nil
}

// at is the fault with a place, where it has none but the file.
func (e *Corrupt) at(bucket, key string) *Corrupt {
	if e.Bucket != "file" {
		return e
	}
	return &Corrupt{Bucket: bucket, Key: key, Want: e.Want, Got: e.Got}
}

func (c *checker) say(bucket string, done uint64) {
	if c.progress != nil {
		c.progress(bucket, done, c.size)
	}
}

// done counts what was read and keeps to the pace.
func (c *checker) done(bytes int) error {
	c.read.Bytes += uint64(bytes)
	if c.pace == nil {
		return c.ctx.Err()
	}
	return c.pace(bytes)
}

// all reads the entries, and reports whether it came to the end.
func (c *checker) all() (more bool, err error) {
	for more = true; more && c.tree.size < c.size; {
		c.say("entries", c.tree.size)
		if more, err = c.entries(); err != nil {
			return false, err
		}
	}
	c.say("entries", c.tree.size)
	if c.signed != nil && c.signed.Size > c.size {
		c.report(&Corrupt{Bucket: "head", Key: fmt.Sprint(c.size),
			Want: fmt.Sprint("at least the ", c.signed.Size, " entries that are signed"), Got: fmt.Sprint(c.size)})
	}
	return more, nil
}

// entries checks the next chunk, and reports whether the rest can be checked.
func (c *checker) entries() (more bool, err error) {
	n, start := min(checkChunk, c.size-c.tree.size), c.tree.size
	entries, err := c.reader.Entries(c.ctx, start, n)
	volume := 0
	for i, e := range entries {
		volume += len(e.Bytes)
		if err := c.entry(start+uint64(i), e); err != nil {
			return false, err
		}
	}
	if err := c.done(volume); err != nil {
		return false, err
	}
	var bad *Corrupt
	switch {
	case errors.As(err, &bad):
		c.report(bad.at("entries", fmt.Sprint(c.tree.size)))
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

func (c *checker) entry(index uint64, e Entry) error {
	c.read.Entries++
	if err := c.identity(e.ID, index); err != nil {
		return err
	}
	if c.alone {
		one, err := c.reader.Entries(c.ctx, index, 1)
		switch {
		case err != nil:
			if err := c.fault("entries", fmt.Sprint(index), err); err != nil {
				return err
			}
		case len(one) != 1 || one[0].ID != e.ID || !bytes.Equal(one[0].Bytes, e.Bytes):
			c.report(&Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "the same entry alone as in a row", Got: "another, or none"})
		}
	}
	return c.leaf(HashLeaf(e.Bytes))
}

func (c *checker) identity(id Hash, index uint64) error {
	got, found, err := c.reader.Lookup(c.ctx, id)
	if err != nil {
		return c.fault("ids", id.String(), err)
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

// leaf grows the tree and compares the tiles that this completes, and the root
// that is signed.
func (c *checker) leaf(h Hash) error {
	for _, t := range c.tree.append(h, nil) {
		id := TileID{Level: t.Level, Index: t.Index, Width: tileWidth}
		got, err := c.reader.Tile(c.ctx, t.Level, t.Index)
		if err != nil {
			if err := c.fault("tiles", id.String(), err); err != nil {
				return err
			}
			continue
		}
		c.read.Tiles++
		if !bytes.Equal(got, t.Data) {
			c.report(&Corrupt{Bucket: "tiles", Key: id.String(), Want: "the hashes of its entries", Got: firstDifference(t.Data, got)})
		}
	}
	if s := c.signed; s != nil && s.Size == c.tree.size {
		if got := c.tree.head(0).Root; got != s.Root {
			c.report(&Corrupt{Bucket: "head", Key: fmt.Sprint(s.Size), Want: s.Root.String() + ", which is signed", Got: got.String()})
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

// edge compares the kept partial tiles with the computed ones, if nothing was
// appended meanwhile. One that is not kept is computed at the next start.
func (c *checker) edge(s Store) error {
	if head, err := s.Load(c.ctx); err != nil || head.Size != c.size {
		return nil // an error was reported where the head was read
	}
	for _, want := range c.tree.edgeCells() {
		got, err := c.reader.Get(c.ctx, EdgeTable, want.Key)
		switch {
		case err != nil:
			if err := c.fault("cell/"+EdgeTable, want.Key, err); err != nil {
				return err
			}
		case got != nil && !bytes.Equal(got, want.Value):
			c.report(&Corrupt{Bucket: "cell/" + EdgeTable, Key: want.Key, Want: "the hashes of its tiles", Got: firstDifference(want.Value, got)})
		}
	}
	return nil
}

// beyond looks for an entry behind the last: a head that was lost or is older
// than the entries says that there are fewer.
func (c *checker) beyond(s Store) error {
	entries, err := c.reader.Entries(c.ctx, c.size, 1)
	if err != nil {
		return c.fault("entries", fmt.Sprint(c.size), err)
	}
	if len(entries) == 0 {
		return nil
	}
	head, err := s.Load(c.ctx)
	if err != nil {
		return c.fault("head", "head", err)
	}
	if head.Size == c.size { // nothing was appended meanwhile
		c.report(&Corrupt{Bucket: "head", Key: fmt.Sprint(c.size), Want: "no entry behind the last", Got: "one"})
	}
	return nil
}

// mostGone is how many objects in a row may be damaged before the rest is given
// up: nothing says how many there are, and a damaged key may seem to be of one
// far away.
const mostGone = 1024

// objects reads all of them, which is what checks their bytes. A damaged one is
// passed.
func (c *checker) objects() error {
	for next, gone := uint64(0), 0; ; {
		list, err := c.reader.Objects(c.ctx, next, checkChunk)
		for _, o := range list {
			if err := c.object(o); err != nil {
				return err
			}
		}
		if next += uint64(len(list)); len(list) > 0 {
			gone = 0
		}
		var bad *Corrupt
		switch {
		case errors.As(err, &bad):
			c.report(bad.at("objects", fmt.Sprint(next)))
			if gone++; bad.Bucket == "file" || gone == mostGone {
				return nil // no way past it
			}
			next++
		case err != nil:
			return fmt.Errorf("reading object %d: %w", next, err)
		case len(list) == 0:
			return c.ctx.Err()
		}
	}
}

// object counts one that was read, and finds it as a client would.
func (c *checker) object(o Object) error {
	if c.read.Objects++; c.read.Objects%checkChunk == 0 && c.progress != nil {
		c.progress("objects", c.read.Objects, 0)
	}
	if c.alone {
		key := o.Digest.String()
		one, err := c.reader.Get(c.ctx, ObjectTable, key)
		switch {
		case err != nil:
			if err := c.fault("objects", key, err); err != nil {
				return err
			}
		case (one == nil) != (o.Bytes == nil) || !bytes.Equal(one, o.Bytes): // both are nil of an erased one
			c.report(&Corrupt{Bucket: "objects", Key: key, Want: "the same object by its digest as in a row", Got: fmt.Sprint(len(one), " bytes")})
		}
	}
	return c.done(len(o.Bytes))
}
