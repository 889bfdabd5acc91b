package vectors_test

import (
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// pay is a transfer of the payments agent under the leaf of the stage.
func (s *scene) pay(amount string) *attest.Action { return s.Transfer(s.Payments, s.leafID, amount) }

// asPayments signs as the payments agent.
func (s *scene) asPayments(a *attest.Action) cast.Sent { return s.Sign(s.Payments, a) }

// approve has a person approve an action, which then names the approval.
func (s *scene) approve(who *cast.Party, a *attest.Action, spoil func(*attest.Approval)) {
	s.Helper()
	consent := s.Approval(who, a)
	if spoil != nil {
		spoil(consent)
	}
	a.Authority.Approvals = []attest.ID{s.allow(s.Sign(who, consent))}
}

// under is a transfer of the orchestrator under a root warrant on another
// instruction of the treasurer, both spoiled.
func (s *scene) under(by *cast.Party, spoil func(*attest.Instruction), amend func(*attest.Warrant)) *attest.Action {
	s.Helper()
	i, w := s.Instruction(s.Treasurer, s.Orchestrator, cast.Request()), s.Instructed(s.Treasurer, s.Orchestrator, "")
	if spoil != nil {
		spoil(i)
	}
	id := s.allow(s.Sign(by, i))
	w.Task.Instruction, w.Root.Evidence = id, []attest.ID{id}
	if amend != nil {
		amend(w)
	}
	return s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, w)), "10.00")
}

// run is a reconciliation of the reconciler under the standing warrant.
func (s *scene) run(trigger attest.ID) *attest.Action {
	return s.Reconcile(s.Reconciler, s.standingID, trigger)
}

// ordered is a reconciliation under a standing warrant of the desk, amended.
func (s *scene) ordered(amend func(*attest.Warrant), trigger attest.ID) cast.Sent {
	s.Helper()
	w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
	amend(w)
	return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.allow(s.Sign(s.Desk, w)), trigger))
}

// classCases have a way to every row of the table.
func classCases() []vectorCase {
	return []vectorCase{
		{"class/directed by a key", "row.4", "A person approved exactly this action with a key of their own, before it.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			return s.asPayments(a)
		}},
		{"class/directed by a passkey", "row.4", "The same by an authenticator that verified its user: key K4.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.maria, a, nil)
			return s.asPayments(a)
		}},
		{"class/directed in another spelling of the amount", "row.4", "10.5 and 10.50 are one amount: amounts compare as numbers.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("10.5")
			s.approve(s.Treasurer, a, func(p *attest.Approval) { p.Arguments[0].Value = attest.Money("10.50", "EUR") })
			return s.asPayments(a)
		}},
		{"class/directed by two people", "row.4", "Two approvals of this action: the smaller reference decides, nobody is pooled.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("20.00")
			x, y := s.allow(s.Sign(s.Treasurer, s.Approval(s.Treasurer, a))), s.allow(s.Sign(s.Controller, s.Approval(s.Controller, a)))
			a.Authority.Approvals = []attest.ID{min(x, y), max(x, y)}
			return s.asPayments(a)
		}},
		{"class/directed, the stronger key decides", "order.key", "Of two approvals the one with the higher key is named, whatever its reference.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("20.00")
			var ids []attest.ID
			for _, who := range []*cast.Party{s.Treasurer, s.maria} {
				ids = append(ids, s.allow(s.Sign(who, s.Approval(who, a))))
			}
			a.Authority.Approvals = []attest.ID{min(ids[0], ids[1]), max(ids[0], ids[1])}
			return s.asPayments(a)
		}},
		{"class/directed without an instruction", "row.4", "An approval needs no instruction: the root here is a standing order.", "human_directed", func(s *scene) cast.Sent {
			w := s.allow(s.Sign(s.Treasurer, s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50.00"))))
			a := s.Transfer(s.Payments, w, "20.00")
			s.approve(s.Treasurer, a, nil)
			return s.asPayments(a)
		}},
		{"class/directed, by another than the warrant's holder", "d10.holder", "A person approved what this agent asked for; it does not hold the warrant that it named, which is of another's registration.", "human_directed, denied d10.holder", func(s *scene) cast.Sent {
			w := s.child()
			w.Holder.Registration = s.registered(s.Payments)
			a := s.Transfer(s.Bystander, s.allow(s.Sign(s.Buyer, w)), "10.00")
			s.approve(s.maria, a, func(p *attest.Approval) { p.Agent = s.Bystander.ID })
			return s.Sign(s.Bystander, a)
		}},
		{"class/instructed", "row.5", "A request of the instruction contains this action, resource and arguments; the instruction flowed down two links.", "human_instructed", func(s *scene) cast.Sent {
			return s.asPayments(s.pay("2000.00"))
		}},
		{"class/instructed directly", "row.5", "The holder of the root acts itself: no hops.", "human_instructed", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, nil))
		}},
		{"class/instructed by a passkey", "row.5", "An instruction signed by a passkey is K4.", "human_instructed", func(s *scene) cast.Sent {
			i := s.allow(s.Sign(s.maria, s.Instruction(s.maria, s.Payments, cast.Request())))
			w := s.allow(s.Sign(s.maria, s.Instructed(s.maria, s.Payments, i)))
			return s.asPayments(s.Transfer(s.Payments, w, "20.00"))
		}},
		{"class/instructed, recorded as done", "row.5", "A record is intent and outcome in one and is attributed like an intent.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("20.00")
			a.Phase, a.Outcome = attest.Record, &attest.Result{Status: "done"}
			return s.asPayments(a)
		}},
		{"class/instructed in the second request", "row.5", "Any of the requests will do.", "human_instructed", func(s *scene) cast.Sent {
			other := cast.Request()
			other.Action = "payments.refund"
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { i.Requests = []attest.Request{other, cast.Request()} }, nil))
		}},
		{"class/tasked", "row.6", "The amount is just above the request's: a human set the task, the agent chose the action.", "human_tasked, flags exceeded_instruction", func(s *scene) cast.Sent {
			return s.asPayments(s.pay("2000.01"))
		}},
		{"class/tasked without requests", "row.6", "An instruction without typed requests is a task, and nothing was exceeded.", "human_tasked", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { i.Requests = []attest.Request{} }, nil))
		}},
		{"class/tasked, another action", "evidence.requests", "The request names another action.", "human_tasked, flags exceeded_instruction", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { i.Requests[0].Action = "payments.refund" }, nil))
		}},
		{"class/tasked, another resource", "evidence.requests", "The request names another account.", "human_tasked, flags exceeded_instruction", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) {
				v := attest.Text("iban/DE/elsewhere")
				i.Requests[0].Resource.Match = attest.Constraint{Exact: &v}
			}, nil))
		}},
		{"class/tasked, another reference", "evidence.requests", "The request names another invoice.", "human_tasked, flags exceeded_instruction", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) {
				v := attest.Text("INV/2026/0118")
				i.Requests[0].Arguments[1].Constraint = attest.Constraint{Exact: &v}
			}, nil))
		}},
		{"class/delegated", "row.7", "A person's standing order reaches the agent; nobody asked for this action.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"class/delegated through a link", "row.7", "A standing order handed on once: one hop.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Buyer, attest.HumanStanding, cast.Payments("10.00"))
			child := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Buyer, s.Payments)
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Buyer, child)), "10.00"))
		}},
		{"class/delegated by a passkey", "row.7", "A standing order signed by a passkey: B2 at K4.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.maria, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.maria, w)), "10.00"))
		}},
		{"class/delegated on a basis of an instruction", "row.7", "The root says human_instruction, names none, and is worth a scope.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanInstruction, cast.Payments("10.00"))
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"class/autonomous by a schedule", "row.8", "A standing order of the organisation, a recorded trigger and somebody accountable.", "autonomous", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.run(s.triggerID))
		}},
		{"class/autonomous by the evidence of the warrant", "row.8", "The root names the trigger, the action need not.", "autonomous", func(s *scene) cast.Sent {
			return s.ordered(func(w *attest.Warrant) { w.Root.Basis, w.Root.Evidence = attest.EventTrigger, []attest.ID{s.triggerID} }, "")
		}},
		{"class/autonomous below the triggered agent", "row.8", "The trigger addresses the agent above in the chain.", "autonomous", func(s *scene) cast.Sent {
			child := s.Child(s.standing, s.standingID, s.Reconciler, s.Bystander)
			id := s.allow(s.Sign(s.Reconciler, child))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, id, s.triggerID))
		}},
		{"class/autonomous, the trigger until its last moment", "evidence.trigger.expires", "One millisecond before it expires the trigger still sets off.", "autonomous", func(s *scene) cast.Sent {
			s.move(time.Hour - time.Millisecond)
			return s.Sign(s.Reconciler, s.run(s.triggerID))
		}},
		{"class/unattributed without a trigger", "row.9", "A standing order alone says nothing about what set the work off.", "unattributed", func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.run(""))
		}},
		{"class/unattributed without a warrant", "row.9", "No warrant, no evidence; the policy denies, which decides no class.", "unattributed, denied policy.denied", func(s *scene) cast.Sent {
			return s.asPayments(s.Transfer(s.Payments, "", "10.00"))
		}},
		{"class/conflicted between two people", "row.3", "The root names instructions of two people to the same agent.", "conflicted", func(s *scene) cast.Sent {
			rival := s.allow(s.Sign(s.Controller, s.Instruction(s.Controller, s.Orchestrator)))
			w := s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
			w.Root.Evidence = []attest.ID{min(s.instruction, rival), max(s.instruction, rival)}
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"class/conflicted between a human and a schedule", "row.3", "A standing order that says no human asked, a trigger, and an instruction of a human.", "conflicted", func(s *scene) cast.Sent {
			i := s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Reconciler)))
			return s.ordered(func(w *attest.Warrant) { w.Task.Instruction = i }, s.triggerID)
		}},
		{"class/two instructions of one person agree", "row.5", "One person may instruct twice.", "human_instructed", func(s *scene) cast.Sent {
			again := s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Orchestrator)))
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, func(w *attest.Warrant) {
				w.Root.Evidence = []attest.ID{min(again, w.Task.Instruction), max(again, w.Task.Instruction)}
			}))
		}},
		{"class/an instruction of somebody else, to somebody else, is no conflict", "evidence.addressee", "Only what is addressed to the root's holder can disagree.", "human_instructed", func(s *scene) cast.Sent {
			rival := s.allow(s.Sign(s.Controller, s.Instruction(s.Controller, s.Buyer)))
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, func(w *attest.Warrant) {
				w.Root.Evidence = []attest.ID{min(rival, w.Task.Instruction), max(rival, w.Task.Instruction)}
			}))
		}},
		{"class/indeterminate evidence", "row.2", "The root names evidence of a kind that this version cannot use.", "indeterminate", func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, nil, func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{s.standingID} }))
		}},
		{"class/indeterminate before conflicted", "row.2", "What is missing comes before what disagrees.", "indeterminate", func(s *scene) cast.Sent {
			i := s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Reconciler)))
			return s.ordered(func(w *attest.Warrant) { w.Task.Instruction, w.Root.Evidence = i, []attest.ID{s.standingID} }, s.triggerID)
		}},
		{"class/indeterminate in spite of an approval", "row.2", "Not even an approval outweighs evidence that cannot be used.", "indeterminate", func(s *scene) cast.Sent {
			a := s.under(s.Treasurer, nil, func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{s.standingID} })
			s.approve(s.Treasurer, a, nil)
			return s.Sign(s.Orchestrator, a)
		}},
		{"class/authority does not change the class", "row.5", "The policy that is in force denies every transfer: it is as much instructed as before.", "human_instructed, denied policy.denied", func(s *scene) cast.Sent {
			src := organisation()
			src.Policies = append(src.Policies, `@id("org/none") forbid (principal, action == Deed::Action::"payments.transfer", resource);`...)
			p, parts := s.Policy(src, 1000)
			s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
			return s.asPayments(s.pay("20.00"))
		}},
	}
}
