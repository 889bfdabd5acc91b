//go:build !torture

package boltstore

import bolt "go.etcd.io/bbolt"

// hook does nothing: see hook_torture.go.
func hook(*bolt.DB) {}

// partEntries is the number of entries of a segment of level 0.
const partEntries = 4096
