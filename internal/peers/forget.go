package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const dropCaches = "/proc/sys/vm/drop_caches"

// forget makes the system forget a file that nothing has open, and says how.
// Dropping all caches slows down everything else on the machine for a while.
func forget(path string, all bool) (how string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := file.Sync(); err != nil { // what is not on disk yet cannot be dropped
		return "", err
	}
	if all {
		unix.Sync()
		err := os.WriteFile(dropCaches, []byte("3"), 0)
		if err == nil {
			return "all caches dropped by " + dropCaches, nil
		}
		if !errors.Is(err, os.ErrPermission) && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.EROFS) {
			return "", err
		}
	}
	return "the file dropped by posix_fadvise", unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}
