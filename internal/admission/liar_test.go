package admission_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// A liar is a register as the records of a bundle may have it: what no honest one
// holds, or what is not there.
type liar struct {
	*delegated
	empty  []admission.Slot                // hold nothing
	logged map[attest.ID]*admission.Logged // are other than they were; nil is not there
	gone   map[attest.Digest]error         // objects: the error, or that they are not there
	asked  map[admission.Slot]int          // how often, where it is not nil
}

// Current implements admission.InForce.
func (l liar) Current(slot admission.Slot) (*admission.Logged, error) {
	if l.asked != nil {
		l.asked[slot]++
	}
	if slices.Contains(l.empty, slot) {
		return nil, nil
	}
	return l.delegated.Current(slot)
}

// Logged implements admission.InForce.
func (l liar) Logged(id attest.ID) (*admission.Logged, error) {
	if other, ok := l.logged[id]; ok {
		return other, nil
	}
	return l.delegated.Logged(id)
}

// Object implements admission.InForce.
func (l liar) Object(d attest.Digest) ([]byte, error) {
	if err, ok := l.gone[d]; ok {
		return nil, err
	}
	return l.delegated.Object(d)
}

// judge is what becomes of a statement by a liar's word.
func (l liar) judge(s cast.Sent) (*admission.Record, error) {
	l.Helper()
	sub, err := admission.NewSubmission(s.Envelope, s.Objects, admission.Anonymous)
	l.Check(err)
	honest, err := admission.Check(sub, l.delegated, nil, l.Now())
	l.Check(err)
	read, err := honest.Read(l.delegated)
	l.Check(err)
	checked, err := admission.Check(sub, l, nil, l.Now())
	if err != nil {
		return nil, err
	}
	result, err := checked.Decide(read, l.Now(), l.Seed())
	return result.Parsed, err
}

// with is a logged statement of which the record says something else.
func (d *delegated) with(id attest.ID, change func(*admission.Record)) map[attest.ID]*admission.Logged {
	d.Helper()
	l, err := d.Logged(id)
	d.Check(err)
	other, record := *l, *l.Record
	change(&record)
	other.Record = &record
	return map[attest.ID]*admission.Logged{id: &other}
}

// scoped is a transfer under a standing order of a service, on a token of the
// treasurer that names the agent.
func (d *delegated) scoped() (transfer cast.Sent, tokenID attest.ID, object attest.Digest) {
	d.Helper()
	tokenID = d.bring(attest.AccessToken, map[string]any{"client_id": "payments-client"})
	l, err := d.Logged(tokenID)
	d.Check(err)
	w := d.allow(d.standing(attest.HumanStanding, tokenID))
	return d.Sign(d.Payments, d.Transfer(d.Payments, w, "10.00")), tokenID, l.Verified.Statement().(*attest.Token).Object
}

// A token shows nothing where the account or the provider is not there, now or when
// it was logged: whoever wrote the records has nothing to gain by leaving them out.
func TestLiarAboutTokens(t *testing.T) {
	d := newDelegated(t)
	transfer, id, _ := d.scoped()
	account, provider := admission.AccountSlot(d.idp.Issuer, cast.Subject(d.Treasurer)), admission.ProviderSlot(d.idp.Issuer)
	without := func(slot admission.Slot) func(*admission.Record) {
		return func(r *admission.Record) {
			r.Read.Force = slices.DeleteFunc(slices.Clone(r.Read.Force), func(p admission.Pin) bool { return p.Slot == slot })
		}
	}
	for name, l := range map[string]liar{
		"no account now":   {empty: []admission.Slot{account}},
		"no provider now":  {empty: []admission.Slot{provider}},
		"no account then":  {logged: d.with(id, without(account))},
		"no provider then": {logged: d.with(id, without(provider))},
	} {
		l.delegated = d
		r, err := l.judge(transfer)
		d.Check(err)
		if r.Attribution.Agency != agency.Unattributed || r.Attribution.Binding != agency.B0 {
			t.Errorf("%s: %+v", name, r.Attribution)
		}
	}
}

// A token that is not there could have shown something: that is no "no". A store
// that fails has said nothing at all, nor has one that lacks a statement.
func TestLiarWithoutTokens(t *testing.T) {
	d := newDelegated(t)
	transfer, id, object := d.scoped()
	warrant := d.standing(attest.HumanStanding, id)
	gone, broken := liar{delegated: d, gone: map[attest.Digest]error{object: nil}}, errors.New("disk")
	r, err := gone.judge(transfer)
	d.Check(err)
	if r.Attribution.Agency != agency.Indeterminate || !slices.Equal(r.Attribution.Missing, []string{string(id)}) {
		t.Errorf("%+v", r.Attribution)
	}
	if r, err = gone.judge(warrant); err != nil || !slices.Contains(r.Decision.Faults, "d11.root") {
		t.Errorf("a warrant on what is gone: %+v, %v", r, err)
	}
	then, err := d.Current(admission.ProviderSlot(d.idp.Issuer))
	d.Check(err)
	d.allow(d.Endorsed(d.Sign(d.Admin, d.Provider(d.idp)), d.Second))
	for _, s := range []cast.Sent{transfer, warrant} {
		if _, err := (liar{delegated: d, gone: map[attest.Digest]error{object: broken}}).judge(s); !errors.Is(err, broken) {
			t.Errorf("a store that fails: %v", err)
		}
		if _, err := (liar{delegated: d, logged: map[attest.ID]*admission.Logged{then.ID(): nil}}).judge(s); code(err) != "reference.unlogged" {
			t.Errorf("a provider that is not there: %v", err)
		}
	}
}

// No rule denies an instruction. If one did, nothing would rest on it.
func TestDeniedInstruction(t *testing.T) {
	d := newDelegated(t)
	i := d.recorded(cast.Request())
	login := d.Login(d.idp, d.Treasurer, d.Desk, i)
	warrant := d.instructed(i, d.allow(login))
	transfer := d.Sign(d.Payments, d.Transfer(d.Payments, d.allow(warrant), "10.00"))
	denied := liar{delegated: d, logged: d.with(i, func(r *admission.Record) { r.Decision.Effect = admission.Deny })}
	for fault, s := range map[string]cast.Sent{"reference.denied": login, "d11.root": warrant} {
		if r, err := denied.judge(s); err != nil || !slices.Contains(r.Decision.Faults, fault) {
			t.Errorf("%+v, %v, want %s", r, err, fault)
		}
	}
	r, err := denied.judge(transfer)
	d.Check(err)
	if r.Attribution.Agency != agency.Unattributed {
		t.Errorf("%+v", r.Attribution)
	}
}

// A slot is looked up once: what a check has seen of it does not change under its
// hands, and is what the record says.
func TestLookedUpOnce(t *testing.T) {
	d := newDelegated(t)
	p := d.Person("newcomer")
	transfer, _, _ := d.scoped()
	for _, s := range []cast.Sent{transfer, d.Endorsed(d.Sign(d.Admin, d.Registration(p)), p)} {
		l := liar{delegated: d, asked: map[admission.Slot]int{}}
		if _, err := l.judge(s); err != nil {
			t.Fatal(err)
		}
		for slot, n := range l.asked {
			if n > 1 {
				t.Errorf("%s: %d times", slot, n)
			}
		}
	}
}
