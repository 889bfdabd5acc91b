package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// A world is a register on disk as one that runs: both log keys, the head file,
// the default limits. Its agents act under a chain of three warrants each, from
// the treasurer by way of orchestrator and buyer.
type world struct {
	*cast.Cast
	harness *harness
	path    string
	store   *boltstore.Store
	log     *ledger.Log
	server  *server.Server
	agents  []*agent
}

// An agent has a session that goes on from round to round.
type agent struct {
	*cast.Party
	warrant attest.ID
	account string
	session attest.Session
}

func agentID(n int) string { return "spiffe://" + cast.Domain + agentPath(n) }

func agentPath(n int) string { return fmt.Sprintf("/agent/a%03d", n) }

// newWorld makes a register with an organisation in force, whose policy it must
// accept, and lets every agent act once, which warms all caches.
func newWorld(path string, o organisation) *world {
	h := &harness{name: "peers"}
	w := &world{Cast: cast.New(h), harness: h, path: path}
	var err error
	w.store, err = boltstore.Open(path)
	w.Check(err)
	h.Cleanup(func() { w.store.Close() })
	config := storetest.Config(h, w.store, &boltstore.HeadFile{Path: path + ".head"})
	w.log = storetest.Open(h, config)
	w.server, err = server.New(server.Config{
		Log: w.log, Store: w.store, Origin: storetest.Origin, ServerKey: w.Server.Key, Now: w.Clock.Now, Rand: rand.Reader,
	})
	w.Check(err)
	for _, s := range w.Begin() {
		w.allow(s)
	}
	put, parts := w.Policy(o.source(), 1000)
	w.allow(w.Endorsed(w.Sign(w.Admin, put, parts...), w.Second))
	w.hire(o)
	for _, work := range w.sign(w.agents, 1) {
		w.allow(work[0])
	}
	return w
}

// hire gives every agent a warrant.
func (w *world) hire(o organisation) {
	root := w.Warrant(w.Treasurer, w.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	id := w.allow(w.Sign(w.Treasurer, root))
	buyer := w.Child(root, id, w.Orchestrator, w.Buyer)
	id = w.allow(w.Sign(w.Orchestrator, buyer))
	for n := range o.agents {
		a := &agent{Party: w.Workload(agentPath(n)), account: o.account(n, n/o.teams), session: attest.Session{ID: w.Random()}}
		a.warrant = w.allow(w.Sign(w.Buyer, w.Child(buyer, id, w.Buyer, a.Party)))
		w.agents = append(w.agents, a)
	}
}

// allow submits a statement that must be allowed.
func (w *world) allow(s cast.Sent) attest.ID {
	w.Check(w.submit(s))
	return s.ID
}

func (w *world) submit(s cast.Sent) error {
	r, err := w.server.SubmitEnvelope(context.Background(), s.Envelope, s.Objects...)
	if err == nil && r.Fault != nil {
		return r.Fault
	}
	return err
}

// sign makes the next n transfers of each agent's session.
func (w *world) sign(agents []*agent, n int) [][]cast.Sent {
	work := make([][]cast.Sent, len(agents))
	for i, a := range agents {
		for range n {
			action := w.Transfer(a.Party, a.warrant, "120.00")
			action.Request.Resource.ID, action.Session = a.account, a.session
			s := w.Sign(a.Party, action)
			if a.session.Seq > 0 {
				s.Objects = nil // the chain is stored
			}
			a.session.Seq, a.session.Prev = a.session.Seq+1, s.ID
			work[i] = append(work[i], s)
		}
	}
	return work
}

func (w *world) close() { w.harness.close() }
