package server_test

import (
	"context"
	"errors"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// TestDeskBusy: what was not taken for lack of room is told apart from what may be
// in the log.
func TestDeskBusy(t *testing.T) {
	w := newWorld(t)
	people := w.Authority("people")
	w.logNamed(attest.RootX509, cast.PeopleRoot, people)
	maria := w.CertificateHolder("maria", people)
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(maria)), maria))
	defer w.server.Heavy(0)()
	s := w.Sign(maria, w.Instruction(maria, w.Payments))
	if _, err := w.server.Desk().Submit(context.Background(), s.Envelope, s.Objects); !errors.Is(err, consent.ErrBusy) {
		t.Errorf("Submit: %v, want ErrBusy", err)
	}
}
