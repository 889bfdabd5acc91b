//go:build !torture

package boltstore

import bolt "go.etcd.io/bbolt"

// hook does nothing: see hook_torture.go.
func hook(*bolt.DB) {}
