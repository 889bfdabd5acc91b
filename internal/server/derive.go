package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Layout is the number of the form of cells and search rows as this program derives
// them from the entries: what else there is, where it is or how it is written makes
// it another. A database keeps the number that it was made with, and one of another
// is not read.
const Layout = 1

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
		cells: map[cellName]*cellValue{}, opened: map[attest.ID]*admission.Logged{}, next: next, gone: map[attest.Digest]struct{}{}}
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
	return r.missed()
}

// missed wants an erasure among the entries of every object that was not there.
func (r *rebuilding) missed() error {
	for _, d := range slices.Sorted(maps.Keys(r.gone)) {
		if _, ok, err := admission.ErasedBy(rebuiltView{r, r.size}, d); err != nil || !ok {
			r.Report(&ledger.Corrupt{Bucket: "objects", Key: d.Hex(), Want: "an object that an entry names, or an erasure of it", Got: "none"})
			return fmt.Errorf("object %s: %w", d, errors.Join(errDamaged, err))
		}
	}
	return nil
}
