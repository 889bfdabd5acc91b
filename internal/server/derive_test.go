package server_test

import (
	"context"
	"testing"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// TestDeriveErased: that an object was erased is found among the entries, as all
// else: the state that is made again is not asked. One that no erasure destroyed is
// lost.
func TestDeriveErased(t *testing.T) {
	w := newWorld(t)
	s, d := w.consent("shown to the person")
	id := w.allow(s)
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second))
	kept, other := w.consent("another")
	w.allow(kept)
	head, err := w.store.Load(context.Background())
	w.Check(err)
	stateless := changed{Reader: w.store, get: func(table, _ string, value []byte) []byte {
		if table != ledger.ObjectTable {
			return nil
		}
		return value
	}}
	if faults, err := w.derive(stateless, head); err != nil || len(faults) > 0 {
		t.Errorf("Derive: %v, %v", err, faults)
	}
	lost := changed{Reader: w.store, get: func(table, key string, value []byte) []byte {
		if table == ledger.ObjectTable && key == other.Hex() {
			return nil
		}
		return value
	}}
	faults, err := w.derive(lost, head)
	if err == nil || len(faults) != 1 || faults[0].Key != other.Hex() {
		t.Errorf("with a lost object: %v, %v", err, faults)
	}
}

func (w *world) derive(store ledger.Reader, head ledger.Head) (faults []*ledger.Corrupt, err error) {
	w.Helper()
	b := server.Rebuild{Origin: storetest.Origin, Report: func(c *ledger.Corrupt) { faults = append(faults, c) }}
	err = b.Derive(context.Background(), store, head, func(server.Derived) error { return nil })
	return faults, err
}
