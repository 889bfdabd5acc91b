//go:build !linux || !(amd64 || arm64 || loong64 || riscv64 || ppc64le || s390x)

package boltstore

import "os"

// fetch reads a part of a file, so that the system has it in memory.
func fetch(file *os.File, at int64, buffer []byte) (n int, err error) { return file.ReadAt(buffer, at) }
