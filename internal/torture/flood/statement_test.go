//go:build torture

package flood

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"connectrpc.com/connect"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// office is the authority that all writers act under.
type office struct {
	p       *process
	svid    *x509svid.SVID
	key     crypto.Signer
	keyID   attest.Digest
	warrant attest.ID
}

// identity is an SVID as an agent.Source.
type identity struct{ svid *x509svid.SVID }

// SVID implements agent.Source.
func (i identity) SVID() (*x509svid.SVID, error) { return i.svid, nil }

// open registers an agent, and has a warrant issued to it that does not end.
func (p *process) open() *office {
	p.Helper()
	ca, err := setup.LoadCA(p.dir)
	p.must(err)
	desk, err := ca.Issue("spiffe://flood.example/desk")
	p.must(err)
	worker, err := ca.Issue("spiffe://flood.example/agent")
	p.must(err)
	o := &office{p: p, svid: worker, key: worker.PrivateKey}
	var chain []byte
	for _, c := range worker.Certificates {
		if string(c.RawIssuer) != string(c.RawSubject) {
			chain = append(chain, c.Raw...)
		}
	}
	o.keyID = attest.DigestOf(chain)
	client, err := agent.New(p.Context(), p.url(), identity{desk}, agent.Options{LogKey: p.instance.VKey()})
	p.must(err)
	o.authorize(client, desk.ID.String(), worker.ID.String())
	// The chain is in the log from now on, so it needs not be sent again.
	first := o.message(o.act(nonce()))
	first.Objects = [][]byte{chain}
	_, err = o.attestation().Submit(p.Context(), first)
	p.must(err)
	return o
}

func (o *office) authorize(client *agent.Client, desk, worker string) {
	o.p.Helper()
	key, err := setup.ReadKey(filepath.Join(o.p.dir, setup.AdminKeyFile))
	o.p.must(err)
	public, err := attest.KeyOf(key.Public())
	o.p.must(err)
	now := time.Now()
	grant := attest.Grant{
		Actions:   []string{"reports.reconcile"},
		Arguments: []attest.Argument{{Name: "period", Constraint: attest.Constraint{All: &[]attest.Constraint{}}}},
		Resource:  attest.Match{Kind: "ledger", Match: attest.Constraint{Prefix: "books"}},
	}
	party := attest.Party{ID: desk, Kind: attest.BySVID}
	for _, s := range []attest.Statement{
		&attest.Agent{Agent: worker, By: "admin", Log: client.Origin(), Nonce: nonce(), Owner: "admin", Purpose: "load", Status: "registered", V: 1},
		&attest.Issuer{Accountable: "admin", Bases: []attest.Basis{attest.OrgStanding}, By: "admin", From: now.UnixMilli(),
			Grants: []attest.Grant{grant}, Issuer: party, Log: client.Origin(), Nonce: nonce(), V: 1},
	} {
		payload, err := attest.Payload(s)
		o.p.must(err)
		e, err := attest.Seal(payload, key, public.Digest())
		o.p.must(err)
		_, err = client.SubmitEnvelope(o.p.Context(), e, "person:admin")
		o.p.must(err)
	}
	receipt, err := client.Submit(o.p.Context(), &attest.Warrant{
		Expires: now.Add(2 * time.Hour).UnixMilli(), Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: worker},
		Issuer: party, Log: client.Origin(), Nonce: nonce(), NotBefore: now.Add(-time.Second).UnixMilli(),
		Root: &attest.WarrantRoot{Accountable: "admin", Basis: attest.OrgStanding},
		Task: attest.Task{ID: nonce(), Purpose: "load"}, V: 1,
	})
	o.p.must(err)
	o.warrant = receipt.ID
}

// act is the first action of a session.
func (o *office) act(session string) *attest.Action {
	open := attest.OpenValues(sha256.Sum256([]byte(session)), []string{"period"}, []attest.Value{attest.Text(session)})
	root, err := attest.ArgumentsRoot(open, nil)
	if err != nil {
		panic(err) // of a fixed form
	}
	return &attest.Action{
		Agent: o.svid.ID.String(), ClaimedAt: time.Now().UnixMilli(), Initiator: attest.Initiator{Claim: "schedule"},
		Log: o.p.instance.Config.Origin, Nonce: nonce(), V: 1, Open: open, Phase: attest.Record, Outcome: &attest.Result{Status: "done"},
		Request: &attest.ActionRequest{
			Action: "reports.reconcile", Arguments: root, Count: 1, Resource: attest.Resource{Kind: "ledger", ID: "books/2026"},
		},
		Authority: &attest.Authority{Approvals: []attest.ID{}, Warrant: o.warrant},
		Session:   attest.Session{ID: session},
	}
}

// message signs an action.
func (o *office) message(a *attest.Action) *deedv1.SubmitRequest {
	payload, err := attest.Payload(a)
	if err != nil {
		panic(err) // of a fixed form
	}
	e, err := attest.Seal(payload, o.key, o.keyID)
	if err != nil {
		panic(err)
	}
	return &deedv1.SubmitRequest{Envelope: &deedv1.Envelope{Payload: e.Payload, Keyid: string(e.KeyID), Signature: e.Signature}}
}

// attestation makes a client with a connection of its own.
func (o *office) attestation() deedv1connect.AttestationServiceClient {
	return deedv1connect.NewAttestationServiceClient(plain(), o.p.url())
}

func (o *office) evidence() deedv1connect.EvidenceServiceClient {
	return deedv1connect.NewEvidenceServiceClient(plain(), o.p.url())
}

// plain speaks HTTP/2 without TLS.
func plain() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

// verify checks a receipt by its proof.
func (o *office) verify(r *deedv1.Receipt) error {
	proof, err := ledger.ParseProof(r.GetProof())
	if err != nil {
		return err
	}
	if proof.Index != r.GetIndex() {
		return fmt.Errorf("a proof of %d for %d", proof.Index, r.GetIndex())
	}
	c, err := ledger.OpenCheckpoint(proof.Checkpoint, o.p.instance.VKey())
	if err != nil {
		return err
	}
	return ledger.VerifyInclusion(proof, r.GetEntry(), c)
}

// refused is the delay that a refusal for lack of room asks for; false of any
// other error.
func refused(err error) (delay time.Duration, ok bool) {
	e, isCall := err.(*connect.Error)
	if !isCall || e.Code() != connect.CodeResourceExhausted {
		return 0, false
	}
	for _, d := range e.Details() {
		v, err := d.Value()
		if f, isFault := v.(*deedv1.Fault); err == nil && isFault && f.GetCode() == "log.overloaded" && f.GetRetryAfterMs() > 0 {
			return time.Duration(f.GetRetryAfterMs()) * time.Millisecond, true
		}
	}
	return 0, false
}

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
