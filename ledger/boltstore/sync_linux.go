package boltstore

import (
	"os"
	"syscall"
)

// syncData brings the bytes of a file to the disk; its size has not changed.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
