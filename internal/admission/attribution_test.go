package admission_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// scene is authority as it should be: the treasurer instructs the orchestrator,
// whose warrant goes through the buyer to the payments agent; and a standing
// warrant of the reconciler with a trigger.
type scene struct {
	*register
	instruction, rootID, buyerID, leafID attest.ID
	root, buyerWarrant, leaf             *attest.Warrant
	standingID, triggerID                attest.ID
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{register: newRegister(t)}
	s.instruction = s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Orchestrator, cast.Request())))
	s.root = s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
	s.rootID = s.allow(s.Sign(s.Treasurer, s.root))
	s.buyerWarrant = s.Child(s.root, s.rootID, s.Orchestrator, s.Buyer)
	s.buyerID = s.allow(s.Sign(s.Orchestrator, s.buyerWarrant))
	s.leaf = s.Child(s.buyerWarrant, s.buyerID, s.Buyer, s.Payments)
	s.leafID = s.allow(s.Sign(s.Buyer, s.leaf))
	s.standingID = s.allow(s.Sign(s.Desk, s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())))
	s.triggerID = s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler)))
	return s
}

// approve has the treasurer approve an action, which then names the approval.
func (s *scene) approve(a *attest.Action, spoil func(*attest.Approval)) {
	s.Helper()
	consent := s.Approval(s.Treasurer, a)
	if spoil != nil {
		spoil(consent)
	}
	a.Authority.Approvals = []attest.ID{s.allow(s.Sign(s.Treasurer, consent))}
}

// under is a root warrant on another instruction, spoiled, and an action under
// it.
func (s *scene) under(spoil func(*attest.Instruction, *attest.Warrant), by *cast.Party) *attest.Action {
	s.Helper()
	i, w := s.Instruction(s.Treasurer, s.Orchestrator, cast.Request()), s.Instructed(s.Treasurer, s.Orchestrator, "")
	spoil(i, w)
	id := s.allow(s.Sign(by, i))
	w.Task.Instruction, w.Root.Evidence = id, []attest.ID{id}
	return s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, w)), "10.00")
}

// TestAttribution has a way to every class, and the attacks on it: none may
// make more of an action than the evidence does.
func TestAttribution(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(s *scene) cast.Sent
		want found
	}{
		{"approved", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.approve(a, nil)
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"approved in another spelling of the amount", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "10.5")
			s.approve(a, func(p *attest.Approval) { p.Arguments[0].Value = attest.Money("10.50", "EUR") })
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"instructed", func(s *scene) cast.Sent {
			return s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "2000.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer"}},
		{"tasked", func(s *scene) cast.Sent {
			return s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "2000.01"))
		}, found{class: agency.HumanTasked, authorizing: "treasurer", flags: "exceeded_instruction"}},
		{"delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			return s.Sign(s.Payments, s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"scheduled", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, s.triggerID))
		}, found{class: agency.Autonomous}},
		{"scheduled, by the evidence of the warrant", func(s *scene) cast.Sent {
			w := s.Warrant(s.Desk, s.Reconciler, attest.EventTrigger, cast.Reports())
			w.Root.Evidence = []attest.ID{s.triggerID}
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), ""))
		}, found{class: agency.Autonomous}},
		{"without a trigger", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, ""))
		}, found{class: agency.Unattributed}},
		{"without a warrant", func(s *scene) cast.Sent {
			return s.Sign(s.Payments, s.Transfer(s.Payments, "", "10.00"))
		}, found{class: agency.Unattributed, faults: "policy.denied"}},
		{"instructions of two people", func(s *scene) cast.Sent {
			rival := s.allow(s.Sign(s.Controller, s.Instruction(s.Controller, s.Orchestrator)))
			w := s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
			w.Root.Evidence = []attest.ID{min(s.instruction, rival), max(s.instruction, rival)}
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}, found{class: agency.Conflicted}},
		{"evidence of an unknown kind", func(s *scene) cast.Sent {
			w := s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
			w.Root.Evidence = []attest.ID{s.standingID}
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}, found{class: agency.Indeterminate}},

		{"claims a human on a scheduled run", func(s *scene) cast.Sent {
			a := s.Reconcile(s.Reconciler, s.standingID, s.triggerID)
			a.Initiator.Claim = "human"
			return s.Sign(s.Reconciler, a)
		}, found{class: agency.Autonomous, flags: "claim_contradicts"}},
		{"claims itself on an instructed run", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "10.00")
			a.Initiator.Claim = "self"
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", flags: "claim_contradicts"}},

		{"another agent's warrant", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "10.00"))
		}, found{class: agency.Unattributed, faults: "d10.holder"}},
		{"another agent's standing warrant, with a trigger of its own", func(s *scene) cast.Sent {
			trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, s.standingID, trigger))
		}, found{class: agency.Unattributed, faults: "d10.holder"}},
		{"a warrant of its own below another agent's", func(s *scene) cast.Sent {
			forged := s.Child(s.buyerWarrant, s.buyerID, s.Bystander, s.Bystander)
			id := s.deny(s.Sign(s.Bystander, forged), "d1.issuer")
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, id, "10.00"))
		}, found{class: agency.Unattributed, faults: "d1.issuer reference.denied"}},
		{"approved 10, paid 10000", func(s *scene) cast.Sent {
			shown, done := s.Transfer(s.Payments, s.leafID, "10.00"), s.Transfer(s.Payments, s.leafID, "10000.00")
			s.approve(shown, nil)
			done.Authority = shown.Authority
			return s.Sign(s.Payments, done)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.mismatch", flags: "exceeded_instruction"}},
		{"shown 10, signed the digest of 10000", func(s *scene) cast.Sent {
			shown, done := s.Transfer(s.Payments, s.leafID, "10.00"), s.Transfer(s.Payments, s.leafID, "10000.00")
			s.approve(shown, func(p *attest.Approval) { p.Request = done.Request.Digest() })
			done.Authority = shown.Authority
			return s.Sign(s.Payments, done)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.mismatch", flags: "exceeded_instruction"}},
		{"approved for another agent", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "10.00")
			s.approve(a, func(p *attest.Approval) { p.Agent = s.Buyer.ID })
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "approval.mismatch"}},
		{"approved for another target", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "10.00")
			s.approve(a, func(p *attest.Approval) { p.Target = nil })
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "approval.mismatch"}},
		{"an approval again", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.allow(s.Sign(s.Payments, a))
			again := *a
			again.Nonce, again.Session.ID = s.Random(), s.Random()
			return s.Sign(s.Payments, &again)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.used", flags: "exceeded_instruction"}},
		{"an approval that its person took back", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, a)))
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.refused", flags: "exceeded_instruction"}},
		{"an approval of what was refused with other salts", func(s *scene) cast.Sent {
			a, same := s.Transfer(s.Payments, s.leafID, "2500.00"), s.Transfer(s.Payments, s.leafID, "2500.0")
			s.approve(a, nil)
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, same)))
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.refused", flags: "exceeded_instruction"}},
		{"an approval after a refusal", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, a)))
			s.approve(a, nil)
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"an approval that somebody else refuses", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.allow(s.Sign(s.Controller, s.Refusal(s.Controller, a)))
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"an approval, and a refusal of another amount", func(s *scene) cast.Sent {
			a, other := s.Transfer(s.Payments, s.leafID, "2500.00"), s.Transfer(s.Payments, s.leafID, "2500.01")
			s.approve(a, nil)
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, other)))
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"an approval that has expired", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.move(15 * time.Minute)
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.expired", flags: "exceeded_instruction"}},

		{"an instruction to somebody else", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.Addressee = s.Buyer.ID }, s.Treasurer))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that has expired", func(s *scene) cast.Sent {
			a := s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.Expires = i.At + cast.Hour }, s.Treasurer)
			s.move(time.Hour)
			return s.Sign(s.Orchestrator, a)
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that a service recorded", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.RecordedBy = s.Scheduler.ID }, s.Scheduler))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that the agent recorded, on a standing warrant", func(s *scene) cast.Sent {
			i := s.Instruction(s.Treasurer, s.Reconciler)
			i.RecordedBy = s.Reconciler.ID
			w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
			w.Task.Instruction = s.allow(s.Sign(s.Reconciler, i))
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), ""))
		}, found{class: agency.Unattributed}},
		{"a child that drops the instruction", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Task.Instruction = ""
			return s.Sign(s.Payments, s.Transfer(s.Payments, s.allow(s.Sign(s.Orchestrator, w)), "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"a child that drops the instruction, and one that takes it up again", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Buyer)
			w.Task.Instruction = ""
			below := s.Child(w, s.allow(s.Sign(s.Orchestrator, w)), s.Buyer, s.Payments)
			below.Task.Instruction = s.instruction
			id := s.deny(s.Sign(s.Buyer, below), "d8.task")
			return s.Sign(s.Payments, s.Transfer(s.Payments, id, "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer", faults: "d8.task reference.denied"}},
		{"a child that is wider", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Grants[0] = cast.Payments("90000.00")
			id := s.deny(s.Sign(s.Orchestrator, w), "d5.grants")
			return s.Sign(s.Payments, s.Transfer(s.Payments, id, "10.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "d5.grants reference.denied"}},

		{"a root warrant issued to oneself", func(s *scene) cast.Sent {
			w := s.Warrant(s.Bystander, s.Bystander, attest.OrgStanding, cast.Reports())
			id := s.deny(s.Sign(s.Bystander, w), "d11.root")
			trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, id, trigger))
		}, found{class: agency.Unattributed, faults: "reference.denied"}},
		{"a trigger recorded by the agent", func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.Reconciler, s.Trigger(s.Reconciler, s.Reconciler)), "trigger.recorder")
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, id))
		}, found{class: agency.Unattributed}},
		{"a trigger recorded by the agent, addressed to the one above", func(s *scene) cast.Sent {
			w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
			child := s.Child(w, s.allow(s.Sign(s.Desk, w)), s.Reconciler, s.Bystander)
			id := s.allow(s.Sign(s.Bystander, s.Trigger(s.Bystander, s.Reconciler)))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, s.allow(s.Sign(s.Reconciler, child)), id))
		}, found{class: agency.Unattributed}},
		{"a trigger for somebody else", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, id))
		}, found{class: agency.Unattributed}},
		{"a trigger that has expired", func(s *scene) cast.Sent {
			trigger := s.Trigger(s.Scheduler, s.Reconciler)
			trigger.Expires = s.Now() + 1000
			id := s.allow(s.Sign(s.Scheduler, trigger))
			s.move(time.Second)
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, id))
		}, found{class: agency.Unattributed}},
		{"a parent that is revoked", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Treasurer, s.Revocation(s.Treasurer, s.rootID)))
			return s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "10.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "warrant.revoked"}},
		{"a request whose arguments are sealed", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "10.00")
			a.Sealed = []attest.Sealed{{Commitment: s.commit(a.Open[1]), Name: a.Open[1].Name}}
			a.Open = a.Open[:1]
			return s.Sign(s.Payments, a)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "warrant.outside", flags: "exceeded_instruction"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			got, a := s.find(c.act(s))
			if got != c.want {
				t.Errorf("found %+v, want %+v", got, c.want)
			}
			if a.Accountable != "" && !slices.Contains([]string{"treasurer", "controller"}, a.Accountable) {
				t.Errorf("accountable: %s", a.Accountable)
			}
		})
	}
}

// commit is the commitment to an opened argument.
func (s *scene) commit(o attest.Opening) string {
	s.Helper()
	value, err := o.Value.Canonical()
	s.Check(err)
	salt, ok := attest.Digest("sha256:" + o.Salt).Sum()
	if !ok {
		s.Fatalf("salt %s", o.Salt)
	}
	c := attest.CommitField(salt, o.Name, value)
	return hex.EncodeToString(c[:])
}
