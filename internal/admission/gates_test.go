package admission_test

import (
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/policy"
)

// gated is a standing warrant of the payments agent with gates.
func (s *scene) gated(gates ...attest.WarrantGate) attest.ID {
	s.Helper()
	w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50000.00"))
	w.Gates = gates
	return s.allow(s.Sign(s.Treasurer, w))
}

// undoable puts a policy in force that has payments among what can be undone.
func (s *scene) undoable() {
	s.Helper()
	p, parts := s.Policy(cast.Undoable(policy.Default()), 1000)
	s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
}

// consents logs approvals of an action, which then names them.
func (s *scene) consents(a *attest.Action, people ...*cast.Party) {
	s.Helper()
	for _, p := range people {
		a.Authority.Approvals = append(a.Authority.Approvals, s.allow(s.Sign(p, s.Approval(p, a))))
	}
	slices.Sort(a.Authority.Approvals)
}

func (s *scene) refuses(p *cast.Party, a *attest.Action) {
	s.Helper()
	s.allow(s.Sign(p, s.Refusal(p, a)))
}

var always = attest.When{Always: true}

func above(limit string) attest.When {
	return attest.When{Above: &attest.Threshold{Argument: "amount", Limit: attest.Amount{Decimal: limit, Unit: "EUR"}}}
}

// both are the approvers of most gates.
var both = []string{"controller", "treasurer"}

// TestGates: what opens a gate, and what does not.
func TestGates(t *testing.T) {
	two := attest.WarrantGate{Approvers: both, M: 2, When: above("1000.00")}
	one := attest.WarrantGate{Approvers: both, M: 1, When: always}
	for _, c := range []struct {
		name  string
		gate  attest.WarrantGate
		act   func(s *scene, a *attest.Action)
		fault string
	}{
		{"nobody approved", two, func(*scene, *attest.Action) {}, "gate.approvals"},
		{"one of two", two, func(s *scene, a *attest.Action) { s.consents(a, s.Treasurer) }, "gate.approvals"},
		{"both", two, func(s *scene, a *attest.Action) { s.consents(a, s.Treasurer, s.Controller) }, ""},
		{"one of them twice", two, func(s *scene, a *attest.Action) { s.consents(a, s.Treasurer, s.Treasurer) }, "gate.approvals"},
		{"both, one of them twice", two, func(s *scene, a *attest.Action) { s.consents(a, s.Treasurer, s.Treasurer, s.Controller) }, ""},
		{"one of them and somebody else", two, func(s *scene, a *attest.Action) { s.consents(a, s.Treasurer, s.Admin) }, "gate.approvals"},
		{"somebody else", one, func(s *scene, a *attest.Action) { s.consents(a, s.Admin) }, "gate.approvals"},
		{"either", one, func(s *scene, a *attest.Action) { s.consents(a, s.Controller) }, ""},
		{"not named", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			a.Authority.Approvals = nil
		}, "gate.approvals"},
		{"of another amount", one, func(s *scene, a *attest.Action) {
			other := s.Transfer(s.Payments, a.Authority.Warrant, "2500.01")
			s.consents(other, s.Controller)
			a.Authority.Approvals = other.Authority.Approvals
		}, "approval.mismatch gate.approvals"},
		{"expired", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(15 * time.Minute)
		}, "approval.expired gate.approvals"},
		{"used", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			before := *a
			before.Nonce, before.Session.ID = s.Random(), s.Random()
			s.allow(s.Sign(s.Payments, &before))
		}, "approval.used gate.approvals"},
		{"below the limit", attest.WarrantGate{Approvers: both, M: 2, When: above("2500.00")}, func(*scene, *attest.Action) {}, ""},
		{"of other actions", attest.WarrantGate{Actions: []string{"payments.quote"}, Approvers: both, M: 2, When: always}, func(*scene, *attest.Action) {}, ""},
		{"an argument that is not there", attest.WarrantGate{Approvers: both, M: 1, When: attest.When{Above: &attest.Threshold{Argument: "fee", Limit: attest.Amount{Decimal: "9", Unit: "EUR"}}}},
			func(*scene, *attest.Action) {}, "gate.approvals"},
		{"cannot be undone", attest.WarrantGate{Approvers: both, M: 1, When: attest.When{Irreversible: true}}, func(_ *scene, a *attest.Action) { a.Request.Reversible = false }, "gate.approvals"},
		{"can be undone, as the agent says", attest.WarrantGate{Approvers: both, M: 1, When: attest.When{Irreversible: true}}, func(_ *scene, a *attest.Action) { a.Request.Reversible = true }, "gate.approvals"},
		{"can be undone, as the policy says", attest.WarrantGate{Approvers: both, M: 1, When: attest.When{Irreversible: true}}, func(s *scene, _ *attest.Action) { s.undoable() }, "gate.approvals"},
		{"can be undone", attest.WarrantGate{Approvers: both, M: 1, When: attest.When{Irreversible: true}}, func(s *scene, a *attest.Action) {
			s.undoable()
			a.Request.Reversible = true
		}, ""},

		{"with what was shown", attest.WarrantGate{Approvers: both, Display: true, M: 1, When: always}, func(s *scene, a *attest.Action) {
			yes := s.Approval(s.Controller, a)
			yes.Display = attest.DigestOf([]byte("shown"))
			a.Authority.Approvals = []attest.ID{s.allow(s.Sign(s.Controller, yes, []byte("shown")))}
		}, ""},
		{"without what was shown", attest.WarrantGate{Approvers: both, Display: true, M: 1, When: always}, func(s *scene, a *attest.Action) { s.consents(a, s.Controller) }, "gate.approvals"},
		{"fresh", attest.WarrantGate{Approvers: both, M: 1, MaxAge: 60_003, When: always}, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(time.Minute) // and 3 ms to the entry
		}, ""},
		{"too old", attest.WarrantGate{Approvers: both, M: 1, MaxAge: 60_002, When: always}, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(time.Minute)
		}, "gate.approvals"},

		{"one approved, the other refused", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Controller, a)
			s.consents(a, s.Treasurer)
		}, "gate.refused"},
		{"refused with other salts", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Controller, s.Transfer(s.Payments, a.Authority.Warrant, "2500.00"))
			s.consents(a, s.Treasurer)
		}, "gate.refused"},
		{"refused after the approval of the other", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Treasurer)
			s.refuses(s.Controller, a)
		}, "gate.refused"},
		{"refused, then approved", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Controller, a)
			s.consents(a, s.Controller)
		}, ""},
		{"refused, then approved, which is not named", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Controller, a)
			s.consents(a, s.Controller)
			a.Authority.Approvals = nil
			s.consents(a, s.Treasurer)
		}, "gate.refused"},
		{"approved, then refused", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.refuses(s.Controller, a)
		}, "approval.refused gate.approvals gate.refused"},
		{"refused by somebody else", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Admin, a)
			s.consents(a, s.Controller)
		}, ""},
		{"another amount was refused", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Treasurer, s.Transfer(s.Payments, a.Authority.Warrant, "2499.99"))
			s.consents(a, s.Controller)
		}, ""},
		{"refused under another warrant", one, func(s *scene, a *attest.Action) {
			s.refuses(s.Treasurer, s.Transfer(s.Payments, s.leafID, "2500.00"))
			s.consents(a, s.Controller)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			a := s.Transfer(s.Payments, s.gated(c.gate), "2500.00")
			c.act(s, a)
			if f, _ := s.find(s.Sign(s.Payments, a)); f.faults != c.fault {
				t.Errorf("faults %q, want %q", f.faults, c.fault)
			}
		})
	}
}

// TestGateHours: the time is that of the entry.
func TestGateHours(t *testing.T) {
	s := newScene(t)
	now := s.Clock.Now().UTC()
	minute := now.Hour()*60 + now.Minute()
	day := (int(now.Weekday())+6)%7 + 1
	gate := attest.WarrantGate{Approvers: both, M: 1, When: attest.When{OutsideHours: &attest.Hours{From: minute, To: minute + 1, Weekdays: []int{day}}}}
	id := s.gated(gate)
	s.allow(s.Sign(s.Payments, s.Transfer(s.Payments, id, "1.00")))
	s.move(time.Minute - time.Duration(now.Second())*time.Second - time.Duration(now.Nanosecond()) - 4*time.Millisecond)
	s.allow(s.Sign(s.Payments, s.Transfer(s.Payments, id, "2.00"))) // checked and entered in the last ms
	s.move(time.Millisecond)
	s.deny(s.Sign(s.Payments, s.Transfer(s.Payments, id, "3.00")), "gate.approvals") // checked before, entered after
	a := s.Transfer(s.Payments, id, "4.00")
	s.consents(a, s.Treasurer)
	s.allow(s.Sign(s.Payments, a))
}

// TestGateChain: every gate of every link is asked, of the very leaf.
func TestGateChain(t *testing.T) {
	s := newScene(t)
	root := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	root.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: above("1000.00")}}
	rootID := s.allow(s.Sign(s.Treasurer, root))
	child := s.Child(root, rootID, s.Orchestrator, s.Payments)
	child.Gates = []attest.WarrantGate{{Approvers: []string{"admin"}, M: 1, When: always}, {Approvers: both, M: 2, When: above("1000.00")}}
	id := s.allow(s.Sign(s.Orchestrator, child))
	for _, c := range []struct {
		amount string
		people []*cast.Party
		faults []string
	}{
		{"1.00", nil, []string{"gate.approvals"}},
		{"1.00", []*cast.Party{s.Admin}, nil},
		{"2000.00", []*cast.Party{s.Admin, s.Treasurer}, []string{"gate.approvals"}},
		{"2000.00", []*cast.Party{s.Treasurer, s.Controller}, []string{"gate.approvals"}},
		{"2000.00", []*cast.Party{s.Admin, s.Treasurer, s.Controller}, nil},
	} {
		a := s.Transfer(s.Payments, id, c.amount)
		s.consents(a, c.people...)
		if got := s.log(s.Sign(s.Payments, a)).Decision.Faults; !slices.Equal(got, c.faults) {
			t.Errorf("%s by %d: %v, want %v", c.amount, len(c.people), got, c.faults)
		}
	}
	weak := s.Child(root, rootID, s.Orchestrator, s.Payments)
	weak.Gates = nil
	weakID := s.deny(s.Sign(s.Orchestrator, weak), "d6.gates")
	s.deny(s.Sign(s.Payments, s.Transfer(s.Payments, weakID, "2000.00")), "d6.gates", "gate.approvals", "reference.denied")
	above := s.Transfer(s.Orchestrator, rootID, "2000.00")
	s.consents(above, s.Treasurer)
	below := s.Transfer(s.Payments, id, "2000.00")
	below.Authority.Approvals = above.Authority.Approvals // of the warrant above
	s.deny(s.Sign(s.Payments, below), "approval.mismatch", "gate.approvals")
	s.allow(s.Sign(s.Orchestrator, above))
}

// TestGateConsumesAll: an action takes every approval that it names, with one entry,
// or none.
func TestGateConsumesAll(t *testing.T) {
	s := newScene(t)
	id := s.gated(attest.WarrantGate{Approvers: both, M: 2, When: always})
	a := s.Transfer(s.Payments, id, "5.00")
	s.consents(a, s.Treasurer)
	early := *a
	early.Nonce, early.Session.ID = s.Random(), s.Random()
	s.deny(s.Sign(s.Payments, &early), "gate.approvals")
	if len(s.usedBy(a)) > 0 {
		t.Error("a denied action used up an approval")
	}
	s.consents(a, s.Controller)
	s.allow(s.Sign(s.Payments, a))
	if used := s.usedBy(a); len(used) != 2 {
		t.Errorf("of 2 approvals %d are used", len(used))
	}
}

// usedBy lists the approvals of an action that are used.
func (s *scene) usedBy(a *attest.Action) (used []attest.ID) {
	for _, id := range a.Authority.Approvals {
		if cell, _ := s.Get("used", string(id)); cell != nil {
			used = append(used, id)
		}
	}
	return used
}

// TestGateRead: who was asked about, and who had refused, is in the record; without
// a gate or an approval nothing is.
func TestGateRead(t *testing.T) {
	s := newScene(t)
	a := s.Transfer(s.Payments, s.leafID, "1.00")
	s.refuses(s.Treasurer, a)
	if r := s.log(s.Sign(s.Payments, a)); r.Read.Refused != nil || len(r.Decision.Faults) > 0 {
		t.Errorf("an action that asks nobody: %v, %v", r.Read.Refused, r.Decision.Faults)
	}
	b := s.Transfer(s.Payments, s.gated(attest.WarrantGate{Approvers: both, M: 1, When: always}), "1.00")
	s.refuses(s.Treasurer, b)
	s.refuses(s.Controller, b)
	s.refuses(s.Controller, b)
	r := s.log(s.Sign(s.Payments, b)).Read.Refused
	size := s.Size()
	if len(r) != 2 || r[0].Person != "controller" || r[0].Entry != size-2 || r[1].Person != "treasurer" || r[1].Entry != size-4 {
		t.Errorf("read %+v before entry %d", r, size-1)
	}
}
