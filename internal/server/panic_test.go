package server_test

import (
	"context"
	"testing"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger/storetest"
)

// faulty is randomness that panics.
type faulty struct{}

func (faulty) Read([]byte) (int, error) { panic("no randomness") }

// TestPanicLeavesRoom: a statement at which the server panics does not keep its
// place: as many as there are places would end the service.
func TestPanicLeavesRoom(t *testing.T) {
	w := newWorld(t)
	s, err := server.New(server.Config{
		Log: w.log, Store: w.store, Origin: storetest.Origin, ServerKey: w.Server.Key, Now: w.Clock.Now, Rand: faulty{},
	})
	w.Check(err)
	sent := w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Payments))
	if !panics(func() { _, _ = s.Desk().Submit(context.Background(), sent.Envelope, sent.Objects) }) {
		t.Fatal("no panic")
	}
	if n := s.Inside(); n != 0 {
		t.Errorf("%d statements are under way, want 0", n)
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
