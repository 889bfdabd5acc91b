package vectors_test

import (
	"bytes"
	"regexp"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// The conditions of gates, and who is asked.
var (
	always       = attest.When{Always: true}
	irreversible = attest.When{Irreversible: true}
	both         = []string{"controller", "treasurer"}
)

func above(argument, limit string) attest.When {
	return attest.When{Above: &attest.Threshold{Argument: argument, Limit: attest.Amount{Decimal: limit, Unit: "EUR"}}}
}

// gated is a standing warrant of the payments agent with gates.
func (s *scene) gated(gates ...attest.WarrantGate) attest.ID {
	s.Helper()
	w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50000.00"))
	w.Gates = gates
	return s.allow(s.Sign(s.Treasurer, w))
}

// consents logs approvals of an action, which then names them.
func (s *scene) consents(a *attest.Action, people ...*cast.Party) {
	s.Helper()
	for _, p := range people {
		a.Authority.Approvals = append(a.Authority.Approvals, s.allow(s.Sign(p, s.Approval(p, a))))
	}
	slices.Sort(a.Authority.Approvals)
}

// gateCases: m of n approvals of exactly the action, where a warrant asks for them.
func gateCases() []vectorCase {
	two := attest.WarrantGate{Approvers: both, M: 2, When: above("amount", "1000.00")}
	one := attest.WarrantGate{Approvers: both, M: 1, When: always}
	shown := attest.WarrantGate{Approvers: both, Display: true, M: 1, When: always}
	young := attest.WarrantGate{Approvers: both, M: 1, MaxAge: 60_000, When: always}
	hours := attest.WarrantGate{Approvers: both, M: 1, When: attest.When{OutsideHours: &attest.Hours{From: 0, To: 60, Weekdays: []int{4}}}} // the clock begins on a Thursday
	const asked, directed = "human_delegated, denied gate.approvals", "human_directed"
	gate := func(name, rule, why, want string, g attest.WarrantGate, act func(s *scene, a *attest.Action)) vectorCase {
		return vectorCase{"gate/" + name, rule, why, want, func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.gated(g), "2500.00")
			act(s, a)
			return s.asPayments(a)
		}}
	}
	by := func(people ...func(s *scene) *cast.Party) func(s *scene, a *attest.Action) {
		return func(s *scene, a *attest.Action) {
			for _, p := range people {
				s.consents(a, p(s))
			}
		}
	}
	treasurer, controller := func(s *scene) *cast.Party { return s.Treasurer }, func(s *scene) *cast.Party { return s.Controller }
	admin := func(s *scene) *cast.Party { return s.Admin }
	refuses := func(s *scene, p *cast.Party, a *attest.Action) { s.allow(s.Sign(p, s.Refusal(p, a))) }
	return slices.Concat([]vectorCase{
		gate("nobody approved", "gate.approvals", "Two are asked for above 1000 EUR.", asked, two, by()),
		gate("one of two", "gate.approvals", "One approved.", "human_directed, denied gate.approvals", two, by(treasurer)),
		gate("both", "gate.approvals", "Both approved.", directed, two, by(treasurer, controller)),
		gate("one of them twice", "gate.approvals", "Two approvals of one person are one.", "human_directed, denied gate.approvals", two, by(treasurer, treasurer)),
		gate("somebody else", "gate.approvals", "An administrator is none of those whom the gate asks.", "human_directed, denied gate.approvals", one, by(admin)),
		gate("either", "gate.approvals", "One of two is asked for.", directed, one, by(controller)),
		gate("not named", "gate.approvals", "The action does not name the approval.", asked, one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			a.Authority.Approvals = nil
		}),
		gate("of another amount", "gate.approvals", "The approval is of something else.", "human_delegated, denied approval.mismatch gate.approvals", one, func(s *scene, a *attest.Action) {
			other := s.Transfer(s.Payments, a.Authority.Warrant, "2500.01")
			s.consents(other, s.Controller)
			a.Authority.Approvals = other.Authority.Approvals
		}),
		gate("expired", "gate.approvals", "The approval has expired.", "human_delegated, denied approval.expired gate.approvals", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(15 * time.Minute)
		}),
		gate("used", "gate.approvals", "The approval has served.", "human_delegated, denied approval.used gate.approvals", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			before := *a
			before.Nonce, before.Session.ID = s.Random(), s.Random()
			s.allow(s.asPayments(&before))
		}),
		gate("at the limit", "gate.approvals", "The amount is not above it.", "human_delegated", attest.WarrantGate{Approvers: both, M: 2, When: above("amount", "2500.00")}, by()),
		gate("just above the limit", "gate.approvals", "The amount is above it by the smallest part.", asked, attest.WarrantGate{Approvers: both, M: 2, When: above("amount", "2499.9999")}, by()),
		gate("an argument that is not there", "gate.approvals", "What cannot be seen to be less counts as more.", asked, attest.WarrantGate{Approvers: both, M: 1, When: above("fee", "9000.00")}, by()),
		gate("of other actions", "gate.approvals", "The gate is of quotes alone.", "human_delegated", attest.WarrantGate{Actions: []string{"payments.quote"}, Approvers: both, M: 2, When: always}, by()),
		gate("of this action", "gate.approvals", "The gate is of quotes and transfers.", asked, attest.WarrantGate{Actions: []string{"payments.quote", "payments.transfer"}, Approvers: both, M: 2, When: always}, by()),
		gate("cannot be undone", "gate.approvals", "The agent says that it cannot be undone.", asked, attest.WarrantGate{Approvers: both, M: 1, When: irreversible}, by()),
		gate("can be undone, as the agent says", "gate.approvals", "The agent alone says that it can be undone.", asked, attest.WarrantGate{Approvers: both, M: 1, When: irreversible}, func(_ *scene, a *attest.Action) { a.Request.Reversible = true }),
		gate("can be undone, and the agent says not", "gate.approvals", "What the policy in force has among what can be undone, this once cannot.", asked, attest.WarrantGate{Approvers: both, M: 1, When: irreversible}, func(s *scene, _ *attest.Action) { s.undoable() }),
		gate("can be undone", "gate.approvals", "The policy in force has it among what can be undone, and the agent says that it can.", "human_delegated", attest.WarrantGate{Approvers: both, M: 1, When: irreversible}, func(s *scene, a *attest.Action) {
			s.undoable()
			a.Request.Reversible = true
		}),
		gate("in hours", "gate.approvals", "On Thursdays until one o'clock nobody is asked.", "human_delegated", hours, by()),
		gate("after hours", "gate.approvals", "At one o'clock somebody is asked.", asked, hours, func(s *scene, _ *attest.Action) { s.move(time.Hour) }),
		gate("after hours when the entry is made", "gate.approvals", "The time of the entry counts.", asked, hours, func(s *scene, _ *attest.Action) {
			s.move(time.Hour - time.Millisecond)
			s.received = s.Now() + 1
		}),
		gate("on another day", "gate.approvals", "On Fridays somebody is asked, for an action whose warrant lives on.", "unattributed, denied d10.holder gate.approvals warrant.outside", hours, func(s *scene, _ *attest.Action) { s.move(24 * time.Hour) }),
		gate("with what was shown", "gate.approvals", "What was shown came with the approval.", directed, shown, func(s *scene, a *attest.Action) {
			yes := s.Approval(s.Controller, a)
			object := []byte("Pay 2500.00 EUR")
			yes.Display = attest.DigestOf(object)
			a.Authority.Approvals = []attest.ID{s.allow(s.Sign(s.Controller, yes, object))}
		}),
		gate("without what was shown", "gate.approvals", "The gate asks for what was shown, and it was kept back.", "human_directed, denied gate.approvals", shown, by(controller)),
		gate("fresh", "gate.approvals", "A minute old, to the millisecond.", directed, young, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(time.Minute)
		}),
		gate("too old", "gate.approvals", "A minute and a millisecond old.", "human_directed, denied gate.approvals", young, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(time.Minute + time.Millisecond)
		}),
		gate("of any age", "gate.approvals", "Without a limit of age an approval counts while it holds.", directed, one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			s.move(10 * time.Minute)
		}),
		gate("one approved, the other refused", "gate.refused", "A no of one whom the gate asks stops it.", "human_directed, denied gate.refused", one, func(s *scene, a *attest.Action) {
			refuses(s, s.Controller, a)
			s.consents(a, s.Treasurer)
		}),
		gate("nobody approved, one refused", "gate.refused", "A no counts where there is no yes.", "human_delegated, denied gate.approvals gate.refused", one, func(s *scene, a *attest.Action) {
			refuses(s, s.Controller, a)
		}),
		gate("refused, then approved", "gate.refused", "The last word counts.", directed, one, func(s *scene, a *attest.Action) {
			refuses(s, s.Controller, a)
			s.consents(a, s.Controller)
		}),
		gate("approved, then refused", "gate.refused", "The last word counts.", "human_delegated, denied approval.refused gate.approvals gate.refused", one, func(s *scene, a *attest.Action) {
			s.consents(a, s.Controller)
			refuses(s, s.Controller, a)
		}),
		gate("refused by somebody else", "gate.refused", "Somebody whom the gate does not ask says no.", directed, one, func(s *scene, a *attest.Action) {
			refuses(s, s.Admin, a)
			s.consents(a, s.Controller)
		}),
		{"gate/a sealed argument", "gate.approvals", "A sealed amount counts as more.", "human_delegated, denied gate.approvals", func(s *scene) cast.Sent {
			w := s.principalWarrant(reports("amount", anything))
			w.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: above("amount", "9.00")}}
			a := s.report(s.allow(s.Sign(s.principal, w)), attest.NamedValue{Name: "amount", Value: attest.Money("1.00", "EUR")})
			s.seal(a, 0)
			return s.Sign(s.Reconciler, a)
		}},
		{"gate/an amount of another unit", "gate.approvals", "Dollars are not seen to be less than euros.", "human_delegated, denied gate.approvals", func(s *scene) cast.Sent {
			w := s.principalWarrant(reports("amount", anything))
			w.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: above("amount", "9.00")}}
			return s.Sign(s.Reconciler, s.report(s.allow(s.Sign(s.principal, w)), attest.NamedValue{Name: "amount", Value: attest.Money("1.00", "USD")}))
		}},
		{"gate/no amount", "gate.approvals", "A text is not seen to be less.", "human_delegated, denied gate.approvals", func(s *scene) cast.Sent {
			w := s.principalWarrant(reports("period", anything))
			w.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: above("period", "9.00")}}
			return s.Sign(s.Reconciler, s.report(s.allow(s.Sign(s.principal, w)), attest.NamedValue{Name: "period", Value: attest.Text("1.00")}))
		}},
		{"gate/of a link above", "gate.approvals", "Every link is asked: the child, denied for dropping the gate, does not open it.", "human_delegated, denied d6.gates gate.approvals reference.denied", func(s *scene) cast.Sent {
			w, id := s.gatedRoot()
			child := s.Child(w, id, s.Orchestrator, s.Payments)
			child.Gates = nil
			return s.asPayments(s.Transfer(s.Payments, s.deny(s.Sign(s.Orchestrator, child), "d6.gates"), "2000.00"))
		}},
		{"gate/of the leaf besides", "gate.approvals", "A child may ask for more.", "human_directed, denied gate.approvals", func(s *scene) cast.Sent {
			w, id := s.gatedRoot()
			child := s.Child(w, id, s.Orchestrator, s.Payments)
			child.Gates = append(slices.Clone(w.Gates), attest.WarrantGate{Approvers: []string{"admin"}, M: 1, When: always})
			a := s.Transfer(s.Payments, s.allow(s.Sign(s.Orchestrator, child)), "2000.00")
			s.consents(a, s.Treasurer, s.Controller)
			return s.asPayments(a)
		}},
	}, gateLinkCases())
}

// gatedRoot is a standing order of the treasurer for the orchestrator with a gate.
func (s *scene) gatedRoot() (*attest.Warrant, attest.ID) {
	s.Helper()
	w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	w.Gates = []attest.WarrantGate{{Actions: []string{"payments.transfer"}, Approvers: []string{"admin", "controller", "treasurer"}, M: 1, MaxAge: 600_000, When: above("amount", "1000.00")}}
	return w, s.allow(s.Sign(s.Treasurer, w))
}

// gateLinkCases: a child repeats its parent's gates, or stricter ones (D6).
func gateLinkCases() []vectorCase {
	child := func(name, why, want string, amend func(g *attest.WarrantGate)) vectorCase {
		return vectorCase{"gate/d6 " + name, "d6.gates", why, want, func(s *scene) cast.Sent {
			w, id := s.gatedRoot()
			below := s.Child(w, id, s.Orchestrator, s.Payments)
			below.Gates = slices.Clone(w.Gates)
			amend(&below.Gates[0])
			return s.Sign(s.Orchestrator, below)
		}}
	}
	const denied = "denied d6.gates"
	return []vectorCase{
		child("repeated", "As it is.", "allowed", func(*attest.WarrantGate) {}),
		child("with more approvals", "Two instead of one.", "allowed", func(g *attest.WarrantGate) { g.M = 2 }),
		child("with fewer approvers", "Two of the three.", "allowed", func(g *attest.WarrantGate) { g.Approvers = both }),
		child("with another approver", "Somebody whom the parent does not ask.", denied, func(g *attest.WarrantGate) { g.Approvers = []string{"admin", "zoe"} }),
		child("younger", "Five minutes instead of ten.", "allowed", func(g *attest.WarrantGate) { g.MaxAge = 300_000 }),
		child("older", "A millisecond more.", denied, func(g *attest.WarrantGate) { g.MaxAge++ }),
		child("of any age", "No limit of age.", denied, func(g *attest.WarrantGate) { g.MaxAge = 0 }),
		child("with what was shown", "What was shown is asked for besides.", "allowed", func(g *attest.WarrantGate) { g.Display = true }),
		child("of other actions", "Quotes besides.", denied, func(g *attest.WarrantGate) { g.Actions = []string{"payments.quote", "payments.transfer"} }),
		child("above a higher limit", "1000.01 EUR.", denied, func(g *attest.WarrantGate) { g.When = above("amount", "1000.01") }),
		child("on another condition", "Always, which is another gate.", denied, func(g *attest.WarrantGate) { g.When = always }),
		{"gate/d6 fewer approvals", "d6.gates", "One instead of two.", denied, func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
			w.Gates = []attest.WarrantGate{{Approvers: both, M: 2, When: always}}
			below := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments)
			below.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: always}}
			return s.Sign(s.Orchestrator, below)
		}},
		{"gate/d6 without what was shown", "d6.gates", "The parent asks for what was shown.", denied, func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
			w.Gates = []attest.WarrantGate{{Approvers: both, Display: true, M: 1, When: always}}
			below := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments)
			below.Gates = []attest.WarrantGate{{Approvers: both, M: 1, When: always}}
			return s.Sign(s.Orchestrator, below)
		}},
		{"gate/d6 repeated, of any age, with what was shown", "d6.gates", "As it is.", "allowed", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
			w.Gates = []attest.WarrantGate{{Approvers: both, Display: true, M: 1, When: always}}
			return s.Sign(s.Orchestrator, s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments))
		}},
		{"gate/d6 more gates", "d6.gates", "A child may add gates.", "allowed", func(s *scene) cast.Sent {
			w, id := s.gatedRoot()
			below := s.Child(w, id, s.Orchestrator, s.Payments)
			below.Gates = append(slices.Clone(w.Gates), attest.WarrantGate{Approvers: both, M: 2, When: irreversible})
			return s.Sign(s.Orchestrator, below)
		}},
	}
}

// undoable puts a policy in force that has payments among what can be undone, and
// declares nothing else.
func (s *scene) undoable() {
	s.Helper()
	src := cast.Undoable(organisation())
	schema, _, _ := bytes.Cut(src.Schema, []byte(`  action "reports.reconcile"`))
	src.Schema = append(regexp.MustCompile(`(?m) *//.*$`).ReplaceAll(schema, nil), '}')
	p, parts := s.Policy(src, 1000)
	s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
}
