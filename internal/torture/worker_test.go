package torture

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/setup"
)

var done = agent.Result{Status: "done"}

// worker is an agent with a session that goes on over restarts.
type worker struct {
	id      string
	svid    *x509svid.SVID
	client  *agent.Client
	session *agent.Session
}

// SVID implements agent.Source.
func (w *worker) SVID() (*x509svid.SVID, error) { return w.svid, nil }

func (w *worker) act(warrant attest.ID, i int) agent.Act {
	return agent.Act{
		Action: "reports.reconcile", Resource: attest.Resource{Kind: "ledger", ID: "books/2026"},
		Arguments: map[string]attest.Value{"period": attest.Text(fmt.Sprintf("%s %d", w.id, i))},
		Warrant:   warrant, Claim: "schedule",
	}
}

// register enters the agents, and a standing warrant that a holder above them
// has; all workers act as that one holder, each in a session of its own.
func (w *world) register(t *testing.T) {
	t.Helper()
	ca, err := setup.LoadCA(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(path string) *worker {
		svid, err := ca.Issue("spiffe://torture.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		k := &worker{id: svid.ID.String(), svid: svid}
		k.client, err = agent.New(t.Context(), "http://"+w.address, k, agent.Options{LogKey: w.instance.VKey(), Patience: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if k.session, err = k.client.Session(); err != nil {
			t.Fatal(err)
		}
		return k
	}
	for range workers {
		w.agents = append(w.agents, connect("/agent"))
	}
	w.authorize(t, connect("/desk"))
}

// authorize registers the agent and the issuer, and has the warrant issued.
func (w *world) authorize(t *testing.T, desk *worker) {
	t.Helper()
	origin, now := desk.client.Origin(), time.Now()
	grant := attest.Grant{
		Actions:   []string{"reports.reconcile"},
		Arguments: []attest.Argument{{Name: "period", Constraint: attest.Constraint{All: &[]attest.Constraint{}}}},
		Resource:  attest.Match{Kind: "ledger", Match: attest.Constraint{Prefix: "books"}},
	}
	party := attest.Party{ID: desk.id, Kind: attest.BySVID}
	for _, s := range []attest.Statement{
		&attest.Agent{Agent: w.agents[0].id, By: "admin", Log: origin, Nonce: nonce(), Owner: "admin", Purpose: "load", Status: "registered", V: 1},
		&attest.Issuer{Accountable: "admin", Bases: []attest.Basis{attest.OrgStanding}, By: "admin", From: now.UnixMilli(),
			Grants: []attest.Grant{grant}, Issuer: party, Log: origin, Nonce: nonce(), V: 1},
	} {
		if _, err := w.administer(t, desk, s); err != nil {
			t.Fatal(err)
		}
	}
	receipt, err := desk.client.Submit(t.Context(), &attest.Warrant{
		Expires: now.Add(time.Hour).UnixMilli(), Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: w.agents[0].id},
		Issuer: party, Log: origin, Nonce: nonce(), NotBefore: now.Add(-time.Second).UnixMilli(),
		Root: &attest.WarrantRoot{Accountable: "admin", Basis: attest.OrgStanding},
		Task: attest.Task{ID: nonce(), Purpose: "load"}, V: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.warrant = receipt.ID
}

// administer submits what the administrator signs.
func (w *world) administer(t *testing.T, by *worker, s attest.Statement, objects ...[]byte) (agent.Receipt, error) {
	t.Helper()
	key, err := setup.ReadKey(filepath.Join(w.dir, setup.AdminKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := attest.Payload(s)
	if err != nil {
		t.Fatal(err)
	}
	e, err := attest.Seal(payload, key, public.Digest())
	if err != nil {
		t.Fatal(err)
	}
	return by.client.SubmitEnvelope(t.Context(), e, "person:admin", objects...)
}

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
