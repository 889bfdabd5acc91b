package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// A LeafReader is a [Reader] that can tell the leaf hashes of entries without
// handing out the entries, which saves a copy of each.
type LeafReader interface {
	// Leaves appends to list the leaf hashes of the entries from index start
	// on: n of them, or fewer at the end of the log. Each is computed from the
	// entry's bytes and compared with the stored one. With a *Corrupt error it
	// returns those before the damaged one.
	Leaves(ctx context.Context, list []Hash, start, n uint64) ([]Hash, error)
}

// rehashChunk is the number of entries that are hashed in a row.
const rehashChunk = 1024

// Rehash computes the root of a log anew, from the bytes of its entries and
// nothing else, and compares it with the stored head, and with a signed
// checkpoint unless that is nil. It reports every fault with its place, as
// [Check] does. Objects, tiles, identities, rows and cells it does not read: it
// is for a log that is too long to check all of every time. Entries are hashed
// on all cores.
//
// The error is nil if all entries were read, whether or not there were faults.
// progress may be nil. A store may be appended to meanwhile: Rehash covers the
// head at its start.
func Rehash(ctx context.Context, s Store, signed *Checkpoint, report func(*Corrupt), progress Progress) error {
	head, err := s.Load(ctx)
	r := &rehash{ctx: ctx, reader: s, report: report, signed: signed, size: head.Size}
	if bad, ok := errors.AsType[*Corrupt](err); ok {
		report(bad.at("head", "head"))
		return nil
	}
	if err != nil {
		return fmt.Errorf("loading head: %w", err)
	}
	r.compare()
	chunks := (r.size + rehashChunk - 1) / rehashChunk
	err = ordered(ctx, chunks, r.chunk, func(c hashed) error {
		if progress != nil {
			progress("entries", r.edge.size, r.size)
		}
		return r.take(c)
	})
	if err == nil && !r.gap && r.edge.root() != head.Root {
		report(&Corrupt{Bucket: "head", Key: fmt.Sprint(head.Size), Want: r.edge.root().String(), Got: head.Root.String()})
	}
	if err == nil && signed != nil && signed.Size > r.size {
		report(beyondHead(signed.Size, r.size))
	}
	if progress != nil && err == nil {
		progress("entries", r.edge.size, r.size)
	}
	return err
}

// beyondHead is the fault of a log that lost entries which were signed.
func beyondHead(signed, size uint64) *Corrupt {
	return &Corrupt{Bucket: "head", Key: fmt.Sprint(size),
		Want: fmt.Sprint("at least the ", signed, " entries that are signed"), Got: fmt.Sprint(size)}
}

type rehash struct {
	ctx    context.Context
	reader Reader
	report func(*Corrupt)
	signed *Checkpoint
	size   uint64
	edge   edge
	gap    bool // an entry has no hash at all, so there is no root
}

// hashed are the leaf hashes of a chunk.
type hashed struct {
	leaves []Hash
	faults []*Corrupt
	gap    bool
	err    error
}

// chunk hashes the entries of one chunk. For one that is damaged the stored leaf
// hash stands in: if the root comes out right, its bytes are all that is wrong.
func (r *rehash) chunk(i uint64) (c hashed) {
	start := i * rehashChunk
	n := min(rehashChunk, r.size-start)
	c.leaves = make([]Hash, 0, n)
	for done := uint64(0); done < n; done = uint64(len(c.leaves)) {
		c.leaves, c.err = r.leaves(c.leaves, start+done, n-done)
		at := start + uint64(len(c.leaves))
		bad, damaged := errors.AsType[*Corrupt](c.err)
		switch {
		case damaged:
			c.err = nil
			c.faults = append(c.faults, bad.at("entries", fmt.Sprint(at)))
			leaf, err := hex.DecodeString(bad.Want)
			if err != nil || len(leaf) != len(Hash{}) {
				c.gap = true
				return c
			}
			c.leaves = append(c.leaves, Hash(leaf))
		case c.err != nil:
			c.err = fmt.Errorf("reading entry %d: %w", at, c.err)
			return c
		case uint64(len(c.leaves)) < n:
			c.faults = append(c.faults, &Corrupt{Bucket: "entries", Key: fmt.Sprint(at), Want: "an entry", Got: "none"})
			c.gap = true
			return c
		}
	}
	return c
}

func (r *rehash) leaves(list []Hash, start, n uint64) ([]Hash, error) {
	if l, ok := r.reader.(LeafReader); ok {
		return l.Leaves(r.ctx, list, start, n)
	}
	entries, err := r.reader.Entries(r.ctx, start, n)
	for _, e := range entries {
		list = append(list, HashLeaf(e.Bytes))
	}
	return list, err
}

// take adds the chunks to the tree, in order.
func (r *rehash) take(c hashed) error {
	for _, bad := range c.faults {
		r.report(bad)
	}
	r.gap = r.gap || c.gap
	if c.err != nil || r.gap {
		return c.err
	}
	for _, leaf := range c.leaves {
		r.edge.add(leaf)
		r.compare()
	}
	return nil
}

// compare compares the root with the signed one, when it is its turn.
func (r *rehash) compare() {
	if r.signed == nil || r.signed.Size != r.edge.size {
		return
	}
	if got := r.edge.root(); got != r.signed.Root {
		r.report(&Corrupt{Bucket: "head", Key: fmt.Sprint(r.signed.Size), Want: r.signed.Root.String() + ", which is signed", Got: got.String()})
	}
}

// An edge is what a root is computed from: the perfect subtrees, largest first.
// Unlike a [tree] it keeps nothing that a proof would need.
type edge struct {
	size  uint64
	nodes []Hash
}

func (e *edge) add(h Hash) {
	last := len(e.nodes)
	for n := e.size; n&1 == 1; n >>= 1 {
		last--
		h = hashNode(e.nodes[last], h)
	}
	e.nodes = append(e.nodes[:last], h)
	e.size++
}

func (e *edge) root() Hash { return foldEdge(e.nodes) }
