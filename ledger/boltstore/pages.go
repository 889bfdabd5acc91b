package boltstore

import (
	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// CheckPages reads how the file is built, which nothing else looks at: that each
// page is used once or is free, and that keys are in order. A damaged list of
// free pages changes nothing that can be read, until a commit writes over a page
// that is in use. bbolt reads in a goroutine of its own, where a damaged page
// ends the process: call this last, in a child process.
func (s *Store) CheckPages(report func(*ledger.Corrupt)) error {
	return s.view(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			report(&ledger.Corrupt{Bucket: "file", Key: s.path, Want: "each page used once or free", Got: err.Error()})
		}
		return nil
	})
}
