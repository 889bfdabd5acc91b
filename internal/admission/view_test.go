package admission_test

import (
	"crypto"
	"errors"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

var errDisk = errors.New("disk")

// A broken view fails to say what some cells hold.
type broken struct {
	admission.View
	cells func(table, key string) bool
}

// Get implements admission.View.
func (b broken) Get(table, key string) ([]byte, error) {
	if b.cells(table, key) {
		return nil, errDisk
	}
	return b.View.Get(table, key)
}

// What a view cannot say is no "no": whatever cell it is, the statement is not placed.
func TestBrokenView(t *testing.T) {
	s := newScene(t)
	consent, display := s.shown("10.00")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Erasure(display, s.allow(consent))), s.Second))
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Bystander.SVIDKey(), s.Now())))
	a := s.Transfer(s.Payments, s.leafID, "1.00")
	a.Authority.Approvals = []attest.ID{s.allow(s.Sign(s.Treasurer, s.Approval(s.Treasurer, a)))}
	sent := s.Sign(s.Payments, a)
	sub, err := admission.NewSubmission(sent.Envelope, sent.Objects, admission.Anonymous)
	s.Check(err)
	checked, err := admission.Check(sub, s, nil, s.Now())
	s.Check(err)
	asked, tables := map[[2]string]bool{}, map[string]bool{}
	_, err = checked.Read(broken{s, func(table, key string) bool {
		asked[[2]string{table, key}], tables[table] = true, true
		return false
	}})
	s.Check(err)
	for cell := range asked {
		v := broken{s, func(table, key string) bool { return cell == [2]string{table, key} }}
		if _, err := checked.Read(v); !errors.Is(err, errDisk) {
			t.Errorf("%v: %v", cell, err)
		}
	}
	if len(tables) < 8 {
		t.Errorf("it asked %v alone", tables)
	}
}

// Questions of a page and of a store, to a view: yes, no, and neither.
func TestAsked(t *testing.T) {
	d := newDelegated(t)
	all := broken{d, func(string, string) bool { return true }}
	_, _, token := d.scoped()
	for object, sealed := range map[attest.Digest]bool{token: true, d.Payments.KeyID: false} {
		if until, err := admission.SealedUntil(d, object); err != nil || (until > 0) != sealed {
			t.Errorf("sealed until %d, %v", until, err)
		}
	}
	if _, err := admission.SealedUntil(all, token); !errors.Is(err, errDisk) {
		t.Errorf("sealed: %v", err)
	}
	p := d.Registration(d.Treasurer)
	if is, err := admission.Compromised(d, p); err != nil || is {
		t.Errorf("compromised: %v, %v", is, err)
	}
	d.allow(d.Sign(d.Treasurer, d.Compromise(d.Treasurer, d.Treasurer.HumanKey(), d.Now())))
	if is, err := admission.Compromised(d, p); err != nil || !is {
		t.Errorf("compromised: %v, %v", is, err)
	}
	if _, err := admission.Compromised(all, p); !errors.Is(err, errDisk) {
		t.Errorf("compromised: %v", err)
	}
	if key, ok := admission.RefusedKey(nil, "treasurer"); ok {
		t.Errorf("what is no action was refused: %s", key)
	}
}

// Whoever bounds the work asks before a signature is verified, and is told when it
// was; and there is no time before 1970.
func TestAdmitted(t *testing.T) {
	s := newScene(t)
	sent := s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00"))
	sub, err := admission.NewSubmission(sent.Envelope, sent.Objects, admission.Anonymous)
	s.Check(err)
	if _, err := admission.Check(sub, s, nil, 0); err == nil || attest.AsFault(err) != nil {
		t.Errorf("without a time: %v", err)
	}
	released := 0
	sub.Admit = func(key crypto.PublicKey) (func(), error) { return func() { released++ }, nil }
	if _, err := admission.Check(sub, s, nil, s.Now()); err != nil || released != 1 {
		t.Errorf("released %d times, %v", released, err)
	}
	sub.Admit = func(crypto.PublicKey) (func(), error) { return nil, errDisk }
	if _, err := admission.Check(sub, s, nil, s.Now()); !errors.Is(err, errDisk) {
		t.Errorf("not admitted: %v", err)
	}
}

// TestErasedSince: what was read by a check is not there any more when the statement
// is placed: it is checked again.
func TestErasedSince(t *testing.T) {
	d := newDelegated(t)
	sent, id, object := d.scoped()
	sub, err := admission.NewSubmission(sent.Envelope, sent.Objects, admission.Anonymous)
	d.Check(err)
	checked, err := admission.Check(sub, d, nil, d.Now())
	d.Check(err)
	d.allow(d.Endorsed(d.Sign(d.Admin, d.Erasure(object, id)), d.Second))
	if _, err := checked.Read(d); code(err) != "trust.changed" {
		t.Errorf("%v", err)
	}
	some := broken{d, func(table, key string) bool { return table == "erased" && key == object.Hex() }}
	if _, err := checked.Read(some); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

// TestUnseenType: for a token that is not there the record is believed, but not that
// its type was taken; and one that cannot be read may be there.
func TestUnseenType(t *testing.T) {
	d := newDelegated(t)
	p := d.Provider(d.idp)
	p.Accepts = p.Accepts[1:]
	d.allow(d.Endorsed(d.Sign(d.Admin, p), d.Second))
	sent := d.token(d.Treasurer, attest.AccessToken, nil)
	sub, err := admission.NewSubmission(sent.Envelope, nil, admission.Anonymous)
	d.Check(err)
	sub.Recorded = &admission.Record{}
	if _, err := admission.Check(sub, d, nil, d.Now()); code(err) != "token.type" {
		t.Errorf("%v", err)
	}
	d.allow(d.Endorsed(d.Sign(d.Admin, d.Provider(d.idp)), d.Second))
	l := liar{delegated: d, gone: map[attest.Digest]error{attest.DigestOf(sent.Objects[0]): errDisk}}
	if _, err := admission.Check(sub, l, nil, d.Now()); !errors.Is(err, errDisk) {
		t.Errorf("a store that fails has said nothing: %v", err)
	}
}

// TestUnseenDecision: what the policies said of an action is the record's word as well.
func TestUnseenDecision(t *testing.T) {
	d := newDelegated(t)
	sent, _, object := d.scoped()
	said := *d.byID[d.allow(sent)].Record
	delete(d.objects, object)
	said.Decision.Determining = []string{"org/another"}
	if _, got := d.again(sent.ID, &said); !slices.Equal(got.Decision.Determining, said.Decision.Determining) {
		t.Errorf("%v", got.Decision)
	}
}
