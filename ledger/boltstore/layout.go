package boltstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// A Layout is the number of the form in which a program keeps what it derives from
// the entries: cells and rows. It is written into a file when the file is made, and
// a file of another number is refused, as reads would miss what is not there. A
// file without one has 0, which is older than any; a program that derives nothing
// opens with [Open], and does not look.
type Layout uint32

// What a file is refused with. Of an older one all that is derived can be made
// again; a newer one takes a newer program.
var (
	ErrOlder = errors.New("the database is older than this program")
	ErrNewer = errors.New("this program is older than the database")
)

// OpenReadOnly is [OpenReadOnly] of a file in layout l.
func (l Layout) OpenReadOnly(path string) (*Store, error) {
	s, err := openReadOnly(path)
	if err != nil {
		return nil, err
	}
	if err = l.check(s); err == nil {
		err = s.reload()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// OpenUnindexed is [OpenUnindexed] of a file in layout l or an older one: it reads
// nothing that is derived.
func (l Layout) OpenUnindexed(ctx context.Context, path string, progress ledger.Progress) (*Unindexed, error) {
	s, err := openReadOnly(path)
	if err != nil {
		return nil, err
	}
	s.index.Store(new(index))
	u := &Unindexed{Store: s}
	if err := l.check(s); err != nil && !errors.Is(err, ErrOlder) {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, err), s.Close())
	}
	if err := u.scan(ctx, progress); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the objects of %s: %w", path, err), s.Close())
	}
	return u, nil
}

// check compares the layout of a file. It is the same for a damaged number as for
// any other: to make again what is derived mends it, or is refused too.
func (l Layout) check(s *Store) error {
	if l == 0 {
		return nil
	}
	return s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketHead)
		if b == nil {
			return nil // a new file, opened for reading
		}
		var found Layout
		if v := b.Get(keyLayout); len(v) == 4 {
			found = Layout(binary.BigEndian.Uint32(v))
		}
		switch {
		case found < l:
			return fmt.Errorf("%w: what follows from its entries is in layout %d, this program has %d", ErrOlder, found, l)
		case found > l:
			return fmt.Errorf("%w: what follows from its entries is in layout %d, this program has %d", ErrNewer, found, l)
		}
		return nil
	})
}
