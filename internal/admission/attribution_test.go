package admission_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
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
	s.instruction = s.allow(s.sign(s.treasurer, s.cast.instruction(s.treasurer, s.orchestrator, request())))
	s.root = s.instructed(s.treasurer, s.orchestrator, s.instruction)
	s.rootID = s.allow(s.sign(s.treasurer, s.root))
	s.buyerWarrant = s.child(s.root, s.rootID, s.orchestrator, s.buyer)
	s.buyerID = s.allow(s.sign(s.orchestrator, s.buyerWarrant))
	s.leaf = s.child(s.buyerWarrant, s.buyerID, s.buyer, s.payments)
	s.leafID = s.allow(s.sign(s.buyer, s.leaf))
	s.standingID = s.allow(s.sign(s.desk, s.warrant(s.desk, s.reconciler, attest.OrgStanding, reports())))
	s.triggerID = s.allow(s.sign(s.scheduler, s.trigger(s.scheduler, s.reconciler)))
	return s
}

// approve has the treasurer approve an action, which then names the approval.
func (s *scene) approve(a *attest.Action, spoil func(*attest.Approval)) {
	s.Helper()
	consent := s.approval(s.treasurer, a)
	if spoil != nil {
		spoil(consent)
	}
	a.Authority.Approvals = []attest.ID{s.allow(s.sign(s.treasurer, consent))}
}

// second is a root warrant on another instruction, spoiled, and an action under
// it.
func (s *scene) under(spoil func(*attest.Instruction, *attest.Warrant), by *party) *attest.Action {
	s.Helper()
	i, w := s.cast.instruction(s.treasurer, s.orchestrator, request()), s.instructed(s.treasurer, s.orchestrator, "")
	spoil(i, w)
	id := s.allow(s.sign(by, i))
	w.Task.Instruction, w.Root.Evidence = id, []attest.ID{id}
	return s.transfer(s.orchestrator, s.allow(s.sign(s.treasurer, w)), "10.00")
}

// TestAttribution has a way to every class, and the attacks on it: none may
// make more of an action than the evidence does.
func TestAttribution(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(s *scene) sent
		want found
	}{
		{"approved", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "2500.00")
			s.approve(a, nil)
			return s.sign(s.payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"approved in another spelling of the amount", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "10.5")
			s.approve(a, func(p *attest.Approval) { p.Arguments[0].Value = attest.Money("10.50", "EUR") })
			return s.sign(s.payments, a)
		}, found{class: agency.HumanDirected, authorizing: "treasurer"}},
		{"instructed", func(s *scene) sent {
			return s.sign(s.payments, s.transfer(s.payments, s.leafID, "2000.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer"}},
		{"tasked", func(s *scene) sent {
			return s.sign(s.payments, s.transfer(s.payments, s.leafID, "2000.01"))
		}, found{class: agency.HumanTasked, authorizing: "treasurer", flags: "exceeded_instruction"}},
		{"delegated", func(s *scene) sent {
			w := s.warrant(s.treasurer, s.payments, attest.HumanStanding, payments("10.00"))
			return s.sign(s.payments, s.transfer(s.payments, s.allow(s.sign(s.treasurer, w)), "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"scheduled", func(s *scene) sent {
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.standingID, s.triggerID))
		}, found{class: agency.Autonomous}},
		{"scheduled, by the evidence of the warrant", func(s *scene) sent {
			w := s.warrant(s.desk, s.reconciler, attest.EventTrigger, reports())
			w.Root.Evidence = []attest.ID{s.triggerID}
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.allow(s.sign(s.desk, w)), ""))
		}, found{class: agency.Autonomous}},
		{"without a trigger", func(s *scene) sent {
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.standingID, ""))
		}, found{class: agency.Unattributed}},
		{"without a warrant", func(s *scene) sent {
			return s.sign(s.payments, s.transfer(s.payments, "", "10.00"))
		}, found{class: agency.Unattributed, faults: "policy.denied"}},
		{"instructions of two people", func(s *scene) sent {
			rival := s.allow(s.sign(s.controller, s.cast.instruction(s.controller, s.orchestrator)))
			w := s.instructed(s.treasurer, s.orchestrator, s.instruction)
			w.Root.Evidence = []attest.ID{min(s.instruction, rival), max(s.instruction, rival)}
			return s.sign(s.orchestrator, s.transfer(s.orchestrator, s.allow(s.sign(s.treasurer, w)), "10.00"))
		}, found{class: agency.Conflicted}},
		{"evidence of an unknown kind", func(s *scene) sent {
			w := s.instructed(s.treasurer, s.orchestrator, s.instruction)
			w.Root.Evidence = []attest.ID{s.standingID}
			return s.sign(s.orchestrator, s.transfer(s.orchestrator, s.allow(s.sign(s.treasurer, w)), "10.00"))
		}, found{class: agency.Indeterminate}},

		{"claims a human on a scheduled run", func(s *scene) sent {
			a := s.reconcile(s.reconciler, s.standingID, s.triggerID)
			a.Initiator.Claim = "human"
			return s.sign(s.reconciler, a)
		}, found{class: agency.Autonomous, flags: "claim_contradicts"}},
		{"claims itself on an instructed run", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "10.00")
			a.Initiator.Claim = "self"
			return s.sign(s.payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", flags: "claim_contradicts"}},

		{"another agent's warrant", func(s *scene) sent {
			return s.sign(s.bystander, s.transfer(s.bystander, s.leafID, "10.00"))
		}, found{class: agency.Unattributed, faults: "d10.holder"}},
		{"another agent's standing warrant, with a trigger of its own", func(s *scene) sent {
			trigger := s.allow(s.sign(s.scheduler, s.trigger(s.scheduler, s.bystander)))
			return s.sign(s.bystander, s.reconcile(s.bystander, s.standingID, trigger))
		}, found{class: agency.Unattributed, faults: "d10.holder"}},
		{"a warrant of its own below another agent's", func(s *scene) sent {
			forged := s.child(s.buyerWarrant, s.buyerID, s.bystander, s.bystander)
			id := s.deny(s.sign(s.bystander, forged), "d1.issuer")
			return s.sign(s.bystander, s.transfer(s.bystander, id, "10.00"))
		}, found{class: agency.Unattributed, faults: "d1.issuer reference.denied"}},
		{"approved 10, paid 10000", func(s *scene) sent {
			shown, done := s.transfer(s.payments, s.leafID, "10.00"), s.transfer(s.payments, s.leafID, "10000.00")
			s.approve(shown, nil)
			done.Authority = shown.Authority
			return s.sign(s.payments, done)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.mismatch", flags: "exceeded_instruction"}},
		{"shown 10, signed the digest of 10000", func(s *scene) sent {
			shown, done := s.transfer(s.payments, s.leafID, "10.00"), s.transfer(s.payments, s.leafID, "10000.00")
			s.approve(shown, func(p *attest.Approval) { p.Request = done.Request.Digest() })
			done.Authority = shown.Authority
			return s.sign(s.payments, done)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.mismatch", flags: "exceeded_instruction"}},
		{"approved for another agent", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "10.00")
			s.approve(a, func(p *attest.Approval) { p.Agent = s.buyer.ID })
			return s.sign(s.payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "approval.mismatch"}},
		{"approved for another target", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "10.00")
			s.approve(a, func(p *attest.Approval) { p.Target = nil })
			return s.sign(s.payments, a)
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "approval.mismatch"}},
		{"an approval again", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.allow(s.sign(s.payments, a))
			again := *a
			again.Nonce, again.Session.ID = s.random(), s.random()
			return s.sign(s.payments, &again)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.used", flags: "exceeded_instruction"}},
		{"an approval that has expired", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "2500.00")
			s.approve(a, nil)
			s.move(15 * time.Minute)
			return s.sign(s.payments, a)
		}, found{class: agency.HumanTasked, authorizing: "treasurer", faults: "approval.expired", flags: "exceeded_instruction"}},

		{"an instruction to somebody else", func(s *scene) sent {
			return s.sign(s.orchestrator, s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.Addressee = s.buyer.ID }, s.treasurer))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that has expired", func(s *scene) sent {
			a := s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.Expires = i.At + hour }, s.treasurer)
			s.move(time.Hour)
			return s.sign(s.orchestrator, a)
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that a service recorded", func(s *scene) sent {
			return s.sign(s.orchestrator, s.under(func(i *attest.Instruction, _ *attest.Warrant) { i.RecordedBy = s.scheduler.ID }, s.scheduler))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"an instruction that the agent recorded, on a standing warrant", func(s *scene) sent {
			i := s.cast.instruction(s.treasurer, s.reconciler)
			i.RecordedBy = s.reconciler.ID
			w := s.warrant(s.desk, s.reconciler, attest.OrgStanding, reports())
			w.Task.Instruction = s.allow(s.sign(s.reconciler, i))
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.allow(s.sign(s.desk, w)), ""))
		}, found{class: agency.Unattributed}},
		{"a child that drops the instruction", func(s *scene) sent {
			w := s.child(s.root, s.rootID, s.orchestrator, s.payments)
			w.Task.Instruction = ""
			return s.sign(s.payments, s.transfer(s.payments, s.allow(s.sign(s.orchestrator, w)), "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer"}},
		{"a child that drops the instruction, and one that takes it up again", func(s *scene) sent {
			w := s.child(s.root, s.rootID, s.orchestrator, s.buyer)
			w.Task.Instruction = ""
			below := s.child(w, s.allow(s.sign(s.orchestrator, w)), s.buyer, s.payments)
			below.Task.Instruction = s.instruction
			id := s.deny(s.sign(s.buyer, below), "d8.task")
			return s.sign(s.payments, s.transfer(s.payments, id, "10.00"))
		}, found{class: agency.HumanDelegated, authorizing: "treasurer", faults: "d8.task reference.denied"}},
		{"a child that is wider", func(s *scene) sent {
			w := s.child(s.root, s.rootID, s.orchestrator, s.payments)
			w.Grants[0] = payments("90000.00")
			id := s.deny(s.sign(s.orchestrator, w), "d5.grants")
			return s.sign(s.payments, s.transfer(s.payments, id, "10.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "d5.grants reference.denied"}},

		{"a root warrant issued to oneself", func(s *scene) sent {
			w := s.warrant(s.bystander, s.bystander, attest.OrgStanding, reports())
			id := s.deny(s.sign(s.bystander, w), "d11.root")
			trigger := s.allow(s.sign(s.scheduler, s.trigger(s.scheduler, s.bystander)))
			return s.sign(s.bystander, s.reconcile(s.bystander, id, trigger))
		}, found{class: agency.Unattributed, faults: "reference.denied"}},
		{"a trigger recorded by the agent", func(s *scene) sent {
			id := s.deny(s.sign(s.reconciler, s.trigger(s.reconciler, s.reconciler)), "trigger.recorder")
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.standingID, id))
		}, found{class: agency.Unattributed}},
		{"a trigger recorded by the agent, addressed to the one above", func(s *scene) sent {
			w := s.warrant(s.desk, s.reconciler, attest.OrgStanding, reports())
			child := s.child(w, s.allow(s.sign(s.desk, w)), s.reconciler, s.bystander)
			id := s.allow(s.sign(s.bystander, s.trigger(s.bystander, s.reconciler)))
			return s.sign(s.bystander, s.reconcile(s.bystander, s.allow(s.sign(s.reconciler, child)), id))
		}, found{class: agency.Unattributed}},
		{"a trigger for somebody else", func(s *scene) sent {
			id := s.allow(s.sign(s.scheduler, s.trigger(s.scheduler, s.bystander)))
			return s.sign(s.reconciler, s.reconcile(s.reconciler, s.standingID, id))
		}, found{class: agency.Unattributed}},
		{"a parent that is revoked", func(s *scene) sent {
			s.allow(s.sign(s.treasurer, s.revocation(s.treasurer, s.rootID)))
			return s.sign(s.payments, s.transfer(s.payments, s.leafID, "10.00"))
		}, found{class: agency.HumanInstructed, authorizing: "treasurer", faults: "warrant.revoked"}},
		{"a request whose arguments are sealed", func(s *scene) sent {
			a := s.transfer(s.payments, s.leafID, "10.00")
			a.Sealed = []attest.Sealed{{Commitment: s.commit(a.Open[1]), Name: a.Open[1].Name}}
			a.Open = a.Open[:1]
			return s.sign(s.payments, a)
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
	s.check(err)
	salt, ok := attest.Digest("sha256:" + o.Salt).Sum()
	if !ok {
		s.Fatalf("salt %s", o.Salt)
	}
	c := attest.CommitField(salt, o.Name, value)
	return hex.EncodeToString(c[:])
}
