//go:build !linux

package boltstore

import "os"

// syncData brings the bytes of a file to the disk.
func syncData(f *os.File) error { return f.Sync() }
