package boltstore

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
