package boltstore

import (
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/ledger"
)

// guard calls into bbolt, which panics on a damaged page, or reads outside its
// mapping. Either becomes an error here. After one, bbolt may hold its locks,
// so no commit is tried again.
func (s *Store) guard(f func() error) (err error) {
	// Without it, a fault on the mapped file would end the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = &ledger.Corrupt{Bucket: "file", Key: s.path, Want: "a sound database", Got: fmt.Sprint(r)}
			s.broken.CompareAndSwap(nil, &err)
		}
	}()
	return f()
}

func (s *Store) view(f func(*bolt.Tx) error) error {
	s.reading.RLock()
	defer s.reading.RUnlock()
	return s.guard(func() error { return s.db.View(f) })
}
