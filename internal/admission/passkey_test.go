package admission_test

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// holder registers a person with a passkey, who may issue root warrants.
func (s *scene) holder(name string) *cast.Party {
	s.Helper()
	p := s.PasskeyHolder(name)
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(p, s.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction, attest.HumanStanding)), s.Second))
	return p
}

// TestPasskeyAttribution: what a passkey signs is K4, at the binding of what it
// signed.
func TestPasskeyAttribution(t *testing.T) {
	for _, c := range []struct {
		name    string
		act     func(s *scene, p *cast.Party) cast.Sent
		class   agency.Class
		binding agency.Binding
	}{
		{"an instruction", func(s *scene, p *cast.Party) cast.Sent {
			i := s.allow(s.Sign(p, s.Instruction(p, s.Payments, cast.Request())))
			w := s.allow(s.Sign(p, s.Instructed(p, s.Payments, i)))
			return s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))
		}, agency.HumanInstructed, agency.B3},
		{"an instruction without requests", func(s *scene, p *cast.Party) cast.Sent {
			i := s.allow(s.Sign(p, s.Instruction(p, s.Payments)))
			w := s.allow(s.Sign(p, s.Instructed(p, s.Payments, i)))
			return s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))
		}, agency.HumanTasked, agency.B3},
		{"a consent", func(s *scene, p *cast.Party) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			a.Authority.Approvals = []attest.ID{s.allow(s.Sign(p, s.Approval(p, a)))}
			return s.Sign(s.Payments, a)
		}, agency.HumanDirected, agency.B4},
		{"a standing warrant", func(s *scene, p *cast.Party) cast.Sent {
			w := s.allow(s.Sign(p, s.Warrant(p, s.Payments, attest.HumanStanding, cast.Payments("50.00"))))
			return s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))
		}, agency.HumanDelegated, agency.B2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			p := s.holder("maria")
			f, a := s.find(c.act(s, p))
			if a.Agency != c.class || a.Key != agency.K4 || a.Binding != c.binding || a.Authorizing != "maria" || f.faults != "" {
				t.Errorf("%+v %+v", f, a)
			}
		})
	}
}

// A passkey's instruction that a service records is that service's word still.
func TestPasskeyRecorded(t *testing.T) {
	s := newScene(t)
	p := s.holder("maria")
	i := s.Instruction(p, s.Payments, cast.Request())
	i.RecordedBy = s.Desk.ID
	w := s.allow(s.Sign(p, s.Instructed(p, s.Payments, s.allow(s.Sign(s.Desk, i)))))
	if _, a := s.find(s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))); a.Agency != agency.HumanDelegated || a.Binding != agency.B2 {
		t.Errorf("%+v", a)
	}
}

// refused has a statement refused, and nothing kept of it.
func (s *scene) refused(what, want string, sent cast.Sent) {
	s.Helper()
	size := s.Size()
	if _, err := s.try(sent); code(err) != want || s.Size() != size {
		s.Errorf("%s: %v, want %s", what, err, want)
	}
}

// TestPasskeyAttacks: what a person did not do with the passkey, registered as it
// is, is refused and leaves nothing.
func TestPasskeyAttacks(t *testing.T) {
	s := newScene(t)
	p := s.holder("maria")
	say := func() *attest.Instruction { return s.Instruction(p, s.Payments) }
	page := *p.Passkey
	lie := func(what, want string, spoil func(*authenticator.Authenticator)) {
		*p.Passkey = page
		spoil(p.Passkey)
		s.refused(what, want, s.Sign(p, say()))
		*p.Passkey = page
	}
	yes := true
	lie("another origin", "passkey.origin", func(a *authenticator.Authenticator) { a.Origin = "https://acme.example" })
	lie("another relying party", "passkey.rp", func(a *authenticator.Authenticator) { a.RPID = "deed.acme.example" })
	lie("no verification", "passkey.verification", func(a *authenticator.Authenticator) { a.Flags = authenticator.UserPresent })
	lie("no presence", "passkey.presence", func(a *authenticator.Authenticator) { a.Flags = authenticator.UserVerified })
	lie("a frame", "passkey.cross_origin", func(a *authenticator.Authenticator) {
		a.Client = func(c *authenticator.ClientData) { c.CrossOrigin = &yes }
	})
	lie("a registration", "passkey.type", func(a *authenticator.Authenticator) {
		a.Client = func(c *authenticator.ClientData) { c.Type = "webauthn.create" }
	})
	lie("backed up after all", "passkey.backup", func(a *authenticator.Authenticator) {
		a.Flags |= authenticator.BackupEligible | authenticator.BackedUp
	})
	lie("bytes left over", "passkey.authenticator_data", func(a *authenticator.Authenticator) { a.Extensions = []byte{0} })
	lie("another key", "envelope.signature", func(a *authenticator.Authenticator) { a.Key = s.PasskeyHolder("x").Key })

	first, second := s.Sign(p, say()), s.Sign(p, say())
	second.Envelope.Signature = first.Envelope.Signature
	s.refused("replayed for another statement", "passkey.challenge", second)
	plain := *p
	plain.Passkey = nil
	s.refused("the same key without an authenticator", "passkey.form", s.Sign(&plain, say()))
	plain.KeyID = p.Public().Digest()
	s.refused("as a plain key", "signer.unknown", s.Sign(&plain, say()))
	stranger := s.PasskeyHolder("maria")
	s.refused("a credential that is not registered", "signer.unknown", s.Sign(stranger, say()))
	keyed := *s.Treasurer
	keyed.Passkey = authenticator.New(keyed.Key, cast.RPID, cast.Origin)
	s.refused("a passkey's signature by a plain key", "envelope.signature", s.Sign(&keyed, s.Instruction(&keyed, s.Payments)))

	other := say()
	other.Log = "other.example/log"
	s.refused("another log's", "statement.log", s.Sign(p, other))
	moved := s.Sign(p, say())
	moved.Envelope.Signature = s.Sign(p, other).Envelope.Signature
	s.refused("another log's challenge", "passkey.challenge", moved)
	s.allow(first)
}

// A consent by passkey to one action is none to another.
func TestPasskeySwappedAction(t *testing.T) {
	s := newScene(t)
	p := s.holder("maria")
	a, b := s.Transfer(s.Payments, s.leafID, "2500.00"), s.Transfer(s.Payments, s.leafID, "2501.00")
	b.Authority.Approvals = []attest.ID{s.allow(s.Sign(p, s.Approval(p, a)))}
	if f, at := s.find(s.Sign(s.Payments, b)); at.Agency == agency.HumanDirected || f.faults != "approval.mismatch" {
		t.Errorf("%+v", f)
	}
	consent := s.Sign(p, s.Approval(p, a))
	swapped := s.Sign(p, s.Approval(p, b))
	swapped.Envelope.Signature = consent.Envelope.Signature
	s.refused("a consent's signature under another", "passkey.challenge", swapped)
}

// TestPasskeyRegistration: possession is an assertion over the registration, and
// a passkey is not exchanged for its own key, or for other facts, by one
// administrator alone.
func TestPasskeyRegistration(t *testing.T) {
	s := newScene(t)
	p := s.PasskeyHolder("maria")
	reg := s.Registration(p)
	s.refused("without possession", "control.possession", s.Sign(s.Admin, reg))
	unverified := *p.Passkey
	p.Passkey.Flags = authenticator.UserPresent
	s.refused("possession without verification", "passkey.verification", s.Endorsed(s.Sign(s.Admin, reg), p))
	*p.Passkey = unverified
	other := s.Seal(p, s.Payload(s.Registration(p))).Envelope
	other.Payload = s.Payload(reg)
	s.refused("possession shown for another registration", "passkey.challenge", s.Sign(s.Admin, reg, other.JSON()))
	s.refused("used before it is registered", "signer.unknown", s.Sign(p, s.Instruction(p, s.Payments)))
	s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))

	plain := *p
	plain.Passkey, plain.KeyID = nil, p.Public().Digest()
	s.refused("the key without its authenticator", "control.quorum", s.Endorsed(s.Sign(s.Admin, s.Registration(&plain)), &plain))
	elsewhere := s.Registration(p)
	elsewhere.Passkey.Origins = []string{"https://evil.acme.example"}
	there := *p
	page := *p.Passkey
	page.Origin, there.Passkey, there.KeyID = elsewhere.Passkey.Origins[0], &page, elsewhere.Credential().Digest()
	s.refused("another page", "control.quorum", s.Endorsed(s.Sign(s.Admin, elsewhere), &there))
	s.allow(s.Endorsed(s.Sign(s.Admin, elsewhere), &there, p))
	s.refused("the old page", "signer.unknown", s.Sign(p, s.Instruction(p, s.Payments)))
	s.allow(s.Sign(&there, s.Instruction(&there, s.Payments)))

	thief := *p
	thief.ID = "eve"
	s.deny(s.Endorsed(s.Sign(s.Admin, s.Registration(&thief)), &thief), "control.key")
}

// TestPasskeyFacts: backup flags and counter can be read of what is logged.
func TestPasskeyFacts(t *testing.T) {
	s := newScene(t)
	p := s.PasskeyHolder("maria")
	p.Passkey.Flags |= authenticator.BackupEligible | authenticator.BackedUp
	reg := s.Registration(p)
	p.KeyID = reg.Credential().Digest()
	s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
	p.Passkey.Counter = 0
	sent := s.Sign(p, s.Instruction(p, s.Payments))
	s.allow(sent)
	logged, err := s.Logged(sent.ID)
	s.Check(err)
	if f := logged.Verified.Passkey(); f == nil || *f != (attest.PasskeyFacts{BackedUp: true, BackupEligible: true}) {
		t.Errorf("%+v", f)
	}
	if !slices.Contains(logged.Record.Objects, p.KeyID) || logged.Record.Signer.Key != p.Public().Digest() {
		t.Error("the passkey is not kept with the entry")
	}
	_, err = admission.Reopen(logged.Index, s.entries[logged.Index].result.Entry, func(d attest.Digest) ([]byte, error) {
		if d == p.KeyID {
			return p.Public(), nil // the key where the passkey belongs
		}
		return s.Object(d)
	})
	if err == nil {
		t.Error("opened again with a plain key")
	}
}
