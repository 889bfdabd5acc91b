package vectors_test

import (
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// An attack is a vector whose class must not be above what the honest evidence
// supports (docs/design/threats.md, "Attacks").
type attack struct {
	name  string
	rule  string
	why   string
	want  string
	limit agency.Class // the highest class that the attack may come to
	make  func(s *scene) cast.Sent
}

func attackCases() []vectorCase {
	var out []vectorCase
	for _, a := range attacks() {
		out = append(out, vectorCase{"attack/" + a.name, a.rule, a.why, a.want, a.make})
	}
	return out
}

func attacks() []attack {
	return slices.Concat(approvalAttacks(), authorityAttacks(), humanAttacks(), tokenAttacks(), timeAttacks())
}

const tasked = "human_tasked, denied "

func approvalAttacks() []attack {
	const exceeded = ", flags exceeded_instruction"
	return []attack{
		{"a replayed approval", "approval.used", "One approval for two payments of the same amount.", tasked + "approval.used" + exceeded, agency.HumanTasked, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.maria, a, nil)
			s.allow(s.asPayments(a))
			again := s.After(a, s.steps[len(s.steps)-1].ID, s.pay("2500.00"))
			again.Request, again.Open, again.Authority.Approvals = a.Request, a.Open, a.Authority.Approvals
			return s.asPayments(again)
		}},
		{"an aged approval", "approval.expired", "An approval that is kept for later.", tasked + "approval.expired" + exceeded, agency.HumanTasked, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.maria, a, nil)
			s.move(16 * time.Minute)
			return s.asPayments(a)
		}},
		{"a swapped approval", "approval.mismatch", "The approval of one payment under another.", tasked + "approval.mismatch" + exceeded, agency.HumanTasked, func(s *scene) cast.Sent {
			shown, done := s.pay("2500.00"), s.pay("2501.00")
			s.approve(s.maria, shown, nil)
			done.Authority = shown.Authority
			return s.asPayments(done)
		}},
		{"a swapped assertion", "passkey.challenge", "The passkey's answer to one approval under another.", "refused passkey.challenge", agency.None, func(s *scene) cast.Sent {
			sent := s.Sign(s.maria, s.Approval(s.maria, s.pay("9999.00")))
			sent.Envelope.Signature = s.Sign(s.maria, s.Approval(s.maria, s.pay("10.00"))).Envelope.Signature
			return sent
		}},
		{"pay 10 approved, 10000 paid", "approval.mismatch", "The agent pays more than was approved.", tasked + "approval.mismatch" + exceeded, agency.HumanTasked, func(s *scene) cast.Sent {
			shown, done := s.pay("10.00"), s.pay("10000.00")
			s.approve(s.maria, shown, nil)
			done.Authority = shown.Authority
			return s.asPayments(done)
		}},
		{"pay 10 shown, the digest of 10000 signed", "approval.mismatch", "The page shows 10 and has the digest of 10000 signed.", tasked + "approval.mismatch" + exceeded, agency.HumanTasked, func(s *scene) cast.Sent {
			shown, done := s.pay("10.00"), s.pay("10000.00")
			s.approve(s.maria, shown, func(p *attest.Approval) { p.Request = done.Request.Digest() })
			done.Authority = shown.Authority
			return s.asPayments(done)
		}},
		{"an approval after the act", "reference.unlogged", "The action names an approval that is to be logged later.", "refused reference.unlogged", agency.None, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			a.Authority.Approvals = []attest.ID{s.Sign(s.maria, s.Approval(s.maria, a)).ID}
			return s.asPayments(a)
		}},
		{"an approval of another log", "statement.log", "One approval is brought to two logs.", "refused statement.log", agency.None, func(s *scene) cast.Sent {
			p := s.Approval(s.maria, s.pay("2500.00"))
			p.Log = "log.other.example/1"
			return s.Sign(s.maria, p)
		}},
		{"an approval of another log, renamed", "passkey.challenge", "The log's name in it is changed to this one's.", "refused passkey.challenge", agency.None, func(s *scene) cast.Sent {
			p := s.Approval(s.maria, s.pay("2500.00"))
			here := s.Sign(s.maria, p)
			p.Log = "log.other.example/1"
			here.Envelope.Signature = s.Sign(s.maria, p).Envelope.Signature
			return here
		}},
		{"an approval signed by the agent", "signer.unknown", "The agent signs an approval in the person's name.", "refused signer.unknown", agency.None, func(s *scene) cast.Sent {
			p := *s.Payments
			p.Party = s.Treasurer.Party
			return s.Sign(&p, s.Approval(s.Treasurer, s.pay("2500.00")))
		}},
	}
}

func authorityAttacks() []attack {
	return []attack{
		{"another agent's warrant", "d10.holder", "The bystander acts under what the payments agent holds.", "unattributed, denied d10.holder", agency.Unattributed, func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "10.00"))
		}},
		{"a parent's warrant used by a child", "d10.holder", "The payments agent acts under the orchestrator's own root, which was narrowed for it.", "unattributed, denied d10.holder", agency.Unattributed, func(s *scene) cast.Sent {
			return s.asPayments(s.Transfer(s.Payments, s.rootID, "10.00"))
		}},
		{"a chain re-rooted under itself", "d11.root", "The agent takes its leaf's grants for a root of its own and acts under it.", "unattributed, denied reference.denied", agency.Unattributed, func(s *scene) cast.Sent {
			w := s.Warrant(s.Payments, s.Bystander, attest.HumanInstruction, s.leaf.Grants[0])
			w.Task.Instruction, w.Root.Evidence = s.instruction, []attest.ID{s.instruction}
			id := s.deny(s.Sign(s.Payments, w), "d11.root")
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, id, "10.00"))
		}},
		{"a chain re-rooted under another's", "d1.issuer", "The buyer hangs its child below a root that another holds.", "unattributed, denied d1.issuer d8.task reference.denied", agency.Unattributed, func(s *scene) cast.Sent {
			other := s.Instructed(s.Treasurer, s.Bystander, s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Bystander, cast.Request()))))
			w := s.Child(s.root, s.allow(s.Sign(s.Treasurer, other)), s.Buyer, s.Payments)
			id := s.deny(s.Sign(s.Buyer, w), "d1.issuer", "d8.task")
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"a self-issued root", "d11.root", "A workload gives itself an order of the organisation.", "unattributed, denied reference.denied", agency.Unattributed, func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.Bystander, s.Warrant(s.Bystander, s.Bystander, attest.OrgStanding, cast.Reports())), "d11.root")
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, id, s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))))
		}},
		{"a wider child", "d5.grants", "The buyer grants more than it holds.", "human_tasked, denied d5.grants policy.denied reference.denied warrant.outside, flags exceeded_instruction", agency.HumanTasked, func(s *scene) cast.Sent {
			w := s.child()
			w.Grants[0] = cast.Payments("90000.00")
			id := s.deny(s.Sign(s.Buyer, w), "d5.grants")
			return s.asPayments(s.Transfer(s.Payments, id, "80000.00"))
		}},
		{"siblings overspend", "d7.spent", "Two children spend one budget twice.", "human_delegated, denied d7.spent", agency.HumanDelegated, func(s *scene) cast.Sent {
			p, b := s.pool(func(g *attest.Grant) {
				g.Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "100.00", Unit: "EUR"}}
			})
			s.allow(s.asPayments(s.Transfer(s.Payments, p, "99.00")))
			return s.Sign(s.Buyer, s.Transfer(s.Buyer, b, "99.00"))
		}},
		{"a retired SPIFFE ID reused", "d10.holder", "The warrant names the registration of an agent that was retired; another owner runs something of the same name.", "unattributed, denied d10.holder", agency.Unattributed, func(s *scene) cast.Sent {
			w := s.child()
			w.Holder.Registration = s.registered(s.Payments)
			id := s.allow(s.Sign(s.Buyer, w))
			s.reused(s.Payments)
			return s.Sign(s.parts.renewed, s.Transfer(s.parts.renewed, id, "10.00"))
		}},
		{"a retired SPIFFE ID hands on", "d1.issuer", "The person's warrant names the registration of an agent that was retired; what runs under its name now hands the warrant on to an accomplice.", "unattributed, denied reference.denied", agency.Unattributed, func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("100.00"))
			w.Holder.Registration = s.registered(s.Payments)
			root := s.allow(s.Sign(s.Treasurer, w))
			s.reused(s.Payments)
			id := s.deny(s.Sign(s.parts.renewed, s.Child(w, root, s.parts.renewed, s.Bystander)), "d1.issuer")
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, id, "10.00"))
		}},
		{"an approval used under a retired SPIFFE ID", "evidence.bound", "The person approved what the agent asked for that the warrant names; what runs under its name now sends the same action.", "unattributed, denied d10.holder", agency.Unattributed, func(s *scene) cast.Sent {
			w := s.child()
			w.Holder.Registration = s.registered(s.Payments)
			a := s.Transfer(s.Payments, s.allow(s.Sign(s.Buyer, w)), "10.00")
			s.approve(s.maria, a, nil)
			s.reused(s.Payments)
			return s.Sign(s.parts.renewed, a)
		}},
		{"a forged CA", "signer.chain", "An SVID of the agent's name by a CA that is not in the bundle.", "refused signer.chain", agency.None, func(s *scene) cast.Sent {
			return s.Sign(s.parts.forged, s.Transfer(s.parts.forged, s.leafID, "10.00"))
		}},
		{"a forged person", "signer.unknown", "A key that nobody registered, in the treasurer's name.", "refused signer.unknown", agency.None, func(s *scene) cast.Sent {
			p := *s.parts.stranger
			p.Party = s.Treasurer.Party
			return s.Sign(&p, s.Instruction(s.Treasurer, s.Orchestrator, cast.Request()))
		}},
		{"a person forged by one administrator", "control.quorum", "An administrator alone gives the treasurer's name a key of his own.", "refused control.quorum", agency.None, func(s *scene) cast.Sent {
			p := *s.parts.stranger
			p.Party = s.Treasurer.Party
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&p)), &p)
		}},
	}
}

// registered registers an agent by itself and returns by what warrants name that.
func (s *scene) registered(agent *cast.Party) attest.ID {
	s.Helper()
	a := suspended(s, agent)
	a.Status = "registered"
	return s.allow(s.Sign(s.Admin, a))
}

// reused retires an agent and registers its name for somebody else.
func (s *scene) reused(agent *cast.Party) {
	s.Helper()
	gone := suspended(s, agent)
	gone.Status = "retired"
	s.allow(s.Sign(s.Admin, gone))
	again := suspended(s, agent)
	again.Status, again.Owner = "registered", s.Controller.ID
	s.allow(s.Sign(s.Admin, again))
}

func humanAttacks() []attack {
	return []attack{
		{"an edited instruction", "envelope.signature", "A limit in a signed instruction is raised.", "refused envelope.signature", agency.None, func(s *scene) cast.Sent {
			i := s.Instruction(s.Treasurer, s.Orchestrator, cast.Request())
			sent := s.Sign(s.Treasurer, i)
			i.Requests[0].Arguments[0].Constraint.DecimalMax = &attest.Amount{Decimal: "90000.00", Unit: "EUR"}
			sent.Envelope.Payload = s.Payload(i)
			return sent
		}},
		{"an instruction invented by a service", "evidence.key", "A service writes down that a human asked.", "human_delegated", agency.HumanDelegated, func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Desk, func(i *attest.Instruction) { i.RecordedBy = s.Desk.ID }, nil))
		}},
		{"a claim against the evidence", "flag.claim_contradicts", "On a scheduled run the agent says that a human asked.", "autonomous, flags claim_contradicts", agency.Autonomous, func(s *scene) cast.Sent {
			a := s.run(s.triggerID)
			a.Initiator.Claim = "human"
			return s.Sign(s.Reconciler, a)
		}},
		{"a human's instruction hung on a cron run", "row.3", "A standing order with a schedule is given an instruction besides.", "conflicted", agency.Conflicted, func(s *scene) cast.Sent {
			i := s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Reconciler)))
			return s.ordered(func(w *attest.Warrant) { w.Root.Evidence = []attest.ID{min(i, s.triggerID), max(i, s.triggerID)} }, "")
		}},
		{"a human's scope hung on a cron run", "evidence.bound", "The agent names a human's warrant of another agent to look delegated.", "unattributed, denied d10.holder warrant.outside", agency.Unattributed, func(s *scene) cast.Sent {
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.rootID, s.triggerID))
		}},
		{"autonomy claimed to shield a human", "flag.claim_contradicts", "The agent says that it acted by itself: the person stays named.", "human_directed, flags claim_contradicts", agency.HumanDirected, func(s *scene) cast.Sent {
			a := s.pay("20.00")
			s.approve(s.maria, a, nil)
			a.Initiator.Claim = "self"
			return s.asPayments(a)
		}},
		{"a trigger added to shield a human", "row.5", "A recorded schedule beside an instruction: the person stays named.", "human_instructed", agency.HumanInstructed, func(s *scene) cast.Sent {
			a := s.pay("20.00")
			a.Initiator = attest.Initiator{Claim: "unknown", Trigger: s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))}
			return s.asPayments(a)
		}},
		{"an injected payment inside a broad task", "row.6", "What the agent read told it to pay another account: within the warrant, not in the request.", "human_tasked, flags exceeded_instruction", agency.HumanTasked, func(s *scene) cast.Sent {
			a := s.pay("900.00")
			a.Request.Resource.ID = "iban/DE/mule/DE99100000000000000001"
			return s.asPayments(a)
		}},
	}
}
