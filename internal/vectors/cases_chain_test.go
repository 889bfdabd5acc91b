package vectors_test

import (
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// chainCases are the rules of delegation, D0 to D11: each is broken alone.
func chainCases() []vectorCase {
	return slices.Concat(linkCases(), holderCases(), rootCases(), spentCases(), revokedCases())
}

// child is a warrant of the buyer for the payments agent, below the buyer's own.
func (s *scene) child() *attest.Warrant {
	return s.Child(s.buyerWarrant, s.buyerID, s.Buyer, s.Payments)
}

func linkCases() []vectorCase {
	link := func(name, rule, why, want string, amend func(s *scene, w *attest.Warrant)) vectorCase {
		return vectorCase{"chain/" + name, rule, why, want, func(s *scene) cast.Sent {
			w := s.child()
			amend(s, w)
			return s.Sign(s.Buyer, w)
		}}
	}
	return []vectorCase{
		link("as it should be", "d1.issuer", "The holder of a warrant hands it on as it is.", "allowed", func(*scene, *attest.Warrant) {}),
		{"chain/d0 another signer", "d0.signer", "The payload names the buyer, the bystander signed.", "refused d0.signer", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.child())
		}},
		{"chain/d0 another log", "statement.log", "The statement is for another log.", "refused statement.log", func(s *scene) cast.Sent {
			w := s.child()
			w.Log = "log.other.example/1"
			return s.Sign(s.Buyer, w)
		}},
		{"chain/d1 not the holder", "d1.issuer", "The bystander hands on what the buyer holds.", "denied d1.issuer", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Child(s.buyerWarrant, s.buyerID, s.Bystander, s.Payments))
		}},
		{"chain/d1 a person below depth 0", "d1.issuer", "Not even the root's issuer is the holder of the link above.", "denied d1.issuer", func(s *scene) cast.Sent {
			return s.Sign(s.Treasurer, s.Child(s.buyerWarrant, s.buyerID, s.Treasurer, s.Payments))
		}},
		{"chain/d1 another key than pinned", "d1.issuer", "The link above pins a key, and the holder signs with another.", "denied d1.issuer", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Holder.Key = s.Buyer.Public().Digest()
			id := s.allow(s.Sign(s.Orchestrator, w))
			return s.asPaymentsWarrant(s.Child(w, id, s.Payments, s.Bystander))
		}},
		{"chain/d1 the pinned key", "d1.issuer", "The link above pins a key, and the holder signs with it.", "allowed", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Holder.Key = s.Payments.Public().Digest()
			id := s.allow(s.Sign(s.Orchestrator, w))
			return s.asPaymentsWarrant(s.Child(w, id, s.Payments, s.Bystander))
		}},
		{"chain/d1 another registration than named", "d1.issuer", "The link above names a registration, and the holder has another.", "denied d1.issuer", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Holder.Registration = s.services
			id := s.allow(s.Sign(s.Orchestrator, w))
			return s.asPaymentsWarrant(s.Child(w, id, s.Payments, s.Bystander))
		}},
		{"chain/d1 the named registration", "d1.issuer", "The link above names the registration that the holder has.", "allowed", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Payments)
			w.Holder.Registration = s.agents
			id := s.allow(s.Sign(s.Orchestrator, w))
			return s.asPaymentsWarrant(s.Child(w, id, s.Payments, s.Bystander))
		}},
		link("d2 a parent of another kind", "d2.parent", "The parent is an instruction.", "denied d2.parent", func(s *scene, w *attest.Warrant) { w.Parent = s.instruction }),
		link("d2 a parent that is not logged", "reference.unlogged", "The parent comes first.", "refused reference.unlogged", func(s *scene, w *attest.Warrant) { w.Parent = attest.IDFrom([32]byte{4}) }),
		link("d2 another parent", "d1.issuer", "Below the root itself: the buyer does not hold it, and the depth is wrong.", "denied d1.issuer d3.depth", func(s *scene, w *attest.Warrant) { w.Parent = s.rootID }),
		link("a parent that was denied", "reference.denied", "What hangs below a denied link is denied.", "denied d5.grants reference.denied", func(s *scene, w *attest.Warrant) {
			wide := s.child()
			wide.Grants[0] = cast.Payments("90000.00")
			wide.Holder.SPIFFEID = s.Buyer.ID
			w.Parent = s.deny(s.Sign(s.Buyer, wide), "d5.grants")
			w.Depth, w.Grants = 3, wide.Grants
		}),
		link("d3 depth skipped", "d3.depth", "Depth 3 below depth 1.", "denied d3.depth", func(_ *scene, w *attest.Warrant) { w.Depth = 3 }),
		link("d3 depth repeated", "d3.depth", "Depth 1 below depth 1.", "denied d3.depth", func(_ *scene, w *attest.Warrant) { w.Depth = 1 }),
		link("d3 a higher max_depth", "d3.depth", "The parent allows depth 3.", "denied d3.depth", func(_ *scene, w *attest.Warrant) { w.MaxDepth = 4 }),
		link("d3 a lower max_depth", "d3.depth", "A child may allow less.", "allowed", func(_ *scene, w *attest.Warrant) { w.MaxDepth = 2 }),
		{"chain/d3 below max_depth", "d3.depth", "The parent allows nothing below it.", "denied d3.depth", func(s *scene) cast.Sent {
			last := s.child()
			last.MaxDepth = 2
			below := s.Child(last, s.allow(s.Sign(s.Buyer, last)), s.Payments, s.Bystander)
			below.MaxDepth = 3
			return s.asPaymentsWarrant(below)
		}},
		{"chain/d3 below a max_depth two links above", "d3.depth", "Every max_depth above counts, though the parent was denied for raising it.", "denied d3.depth reference.denied", func(s *scene) cast.Sent {
			last := s.child()
			last.MaxDepth = 2
			over := s.Child(last, s.allow(s.Sign(s.Buyer, last)), s.Payments, s.Bystander)
			over.MaxDepth = 7
			id := s.deny(s.asPaymentsWarrant(over), "d3.depth")
			return s.Sign(s.Bystander, s.Child(over, id, s.Bystander, s.Reconciler))
		}},
		{"chain/d3 more links than a chain has", "d3.depth", "Eight denied links that lie about their depth: no root is in sight.", "unattributed, denied d3.depth policy.denied reference.denied", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.endless(9), "1.00"))
		}},
		{"chain/d3 as many links as a chain has", "d3.depth", "Eight links are a chain: what is wrong with it is denied, and it leads to the signer.", "human_instructed, denied d3.depth reference.denied", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.endless(7), "1.00"))
		}},
		{"chain/d3 a ninth link", "d3.depth", "Of more links than a chain has nothing else is compared: it also ends later than the one above.", "denied d3.depth reference.denied", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.endless(7), s.Bystander, s.Bystander)
			w.Depth, w.MaxDepth = 7, 7
			w.Expires++
			return s.Sign(s.Bystander, w)
		}},
		link("d4 begins earlier", "d4.window", "A millisecond before its parent.", "denied d4.window", func(_ *scene, w *attest.Warrant) { w.NotBefore-- }),
		link("d4 ends later", "d4.window", "A millisecond after its parent.", "denied d4.window", func(_ *scene, w *attest.Warrant) { w.Expires++ }),
		link("d4 narrower", "d4.window", "A shorter window is a narrower one.", "allowed", func(_ *scene, w *attest.Warrant) { w.NotBefore++; w.Expires-- }),
		link("d8 another task", "d8.task", "The task has another id.", "denied d8.task", func(s *scene, w *attest.Warrant) { w.Task.ID = s.Random() }),
		link("d8 another purpose", "d8.task", "The task has another purpose.", "denied d8.task", func(_ *scene, w *attest.Warrant) { w.Task.Purpose = "office party" }),
		link("d8 another instruction", "d8.task", "The task is for another instruction.", "denied d8.task", func(s *scene, w *attest.Warrant) {
			w.Task.Instruction = s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Orchestrator)))
		}),
		link("d8 without the instruction", "d8.task", "The instruction may be left out.", "allowed", func(_ *scene, w *attest.Warrant) { w.Task.Instruction = "" }),
		link("d9 another trust domain", "d9.domain", "The holder is of another trust domain.", "denied d9.domain", func(s *scene, w *attest.Warrant) { w.Holder.SPIFFEID = s.parts.neighbour.ID }),
		{"chain/d9 an issuer of another trust domain", "d9.domain", "A workload of another trust domain issues a root for an agent of this one.", "denied d11.root d9.domain", func(s *scene) cast.Sent {
			w := s.Warrant(s.parts.neighbour, s.Reconciler, attest.OrgStanding, cast.Reports())
			return s.Sign(s.parts.neighbour, w)
		}},
		link("never added", "d5.grants", "A child may forbid more.", "allowed", func(_ *scene, w *attest.Warrant) {
			w.Never = []attest.Denial{{Actions: []string{"payments.refund"}}}
		}),
		neverCase("repeated", "The child repeats the parent's never.", "allowed", func(w *attest.Warrant) {}),
		neverCase("dropped", "The child drops the parent's never.", "denied d5.grants", func(w *attest.Warrant) { w.Never = nil }),
		neverCase("narrowed", "The child forbids it on one resource only.", "denied d5.grants", func(w *attest.Warrant) {
			w.Never = []attest.Denial{{Actions: w.Never[0].Actions, Resource: &attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE/x"}}}}
		}),
		{"chain/d1 not the holder, acted under", "d1.issuer", "Under a link of its own making below another's warrant, the chain does not lead to the agent.", "unattributed, denied d1.issuer reference.denied", func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.Bystander, s.Child(s.buyerWarrant, s.buyerID, s.Bystander, s.Bystander)), "d1.issuer")
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, id, "10.00"))
		}},
		{"chain/suspended issuer", "agent.suspended", "A suspended workload passes nothing on.", "denied agent.suspended", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, suspended(s, s.Buyer)))
			return s.Sign(s.Buyer, s.child())
		}},
		{"chain/retired issuer", "agent.suspended", "Nor does a retired one.", "denied agent.suspended", func(s *scene) cast.Sent {
			a := suspended(s, s.Buyer)
			a.Status = "retired"
			s.allow(s.Sign(s.Admin, a))
			return s.Sign(s.Buyer, s.child())
		}},
		{"chain/warrant too large", "warrant.size", "A warrant of more than 16 KiB.", "denied warrant.size", func(s *scene) cast.Sent {
			w := s.child()
			for len(w.Grants) < 60 {
				w.Grants = append(w.Grants, w.Grants[0])
			}
			return s.Sign(s.Buyer, w)
		}},
	}
}

func (s *scene) asPaymentsWarrant(w *attest.Warrant) cast.Sent { return s.Sign(s.Payments, w) }

// endless logs n denied warrants below the root, all of the bystander.
func (s *scene) endless(n int) attest.ID {
	s.Helper()
	w, id := s.root, s.rootID
	for depth := 1; depth <= n; depth++ {
		from := s.Bystander
		if depth == 1 {
			from = s.Orchestrator
		}
		child := s.Child(w, id, from, s.Bystander)
		child.Depth, child.MaxDepth = min(depth, 7), 7
		sent := s.Sign(from, child)
		s.log(sent)
		w, id = child, sent.ID
	}
	return id
}

// neverCase is a child of a warrant that forbids quotes.
func neverCase(name, why, want string, amend func(*attest.Warrant)) vectorCase {
	return vectorCase{"chain/never " + name, "d5.grants", why, want, func(s *scene) cast.Sent {
		w := s.child()
		w.Never = []attest.Denial{{Actions: []string{"payments.quote"}}}
		below := s.Child(w, s.allow(s.Sign(s.Buyer, w)), s.Payments, s.Bystander)
		amend(below)
		return s.asPaymentsWarrant(below)
	}}
}

func holderCases() []vectorCase {
	pinned := func(name, why, want string, pin func(s *scene, h *attest.Holder)) vectorCase {
		return vectorCase{"holder/" + name, "d10.holder", why, want, func(s *scene) cast.Sent {
			w := s.child()
			pin(s, &w.Holder)
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Buyer, w)), "10.00"))
		}}
	}
	window := func(name, rule, why, want string, amend func(s *scene, w *attest.Warrant), wait time.Duration) vectorCase {
		return vectorCase{"holder/" + name, rule, why, want, func(s *scene) cast.Sent {
			w := s.child()
			amend(s, w)
			id := s.allow(s.Sign(s.Buyer, w))
			s.move(wait)
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}}
	}
	later := func(s *scene, w *attest.Warrant) { w.NotBefore += cast.Hour }
	sooner := func(s *scene, w *attest.Warrant) { w.Expires = w.NotBefore + cast.Hour }
	return []vectorCase{
		{"holder/another agent", "d10.holder", "The bystander acts under the payments agent's warrant: the chain does not lead to it.", "unattributed, denied d10.holder", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "10.00"))
		}},
		{"holder/the one above", "d10.holder", "Nor may the buyer use what it has handed on as the payments agent's.", "unattributed, denied d10.holder", func(s *scene) cast.Sent {
			return s.Sign(s.Buyer, s.Transfer(s.Buyer, s.leafID, "10.00"))
		}},
		{"holder/another agent's standing order with a trigger of its own", "d10.holder", "A trigger does not make another's warrant one's own.", "unattributed, denied d10.holder", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			return s.Sign(s.Bystander, s.Reconcile(s.Bystander, s.standingID, id))
		}},
		pinned("the pinned key", "The warrant pins the key that signs.", "human_instructed", func(s *scene, h *attest.Holder) { h.Key = s.Payments.Public().Digest() }),
		pinned("another key than pinned", "The warrant pins another key: the chain does not lead to this signer.", "unattributed, denied d10.holder", func(s *scene, h *attest.Holder) { h.Key = s.Buyer.Public().Digest() }),
		pinned("the named registration", "The warrant names the registration in force.", "human_instructed", func(s *scene, h *attest.Holder) { h.Registration = s.agents }),
		pinned("another registration", "The warrant names another registration.", "unattributed, denied d10.holder", func(s *scene, h *attest.Holder) { h.Registration = s.services }),
		{"holder/registered anew", "d10.holder", "The registration that the warrant names was replaced: the chain does not lead to who is registered now.", "unattributed, denied d10.holder", func(s *scene) cast.Sent {
			w := s.child()
			w.Holder.Registration = s.agents
			id := s.allow(s.Sign(s.Buyer, w))
			s.allow(s.Sign(s.Admin, s.Agents("/agent")))
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"holder/after rotation", "d10.holder", "A new SVID of the same ID is the same holder where no key is pinned.", "human_instructed", func(s *scene) cast.Sent {
			return s.Sign(s.parts.renewed, s.Transfer(s.parts.renewed, s.leafID, "10.00"))
		}},
		window("before it begins", "d10.holder", "A millisecond before not_before.", "human_instructed, denied d10.holder warrant.outside", later, time.Hour-time.Millisecond),
		window("when it begins", "d10.holder", "not_before is included.", "human_instructed", later, time.Hour),
		window("in its last moment", "d10.holder", "A millisecond before it expires.", "human_instructed", sooner, time.Hour-time.Millisecond),
		window("when it expires", "d10.holder", "expires is not included.", "human_instructed, denied d10.holder warrant.outside", sooner, time.Hour),
		{"holder/when the root expires", "evidence.unexpired", "A human's order that has expired is no evidence any more.", "unattributed, denied d10.holder warrant.outside", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			id := s.allow(s.Sign(s.Treasurer, w))
			s.move(8 * time.Hour)
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"holder/expired between check and entry", "d10.holder", "The time of the entry counts as well.", "human_instructed, denied d10.holder", func(s *scene) cast.Sent {
			w := s.child()
			w.Expires = w.NotBefore + cast.Hour
			id := s.allow(s.Sign(s.Buyer, w))
			s.move(time.Hour - time.Millisecond)
			s.received = s.Now() + 1
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"holder/expired above", "d10.holder", "A link above has expired; its child, denied for outliving it, has not.", "human_instructed, denied d10.holder d4.window reference.denied warrant.outside", func(s *scene) cast.Sent {
			w := s.Child(s.root, s.rootID, s.Orchestrator, s.Buyer)
			w.Expires = w.NotBefore + cast.Hour
			below := s.Child(w, s.allow(s.Sign(s.Orchestrator, w)), s.Buyer, s.Payments)
			below.Expires += cast.Hour
			id := s.deny(s.Sign(s.Buyer, below), "d4.window")
			s.move(time.Hour)
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
		{"holder/longer than a leaf may live", "warrant.ttl", "The policy allows leaves of a day; a root that nobody acts under may live longer.", "human_delegated, denied warrant.ttl", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			w.Expires = w.NotBefore + 24*cast.Hour + 1
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"holder/as long as a leaf may live", "warrant.ttl", "A day, to the millisecond.", "human_delegated", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("10.00"))
			w.Expires = w.NotBefore + 24*cast.Hour
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"holder/suspended", "policy.denied", "A suspended agent acts no more: the policy says so.", "human_instructed, denied policy.denied", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, suspended(s, s.Payments)))
			return s.asPayments(s.pay("10.00"))
		}},
		{"holder/below a suspended path", "policy.denied", "Nor does one below a suspended path.", "human_instructed, denied policy.denied", func(s *scene) cast.Sent {
			path := s.Agents("/agent")
			path.Status = "suspended"
			s.allow(s.Sign(s.Admin, path))
			return s.asPayments(s.pay("10.00"))
		}},
		{"holder/retired", "policy.denied", "A retired agent is not registered.", "human_instructed, denied policy.denied", func(s *scene) cast.Sent {
			a := suspended(s, s.Payments)
			a.Status = "retired"
			s.allow(s.Sign(s.Admin, a))
			return s.asPayments(s.pay("10.00"))
		}},
		{"holder/an issuer with a path of too many segments", "signer.spiffe_id", "Nor for who hands on.", "refused signer.spiffe_id", func(s *scene) cast.Sent {
			return s.Sign(s.parts.deep, s.Warrant(s.parts.deep, s.Payments, attest.OrgStanding, cast.Reports()))
		}},
		{"holder/a path of too many segments", "signer.spiffe_id", "More than 24 segments are not looked up.", "refused signer.spiffe_id", func(s *scene) cast.Sent {
			return s.Sign(s.parts.deep, s.Transfer(s.parts.deep, "", "10.00"))
		}},
	}
}

func rootCases() []vectorCase {
	root := func(name, rule, why, want string, amend func(s *scene, w *attest.Warrant)) vectorCase {
		return vectorCase{"root/" + name, rule, why, want, func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
			amend(s, w)
			return s.Sign(s.Treasurer, w)
		}}
	}
	return []vectorCase{
		root("as it should be", "d11.root", "The issuer is registered for these grants and this basis.", "allowed", func(*scene, *attest.Warrant) {}),
		root("for a basis that is not registered", "d11.root", "The treasurer may not give standing orders of the organisation.", "denied d11.root", func(_ *scene, w *attest.Warrant) { w.Root.Basis = attest.OrgStanding }),
		root("naming another accountable", "d11.root", "Who answers comes from the register of issuers.", "denied d11.root", func(_ *scene, w *attest.Warrant) { w.Root.Accountable = "chief" }),
		root("granting more than registered", "d11.root", "The treasurer is registered for 100,000 EUR.", "denied d11.root", func(_ *scene, w *attest.Warrant) { w.Grants[0] = cast.Payments("100000.01") }),
		root("granting something else in a second grant", "d11.root", "Every grant is looked at.", "denied d11.root", func(_ *scene, w *attest.Warrant) { w.Grants = append(w.Grants, cast.Reports()) }),
		root("on evidence that is not logged", "reference.unlogged", "The evidence comes first.", "refused reference.unlogged", func(_ *scene, w *attest.Warrant) { w.Root.Evidence = []attest.ID{attest.IDFrom([32]byte{5})} }),
		root("for an agent of another trust domain", "d9.domain", "One trust domain for a chain: here it is the holder's own.", "allowed", func(s *scene, w *attest.Warrant) { w.Holder.SPIFFEID = s.parts.neighbour.ID }),
		{"root/of an unregistered person", "d11.root", "The controller is a person, and no issuer.", "denied d11.root", func(s *scene) cast.Sent {
			w := s.Warrant(s.Controller, s.Orchestrator, attest.HumanStanding, cast.Payments("50.00"))
			return s.Sign(s.Controller, w)
		}},
		{"root/of an unregistered workload", "d11.root", "The bystander is no issuer.", "denied d11.root", func(s *scene) cast.Sent {
			return s.Sign(s.Bystander, s.Warrant(s.Bystander, s.Reconciler, attest.OrgStanding, cast.Reports()))
		}},
		{"root/for oneself", "d11.root", "A registered issuer issues to itself.", "denied d11.root", func(s *scene) cast.Sent {
			return s.Sign(s.Desk, s.Warrant(s.Desk, s.Desk, attest.OrgStanding, cast.Reports()))
		}},
		{"root/for oneself, acted under", "evidence.accountable", "A root to itself, a trigger by another: nobody accountable, nothing autonomous.", "unattributed, denied reference.denied", func(s *scene) cast.Sent {
			id := s.deny(s.Sign(s.Desk, s.Warrant(s.Desk, s.Desk, attest.OrgStanding, cast.Reports())), "d11.root")
			t := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Desk)))
			return s.Sign(s.Desk, s.Reconcile(s.Desk, id, t))
		}},
		{"root/a human basis by a workload", "d11.root", "A workload registered for it all the same cannot claim a human's act.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.Issuer(s.Desk, s.Controller, cast.Reports(), attest.HumanStanding, attest.OrgStanding)
			s.allow(s.Endorsed(s.Sign(s.Admin, i), s.Second))
			return s.Sign(s.Desk, s.Warrant(s.Desk, s.Reconciler, attest.HumanStanding, cast.Reports()))
		}},
		{"root/of an issuer that has ended", "d11.root", "The registration ended at this very moment.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.Issuer(s.Controller, s.Treasurer, cast.Payments("50.00"), attest.HumanStanding)
			i.Until = s.Now() + cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, i), s.Second))
			s.move(time.Hour)
			return s.Sign(s.Controller, s.Warrant(s.Controller, s.Payments, attest.HumanStanding, cast.Payments("50.00")))
		}},
		{"root/of an issuer in its last moment", "d11.root", "A millisecond before the registration ends.", "allowed", func(s *scene) cast.Sent {
			i := s.Issuer(s.Controller, s.Treasurer, cast.Payments("50.00"), attest.HumanStanding)
			i.Until = s.Now() + cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, i), s.Second))
			s.move(time.Hour - time.Millisecond)
			return s.Sign(s.Controller, s.Warrant(s.Controller, s.Payments, attest.HumanStanding, cast.Payments("50.00")))
		}},
		{"root/of an issuer registered anew for less", "d11.root", "The newest registration is in force.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.Issuer(s.Treasurer, s.Treasurer, cast.Payments("5.00"), attest.HumanStanding)
			s.allow(s.Endorsed(s.Sign(s.Admin, i), s.Second))
			return s.Sign(s.Treasurer, s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50.00")))
		}},
		{"root/a suspended issuer", "agent.suspended", "A suspended workload issues nothing.", "denied agent.suspended", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, suspended(s, s.Desk)))
			return s.Sign(s.Desk, s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports()))
		}},
	}
}

// pool is a root with limits, and the payments agent and the buyer below it.
func (s *scene) pool(limit func(*attest.Grant)) (payments, buyer attest.ID) {
	s.Helper()
	w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	limit(&w.Grants[0])
	id := s.allow(s.Sign(s.Treasurer, w))
	payments = s.allow(s.Sign(s.Orchestrator, s.Child(w, id, s.Orchestrator, s.Payments)))
	return payments, s.allow(s.Sign(s.Orchestrator, s.Child(w, id, s.Orchestrator, s.Buyer)))
}

func spentCases() []vectorCase {
	uses := func(n int64) func(*attest.Grant) { return func(g *attest.Grant) { g.MaxUses = n } }
	budget := func(most string) func(*attest.Grant) {
		return func(g *attest.Grant) {
			g.Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: most, Unit: "EUR"}}
		}
	}
	siblings := func(name, why, want string, limit func(*attest.Grant), first, second string) vectorCase {
		return vectorCase{"spent/" + name, "d7.spent", why, want, func(s *scene) cast.Sent {
			p, b := s.pool(limit)
			s.allow(s.asPayments(s.Transfer(s.Payments, p, first)))
			return s.Sign(s.Buyer, s.Transfer(s.Buyer, b, second))
		}}
	}
	return []vectorCase{
		siblings("uses by a sibling", "The pool is the parent's: the sibling has taken the only use.", "human_delegated, denied d7.spent", uses(1), "1.00", "1.00"),
		siblings("the last use", "Two uses, and this is the second.", "human_delegated", uses(2), "1.00", "1.00"),
		siblings("budget by a sibling", "60 of 100 are spent by a sibling: 40.0001 is too much.", "human_delegated, denied d7.spent", budget("100.00"), "60.00", "40.0001"),
		siblings("the last of the budget", "60 of 100 are spent by a sibling: 40 is left.", "human_delegated", budget("100.00"), "60.00", "40.00"),
		{"spent/more than the budget at once", "d7.spent", "The first use is already too much.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			p, _ := s.pool(budget("100.00"))
			return s.asPayments(s.Transfer(s.Payments, p, "100.01"))
		}},
		{"spent/by the leaf itself", "d7.spent", "A limit of the leaf alone.", "human_instructed, denied d7.spent", func(s *scene) cast.Sent {
			w := s.child()
			w.Grants[0].MaxUses = 1
			id := s.allow(s.Sign(s.Buyer, w))
			s.allow(s.asPayments(s.Transfer(s.Payments, id, "1.00")))
			return s.asPayments(s.Transfer(s.Payments, id, "1.00"))
		}},
		{"spent/nothing by a denied action", "d7.spent", "What was denied used nothing up.", "human_delegated", func(s *scene) cast.Sent {
			p, _ := s.pool(uses(1))
			s.deny(s.asPayments(s.Transfer(s.Payments, p, "60000.00")), "policy.denied", "warrant.outside")
			return s.asPayments(s.Transfer(s.Payments, p, "1.00"))
		}},
		{"spent/nothing by an outcome", "d7.spent", "An outcome debits nothing and gives nothing back.", "human_delegated", func(s *scene) cast.Sent {
			p, _ := s.pool(uses(2))
			a := s.Transfer(s.Payments, p, "1.00")
			id := s.allow(s.asPayments(a))
			s.allow(s.asPayments(s.Outcome(a, id)))
			return s.asPayments(s.Transfer(s.Payments, p, "1.00"))
		}},
		{"spent/of the lowest grant above", "d7.spent", "The debit goes to the lowest grant of the parent that contains the child's.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
			w.Grants = append(w.Grants, cast.Payments("50000.00"))
			w.Grants[1].MaxUses = 1
			id := s.allow(s.Sign(s.Treasurer, w))
			child := s.Child(w, id, s.Orchestrator, s.Payments)
			child.Grants = child.Grants[1:]
			below := s.allow(s.Sign(s.Orchestrator, child))
			s.allow(s.asPayments(s.Transfer(s.Payments, below, "1.00")))
			return s.asPayments(s.Transfer(s.Payments, below, "1.00"))
		}},
		{"spent/a budget whose argument is sealed", "d7.spent", "An amount that is not opened cannot be counted.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			return s.budgeted(reports("amount", anything), "amount", attest.Money("1.00", "EUR"), true)
		}},
		{"spent/a budget of another unit", "d7.spent", "Ten dollars are not ten euros.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			return s.budgeted(reports("amount", anything), "amount", attest.Money("1.00", "USD"), false)
		}},
		{"spent/a budget over no amount", "d7.spent", "A text cannot be counted.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			return s.budgeted(reports("period", anything), "period", attest.Text("1.00"), false)
		}},
		{"spent/a budget over an argument that is not there", "d7.spent", "The budget names an argument that the grant has not.", "human_delegated, denied d7.spent", func(s *scene) cast.Sent {
			g := reports("period", anything)
			g.Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "10.00", Unit: "EUR"}}
			w := s.warranted(g)
			return s.Sign(s.Reconciler, s.report(w, attest.NamedValue{Name: "period", Value: attest.Text("x")}))
		}},
		{"spent/a budget within its limit", "d7.spent", "One euro of ten.", "human_delegated", func(s *scene) cast.Sent {
			return s.budgeted(reports("amount", anything), "amount", attest.Money("1.00", "EUR"), false)
		}},
	}
}

// budgeted is a reconciliation under a grant with a budget of 10 EUR over an
// argument.
func (s *scene) budgeted(g attest.Grant, argument string, v attest.Value, seal bool) cast.Sent {
	s.Helper()
	g.Budget = &attest.Budget{Argument: argument, Limit: attest.Amount{Decimal: "10.00", Unit: "EUR"}}
	a := s.report(s.warranted(g), attest.NamedValue{Name: argument, Value: v})
	if seal {
		s.seal(a, 0)
	}
	return s.Sign(s.Reconciler, a)
}

// warranted is a standing order of the principal for the reconciler.
func (s *scene) warranted(g attest.Grant) attest.ID {
	s.Helper()
	return s.allow(s.Sign(s.principal, s.principalWarrant(g)))
}

func (s *scene) principalWarrant(grants ...attest.Grant) *attest.Warrant {
	w := s.Warrant(s.principal, s.Reconciler, attest.HumanStanding, grants[0])
	w.Root.Accountable, w.Grants = s.Controller.ID, grants
	return w
}

// report is a reconciliation by the reconciler.
func (s *scene) report(warrant attest.ID, arguments ...attest.NamedValue) *attest.Action {
	s.Helper()
	return s.Act(s.Reconciler, warrant, "reports.reconcile", attest.Resource{ID: "books/2026/11", Kind: "ledger"}, arguments...)
}

func revokedCases() []vectorCase {
	revoked := func(name, why string, id func(s *scene) (by *cast.Party, warrant attest.ID)) vectorCase {
		return vectorCase{"revoked/" + name, "warrant.revoked", why, "human_instructed, denied warrant.revoked", func(s *scene) cast.Sent {
			by, w := id(s)
			s.allow(s.Sign(by, s.Revocation(by, w)))
			return s.asPayments(s.pay("10.00"))
		}}
	}
	return []vectorCase{
		revoked("the leaf", "The leaf is taken back by its issuer.", func(s *scene) (*cast.Party, attest.ID) { return s.Buyer, s.leafID }),
		revoked("in the middle", "A link above is taken back: all below it ends.", func(s *scene) (*cast.Party, attest.ID) { return s.Orchestrator, s.buyerID }),
		revoked("the root", "The root is taken back.", func(s *scene) (*cast.Party, attest.ID) { return s.Treasurer, s.rootID }),
		revoked("by an administrator", "An administrator may take back any warrant.", func(s *scene) (*cast.Party, attest.ID) { return s.Admin, s.leafID }),
		{"revoked/by somebody else", "revocation.issuer", "The controller is neither issuer nor administrator.", "denied revocation.issuer", func(s *scene) cast.Sent {
			return s.Sign(s.Controller, s.Revocation(s.Controller, s.leafID))
		}},
		{"revoked/by the holder", "revocation.issuer", "The holder did not issue it.", "denied revocation.issuer", func(s *scene) cast.Sent {
			return s.Sign(s.Payments, s.Revocation(s.Payments, s.leafID))
		}},
		{"revoked/in vain", "revocation.issuer", "A denied revocation ends nothing.", "human_instructed", func(s *scene) cast.Sent {
			s.deny(s.Sign(s.Controller, s.Revocation(s.Controller, s.leafID)), "revocation.issuer")
			return s.asPayments(s.pay("10.00"))
		}},
		{"revoked/what is no warrant", "reference.kind", "An instruction cannot be revoked.", "denied reference.kind", func(s *scene) cast.Sent {
			return s.Sign(s.Treasurer, s.Revocation(s.Treasurer, s.instruction))
		}},
		{"revoked/what is not logged", "reference.unlogged", "The warrant comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			return s.Sign(s.Treasurer, s.Revocation(s.Treasurer, attest.IDFrom([32]byte{6})))
		}},
		{"revoked/twice", "warrant.revoked", "A second revocation is no contradiction.", "allowed", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Buyer, s.Revocation(s.Buyer, s.leafID)))
			return s.Sign(s.Admin, s.Revocation(s.Admin, s.leafID))
		}},
		{"revoked/a parent, then a child is issued", "warrant.revoked", "Nothing is handed on of what is taken back.", "denied warrant.revoked", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Orchestrator, s.Revocation(s.Orchestrator, s.buyerID)))
			return s.Sign(s.Buyer, s.child())
		}},
		{"revoked/a sibling", "warrant.revoked", "A sibling stands.", "human_instructed", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Buyer, s.child()))
			s.allow(s.Sign(s.Buyer, s.Revocation(s.Buyer, s.leafID)))
			return s.asPayments(s.Transfer(s.Payments, id, "10.00"))
		}},
	}
}
