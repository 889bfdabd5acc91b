package ledger

import (
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
)

// Checkpoint returns the published checkpoint, a signed note. It must not be
// modified.
func (l *Log) Checkpoint() []byte { return l.published.Load().text }

// Size returns the number of published entries.
func (l *Log) Size() uint64 { return l.published.Load().tree.size }

// Entry returns a published entry, or ErrNotPublished.
func (l *Log) Entry(ctx context.Context, index uint64) (Entry, error) {
	if index >= l.Size() {
		return Entry{}, fmt.Errorf("entry %d: %w", index, ErrNotPublished)
	}
	entries, err := l.config.Store.Entries(ctx, index, 1)
	if err != nil {
		return Entry{}, fmt.Errorf("reading entry %d: %w", index, err)
	}
	if len(entries) != 1 {
		return Entry{}, &Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "an entry", Got: "none"}
	}
	return entries[0], nil
}

// Receipt returns the receipt of a published entry with a proof to the current
// checkpoint, or ErrNotPublished.
func (l *Log) Receipt(ctx context.Context, index uint64) (Receipt, error) {
	e, err := l.Entry(ctx, index)
	if err != nil {
		return Receipt{}, err
	}
	return l.receiptAt(ctx, l.published.Load(), index, e)
}

// Lookup returns the index of the published entry whose submission had this
// identity, and whether there is one.
func (l *Log) Lookup(ctx context.Context, id Hash) (index uint64, found bool, err error) {
	index, found, err = l.config.Store.Lookup(ctx, id)
	if err != nil {
		return 0, false, fmt.Errorf("looking up %s: %w", id, err)
	}
	return index, found && index < l.Size(), nil
}

// Tile returns a tile of hashes or an entry bundle (c2sp.org/tlog-tiles) of any
// published size, or ErrNotPublished. The answer for an id never changes.
func (l *Log) Tile(ctx context.Context, id TileID) ([]byte, error) {
	p := l.published.Load()
	if id.Entries {
		if id.Level != 0 || !id.covered(p.tree.size) {
			return nil, ErrNotPublished
		}
		return bundle(ctx, l.config.Store, id)
	}
	return p.tree.hashes(ctx, l.config.Store, id)
}

// Inclusion returns the inclusion proof of an entry in the tree of any
// published size (RFC 6962, section 2.1.1), or ErrNotPublished. It was verified
// against the published root, so damage of the store is a [*Corrupt] and not a
// wrong proof.
func (l *Log) Inclusion(ctx context.Context, index, size uint64) ([]Hash, error) {
	p := l.published.Load()
	if size > p.tree.size || index >= size {
		return nil, fmt.Errorf("proof of entry %d in size %d: %w", index, size, ErrNotPublished)
	}
	entry, err := l.Entry(ctx, index)
	if err != nil {
		return nil, err
	}
	return l.inclusion(ctx, p, entry.Leaf, index, size)
}

// Consistency returns the consistency proof between two published sizes, the
// older first (RFC 6962, section 2.1.2), or ErrNotPublished. From size 0, and
// from a size to itself, it is empty.
func (l *Log) Consistency(ctx context.Context, older, newer uint64) ([]Hash, error) {
	p := l.published.Load()
	if newer > p.tree.size || older > newer {
		return nil, fmt.Errorf("consistency from size %d to %d: %w", older, newer, ErrNotPublished)
	}
	plan, err := proof.Consistency(older, newer)
	if err != nil {
		return nil, fmt.Errorf("planning consistency proof: %w", err)
	}
	n := &nodes{ctx: ctx, tree: p.tree, reader: l.config.Store, cache: &l.tiles}
	hashes, err := n.all(plan)
	if err != nil {
		return nil, fmt.Errorf("building consistency proof: %w", err)
	}
	return hashes, nil
}

func (l *Log) receiptAt(ctx context.Context, p *published, index uint64, e Entry) (Receipt, error) {
	if index >= p.tree.size {
		return Receipt{}, fmt.Errorf("entry %d: %w", index, ErrNotPublished)
	}
	hashes, err := l.inclusion(ctx, p, e.Leaf, index, p.tree.size)
	if err != nil {
		return Receipt{}, err
	}
	text := Proof{Index: index, Hashes: hashes, Checkpoint: p.text}.Bytes()
	return Receipt{Index: index, Entry: e.Bytes, Proof: text}, nil
}

// inclusion builds a proof and verifies it: the log does not hand out what a
// client would refuse.
func (l *Log) inclusion(ctx context.Context, p *published, leaf Hash, index, size uint64) ([]Hash, error) {
	n := &nodes{ctx: ctx, tree: p.tree, reader: l.config.Store, cache: &l.tiles}
	root := p.root
	hashes, err := n.proof(index, size)
	if err == nil && size != p.tree.size {
		root, err = n.root(size)
	}
	if err != nil {
		return nil, fmt.Errorf("building inclusion proof in size %d: %w", size, err)
	}
	if got := leadsTo(leaf, index, size, hashes); got != root {
		return nil, &Corrupt{Bucket: "tiles", Key: fmt.Sprint("around entry ", index), Want: "a proof to root " + root.String(), Got: got.String()}
	}
	return hashes, nil
}

// leadsTo is the root that an inclusion proof leads to (RFC 9162, section
// 2.1.3.2); no root, if it has too few hashes or too many. The log tries every
// proof that it makes: this form takes a third of the time of the library's,
// which readers verify with.
func leadsTo(leaf Hash, index, size uint64, hashes []Hash) Hash {
	node, last, root := index, size-1, leaf
	for _, h := range hashes {
		if last == 0 {
			return Hash{}
		}
		if node&1 == 1 || node == last {
			root = hashNode(h, root)
			for node&1 == 0 && node != 0 {
				node, last = node>>1, last>>1
			}
		} else {
			root = hashNode(root, h)
		}
		node, last = node>>1, last>>1
	}
	if last != 0 {
		return Hash{}
	}
	return root
}
