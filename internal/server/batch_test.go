package server_test

import (
	"context"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// TestBatchOfItsOwn: one batch holds a root warrant, a child of it, an intent
// under the child and the intent's outcome, and all of it goes in, in order; a
// statement that relies on what nobody has is left over with its fault.
func TestBatchOfItsOwn(t *testing.T) {
	w := newWorld(t)
	root := w.Warrant(w.Treasurer, w.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	rootSent := w.Sign(w.Treasurer, root)
	child := w.Sign(w.Orchestrator, w.Child(root, rootSent.ID, w.Orchestrator, w.Payments))
	intent := w.Transfer(w.Payments, child.ID, "10.00")
	intent.Phase, intent.Outcome = attest.Intent, nil
	intentSent := w.Sign(w.Payments, intent)
	outcome := w.After(intent, intentSent.ID, w.Transfer(w.Payments, child.ID, "10.00"))
	outcome.Phase, outcome.Intent, outcome.Request, outcome.Authority, outcome.Open, outcome.Fields =
		attest.Outcome, intentSent.ID, nil, nil, nil, nil
	outcome.Outcome = &attest.Result{Status: "done"}
	orphan := w.Sign(w.Buyer, w.Transfer(w.Buyer, attest.IDFrom([32]byte{1}), "1.00"))
	sent := []cast.Sent{orphan, w.Sign(w.Payments, outcome), intentSent, child, rootSent}
	var subs []admission.Submission
	for _, s := range sent {
		sub, err := admission.NewSubmission(s.Envelope, s.Objects, admission.Anonymous)
		w.Check(err)
		subs = append(subs, sub)
	}
	answers := w.server.SubmitBatch(context.Background(), subs)
	if f := attest.AsFault(answers[0].Err); f == nil || f.Code != "reference.unlogged" {
		t.Errorf("an orphan: %v", answers[0].Err)
	}
	for i, a := range answers[1:] {
		if a.Err != nil || a.Receipt.Fault != nil || a.Receipt.ID != sent[i+1].ID {
			t.Errorf("%d: %v %v", i+1, a.Err, a.Receipt.Fault)
		}
	}
	if answers[1].Receipt.Index < answers[2].Receipt.Index || answers[3].Receipt.Index < answers[4].Receipt.Index {
		t.Error("what relies on another statement is before it")
	}
}
