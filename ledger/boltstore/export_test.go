package boltstore

import (
	"context"

	"github.com/deedlog/deed/ledger"
)

// PartEntries is the number of entries of the smallest segment.
const PartEntries = partEntries

// Segments returns the levels of the complete segments, oldest first.
func (s *Store) Segments() (levels []int) {
	for _, g := range s.index.Load().segments {
		levels = append(levels, g.level)
	}
	return levels
}

// WithoutFilters forgets the filters, as if they were not loaded yet.
func (s *Store) WithoutFilters() {
	for _, g := range s.index.Load().segments {
		g.filter.Store(nil)
	}
}

// Ahead is ReadAhead with a window, and tells how much was read.
func (s *Store) Ahead(ctx context.Context, window int64, next ledger.Progress) *Ahead {
	a := s.newAhead(window, next)
	return &Ahead{a: a, Progress: a.progress, Stop: a.start(ctx)}
}

// Ahead is what reads ahead.
type Ahead struct {
	a        *ahead
	Progress ledger.Progress
	Stop     func()
}

// Read is how far the file was read for the scan that goes on.
func (a *Ahead) Read() int64 {
	a.a.mu.Lock()
	defer a.a.mu.Unlock()
	return a.a.read
}
