package ledger_test

import (
	"fmt"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// TestRewrite writes a log into a new store: the tree is the same, whatever the
// batches, and the new store is sound.
func TestRewrite(t *testing.T) {
	old := new(storetest.Memory)
	l := storetest.Open(t, storetest.Config(t, old, new(storetest.MemoryHead)))
	const size = 600
	errs := make(chan error)
	for i := range size {
		go func() {
			_, err := l.Append(t.Context(), storetest.Text(fmt.Sprint("text ", i)))
			errs <- err
		}()
	}
	for range size {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	head, err := old.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := old.Entries(t.Context(), 0, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []int{1, 255, 256, size} {
		to := new(storetest.Memory)
		r, err := ledger.NewRewrite(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < size; at += batch {
			if err := r.Append(t.Context(), entries[at:min(at+batch, size)], head.Time, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if !r.Head().Equal(head) {
			t.Errorf("batches of %d: %v, want %v", batch, r.Head(), head)
		}
		err = ledger.Check(t.Context(), to, func(c *ledger.Corrupt) { t.Errorf("batches of %d: %v", batch, c) }, nil)
		if err != nil {
			t.Error(err)
		}
		if _, err := ledger.NewRewrite(t.Context(), to); err == nil {
			t.Error("a store that is not empty is taken")
		}
	}
}
