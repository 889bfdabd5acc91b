package main

import (
	"context"

	"github.com/deedlog/deed/ledger"
)

const chunk = 256 // entries that are read at once

// recordBytes is the size of what the register holds: all entries and all
// objects, each once. Tiles, indexes and state are not in it.
func (w *world) recordBytes(ctx context.Context) (total int64, err error) {
	err = eachEntry(ctx, w.store, func(_ uint64, e ledger.Entry) error {
		total += int64(len(e.Bytes))
		return nil
	})
	if err != nil {
		return 0, err
	}
	for next := uint64(0); ; {
		objects, err := w.store.Objects(ctx, next, chunk)
		if err != nil || len(objects) == 0 {
			return total, err
		}
		for _, o := range objects {
			total += int64(len(o.Bytes))
		}
		next += uint64(len(objects))
	}
}

// eachEntry reads a store from its first entry to its last.
func eachEntry(ctx context.Context, store ledger.Store, do func(index uint64, e ledger.Entry) error) error {
	head, err := store.Load(ctx)
	if err != nil {
		return err
	}
	for at := uint64(0); at < head.Size; {
		entries, err := store.Entries(ctx, at, min(chunk, head.Size-at))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := do(at, e); err != nil {
				return err
			}
			at++
		}
	}
	return nil
}
