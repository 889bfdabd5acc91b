// Package boltstore keeps a log in one bbolt file, and its last signed
// checkpoint in a small file beside it.
//
// [Store] implements ledger.Store: a commit is one transaction that compares
// the stored head and is synced twice, once for the pages and once for the meta
// page that makes them current. [HeadFile] implements ledger.HeadFile. Package
// storetest holds the conformance suite that both pass.
//
// # Caveats
//
// bbolt has no checksums on its pages: entries and objects are hashed on every
// read, and package ledger verifies what it builds from tiles, but a flipped
// bit in a state cell is not noticed here. A file of unknown origin can make
// bbolt loop or use much memory; open one in a child process with a timeout.
// After a failed write or sync the store refuses all further commits.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

const (
	// pageSize is that of new files. Entries of 2 KiB do not fit twice into
	// the default page of 4 KiB; with 16 KiB the file is 0.55 times as large
	// and commits are 1.6 times as fast.
	pageSize = 16 << 10
	// lockTimeout is how long Open waits for another process.
	lockTimeout = time.Second
	fileMode    = 0o600
)

// A Store is an open file.
type Store struct {
	db   *bolt.DB
	path string
	// broken is why commits are refused: a commit failed in a way that leaves
	// the file or bbolt's memory in doubt.
	broken atomic.Pointer[error]
}

var _ ledger.Store = (*Store)(nil)

// ErrLocked: another process has the file open. Only one may write.
var ErrLocked = errors.New("another process has the database open")

// Open opens the file for reading and writing, and creates it if it is missing,
// readable by the owner only.
func Open(path string) (*Store, error) {
	s, err := open(path, false)
	if err != nil {
		return nil, err
	}
	err = s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			for _, name := range fixedBuckets {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err == nil {
		err = syncDirectory(filepath.Dir(path)) // the file may be new, and its name is in there
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("preparing database %s: %w", path, err)
	}
	return s, nil
}

// OpenReadOnly opens an existing file for tools. It can be opened any number of
// times, but not while a process has it open for writing. Commit fails.
func OpenReadOnly(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	return open(path, true)
}

func open(path string, readOnly bool) (*Store, error) {
	s := &Store{path: path}
	var file *os.File
	err := s.guard(func() (err error) {
		s.db, err = bolt.Open(path, fileMode, &bolt.Options{
			Timeout:      lockTimeout,
			PageSize:     pageSize,
			ReadOnly:     readOnly,
			FreelistType: bolt.FreelistMapType,
			NoStatistics: true,
			// Never NoFreelistSync: a cold open would walk every page.
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrLocked
	}
	if err != nil {
		if file != nil {
			file.Close() // bbolt panicked and still holds the lock; a second Close does no harm
		}
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	hook(s.db)
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error {
	return s.guard(s.db.Close)
}

// Load implements ledger.Store.
func (s *Store) Load(context.Context) (head ledger.Head, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		head, err = loadHead(tx)
		return err
	})
	return head, err
}

func loadHead(tx *bolt.Tx) (ledger.Head, error) {
	b := tx.Bucket(bucketHead)
	if b == nil {
		return ledger.EmptyHead(), nil // a new file, opened for reading
	}
	v := b.Get(keyHead)
	if v == nil {
		return ledger.EmptyHead(), nil
	}
	head, err := ledger.ParseHead(v)
	if err != nil {
		return ledger.Head{}, &ledger.Corrupt{Bucket: "head", Key: "head", Want: "a head", Got: err.Error()}
	}
	return head, nil
}

// Commit implements ledger.Store.
func (s *Store) Commit(_ context.Context, expect ledger.Head, d ledger.Delta) error {
	if cause := s.broken.Load(); cause != nil {
		return fmt.Errorf("database %s had a fault: %w", s.path, *cause)
	}
	written := false // the closure ran to its end, and bbolt went on to write
	err := s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			written = false
			if err := s.compare(tx, expect); err != nil {
				return err
			}
			err := apply(tx, expect.Size, d)
			written = err == nil
			failpoint.Hit("in-transaction")
			return err
		})
	})
	if err != nil && written && failpoint.Mutant("swallow-sync-error") {
		return nil
	}
	if err == nil || errors.Is(err, ledger.ErrConflict) {
		return err
	}
	return s.classify(err, written)
}

// classify maps a failed transaction to the error classes of ledger.Store. A
// write that found no room may be tried again when there is some; which write
// it was, of pages or of the meta page that makes them current, is not known
// here, so the caller has to look. All else that fails after the closure may be
// a sync, and ends this store.
func (s *Store) classify(err error, written bool) error {
	var path *fs.PathError
	full := errors.Is(err, berrors.ErrMaxSizeReached) ||
		errors.As(err, &path) && path.Op == "write" && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT))
	switch {
	case full && written:
		return fmt.Errorf("%w: writing database %s: %w", ledger.ErrUnknown, s.path, err)
	case full:
		return fmt.Errorf("%w: writing database %s: %w", ledger.ErrRetryable, s.path, err)
	}
	s.broken.CompareAndSwap(nil, &err)
	return fmt.Errorf("writing database %s: %w", s.path, err)
}

func (s *Store) compare(tx *bolt.Tx, expect ledger.Head) error {
	head, err := loadHead(tx)
	if err != nil {
		return err
	}
	if head.Size != expect.Size || head.Root != expect.Root {
		return fmt.Errorf("%w: size %d, expected %d", ledger.ErrConflict, head.Size, expect.Size)
	}
	return nil
}
