package boltstore

import (
	"errors"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

// bbolt never writes over a page that is in use: a commit writes new pages and frees
// the old ones, which keep their bytes until they are used again. So an erasure is
// not done when its commit is. It goes on like this, and a crash between any two
// steps leaves the rest to the next start:
//
//	commit    digests alone in the place of the objects, and no "wiped" any more
//	commit    nothing; the older of the two metas is now of after the erasure too, so
//	          that what is free is needed by neither
//	wait      until every read has ended that began before
//	write     zeros over every page that neither meta refers to, and over what is
//	          after the last page, where commits that failed have written; synced
//	commit    "wiped"
//
// A page that is freed later was in use after the erasure, and has nothing of it.

// keyWiped is there while no erased bytes can be in the file. A file from before
// there was this has none either, and is wiped at its next start.
var keyWiped = []byte("wiped")

func putWiped(tx *bolt.Tx) error {
	b, err := sequential(tx, bucketHead)
	if err != nil {
		return err
	}
	return b.Put(keyWiped, sealed(bucketHead, keyWiped, nil))
}

// wiped reports whether nothing erased is left on free pages.
func wiped(tx *bolt.Tx) bool {
	b := tx.Bucket(bucketHead)
	if b == nil {
		return false
	}
	v := b.Get(keyWiped)
	if v == nil {
		return false
	}
	_, err := unseal(bucketHead, keyWiped, v)
	return err == nil
}

// beginErasure says, with the erasure, that it is not done.
func beginErasure(tx *bolt.Tx) error {
	b, err := sequential(tx, bucketHead)
	if err != nil {
		return err
	}
	if failpoint.Mutant("wipe-forgotten") {
		return nil
	}
	return b.Delete(keyWiped)
}

// wipe ends the erasures that are committed. The caller holds wiping, or is alone.
func (s *Store) wipe() error {
	failpoint.Hit("before-wipe")
	if failpoint.Mutant("unwiped") {
		return nil
	}
	if err := s.update(func(*bolt.Tx) error { return nil }); err != nil {
		return fmt.Errorf("leaving the erased pages: %w", err)
	}
	s.drain()
	if err := s.overwrite(); err != nil {
		return err
	}
	if err := s.update(putWiped); err != nil {
		return fmt.Errorf("noting that erased pages are wiped: %w", err)
	}
	s.unwiped.Store(false)
	return nil
}

// drain returns when every read has ended that began before.
func (s *Store) drain() {
	s.reading.Lock()
	defer s.reading.Unlock()
}

// overwrite puts zeros where no meta refers to. No commit may begin meanwhile: it
// would take these pages. A write or sync that fails ends the store, as in a commit.
func (s *Store) overwrite() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if cause := s.broken.Load(); cause != nil {
		return fmt.Errorf("database %s had a fault: %w", s.path, *cause)
	}
	if err := s.zero(s.db.Info().PageSize); err != nil {
		s.broken.CompareAndSwap(nil, &err)
		return fmt.Errorf("wiping free pages of %s: %w", s.path, err)
	}
	return nil
}

// zero writes zeros over the pages that are not used, and over what is after the
// last one, where there is anything else.
func (s *Store) zero(size int) error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	list, end, err := unused(s.file, info.Size(), size)
	if err != nil {
		return err
	}
	for at := end; at*uint64(size) < uint64(info.Size()); at++ {
		list = append(list, at)
	}
	page, zeros := make([]byte, size), make([]byte, size)
	for _, id := range list {
		at := int64(id) * int64(size)
		n, err := s.file.ReadAt(page, at)
		if err != nil && !errors.Is(err, io.EOF) { // the last page may be cut
			return err
		}
		if isZero(page[:n]) {
			continue
		}
		if err := failpoint.Err("during-wipe"); err != nil {
			return err
		}
		if _, err := s.file.WriteAt(zeros[:n], at); err != nil {
			return err
		}
	}
	if err := failpoint.Err("before-wipe-sync"); err != nil {
		return err
	}
	return syncData(s.file)
}

// erase is a commit with erasures, and all that follows from it. What could not be
// wiped for lack of room is tried again with the next commit, or at the next start.
func (s *Store) erase(commit func() error) error {
	s.wiping.Lock()
	defer s.wiping.Unlock()
	s.unwiped.Store(true)
	err := commit()
	if errors.Is(err, ledger.ErrUnknown) {
		s.rouse() // it may be there after all
	}
	if err != nil {
		return err
	}
	if err := s.wipe(); err != nil {
		if s.broken.Load() == nil {
			err = fmt.Errorf("%w: it is committed, and not wiped: %w", ledger.ErrUnknown, err)
			s.rouse()
		}
		return err
	}
	return nil
}

// finishErasures wipes what an earlier attempt has left.
func (s *Store) finishErasures() error {
	s.wiping.Lock()
	defer s.wiping.Unlock()
	if !s.unwiped.Load() {
		return nil
	}
	return s.wipe()
}

// rouse has the indexer look for work.
func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// settleErasures wipes at a start what was erased and is not wiped.
func (s *Store) settleErasures() error {
	done := false
	if err := s.view(func(tx *bolt.Tx) error { done = wiped(tx); return nil }); err != nil || done {
		return err
	}
	s.unwiped.Store(true)
	return s.wipe()
}
