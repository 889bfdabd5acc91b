package admission_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// refuse wants a statement refused with a code, and nothing kept.
func (r *register) refuse(s cast.Sent, want string) {
	r.Helper()
	size := r.Size()
	if _, err := r.try(s); code(err) != want {
		r.Errorf("got %v, want %s", err, want)
	}
	if r.Size() != size {
		r.Errorf("refused with %s, and an entry was made", want)
	}
}

// TestAdministratorsChange: a quorum puts another set in force, and from then on
// it alone decides.
func TestAdministratorsChange(t *testing.T) {
	s := newScene(t)
	third := s.Person("third")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Second, third)), s.Second, third))

	someone := s.Person("someone")
	s.refuse(s.Endorsed(s.Sign(s.Admin, s.Registration(someone)), someone), "signer.unknown")
	by := func(p *cast.Party) *attest.Issuer {
		i := s.Issuer(s.Treasurer, s.Treasurer, cast.Payments("5.00"), attest.HumanStanding)
		i.By = p.ID
		return i
	}
	s.refuse(s.Sign(s.Second, by(s.Second)), "control.quorum")
	old := s.Endorsed(s.Sign(s.Second, by(s.Second)), s.Admin) // who endorses for nothing
	s.refuse(old, "control.quorum")
	s.allow(s.Endorsed(s.Sign(third, by(third)), s.Second))
	s.allow(s.Endorsed(s.Sign(s.Second, by(s.Second)), third))
}

// TestAdministratorsRefused: what falls short of the quorum, or of a proof that
// the new ones have their keys, changes nothing.
func TestAdministratorsRefused(t *testing.T) {
	s := newScene(t)
	third := s.Person("third")
	set := func() *attest.Administrators { return s.Administrators(2, s.Admin, s.Second, third) }

	s.refuse(s.Endorsed(s.Sign(s.Admin, set()), third), "control.quorum")
	s.refuse(s.Endorsed(s.Sign(s.Admin, set()), s.Second), "control.possession")
	twice := s.Endorsed(s.Sign(s.Admin, set()), third)
	payload := twice.Envelope.Payload
	e := s.Seal(s.Admin, payload).Envelope // the signer's own key endorses for nobody
	twice.Objects = append(twice.Objects, e.JSON())
	s.refuse(twice, "control.quorum")

	outsider := set()
	outsider.By = s.Treasurer.ID
	s.deny(s.Endorsed(s.Sign(s.Treasurer, outsider), s.Admin, s.Second, third), "control.administrator")

	register := s.Server
	server := s.Administrators(2, s.Admin, s.Second)
	server.Administrators = append(server.Administrators, attest.Administrator{Key: register.Public(), Name: "zoe"})
	asZoe := *register
	asZoe.ID, asZoe.Kind = "zoe", attest.ByPerson
	s.deny(s.Endorsed(s.Sign(s.Admin, server), s.Second, &asZoe), "control.key")

	taken := s.Administrators(2, s.Admin, s.Second)
	taken.Administrators = append(taken.Administrators, attest.Administrator{Key: s.Treasurer.Public(), Name: "zoe"})
	s.deny(s.Endorsed(s.Sign(s.Admin, taken), s.Second, s.Treasurer), "control.key")

	few := set()
	few.Quorum = 4
	if _, err := attest.Payload(few); code(err) != "statement.field" {
		t.Errorf("a quorum of 4 of 3: %v", err)
	}
	few = set()
	few.Administrators[2].Key = few.Administrators[0].Key
	if _, err := attest.Payload(few); code(err) != "statement.field" {
		t.Errorf("one key for two: %v", err)
	}
}

// TestAdministratorReplaced: an administrator's new key takes the place of the
// old one, which then signs nothing.
func TestAdministratorReplaced(t *testing.T) {
	s := newScene(t)
	next := s.Person(s.Admin.ID)
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, next, s.Second)), s.Second, next))
	bundle := s.Agents("/more")
	s.refuse(s.Sign(s.Admin, bundle), "signer.unknown")
	s.allow(s.Sign(next, bundle))
}

// TestFormerAdministrator: one administrator alone does not give the name of a
// former one to somebody else, nor his key to another name.
func TestFormerAdministrator(t *testing.T) {
	for _, sets := range []int{1, 2} { // the former one is of the genesis, or of a set after it
		s := newScene(t)
		third, fourth := s.Person("third"), s.Person("fourth")
		former := s.Second
		s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Admin, third)), s.Second, third))
		if sets == 2 {
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Admin, fourth)), third, fourth))
			former, third = third, fourth
		}
		impostor := s.Person(former.ID)
		s.refuse(s.Endorsed(s.Sign(s.Admin, s.Registration(impostor)), impostor), "control.quorum")
		s.refuse(s.Endorsed(s.Sign(s.Admin, s.Registration(impostor)), impostor, former), "control.quorum")
		alias := *former
		alias.ID = "alias"
		s.deny(s.Endorsed(s.Sign(s.Admin, s.Registration(&alias)), &alias), "control.key")
		s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(impostor)), impostor, third))
	}
}

// TestAdministratorsSlots: the genesis and every set after it say whose the keys
// are.
func TestAdministratorsSlots(t *testing.T) {
	s := newScene(t)
	third := s.Person("third")
	id := s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(1, third)), s.Second, third))
	for slot, want := range map[admission.Slot]attest.ID{
		admission.AdministratorsSlot:               id,
		admission.AdministratorSlot("third"):       id,
		admission.KeySlot(third.Public().Digest()): id,
		admission.AdministratorSlot("admin"):       s.entries[0].result.Parsed.ID,
		admission.GenesisSlot:                      s.entries[0].result.Parsed.ID,
	} {
		if got, err := admission.InSlot(s, slot); err != nil || got.ID != want {
			t.Errorf("%s holds %v, %v", slot, got, err)
		}
	}
}
