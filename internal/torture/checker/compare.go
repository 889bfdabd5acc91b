package checker

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// checkHead wants the computed head, stored and signed.
func (c *Checker) checkHead(tx *bolt.Tx, n uint64, signed checkpoint) error {
	head, err := readHead(tx)
	if err != nil {
		return err
	}
	root := c.tree.root(n)
	switch {
	case head.size != n || head.root != root || !slices.Equal(head.edge, c.tree.edge(n)):
		return fmt.Errorf("the stored head is of size %d and root %x, the entries are %d and hash to %x", head.size, head.root, n, root)
	case n > 0 && head.time != c.known[n-1].time:
		return fmt.Errorf("the stored head is of time %d, the last entry of %d", head.time, c.known[n-1].time)
	case signed.size != n || signed.root != root:
		return fmt.Errorf("the head file is of size %d and root %x, the entries are %d and hash to %x", signed.size, signed.root, n, root)
	}
	return nil
}

// checkTiles wants the full tiles of every level, and no others.
func (c *Checker) checkTiles(tx *bolt.Tx, n uint64) error {
	count, want := uint64(0), uint64(0)
	for full := n / tileWidth; full > 0; full /= tileWidth {
		want += full
	}
	err := readTiles(tx, func(level int, index uint64, data []byte) error {
		count++
		if level > 63/tileHeight || index >= n>>(tileHeight*(level+1)) {
			return fmt.Errorf("tile %d/%d of a log of %d entries", level, index, n)
		}
		if !bytes.Equal(data, c.tree.tile(level, index)) {
			return fmt.Errorf("tile %d/%d has other hashes", level, index)
		}
		return nil
	})
	if err == nil && count != want {
		err = fmt.Errorf("%d tiles, want %d", count, want)
	}
	return err
}

// said is what the index said so far.
type said struct {
	c        *Checker
	n        uint64 // entries in the log
	stored   []Hash
	ids      []bool
	objects  []bool
	rows     []bool // by the numbers of the checker
	distinct int    // rows
	recent   bool
}

// checkIndex wants the index to lead to every entry and every object by its hash,
// and to every entry by the rows that follow from it; and to nothing else. What
// segments have they have once.
func (c *Checker) checkIndex(tx *bolt.Tx, n uint64, stored []Hash) error {
	s := &said{
		c: c, n: n, stored: stored,
		ids: make([]bool, n), objects: make([]bool, len(stored)), rows: make([]bool, c.numbers),
	}
	if err := readIndex(tx, s); err != nil {
		return err
	}
	want := 0
	for _, it := range c.known[:n] {
		want += len(it.rows)
	}
	if i := slices.Index(s.ids, false); i >= 0 {
		return fmt.Errorf("entry %d is not found by its identity", i)
	}
	if i := slices.Index(s.objects, false); i >= 0 {
		return fmt.Errorf("object %x is not found by its digest", stored[i])
	}
	if s.distinct != want {
		return fmt.Errorf("%d search rows, want %d", s.distinct, want)
	}
	return nil
}

var errTwice = errors.New("two segments have it")

func (s *said) segmentsEnd() { s.recent = true }

func (s *said) id(index uint64, hash []byte) error {
	if index >= s.n || len(hash) == 0 || !bytes.HasPrefix(s.c.known[index].id[:], hash) {
		return fmt.Errorf("identity %x leads to entry %d", hash, index)
	}
	if s.ids[index] && !s.recent {
		return fmt.Errorf("identity %x: %w", hash, errTwice)
	}
	s.ids[index] = true
	return nil
}

func (s *said) object(ordinal uint64, hash []byte) error {
	if ordinal >= uint64(len(s.stored)) || len(hash) == 0 || !bytes.HasPrefix(s.stored[ordinal][:], hash) {
		return fmt.Errorf("digest %x leads to object %d", hash, ordinal)
	}
	if s.objects[ordinal] && !s.recent {
		return fmt.Errorf("digest %x: %w", hash, errTwice)
	}
	s.objects[ordinal] = true
	return nil
}

func (s *said) row(r row) error {
	number, ok := s.c.rows[r]
	switch {
	case !ok || r.index >= s.n:
		return fmt.Errorf("entry %d has no row %s %q", r.index, r.name, r.key)
	case s.rows[number] && !s.recent:
		return fmt.Errorf("entry %d, row %s %q: %w", r.index, r.name, r.key, errTwice)
	case !s.rows[number]:
		s.rows[number] = true
		s.distinct++
	}
	return nil
}

// checkNamed wants every object that an entry or its record names, and no
// statement in two entries.
func (c *Checker) checkNamed(n uint64, stored []Hash) error {
	have, at := make(map[Hash]bool, len(stored)), make(map[Hash]int, n)
	for _, d := range stored {
		have[d] = true
	}
	for i, it := range c.known[:n] {
		for _, d := range it.objects {
			if !have[d] {
				return fmt.Errorf("object %x of entry %d is missing", d, i)
			}
		}
		if before, twice := at[it.id]; twice {
			return fmt.Errorf("statement %x is at %d and at %d", it.id, before, i)
		}
		at[it.id] = i
	}
	return nil
}
