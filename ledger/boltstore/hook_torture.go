//go:build torture

package boltstore

import (
	"reflect"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/internal/failpoint"
)

// hook puts failpoints around the page writes of bbolt, which offers no other
// way in. A commit writes the data pages, syncs, writes one of the two meta
// pages at the start of the file, and syncs. So the data are synced when a meta
// page is about to be written; before-data-sync is reached after each data
// page, of which the last is followed by the sync.
func hook(db *bolt.DB) {
	field := reflect.ValueOf(db).Elem().FieldByName("ops").FieldByName("writeAt")
	write := (*func([]byte, int64) (int, error))(unsafe.Pointer(field.UnsafeAddr()))
	plain, metas := *write, int64(2*db.Info().PageSize)
	*write = func(b []byte, off int64) (int, error) {
		before, after := "during-data-write", "before-data-sync"
		if off < metas {
			before, after = "before-meta-write", "before-meta-sync"
		}
		if err := failpoint.Err(before); err != nil {
			return 0, err
		}
		n, err := plain(b, off)
		if err == nil {
			err = failpoint.Err(after)
		}
		return n, err
	}
}

// partEntries is the number of entries of a segment of level 0. Small here, so that
// what happens between segments happens often.
const partEntries = 64
