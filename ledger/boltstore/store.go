// Package boltstore keeps a log in one bbolt file, and its last signed
// checkpoint in a small file beside it.
//
// [Store] implements ledger.Store: a commit is one transaction that compares
// the stored head and is synced twice, once for the pages and once for the meta
// page that makes them current. [HeadFile] implements ledger.HeadFile. Package
// storetest holds the conformance suite that both pass.
//
// # Reading order
//
// buckets.go is the layout of the file. store.go opens and commits, apply.go
// writes a commit, read.go reads, wipe.go ends an erasure. A hash or a row is found through index.go:
// recent.go is what is not in a segment yet, segment.go the form of a segment,
// indexer.go writes them and merge.go makes large ones of small ones.
//
// # Caveats
//
// bbolt has no checksums on its pages: entries and objects are hashed on every
// read, all else but tiles has a checksum, and package ledger verifies what it
// builds from tiles. A key that was damaged is not found any more, which only a
// check of the whole file notices. Erased bytes are written over when Commit
// returns; what the file system or the device keeps below the file is theirs. A file of unknown origin can make bbolt loop
// or use much memory; open one in a child process with a timeout. After a
// failed write or sync the store refuses all further commits.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
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
	file *os.File // of db, which closes it
	path string
	// broken is why commits are refused: a commit failed in a way that leaves
	// the file or bbolt's memory in doubt.
	broken atomic.Pointer[error]

	index    atomic.Pointer[index]
	indexing sync.Mutex               // held to replace index; taken before writing
	writing  sync.Mutex               // held for a transaction and for what is found out after it
	reading  sync.RWMutex             // held to read, shared
	wiping   sync.Mutex               // held for an erasure until it is wiped; taken before indexing and writing
	unwiped  atomic.Bool              // erased bytes may be on free pages
	known    map[ledger.Hash]struct{} // some objects that are stored; of Commit alone

	unmergeable map[segmentID]bool // of the indexer alone
	garbage     []segmentID        // segments that do not count any more; of the indexer alone
	decayed     atomic.Bool        // an object was read that is damaged: known is in doubt

	wake    chan struct{} // a commit was made; closed by Close
	closing atomic.Uint32
	idle    chan struct{} // closed when the indexer has ended
}

var (
	_ ledger.Store      = (*Store)(nil)
	_ ledger.LeafReader = (*Store)(nil)
)

// ErrLocked: another process has the file open. Only one may write.
var ErrLocked = errors.New("another process has the database open")

// Open opens the file for reading and writing, and creates it if it is missing,
// readable by the owner only. It takes a file of any [Layout], and makes
// one of none.
func Open(path string) (*Store, error) { return Layout(0).Open(path) }

// Open is [Open] of a file in layout l; a new one is made in it.
func (l Layout) Open(path string) (*Store, error) {
	s, err := open(path, false)
	if err != nil {
		return nil, err
	}
	s.wake, s.idle, s.unmergeable = make(chan struct{}, 1), make(chan struct{}), make(map[segmentID]bool)
	if err = s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error { return create(tx, l) })
	}); err == nil {
		err = l.check(s)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path)) // the file may be new, and its name is in there
	}
	if err == nil {
		err = s.reload()
	}
	if err == nil {
		err = s.settleErasures()
	}
	if err != nil {
		close(s.idle)
		s.Close()
		return nil, fmt.Errorf("preparing database %s: %w", path, err)
	}
	go s.runIndexer()
	s.wake <- struct{}{} // there may be work left
	return s, nil
}

// OpenReadOnly opens an existing file for tools. It can be opened any number of
// times, but not while a process has it open for writing. Commit fails.
func OpenReadOnly(path string) (*Store, error) { return Layout(0).OpenReadOnly(path) }

// openReadOnly does not read the index.
func openReadOnly(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	s, err := open(path, true)
	if err != nil {
		return nil, err
	}
	err = s.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketHead); b != nil {
			return checkFormat(b)
		}
		return nil
	})
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	return s, nil
}

func open(path string, readOnly bool) (*Store, error) {
	s := &Store{path: path}
	err := s.guard(func() (err error) {
		s.db, err = bolt.Open(path, fileMode, &bolt.Options{
			Timeout:      lockTimeout,
			PageSize:     pageSize,
			ReadOnly:     readOnly,
			FreelistType: bolt.FreelistMapType,
			NoStatistics: true,
			// Never NoFreelistSync: a cold open would walk every page.
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				s.file, err = os.OpenFile(name, flag, mode)
				if err == nil && !readOnly {
					err = settle(s.file)
				}
				return s.file, err
			},
		})
		return err
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrLocked
	}
	if err != nil {
		if s.file != nil {
			s.file.Close() // bbolt panicked and still holds the lock; a second Close does no harm
		}
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	hook(s.db)
	return s, nil
}

// Close closes the file. What the indexer has not written yet it finds again.
func (s *Store) Close() error {
	if s.wake != nil && s.closing.Swap(1) == 0 {
		close(s.wake)
		<-s.idle
	}
	return s.guard(s.db.Close)
}

// reload reads the index.
func (s *Store) reload() error {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	return s.reloadHeld()
}

// reloadHeld is reload for who holds indexing. A store whose index is in doubt
// is not used any more: it would take a statement twice.
func (s *Store) reloadHeld() error {
	err := s.view(func(tx *bolt.Tx) error {
		x, err := loadIndex(tx, s.wake != nil)
		if err == nil {
			x.adopt(s.index.Load())
			s.index.Store(x)
		}
		return err
	})
	if err != nil {
		s.broken.CompareAndSwap(nil, &err)
	}
	return err
}

// Load implements ledger.Store. Of a store with a fault it returns none: what is
// in memory may not be on the disk.
func (s *Store) Load(context.Context) (head ledger.Head, err error) {
	if cause := s.broken.Load(); cause != nil {
		return head, fmt.Errorf("database %s had a fault: %w", s.path, *cause)
	}
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
	v, err := unseal(bucketHead, keyHead, v)
	if err != nil {
		return ledger.Head{}, err
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
	objects, err := s.missing(d.Objects)
	if err != nil {
		return err
	}
	gone, err := s.ordinals(d.Erase)
	if err != nil {
		return err
	}
	if len(d.Erase) > 0 {
		return s.erase(func() error { return s.commit(expect, d, objects, gone) })
	}
	return s.commit(expect, d, objects, gone)
}

// commit is Commit of what is to be stored and to be erased.
func (s *Store) commit(expect ledger.Head, d ledger.Delta, objects []ledger.Object, gone []uint64) error {
	written := false // the closure ran to its end, and bbolt went on to write
	var learned *keys
	err := s.transact(func() error {
		return s.db.Update(func(tx *bolt.Tx) (err error) {
			written = false
			if err := s.compare(tx, expect); err != nil {
				return err
			}
			learned, err = apply(tx, expect.Size, d, objects, gone)
			written = err == nil
			failpoint.Hit("in-transaction")
			return err
		})
	}, &written)
	switch {
	case err == nil:
		s.learn(learned)
		for _, o := range d.Erase {
			delete(s.known, o)
		}
		return nil
	case errors.Is(err, ledger.ErrConflict):
		return err
	}
	if errors.Is(err, ledger.ErrUnknown) {
		if bad := s.reload(); bad != nil { // it may be there after all
			return fmt.Errorf("reading the index of %s again: %w", s.path, bad)
		}
	}
	return err
}

// transact runs a transaction, alone, and finds out what an error means before
// another one can begin. After an unknown outcome it syncs: what is read from
// then on is on the disk, whichever it is.
func (s *Store) transact(f func() error, written *bool) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if cause := s.broken.Load(); cause != nil {
		return fmt.Errorf("database %s had a fault: %w", s.path, *cause)
	}
	err := s.guard(f)
	if *written && failpoint.Mutant("swallow-sync-error") {
		return nil
	}
	if err == nil || errors.Is(err, ledger.ErrConflict) || errors.Is(err, errClosing) {
		return err
	}
	err = s.classify(err, *written)
	if errors.Is(err, ledger.ErrUnknown) && !failpoint.Mutant("unknown-unsynced") {
		if bad := syncData(s.file); bad != nil {
			s.broken.CompareAndSwap(nil, &bad)
			return fmt.Errorf("syncing database %s: %w", s.path, bad)
		}
	}
	return err
}

// learn adds a commit to the index, and the objects to those that are known. The
// indexer may have read it from the disk before, after a doubt of its own: then the
// index has it, and would give its rows twice.
func (s *Store) learn(k *keys) {
	s.indexing.Lock()
	if x := s.index.Load(); x.end < k.end() {
		s.index.Store(x.with(k))
	}
	s.indexing.Unlock()
	if len(s.known)+len(k.objects) > maxKnown || s.known == nil {
		s.known = make(map[ledger.Hash]struct{})
	}
	for _, d := range k.objects {
		s.known[d] = struct{}{}
	}
	s.rouse()
}

// maxKnown bounds the objects that are known to be stored: 32 bytes each.
const maxKnown = 1 << 16

// missing returns the objects that are to be stored: those that are new, and
// those whose stored bytes are damaged, which this mends. Once any read has met
// damage, what was known is looked at again.
func (s *Store) missing(objects []ledger.Object) ([]ledger.Object, error) {
	var list []ledger.Object
	if s.decayed.Swap(false) {
		clear(s.known)
	}
	for _, o := range objects {
		if !o.Fresh {
			if _, ok := s.known[o.Digest]; ok {
				continue
			}
			var damaged *ledger.Corrupt
			have, err := s.object(o.Digest)
			if err != nil && !errors.As(err, &damaged) {
				return nil, err
			}
			if have != nil {
				continue
			}
		}
		list = append(list, o)
	}
	return list, nil
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
