package ledger

import (
	"context"
	"fmt"
	"slices"
)

// A Rewrite puts the entries of a log into a new store, as they are, with what
// is derived from them: tiles, the head, and what its caller gives. It is how an
// index is made again. No checkpoint is signed.
type Rewrite struct {
	store Store
	tree  *tree
	head  Head
}

// NewRewrite starts with an empty store. Another one is refused.
func NewRewrite(ctx context.Context, to Store) (*Rewrite, error) {
	head, err := to.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading head of the new store: %w", err)
	}
	if head.Size != 0 {
		return nil, fmt.Errorf("the new store has %d entries already", head.Size)
	}
	return &Rewrite{store: to, tree: new(tree), head: head}, nil
}

// Head is the head of what was written so far.
func (r *Rewrite) Head() Head { return r.head }

// Append commits the next entries, of which the last has this time in Unix
// milliseconds. Cells are the last value of each key; those of [EdgeTable] are
// the log's own and are added here.
func (r *Rewrite) Append(ctx context.Context, entries []Entry, ms int64, objects []Object, cells []Cell, rows []IndexedRow) error {
	next := r.tree.successor()
	d := Delta{Entries: entries, Objects: objects, Rows: rows}
	for _, e := range entries {
		d.Tiles = next.append(e.Leaf, d.Tiles)
	}
	d.Cells = slices.Concat(cells, next.changedEdge(d.Tiles))
	d.Head = next.head(ms)
	if err := r.store.Commit(ctx, r.head, d); err != nil {
		return fmt.Errorf("writing entries from %d on: %w", r.head.Size, err)
	}
	r.tree, r.head = next, d.Head
	return nil
}
