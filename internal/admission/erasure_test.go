package admission_test

import (
	"errors"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// shown is an approval of a transfer that brings what was shown.
func (s *scene) shown(amount string) (cast.Sent, attest.Digest) {
	a := s.Transfer(s.Payments, s.leafID, amount)
	consent := s.Approval(s.Treasurer, a)
	display := []byte("pay " + amount)
	consent.Display = attest.DigestOf(display)
	return s.Sign(s.Treasurer, consent, display), consent.Display
}

// TestErasure: a quorum has an object destroyed that no rule needs; it is destroyed
// with the entry, and does not come back.
func TestErasure(t *testing.T) {
	s := newScene(t)
	consent, display := s.shown("10.00")
	id := s.allow(consent)
	e := s.Erasure(display, id)
	s.refuse(s.Sign(s.Admin, e), "control.quorum")
	asked := *e
	asked.By = s.Treasurer.ID
	s.deny(s.Endorsed(s.Sign(s.Treasurer, &asked), s.Admin, s.Second), "control.administrator")
	s.allow(s.Endorsed(s.Sign(s.Admin, e), s.Second))
	last := s.entries[len(s.entries)-1].result
	if len(last.Erase) != 1 || last.Erase[0] != display {
		t.Errorf("erases %v", last.Erase)
	}
	again, _ := s.shown("10.00")
	s.refuse(again, "object.erased")
	other, _ := s.shown("11.00")
	s.allow(other)
}

// TestNotErasable: nothing that a rule needs is erased, nor what the statement does
// not name or never brought.
func TestNotErasable(t *testing.T) {
	s := newScene(t)
	consent, display := s.shown("10.00")
	id := s.allow(consent)
	silent, _ := s.shown("11.00") // the display stays with the person
	silent.Objects = nil
	kept := s.allow(silent)
	l, err := s.Logged(id)
	s.Check(err)
	policy := s.entries[2].result.Parsed
	received := s.Transfer(s.Payments, s.leafID, "12.00")
	received.Phase, received.Outcome = attest.Record, &attest.Result{Counterparty: s.Payments.KeyID, Status: "done"}
	named := s.allow(s.Sign(s.Payments, received))
	for name, e := range map[string]*attest.Erasure{
		"a key":                    s.Erasure(l.Record.Signer.KeyID, id),
		"a key that is named":      s.Erasure(s.Payments.KeyID, named),
		"an envelope":              s.Erasure(l.Record.Envelope, id),
		"a policy":                 s.Erasure(policy.Objects[0], policy.ID),
		"of another statement":     s.Erasure(display, kept),
		"what was never brought":   s.Erasure(attest.DigestOf([]byte("pay 11.00")), kept),
		"of one statement and not": s.Erasure(display, id, kept),
	} {
		t.Run(name, func(t *testing.T) { s.deny(s.Endorsed(s.Sign(s.Admin, e), s.Second), "erasure.object") })
	}
	s.refuse(s.Endorsed(s.Sign(s.Admin, s.Erasure(display, attest.ID("id:"+display.Hex()))), s.Second), "reference.unlogged")
}

// TestErasedDisplay: what a person was shown is erased, and the approval opens no gate
// that asks for it; of another gate it does.
func TestErasedDisplay(t *testing.T) {
	for _, display := range []bool{true, false} {
		s := newScene(t)
		id := s.gated(attest.WarrantGate{Approvers: both, Display: display, M: 1, When: always})
		a := s.Transfer(s.Payments, id, "10.00")
		shown := []byte("pay 10.00")
		consent := s.Approval(s.Treasurer, a)
		consent.Display = attest.DigestOf(shown)
		given := s.allow(s.Sign(s.Treasurer, consent, shown))
		a.Authority.Approvals = []attest.ID{given}
		s.allow(s.Endorsed(s.Sign(s.Admin, s.Erasure(consent.Display, given)), s.Second))
		if !display {
			s.allow(s.Sign(s.Payments, a))
			continue
		}
		sent := s.Sign(s.Payments, a)
		s.refuse(sent, "approval.erased")
		sub, err := admission.NewSubmission(sent.Envelope, sent.Objects, admission.Anonymous)
		s.Check(err)
		checked, err := admission.Check(sub, s, nil, s.Now())
		s.Check(err)
		some := broken{s, func(table, key string) bool { return table == "erased" && key == consent.Display.Hex() }}
		if _, err := checked.Read(some); !errors.Is(err, errDisk) {
			t.Errorf("a store that fails has said nothing: %v", err)
		}
		anew := s.Approval(s.Treasurer, a)
		anew.Display = attest.DigestOf([]byte("pay 10.00, once more"))
		a.Authority.Approvals = []attest.ID{s.allow(s.Sign(s.Treasurer, anew, []byte("pay 10.00, once more")))}
		s.allow(s.Sign(s.Payments, a))
	}
}
