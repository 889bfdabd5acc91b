package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/deedlog/deed/internal/failpoint"
)

// A batch is what one commit will write, and the View of those who are placed
// into it. It belongs to the sequencing goroutine.
type batch struct {
	ctx   context.Context
	store Reader
	start uint64
	tree  *tree
	delta Delta

	ids     map[Hash]uint64    // identities placed in this batch
	objects map[Hash][]byte    // objects of this batch
	cells   map[cellKey][]byte // overlay: nil is deleted
	order   []cellKey          // first write of each cell, so that a delta is deterministic
	read    map[cellKey][]byte // cells as the store has them: most of a batch read the same ones
}

type cellKey struct{ table, key string }

func newBatch(ctx context.Context, store Reader, t *tree) *batch {
	return &batch{
		ctx: ctx, store: store, start: t.size, tree: t.successor(),
		ids:     make(map[Hash]uint64),
		objects: make(map[Hash][]byte),
		cells:   make(map[cellKey][]byte),
		read:    make(map[cellKey][]byte),
	}
}

// Size implements View.
func (b *batch) Size() uint64 { return b.start + uint64(len(b.delta.Entries)) }

// Get implements View.
func (b *batch) Get(table, key string) ([]byte, error) {
	if table == ObjectTable {
		return b.object(key)
	}
	k := cellKey{table, key}
	if v, ok := b.cells[k]; ok && !failpoint.Mutant("blind-batch") {
		return v, nil
	}
	if v, ok := b.read[k]; ok {
		return v, nil
	}
	v, err := b.stored(table, key)
	if err == nil {
		b.read[k] = v
	}
	return v, err
}

// Entry implements View.
func (b *batch) Entry(index uint64) ([]byte, error) {
	if index >= b.Size() {
		return nil, fmt.Errorf("reading entry %d: the next one is %d", index, b.Size())
	}
	if index >= b.start {
		return b.delta.Entries[index-b.start].Bytes, nil
	}
	list, err := b.store.Entries(b.ctx, index, 1)
	if err != nil || len(list) == 0 {
		return nil, fmt.Errorf("reading entry %d of %d: %w", index, b.start, err)
	}
	return list[0].Bytes, nil
}

func (b *batch) object(key string) ([]byte, error) {
	if d, err := hex.DecodeString(key); err == nil && len(d) == sha256.Size {
		if o, ok := b.objects[Hash(d)]; ok {
			return o, nil
		}
	}
	return b.stored(ObjectTable, key)
}

func (b *batch) stored(table, key string) ([]byte, error) {
	v, err := b.store.Get(b.ctx, table, key)
	if err != nil {
		return nil, fmt.Errorf("reading %s %q: %w", table, key, err)
	}
	return v, nil
}

// lookup finds an identity in the batch, then in the store.
func (b *batch) lookup(id Hash) (uint64, bool, error) {
	if index, ok := b.ids[id]; ok {
		return index, true, nil
	}
	index, found, err := b.store.Lookup(b.ctx, id)
	if err != nil {
		return 0, false, fmt.Errorf("looking up %s: %w", id, err)
	}
	if failpoint.Mutant("skip-dedup") || failpoint.Mutant("dedup-in-memory") && index < firstStart(b.start) {
		return 0, false, nil
	}
	return index, found, nil
}

// place lets s place itself and takes the result in whole or not at all.
func (b *batch) place(id Hash, s Submission, at time.Time) error {
	p, err := s.Place(b, at)
	if err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	index := b.Size()
	b.ids[id] = index
	leaf := HashLeaf(p.Entry)
	b.delta.Entries = append(b.delta.Entries, Entry{ID: id, Leaf: leaf, Bytes: p.Entry})
	b.delta.Tiles = b.tree.append(leaf, b.delta.Tiles)
	for _, o := range p.Objects {
		if _, ok := b.objects[o.Digest]; !ok {
			b.objects[o.Digest] = o.Bytes
			b.delta.Objects = append(b.delta.Objects, o)
		}
	}
	for _, d := range p.Erase {
		b.objects[d] = nil
		b.delta.Objects = slices.DeleteFunc(b.delta.Objects, func(o Object) bool { return o.Digest == d })
		b.delta.Erase = append(b.delta.Erase, d)
	}
	for _, c := range p.Cells {
		k := cellKey{c.Table, c.Key}
		if _, ok := b.cells[k]; !ok {
			b.order = append(b.order, k)
		}
		b.cells[k] = c.Value
	}
	if failpoint.Mutant("rows-of-batch") {
		index = b.start
	}
	for _, r := range p.Rows {
		b.delta.Rows = append(b.delta.Rows, IndexedRow{Row: r, Index: index})
	}
	return nil
}

// finish completes the delta with the new head.
func (b *batch) finish(ms int64) Delta {
	for _, k := range b.order {
		b.delta.Cells = append(b.delta.Cells, Cell{Table: k.table, Key: k.key, Value: b.cells[k]})
	}
	b.delta.Cells = append(b.delta.Cells, b.tree.changedEdge(b.delta.Tiles)...)
	b.delta.Head = b.tree.head(ms)
	return b.delta
}

// check enforces what a Store may rely on.
func (p Placement) check() error {
	if len(p.Entry) == 0 || len(p.Entry) > MaxEntry {
		return fmt.Errorf("%w: entry of %d bytes, want 1 to %d", ErrPlacement, len(p.Entry), MaxEntry)
	}
	for _, o := range p.Objects {
		if got := Hash(sha256.Sum256(o.Bytes)); got != o.Digest {
			return fmt.Errorf("%w: object %s hashes to %s", ErrPlacement, o.Digest, got)
		}
	}
	for _, c := range p.Cells {
		if c.Table == "" || c.Key == "" || c.Table == ObjectTable || c.Table == EdgeTable || len(c.Table) > MaxRowText || len(c.Key) > MaxRowText {
			return fmt.Errorf("%w: cell %.80q %.80q", ErrPlacement, c.Table, c.Key)
		}
	}
	for _, r := range p.Rows {
		if r.Name == "" || len(r.Name) > MaxRowText || len(r.Key) > MaxRowText {
			return fmt.Errorf("%w: row %.80q %.80q", ErrPlacement, r.Name, r.Key)
		}
	}
	return nil
}
