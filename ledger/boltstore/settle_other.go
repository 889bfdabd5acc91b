//go:build !linux || !(amd64 || arm64 || loong64 || riscv64 || ppc64le)

package boltstore

import "os"

// lock does nothing: bbolt locks the file a moment later.
func lock(*os.File) error { return nil }

// dropCache does nothing. What the system holds in memory after a failed sync is
// taken for what is on the disk: docs/operating.md says what to do.
func dropCache(*os.File) error { return nil }
