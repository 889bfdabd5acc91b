package vectors_test

import (
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// evidenceCases spoil one condition of an evidence at a time.
func evidenceCases() []vectorCase {
	return append(append(approvalCases(), instructionCases()...), append(triggerCases(), claimCases()...)...)
}

func approvalCases() []vectorCase {
	const exceeded = ", flags exceeded_instruction"
	spoiled := func(name, why string, spoil func(s *scene, p *attest.Approval)) vectorCase {
		return vectorCase{"approval/" + name, "approval.mismatch", why, "human_tasked, denied approval.mismatch" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, func(p *attest.Approval) { spoil(s, p) })
			return s.asPayments(a)
		}}
	}
	return []vectorCase{
		spoiled("of another agent", "It names the buyer, the payments agent uses it.", func(s *scene, p *attest.Approval) { p.Agent = s.Buyer.ID }),
		spoiled("under another warrant", "It names the buyer's warrant.", func(s *scene, p *attest.Approval) { p.Warrant = s.buyerID }),
		spoiled("of another action", "It names a quote; the digest is that of the transfer.", func(_ *scene, p *attest.Approval) { p.Action = "payments.quote" }),
		spoiled("of another resource", "It names another account; the digest is that of this one.", func(_ *scene, p *attest.Approval) { p.Resource.ID = "iban/DE/elsewhere" }),
		spoiled("of a resource of another kind", "The kind of the resource counts as well.", func(_ *scene, p *attest.Approval) { p.Resource.Kind = "card" }),
		spoiled("of another digest", "The plain values are right, the digest is of something else.", func(_ *scene, p *attest.Approval) { p.Request = attest.DigestOf([]byte("x")) }),
		spoiled("of no target", "It names no target and the action has one.", func(_ *scene, p *attest.Approval) { p.Target = nil }),
		spoiled("of another target", "It names another endpoint.", func(_ *scene, p *attest.Approval) {
			t := *p.Target
			t.Endpoint = "bank.example.net"
			p.Target = &t
		}),
		spoiled("of another amount", "10 was shown, 2500 is paid: the plain arguments are compared besides the digest.", func(_ *scene, p *attest.Approval) {
			p.Arguments[0].Value = attest.Money("10.00", "EUR")
		}),
		spoiled("of another currency", "The number is the same, the unit is not.", func(_ *scene, p *attest.Approval) {
			p.Arguments[0].Value = attest.Money("2500.00", "USD")
		}),
		spoiled("of another name of an argument", "The value stands under another name.", func(_ *scene, p *attest.Approval) { p.Arguments[1].Name = "remark" }),
		spoiled("of fewer arguments", "One argument was not shown.", func(_ *scene, p *attest.Approval) { p.Arguments = p.Arguments[:1] }),
		{"approval/used", "approval.used", "An approval serves once.", "human_tasked, denied approval.used" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.allow(s.asPayments(a))
			again := *a
			again.Nonce, again.Session.ID = s.Random(), s.Random()
			return s.asPayments(&again)
		}},
		{"approval/not used by a denied action", "approval.used", "A denied action consumes no approval.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.allow(s.Sign(s.Admin, suspended(s, s.Payments)))
			s.deny(s.asPayments(a), "policy.denied")
			back := suspended(s, s.Payments)
			back.Status = "registered"
			s.allow(s.Sign(s.Admin, back))
			again := *a
			again.Nonce, again.Session.ID = s.Random(), s.Random()
			return s.asPayments(&again)
		}},
		{"approval/expired", "approval.expired", "It has expired at this very moment.", "human_tasked, denied approval.expired" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.move(15 * time.Minute)
			return s.asPayments(a)
		}},
		{"approval/in its last moment", "approval.expired", "A millisecond before it expires.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.move(15*time.Minute - time.Millisecond)
			return s.asPayments(a)
		}},
		{"approval/expired between check and entry", "approval.expired", "The time of the entry counts, not that of the check.", "human_tasked, denied approval.expired" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.move(15*time.Minute - time.Millisecond)
			s.received = s.Now() + 1
			return s.asPayments(a)
		}},
		{"approval/not logged", "reference.unlogged", "What an action relies on is logged before it.", "refused reference.unlogged", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			a.Authority.Approvals = []attest.ID{s.Sign(s.Treasurer, s.Approval(s.Treasurer, a)).ID}
			return s.asPayments(a)
		}},
		{"approval/another kind of statement", "reference.kind", "An instruction where an approval belongs.", "human_tasked, denied reference.kind" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			a.Authority.Approvals = []attest.ID{s.instruction}
			return s.asPayments(a)
		}},
		{"approval/of something that is no warrant", "reference.kind", "It names the instruction as the warrant: it is logged as denied.", "denied reference.kind", func(s *scene) cast.Sent {
			p := s.Approval(s.Treasurer, s.pay("2500.00"))
			p.Warrant = s.instruction
			return s.Sign(s.Treasurer, p)
		}},
		{"approval/denied", "reference.denied", "An approval that the log denied, here because the warrant was revoked, counts for nothing.", "human_tasked, denied reference.denied warrant.revoked" + exceeded, func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Buyer, s.Revocation(s.Buyer, s.leafID)))
			a := s.pay("2500.00")
			a.Authority.Approvals = []attest.ID{s.deny(s.Sign(s.Treasurer, s.Approval(s.Treasurer, a)), "warrant.revoked")}
			return s.asPayments(a)
		}},
		{"approval/under a warrant that is not logged", "reference.unlogged", "The warrant comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			p := s.Approval(s.Treasurer, s.pay("2500.00"))
			p.Warrant = attest.IDFrom([32]byte{1})
			return s.Sign(s.Treasurer, p)
		}},
		{"approval/of sealed arguments", "approval.mismatch", "An action that hides an argument is not the one whose arguments were shown.", "human_tasked, denied approval.mismatch warrant.outside" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			s.seal(a, 1)
			return s.asPayments(a)
		}},
		{"approval/of the open arguments alone", "approval.mismatch", "One argument is sealed and was not shown: the digest is right, the consent is not to all of it.", "human_tasked, denied approval.mismatch warrant.outside" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.seal(a, 1)
			s.approve(s.Treasurer, a, nil)
			return s.asPayments(a)
		}},
		{"approval/of a target that the action has not", "approval.mismatch", "The action names no target, the approval does.", "human_tasked, denied approval.mismatch" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			target := a.Target
			a.Target = nil
			s.approve(s.Treasurer, a, func(p *attest.Approval) { p.Target = target })
			return s.asPayments(a)
		}},
		{"approval/two that are used", "approval.used", "Each one that is used is listed, by name.", "human_tasked, denied approval.used" + exceeded, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			var ids []attest.ID
			for range 3 {
				ids = append(ids, s.allow(s.Sign(s.Treasurer, s.Approval(s.Treasurer, a))))
			}
			slices.Sort(ids)
			a.Authority.Approvals = ids
			s.allow(s.asPayments(a))
			again := *a
			again.Nonce, again.Session.ID = s.Random(), s.Random()
			return s.asPayments(&again)
		}},
		{"approval/shown and kept", "row.4", "What was shown to the person may be sent along.", "allowed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			p := s.Approval(s.Treasurer, a)
			shown := []byte("Pay 2500.00 EUR to Nordlicht")
			p.Display = attest.DigestOf(shown)
			return s.Sign(s.Treasurer, p, shown)
		}},
	}
}

// seal hides an argument of an action, whose root stays the same.
func (s *scene) seal(a *attest.Action, at int) {
	s.Helper()
	a.Sealed = []attest.Sealed{{Commitment: s.commitment(a.Open[at]), Name: a.Open[at].Name}}
	a.Open = append(append([]attest.Opening{}, a.Open[:at]...), a.Open[at+1:]...)
}

func suspended(s *scene, who *cast.Party) *attest.Agent {
	a := s.Agents("/x")
	a.Agent, a.Prefix, a.Status = who.ID, false, "suspended"
	return a
}

func instructionCases() []vectorCase {
	return []vectorCase{
		{"instruction/to somebody else", "evidence.addressee", "It asks the buyer, and the orchestrator holds the root.", "human_delegated", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { i.Addressee = s.Buyer.ID }, nil))
		}},
		{"instruction/expired", "evidence.unexpired", "It has expired at this very moment.", "human_delegated", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.Expires = i.At + cast.Hour }, nil)
			s.move(time.Hour)
			return s.Sign(s.Orchestrator, a)
		}},
		{"instruction/in its last moment", "evidence.unexpired", "A millisecond before it expires.", "human_instructed", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.Expires = i.At + cast.Hour }, nil)
			s.move(time.Hour - time.Millisecond)
			return s.Sign(s.Orchestrator, a)
		}},
		{"instruction/recorded by a service", "evidence.key", "A service's word for it is the operator's: K1, which no row takes.", "human_delegated", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Scheduler, func(i *attest.Instruction) { i.RecordedBy = s.Scheduler.ID }, nil))
		}},
		{"instruction/recorded by the agent, on a standing order", "evidence.key", "The agent writes down that a human asked: reported as B3 at K1, and no class follows.", "unattributed", func(s *scene) cast.Sent {
			i := s.Instruction(s.Treasurer, s.Reconciler)
			i.RecordedBy = s.Reconciler.ID
			id := s.allow(s.Sign(s.Reconciler, i))
			return s.ordered(func(w *attest.Warrant) { w.Task.Instruction = id }, "")
		}},
		{"instruction/dropped by a child", "evidence.bound", "A link that leaves the instruction out loses it.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Task.Instruction = ""
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Orchestrator, w)), "10.00"))
		}},
		{"instruction/dropped and taken up again", "d8.task", "What a link left out does not come back below.", "human_delegated, denied d8.task reference.denied", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Buyer)
			w.Task.Instruction = ""
			below := s.Child(w, s.allow(s.Sign(s.Orchestrator, w)), s.Buyer, s.Payments)
			below.Task.Instruction = s.instruction
			id := s.deny(s.Sign(s.Buyer, below), "d8.task")
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"instruction/as evidence only", "evidence.bound", "Named as evidence, not as what the task is for: it does not flow.", "human_delegated", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, func(w *attest.Warrant) { w.Task.Instruction = "" }))
		}},
		{"instruction/another one as evidence", "evidence.bound", "The task is for one instruction; another one that is evidence beside it, with the request, is not bound.", "human_tasked, flags exceeded_instruction", func(s *scene) cast.Sent {
			broad := s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Orchestrator)))
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, func(w *attest.Warrant) { w.Task.Instruction = broad }))
		}},
		{"instruction/spent", "instruction.spent", "It was for one action, and there was one.", "human_instructed, denied instruction.spent", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.MaxActions = 1 }, nil)
			s.allow(s.Sign(s.Orchestrator, a))
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, a.Authority.Warrant, "11.00"))
		}},
		{"instruction/the last action of it", "instruction.spent", "It was for two actions, and this is the second.", "human_instructed", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.MaxActions = 2 }, nil)
			s.allow(s.Sign(s.Orchestrator, a))
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, a.Authority.Warrant, "11.00"))
		}},
		{"instruction/spent over two roots", "instruction.spent", "The count is the instruction's, over every root that names it.", "human_instructed, denied instruction.spent", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.MaxActions = 1 }, nil)
			s.allow(s.Sign(s.Orchestrator, a))
			logged, _ := s.reg.Logged(a.Authority.Warrant)
			w := *logged.Verified.Statement().(*attest.Warrant)
			w.Nonce = s.Random()
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, &w)), "11.00"))
		}},
		{"instruction/not counted by a denied action", "instruction.spent", "A denied action uses nothing up.", "human_instructed", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.MaxActions = 1 }, nil)
			s.deny(s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, a.Authority.Warrant, "60000.00")), "policy.denied", "warrant.outside")
			return s.Sign(s.Orchestrator, a)
		}},
		{"instruction/counted though a child drops it", "instruction.spent", "Evidence of less must not allow more.", "human_delegated, denied instruction.spent", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, func(i *attest.Instruction) { i.MaxActions = 1 }, nil)
			s.allow(s.Sign(s.Orchestrator, a))
			logged, _ := s.reg.Logged(a.Authority.Warrant)
			w := s.Child(logged.Verified.Statement().(*attest.Warrant), a.Authority.Warrant, s.Orchestrator, s.Payments)
			w.Task.Instruction = ""
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Orchestrator, w)), "10.00"))
		}},
		{"instruction/not logged when the root is", "reference.unlogged", "The instruction comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			w := s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
			w.Task.Instruction = attest.IDFrom([32]byte{2})
			return s.Sign(s.Treasurer, w)
		}},
		{"instruction/another kind of statement", "reference.kind", "A trigger where the instruction belongs.", "denied reference.kind", func(s *scene) cast.Sent {
			w := s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
			w.Task.Instruction = s.triggerID
			return s.Sign(s.Treasurer, w)
		}},
		{"instruction/edited", "envelope.signature", "One word of a signed instruction is changed.", "refused envelope.signature", func(s *scene) cast.Sent {
			i := s.Instruction(s.Treasurer, s.Orchestrator, cast.Request())
			sent := s.Sign(s.Treasurer, i)
			i.Requests[0].Arguments[0].Constraint.DecimalMax = &attest.Amount{Decimal: "9000.00", Unit: "EUR"}
			sent.Envelope.Payload = s.Payload(i)
			sent.ID = sent.Envelope.ID(s.Treasurer.Name())
			return sent
		}},
		{"instruction/with the seed of its text", "row.5", "The object that opens the text may be sent along.", "allowed", func(s *scene) cast.Sent {
			seed := s.Seed()
			object := attest.SeedObject(seed)
			i := s.Instruction(s.Treasurer, s.Orchestrator)
			i.Commitment = attest.Commitment{Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", "pay the invoice"}})), Seed: attest.DigestOf(object)}
			return s.Sign(s.Treasurer, i, object)
		}},
		{"instruction/with a seed that is none", "object.form", "The object is not 64 hex digits.", "refused object.form", func(s *scene) cast.Sent {
			object := []byte("a seed")
			i := s.Instruction(s.Treasurer, s.Orchestrator)
			i.Commitment.Seed = attest.DigestOf(object)
			return s.Sign(s.Treasurer, i, object)
		}},
	}
}

func triggerCases() []vectorCase {
	return []vectorCase{
		{"trigger/expired", "evidence.trigger.expires", "It has expired at this very moment and sets nothing off any more.", "unattributed", func(s *scene) cast.Sent {
			s.move(time.Hour)
			return s.Sign(s.Reconciler, s.run(s.triggerID))
		}},
		{"trigger/for somebody else", "evidence.trigger.addressee", "It addresses the bystander.", "unattributed", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.Sign(s.Reconciler, s.run(id))
		}},
		{"trigger/recorded by the one it sets off", "trigger.recorder", "Nobody writes their own alibi.", "denied trigger.recorder", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.Trigger(s.Reconciler, s.Reconciler))
		}},
		{"trigger/denied", "evidence.trigger.denied", "A trigger that the log denied sets nothing off.", "unattributed", func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.parts.visitor, s.Trigger(s.parts.visitor, s.Reconciler)), "trigger.recorder")
			return s.Sign(s.Reconciler, s.run(id))
		}},
		{"trigger/denied, as evidence of the warrant", "evidence.trigger.denied", "Nor where the root names it.", "unattributed", func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.parts.visitor, s.Trigger(s.parts.visitor, s.Reconciler)), "trigger.recorder")
			return s.ordered(func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{id} }, "")
		}},
		{"trigger/for somebody else, as evidence of the warrant", "evidence.trigger.addressee", "It addresses the bystander, and the root of the reconciler names it.", "unattributed", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.ordered(func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{id} }, "")
		}},
		{"trigger/recorded by the agent for the one above", "evidence.trigger.recorder", "An agent below records what sets off the agent above: it is its own word still.", "unattributed", func(s *scene) cast.Sent {
			child := s.Child(s.standing, s.standingID, s.Reconciler, s.Bystander)
			id := s.allow(s.Sign(s.Bystander, s.Trigger(s.Bystander, s.Reconciler)))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, s.allow(s.Sign(s.Reconciler, child)), id))
		}},
		{"trigger/by a workload that is not registered", "trigger.recorder", "Nobody knows the recorder.", "denied trigger.recorder", func(s *scene) cast.Sent {
			return s.Sign(s.parts.visitor, s.Trigger(s.parts.visitor, s.Reconciler))
		}},
		{"trigger/by a workload that may not record", "trigger.recorder", "It is registered, not as a recorder.", "denied trigger.recorder", func(s *scene) cast.Sent {
			a := suspended(s, s.Scheduler)
			a.Status, a.Recorder = "registered", false
			s.allow(s.Sign(s.Admin, a))
			return s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler))
		}},
		{"trigger/by a suspended recorder", "trigger.recorder", "Its own registration is suspended.", "denied trigger.recorder", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, suspended(s, s.Scheduler)))
			return s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler))
		}},
		{"trigger/by a recorder below a suspended path", "trigger.recorder", "A suspended path stops all below it, however they are registered.", "denied trigger.recorder", func(s *scene) cast.Sent {
			own := suspended(s, s.Scheduler)
			own.Status = "registered"
			s.allow(s.Sign(s.Admin, own))
			path := s.Agents("/service")
			path.Status = "suspended"
			s.allow(s.Sign(s.Admin, path))
			return s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler))
		}},
		{"trigger/by a retired recorder", "trigger.recorder", "Retired is not registered.", "denied trigger.recorder", func(s *scene) cast.Sent {
			a := suspended(s, s.Scheduler)
			a.Status = "retired"
			s.allow(s.Sign(s.Admin, a))
			return s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler))
		}},
		{"trigger/under a human's warrant", "row.7", "A trigger makes nothing autonomous that a human's scope carries.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.principal, s.Reconciler, attest.HumanStanding, reports("period", anything))
			w.Root.Accountable = s.Controller.ID
			id := s.allow(s.Sign(s.principal, w))
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, id, s.triggerID))
		}},
		{"trigger/beside an instruction under a human's warrant", "row.5", "Only under a standing order of the organisation do a trigger and an instruction disagree.", "human_instructed", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))
			a := s.pay("10.00")
			a.Initiator.Trigger = id
			return s.asPayments(a)
		}},
		{"trigger/under a human's warrant that has expired", "row.9", "Nothing that a human gave is autonomous, even when it has ended.", "unattributed, denied d10.holder warrant.outside", func(s *scene) cast.Sent {
			w := s.Warrant(s.principal, s.Reconciler, attest.HumanStanding, reports("period", anything))
			w.Root.Accountable = s.Controller.ID
			id := s.allow(s.Sign(s.principal, w))
			s.move(8 * time.Hour)
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, id, s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler)))))
		}},
		{"trigger/another kind of statement", "reference.kind", "The action names the instruction as its trigger.", "unattributed, denied reference.kind", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.run(s.instruction))
		}},
		{"trigger/not logged", "reference.unlogged", "The action names a trigger that is not in the log.", "refused reference.unlogged", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.run(attest.IDFrom([32]byte{3})))
		}},
		{"trigger/of the action before that of the warrant", "order.trigger", "The one that the action names is reported.", "autonomous", func(s *scene) cast.Sent {
			own := s.Trigger(s.Scheduler, s.Reconciler)
			own.Cause = attest.Event
			id := s.allow(s.Sign(s.Scheduler, own))
			return s.ordered(func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{s.triggerID} }, id)
		}},
		{"trigger/two of the warrant", "order.trigger", "The first one that the root names is reported.", "autonomous", func(s *scene) cast.Sent {
			own := s.Trigger(s.Scheduler, s.Reconciler)
			own.Cause = attest.Event
			id := s.allow(s.Sign(s.Scheduler, own))
			return s.ordered(func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{min(id, s.triggerID), max(id, s.triggerID)} }, "")
		}},
		cause(attest.Event), cause(attest.AgentSpawned), cause(attest.Goal),
		{"trigger/nobody accountable", "evidence.accountable", "The root was denied, so the name in it is anyone's.", "unattributed, denied reference.denied", func(s *scene) cast.Sent {
			w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
			w.Root.Accountable = "chief"
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.deny(s.Sign(s.Desk, w), "d11.root"), s.triggerID))
		}},
	}
}

func cause(c attest.Cause) vectorCase {
	return vectorCase{"trigger/cause " + string(c), "row.8", "The cause is reported as recorded.", "autonomous", func(s *scene) cast.Sent {
		t := s.Trigger(s.Scheduler, s.Reconciler)
		t.Cause = c
		id := s.allow(s.Sign(s.Scheduler, t))
		return s.Sign(s.Reconciler, s.run(id))
	}}
}

// claimCases are the agent's own word beside the evidence: a flag, never a class.
func claimCases() []vectorCase {
	const contradicts = ", flags claim_contradicts"
	claim := func(what, claim, want, why string, act func(s *scene) (*cast.Party, *attest.Action)) vectorCase {
		return vectorCase{"claim/" + claim + " on " + what, "flag.claim_contradicts", why, want, func(s *scene) cast.Sent {
			who, a := act(s)
			a.Initiator.Claim = claim
			return s.Sign(who, a)
		}}
	}
	directed := func(s *scene) (*cast.Party, *attest.Action) {
		a := s.pay("20.00")
		s.approve(s.Treasurer, a, nil)
		return s.Payments, a
	}
	instructed := func(s *scene) (*cast.Party, *attest.Action) { return s.Payments, s.pay("20.00") }
	itself := func(s *scene) (*cast.Party, *attest.Action) { return s.Orchestrator, s.under(s.Treasurer, nil, nil) }
	tasked := func(s *scene) (*cast.Party, *attest.Action) {
		return s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { i.Requests = []attest.Request{} }, nil)
	}
	scheduled := func(s *scene) (*cast.Party, *attest.Action) { return s.Reconciler, s.run(s.triggerID) }
	idle := func(s *scene) (*cast.Party, *attest.Action) { return s.Reconciler, s.run("") }
	triggered := func(s *scene) (*cast.Party, *attest.Action) {
		w := s.Warrant(s.Desk, s.Reconciler, attest.EventTrigger, cast.Reports())
		return s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), "")
	}
	recorded := func(s *scene) (*cast.Party, *attest.Action) {
		i := s.Instruction(s.Treasurer, s.Reconciler)
		i.RecordedBy = s.Desk.ID
		w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
		w.Task.Instruction = s.allow(s.Sign(s.Desk, i))
		return s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), "")
	}
	unusable := func(s *scene) (*cast.Party, *attest.Action) {
		w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
		w.Root.Evidence = []attest.ID{s.standingID}
		return s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), "")
	}
	bare := func(s *scene) (*cast.Party, *attest.Action) { return s.Payments, s.Transfer(s.Payments, "", "20.00") }
	return []vectorCase{
		claim("an approved action", "human", "human_directed", "The claim is what the evidence says.", directed),
		claim("an approved action", "self", "human_directed"+contradicts, "Autonomy is claimed and a human directed it.", directed),
		claim("an approved action", "agent", "human_directed", "Below another agent, that agent may have asked too.", directed),
		claim("an approved action", "schedule", "human_directed"+contradicts, "A schedule is claimed and a human directed it.", directed),
		claim("an approved action", "event", "human_directed"+contradicts, "An event is claimed and a human directed it.", directed),
		claim("an instructed action", "self", "human_instructed"+contradicts, "Autonomy is claimed and a human instructed it.", instructed),
		claim("an instructed action", "agent", "human_instructed", "Two links below the root, another agent may have asked.", instructed),
		claim("an action of the instructed agent itself", "agent", "human_instructed"+contradicts, "No other agent is in between.", itself),
		claim("an instructed action", "schedule", "human_instructed"+contradicts, "A schedule is claimed and a human instructed it.", instructed),
		claim("a tasked action", "self", "human_tasked", "Within a task the agent may well have chosen by itself.", tasked),
		claim("a tasked action", "agent", "human_tasked", "Nor does a task exclude another agent.", tasked),
		claim("a tasked action", "schedule", "human_tasked", "Nor a schedule.", tasked),
		claim("a scheduled run", "human", "autonomous"+contradicts, "A human is claimed, and signed evidence says a schedule.", scheduled),
		claim("a scheduled run", "schedule", "autonomous", "The claim is what the evidence says.", scheduled),
		claim("a scheduled run", "event", "autonomous"+contradicts, "Another cause is claimed.", scheduled),
		claim("a scheduled run", "self", "autonomous", "That is no contradiction.", scheduled),
		claim("a run that nothing set off", "human", "unattributed"+contradicts, "Under a standing order of the organisation a human is claimed.", idle),
		claim("a run on an event that nobody recorded", "human", "unattributed"+contradicts, "The same under a basis of events.", triggered),
		claim("a run with an instruction that a service recorded", "human", "unattributed", "Weak evidence of a human speaks for the claim.", recorded),
		claim("a run with evidence that cannot be used", "human", "indeterminate", "Where nothing is found, nothing is contradicted.", unusable),
		claim("an action without a warrant", "human", "unattributed, denied policy.denied", "Nothing shows it, nothing contradicts it.", bare),
	}
}
