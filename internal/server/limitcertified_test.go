package server_test

import (
	"errors"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
)

// TestCostlyCertificates: signatures that bring certificates along share the limit
// of costly keys; those of a person with a key do not.
func TestCostlyCertificates(t *testing.T) {
	w := newWorld(t)
	people := w.Authority("people")
	w.logNamed(attest.RootX509, cast.PeopleRoot, people)
	maria, bob := w.CertificateHolder("maria", people), w.SSHHolder("bob", "")
	for _, p := range []*cast.Party{maria, bob} {
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p))
	}
	release := w.server.Heavy(0)
	_, err := w.submit(w.Sign(maria, w.Instruction(maria, w.Payments)))
	if _, ok := errors.AsType[*ledger.Overloaded](err); !ok {
		t.Errorf("by certificate: %v, want *ledger.Overloaded", err)
	}
	w.allow(w.Sign(bob, w.Instruction(bob, w.Payments)))
	release()
	w.allow(w.Sign(maria, w.Instruction(maria, w.Payments)))
}
