package register

import (
	"context"
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/admission"
	world "github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// liar is a register with all its keys that answers to every statement, and to every
// question, with one entry, and proves it in a tree of its own.
type liar struct {
	deedv1connect.AttestationServiceClient
	deedv1connect.EvidenceServiceClient
	t      *testing.T
	w      *world.World
	entry  admission.Entry
	record admission.Record
	denies bool
}

// tell takes the entry of a statement, with a lie in it.
func tell(t *testing.T, w *world.World, name string, denies bool, lie func(*admission.Entry, *admission.Record)) *liar {
	t.Helper()
	l := &liar{t: t, w: w, denies: denies}
	e, err := admission.ParseEntry(w.Contents(t, w.Entries[name]).Entries[w.Entries[name]].Entry)
	l.must(err)
	doc, err := w.Object(e.Admission)
	l.must(err)
	r, err := admission.ParseRecord(doc)
	l.must(err)
	l.entry, l.record = *e, *r
	lie(&l.entry, &l.record)
	return l
}

func (l *liar) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *liar) receipt() *deedv1.Receipt {
	record, err := attest.Encode(&l.record)
	l.must(err)
	e := l.entry
	e.Admission = attest.DigestOf(record)
	entry, err := attest.Encode(&e)
	l.must(err)
	c := ledger.Checkpoint{Origin: world.Origin, Size: 1, Root: ledger.HashLeaf(entry)}
	signature, err := l.w.Keys.Ed25519.Sign([]byte(c.String()))
	l.must(err)
	signed := ledger.SignedCheckpoint{Checkpoint: c, Signatures: []ledger.Signature{{Name: c.Origin, KeyID: l.w.Keys.Ed25519.KeyHash(), Bytes: signature}}}
	return &deedv1.Receipt{Entry: entry, Record: record, Id: string(e.Envelope), Proof: ledger.Proof{Checkpoint: signed.Bytes()}.Bytes()}
}

func (l *liar) Submit(context.Context, *deedv1.SubmitRequest) (*deedv1.SubmitResponse, error) {
	if !l.denies {
		return &deedv1.SubmitResponse{Receipt: l.receipt()}, nil
	}
	e := connect.NewError(connect.CodePermissionDenied, errors.New("denied"))
	detail, err := connect.NewErrorDetail(&deedv1.Denial{Receipt: l.receipt(), Fault: &deedv1.Fault{Code: "revocation.issuer"}})
	l.must(err)
	e.AddDetail(detail)
	return nil, e
}

func (l *liar) GetProof(context.Context, *deedv1.GetProofRequest) (*deedv1.GetProofResponse, error) {
	return &deedv1.GetProofResponse{Receipt: l.receipt()}, nil
}

func (l *liar) GetObject(_ context.Context, q *deedv1.GetObjectRequest) (*deedv1.GetObjectResponse, error) {
	o, err := l.w.Object(attest.Digest(q.GetDigest()))
	return &deedv1.GetObjectResponse{Object: o}, err
}

// envelope is what was submitted under a name.
func envelope(t *testing.T, w *world.World, name string) attest.Envelope {
	t.Helper()
	l := tell(t, w, name, false, func(*admission.Entry, *admission.Record) {})
	doc, err := w.Object(l.record.Envelope)
	l.must(err)
	e, err := attest.ParseEnvelope(doc)
	l.must(err)
	return e
}

// TestLyingRegister: who revokes a warrant is told by the receipt, and not by the
// answer, what became of the revocation. An entry of another kind ends nothing in a
// bundle: its control hash does not count it.
func TestLyingRegister(t *testing.T) {
	w := world.NewWorld(t, "answers")
	deny := func(_ *admission.Entry, r *admission.Record) {
		r.Decision.Effect, r.Decision.Faults = admission.Deny, []string{"revocation.issuer"}
	}
	for _, c := range []struct {
		name, logged string // the entry that the answer is
		denies       bool
		says         string
		lie          func(*admission.Entry, *admission.Record)
	}{
		{"the truth", "revocation", false, "", func(*admission.Entry, *admission.Record) {}},
		{"denied", "revocation", true, "revocation.issuer", deny},
		{"another kind", "revocation", false, "the log's entry gives action", func(e *admission.Entry, r *admission.Record) { e.Kind, r.Kind = "action", "action" }},
		{"another kind in the entry", "revocation", false, "the log's entry gives action", func(e *admission.Entry, _ *admission.Record) { e.Kind = "action" }},
		{"another kind in the record", "revocation", false, "its record action", func(_ *admission.Entry, r *admission.Record) { r.Kind = "action" }},
		{"another statement", "policy", false, "what was submitted is", func(*admission.Entry, *admission.Record) {}},
		{"another envelope", "revocation", false, "no envelope of what was submitted", func(_ *admission.Entry, r *admission.Record) { r.Envelope = r.Signer.KeyID }},
		{"denied, but not said so", "revocation", false, "its record says deny", deny},
		{"allowed, but not said so", "revocation", true, "its record says allow", func(*admission.Entry, *admission.Record) {}},
		{"a commitment", "revocation", false, "own commitment", func(e *admission.Entry, _ *admission.Record) { e.Fields = &e.ServerFields }},
	} {
		l := tell(t, w, c.logged, c.denies, c.lie)
		cl := &Client{attestation: l, Evidence: l, VKey: w.Keys.Ed25519.VKey().String()}
		r, err := cl.Submit(t.Context(), envelope(t, w, "revocation"), nil)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		code, _ := console.Classify(err)
		if err == nil || code != console.ExitFalse {
			t.Errorf("%s: %v, exit code %d", c.name, err, code)
		}
		if fault, _ := console.Details(err); (fault != nil) != (r != nil) || fault == nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestLoggedAsAnotherKind: what is read of the log is of the kind of its statement, at
// the index that was asked for.
func TestLoggedAsAnotherKind(t *testing.T) {
	w := world.NewWorld(t, "kinds")
	for name, lie := range map[string]func(*admission.Entry, *admission.Record){
		"the log's entry gives action": func(e *admission.Entry, _ *admission.Record) { e.Kind = "action" },
		"its record action":            func(_ *admission.Entry, r *admission.Record) { r.Kind = "action" },
	} {
		l := tell(t, w, "revocation", false, lie)
		cl := &Client{attestation: l, Evidence: l, VKey: w.Keys.Ed25519.VKey().String()}
		for ref, want := range map[string]string{string(l.entry.Envelope): name, "0": name, "7": "asked for entry 7"} {
			_, _, err := cl.Logged(t.Context(), ref)
			if code, _ := console.Classify(err); err == nil || code != console.ExitFalse || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, exit code %d", want, err, code)
			}
		}
	}
}
