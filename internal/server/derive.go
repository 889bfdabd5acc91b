package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Derived is what one entry leaves beside the tree.
type Derived struct {
	Entry ledger.Entry
	Time  int64 // Unix ms
	Cells []ledger.Cell
	Rows  []ledger.Row
}

// errDamaged: a fault was reported, which says what.
var errDamaged = errors.New("the log is damaged")

// Derive computes state cells and search rows of every entry, in order, as
// [Rebuild.Run] does, and hands them on instead of comparing them: to write them
// anew. It looks nothing up in the state, the search rows or the identities of
// the store. It ends at the first fault, which was reported then.
func (b *Rebuild) Derive(ctx context.Context, store ledger.Reader, head ledger.Head, next func(Derived) error) error {
	b.cache, b.known = admission.NewCache(4096), map[ledger.Hash]*remade{}
	r := &rebuilding{Rebuild: b, ctx: ctx, store: store, size: head.Size,
		cells: map[cellName]*cellValue{}, opened: map[attest.ID]*admission.Logged{}, next: next}
	report, faults := b.Report, 0
	b.Report = func(c *ledger.Corrupt) { faults++; report(c) }
	defer func() { b.Report = report }()
	for at := uint64(0); at < head.Size; {
		n, sound, err := r.chunk(at)
		if err != nil {
			return err
		}
		if !sound || faults > 0 {
			return fmt.Errorf("deriving state from entry %d on: %w", at, errDamaged)
		}
		at += n
		r.say("entries", at)
	}
	return nil
}
