package offline_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// A made log is one on disk that is closed again, and its last checkpoint.
type made struct {
	*cast.Cast
	path    string
	signed  ledger.Checkpoint
	actions []cast.Sent // under a chain of three warrants
}

// newLog makes a log with n actions.
func newLog(t testing.TB, n int) *made {
	t.Helper()
	m := &made{Cast: cast.New(t), path: filepath.Join(t.TempDir(), "log.db")}
	store, err := boltstore.Open(m.path)
	m.Check(err)
	defer store.Close()
	log := storetest.Open(t, storetest.Config(t, store, new(storetest.MemoryHead)))
	defer log.Close()
	register, err := server.New(server.Config{
		Log: log, Store: store, Origin: storetest.Origin, ServerKey: m.Server.Key, Now: m.Clock.Now, Rand: rand.Reader,
	})
	m.Check(err)
	allow := func(s cast.Sent) attest.ID {
		r, err := register.SubmitEnvelope(context.Background(), s.Envelope, s.Objects...)
		m.Check(err)
		if r.Fault != nil {
			t.Fatal(r.Fault)
		}
		return s.ID
	}
	for _, s := range m.Begin() {
		allow(s)
	}
	root := m.Warrant(m.Treasurer, m.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	id := allow(m.Sign(m.Treasurer, root))
	buyer := m.Child(root, id, m.Orchestrator, m.Buyer)
	id = allow(m.Sign(m.Orchestrator, buyer))
	leaf := allow(m.Sign(m.Buyer, m.Child(buyer, id, m.Buyer, m.Payments)))
	for i := range n {
		s := m.Sign(m.Payments, m.Transfer(m.Payments, leaf, "1.00"))
		if i > 0 {
			s.Objects = nil // the chain is stored
		}
		m.actions = append(m.actions, s)
		allow(s)
	}
	signed, err := ledger.ParseSignedCheckpoint(log.Checkpoint())
	m.Check(err)
	m.signed = signed.Checkpoint
	return m
}

func (m *made) open(t testing.TB) *boltstore.Store {
	t.Helper()
	s, err := boltstore.OpenReadOnly(m.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
