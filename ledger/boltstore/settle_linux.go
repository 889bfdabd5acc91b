//go:build linux && (amd64 || arm64 || loong64 || riscv64 || ppc64le)

package boltstore

import (
	"errors"
	"os"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// dontNeed is POSIX_FADV_DONTNEED on these machines.
const dontNeed = 4

// lock takes the lock that bbolt takes of the same open file a moment later.
func lock(f *os.File) error {
	for end := time.Now().Add(lockTimeout); ; time.Sleep(lockRetry) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return os.NewSyscallError("flock", err)
		case time.Now().After(end):
			return berrors.ErrTimeout
		}
	}
}

// dropCache has the system forget what it holds of a file in memory and has
// written, so that it is read from the disk again.
func dropCache(f *os.File) error {
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		return os.NewSyscallError("fadvise", errno)
	}
	return nil
}
