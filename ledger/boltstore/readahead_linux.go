//go:build linux && (amd64 || arm64 || loong64 || riscv64 || ppc64le || s390x)

package boltstore

import (
	"io"
	"os"
	"syscall"
)

// aheadCall is what one call asks for: the system cuts off what is beyond the
// read-ahead of the device, which is 128 KiB unless somebody changed it.
const aheadCall = 128 << 10

// fetch asks the system to read a part of a file into its memory, without a copy
// and without waiting. It costs next to nothing where all of it is there
// already.
func fetch(file *os.File, at int64, buffer []byte) (n int, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	rest := info.Size() - at
	if rest <= 0 {
		return 0, io.EOF
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	n = int(min(rest, int64(len(buffer))))
	var number syscall.Errno
	err = conn.Control(func(fd uintptr) {
		for from := 0; from < n && number == 0; from += aheadCall {
			_, _, number = syscall.Syscall(syscall.SYS_READAHEAD, fd, uintptr(at)+uintptr(from), aheadCall)
		}
	})
	if err == nil && number == 0 {
		return n, nil
	}
	return file.ReadAt(buffer[:n], at) // a file system that cannot
}
