package boltstore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/deedlog/deed/internal/failpoint"
)

// lockRetry is how often the lock is tried.
const lockRetry = 10 * time.Millisecond

// settle makes a file that is opened for writing the same in memory and on the
// disk, before anything of it is read, and while no other process writes to it.
//
// What a process that was killed has written may be in memory only: a commit
// that is not on disk must not make its predecessor's pages free for others. So
// it is synced. And what a sync that failed has left in memory is not on the
// disk, but counts as written from then on: no later sync fails for it. So
// memory is given up, and all is read from the disk.
func settle(f *os.File) error {
	if err := lock(f); err != nil {
		return err
	}
	if at, err := os.Stat(f.Name()); err != nil {
		return err
	} else if is, err := f.Stat(); err != nil || !os.SameFile(at, is) {
		return errors.Join(err, fmt.Errorf("%s is another file now", f.Name())) // while this waited for the lock
	}
	if !failpoint.Mutant("start-unsynced") {
		if err := syncData(f); err != nil {
			return err
		}
	}
	if failpoint.Mutant("start-cached") {
		return nil
	}
	return dropCache(f)
}
