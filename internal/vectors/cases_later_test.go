package vectors_test

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// refusalCases: a person says no to one exact action.
func refusalCases() []vectorCase {
	const exceeded = ", flags exceeded_instruction"
	after := func(name, rule, why, want string, refuse func(s *scene, a *attest.Action)) vectorCase {
		return vectorCase{"refusal/" + name, rule, why, want, func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Treasurer, a, nil)
			refuse(s, a)
			return s.asPayments(a)
		}}
	}
	return []vectorCase{
		{"refusal/as it should be", "reference.kind", "A person refuses what nobody asked for yet.", "allowed", func(s *scene) cast.Sent {
			return s.Sign(s.Treasurer, s.Refusal(s.Treasurer, s.pay("2500.00")))
		}},
		{"refusal/of something that is no warrant", "reference.kind", "It names the instruction as the warrant.", "denied reference.kind", func(s *scene) cast.Sent {
			r := s.Refusal(s.Treasurer, s.pay("2500.00"))
			r.Warrant = s.instruction
			return s.Sign(s.Treasurer, r)
		}},
		{"refusal/under a warrant that is not logged", "reference.unlogged", "The warrant comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			r := s.Refusal(s.Treasurer, s.pay("2500.00"))
			r.Warrant = attest.IDFrom([32]byte{10})
			return s.Sign(s.Treasurer, r)
		}},
		{"refusal/under a revoked warrant", "warrant.revoked", "A refusal is never late.", "allowed", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Buyer, s.Revocation(s.Buyer, s.leafID)))
			return s.Sign(s.Treasurer, s.Refusal(s.Treasurer, s.pay("2500.00")))
		}},
		after("after the approval", "approval.refused", "The same person has second thoughts: the approval counts for nothing.", "human_tasked, denied approval.refused"+exceeded, func(s *scene, a *attest.Action) {
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, a)))
		}),
		after("by another person", "approval.refused", "Somebody else's no takes nobody's yes back.", "human_directed", func(s *scene, a *attest.Action) {
			s.allow(s.Sign(s.Controller, s.Refusal(s.Controller, a)))
		}),
		after("of another action", "approval.refused", "Another amount was refused.", "human_directed", func(s *scene, _ *attest.Action) {
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, s.pay("2501.00"))))
		}),
		after("denied", "approval.refused", "A refusal that the log denied takes nothing back.", "human_directed", func(s *scene, a *attest.Action) {
			r := s.Refusal(s.Treasurer, a)
			r.Warrant = s.instruction
			s.deny(s.Sign(s.Treasurer, r), "reference.kind")
		}),
		{"refusal/before the approval", "approval.refused", "The last word counts.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, a)))
			s.approve(s.Treasurer, a, nil)
			return s.asPayments(a)
		}},
		{"refusal/of one of two approvers", "approval.refused", "One takes the approval back, the other's stands; the action names both.", "human_directed, denied approval.refused", func(s *scene) cast.Sent {
			a := s.pay("20.00")
			ids := []attest.ID{s.allow(s.Sign(s.Treasurer, s.Approval(s.Treasurer, a))), s.allow(s.Sign(s.Controller, s.Approval(s.Controller, a)))}
			slices.Sort(ids)
			a.Authority.Approvals = ids
			s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, a)))
			return s.asPayments(a)
		}},
		after("with what was shown", "approval.refused", "The object may be sent along.", "human_tasked, denied approval.refused"+exceeded, func(s *scene, a *attest.Action) {
			r := s.Refusal(s.Treasurer, a)
			shown := []byte("Pay 2500.00 EUR to Nordlicht")
			r.Display = attest.DigestOf(shown)
			s.allow(s.Sign(s.Treasurer, r, shown))
		}),
	}
}

// endCases: heartbeats, terminals and what was fanned out.
func endCases() []vectorCase {
	pending := func(name, why, want string, id func(s *scene, first *attest.Action, firstID attest.ID) attest.ID) vectorCase {
		return vectorCase{"terminal/lists " + name, "session.pending", why, want, func(s *scene) cast.Sent {
			a := s.pay("1.00")
			first := s.allow(s.asPayments(a))
			open := id(s, a, first)
			last := s.steps[len(s.steps)-1].ID
			seq := int64(0)
			for _, st := range s.steps {
				if l, _ := s.reg.Logged(st.ID); l != nil {
					if b, ok := l.Verified.Statement().(*attest.Action); ok && b.Agent == a.Agent && b.Session.ID == a.Session.ID {
						last, seq = st.ID, b.Session.Seq
					}
				}
			}
			before := *a
			before.Session.Seq = seq
			return s.asPayments(s.Terminal(&before, last, seq+1, open))
		}}
	}
	parallel := func(name, why, want string, of func(s *scene, first attest.ID) attest.ID) vectorCase {
		return vectorCase{"parallel/" + name, "session.parallel", why, want, func(s *scene) cast.Sent {
			a := s.pay("1.00")
			first := s.allow(s.asPayments(a))
			b := s.After(a, first, s.pay("2.00"))
			b.Session.ParallelOf = of(s, first)
			return s.asPayments(b)
		}}
	}
	closed := func(s *scene) (*attest.Action, attest.ID) {
		a := s.pay("1.00")
		end := s.Terminal(a, s.allow(s.asPayments(a)), 1)
		return end, s.allow(s.asPayments(end))
	}
	return []vectorCase{
		{"terminal/as it should be", "session.closed", "A session is closed as complete.", "allowed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.asPayments(s.Terminal(a, s.allow(s.asPayments(a)), 1))
		}},
		{"terminal/heartbeat", "session.order", "A session says that it lives.", "allowed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.asPayments(s.Heartbeat(a, s.allow(s.asPayments(a)), 1, 1))
		}},
		{"terminal/then an action", "session.closed", "Nothing opens a closed session again; what the chain says of the action stays.", "human_instructed, denied session.closed", func(s *scene) cast.Sent {
			end, id := closed(s)
			return s.asPayments(s.After(end, id, s.pay("2.00")))
		}},
		{"terminal/then an action, and another", "session.closed", "Nor does what was denied after it.", "human_instructed, denied session.closed", func(s *scene) cast.Sent {
			end, id := closed(s)
			late := s.After(end, id, s.pay("2.00"))
			return s.asPayments(s.After(late, s.deny(s.asPayments(late), "session.closed"), s.pay("3.00")))
		}},
		{"terminal/denied, then an action", "session.closed", "A denied terminal closes nothing.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			end := s.Terminal(a, s.allow(s.asPayments(a)), 1, s.triggerID)
			return s.asPayments(s.After(end, s.deny(s.asPayments(end), "session.pending"), s.pay("2.00")))
		}},
		{"terminal/then a fork", "session.fork", "A fork of a closed session is a fork.", "human_instructed, denied session.fork", func(s *scene) cast.Sent {
			end, _ := closed(s)
			b := s.pay("2.00")
			b.Session.ID = end.Session.ID
			return s.asPayments(b)
		}},
		pending("an open intent", "An allowed intent of the session has no outcome yet.", "allowed", func(_ *scene, _ *attest.Action, first attest.ID) attest.ID { return first }),
		pending("an intent of another session", "It is not this session's.", "denied session.pending", func(s *scene, _ *attest.Action, _ attest.ID) attest.ID {
			return s.allow(s.asPayments(s.pay("1.00")))
		}),
		pending("an intent of another agent", "It is not this agent's, though the session is named alike.", "denied session.pending", func(s *scene, a *attest.Action, _ attest.ID) attest.ID {
			b := s.Transfer(s.Buyer, s.buyerID, "1.00")
			b.Session.ID = a.Session.ID
			return s.allow(s.Sign(s.Buyer, b))
		}),
		pending("a denied intent", "It was never to happen.", "denied session.pending", func(s *scene, a *attest.Action, first attest.ID) attest.ID {
			return s.deny(s.asPayments(s.After(a, first, s.Transfer(s.Payments, "", "1.00"))), "policy.denied")
		}),
		pending("a record", "It has its outcome in it.", "denied session.pending", func(s *scene, a *attest.Action, first attest.ID) attest.ID {
			b := s.After(a, first, s.pay("1.00"))
			b.Phase, b.Outcome = attest.Record, &attest.Result{Status: "done"}
			return s.allow(s.asPayments(b))
		}),
		pending("what is no action", "It is a warrant.", "denied session.pending", func(s *scene, _ *attest.Action, _ attest.ID) attest.ID { return s.leafID }),
		pending("what is not logged", "The intent comes first.", "refused reference.unlogged", func(*scene, *attest.Action, attest.ID) attest.ID { return attest.IDFrom([32]byte{11}) }),
		parallel("of the statement before", "Two actions that one fanned out into.", "human_instructed", func(_ *scene, first attest.ID) attest.ID { return first }),
		parallel("of another session", "It names an action of another session.", "human_instructed, denied session.parallel", func(s *scene, _ attest.ID) attest.ID {
			return s.allow(s.asPayments(s.pay("1.00")))
		}),
		parallel("of what is no action", "It names a warrant.", "human_instructed, denied session.parallel", func(s *scene, _ attest.ID) attest.ID { return s.leafID }),
		parallel("of what is not logged", "It comes first.", "refused reference.unlogged", func(*scene, attest.ID) attest.ID { return attest.IDFrom([32]byte{12}) }),
		{"parallel/of an outcome", "session.parallel", "An outcome asks for nothing and fans out into nothing.", "human_instructed, denied session.parallel", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			o := s.Outcome(a, s.allow(s.asPayments(a)))
			id := s.allow(s.asPayments(o))
			b := s.After(o, id, s.pay("2.00"))
			b.Session.ParallelOf = id
			return s.asPayments(b)
		}},
	}
}

// boardCases: who administers the log changes by a quorum.
func boardCases() []vectorCase {
	change := func(name, rule, why, want string, sign func(s *scene, third *cast.Party) cast.Sent) vectorCase {
		return vectorCase{"administrators/" + name, rule, why, want, func(s *scene) cast.Sent { return sign(s, s.parts.newcomer) }}
	}
	three := func(s *scene, third *cast.Party) *attest.Administrators {
		return s.Administrators(2, s.Admin, s.Second, third)
	}
	return []vectorCase{
		change("as it should be", "control.quorum", "A quorum says so, and the new one shows the key.", "allowed", func(s *scene, third *cast.Party) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, three(s, third)), s.Second, third)
		}),
		change("by one", "control.quorum", "One of two.", "refused control.quorum", func(s *scene, third *cast.Party) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, three(s, third)), third)
		}),
		change("without possession", "control.possession", "The new one does not show the key.", "refused control.possession", func(s *scene, third *cast.Party) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, three(s, third)), s.Second)
		}),
		change("by no administrator", "control.administrator", "The treasurer is none.", "denied control.administrator", func(s *scene, third *cast.Party) cast.Sent {
			a := three(s, third)
			a.By = s.Treasurer.ID
			return s.Endorsed(s.Sign(s.Treasurer, a), s.Admin, s.Second, third)
		}),
		change("with an endorsement that does not verify", "envelope.signature", "The second administrator signed another set.", "refused envelope.signature", func(s *scene, third *cast.Party) cast.Sent {
			return s.forgedEndorsement(s.Endorsed(s.Sign(s.Admin, three(s, third)), third), s.Second, s.Payload(three(s, third)))
		}),
		change("with a person's key under another name", "control.key", "The treasurer's key is the treasurer's.", "denied control.key", func(s *scene, _ *cast.Party) cast.Sent {
			p := *s.Treasurer
			p.ID = "zoe"
			return s.Endorsed(s.Sign(s.Admin, three(s, &p)), s.Second, &p)
		}),
		change("with the register's key", "control.key", "The register is no administrator.", "denied control.key", func(s *scene, _ *cast.Party) cast.Sent {
			p := *s.Server
			p.Party = attest.Party{ID: "zoe", Kind: attest.ByPerson}
			return s.Endorsed(s.Sign(s.Admin, three(s, &p)), s.Second, &p)
		}),
		change("replaced, by the one who left", "signer.unknown", "Who is no administrator any more registers nobody.", "refused signer.unknown", func(s *scene, third *cast.Party) cast.Sent {
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Second, third)), s.Second, third))
			return s.Endorsed(s.Sign(s.Admin, s.Registration(s.parts.temporary)), s.parts.temporary)
		}),
		change("replaced, by the new ones", "control.quorum", "The new quorum decides.", "allowed", func(s *scene, third *cast.Party) cast.Sent {
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Second, third)), s.Second, third))
			i := s.Issuer(s.Controller, s.Treasurer, cast.Payments("5.00"), attest.HumanStanding)
			i.By = third.ID
			return s.Endorsed(s.Sign(third, i), s.Second)
		}),
		change("replaced, and a key of theirs under another name", "control.key", "A key of an administrator is nobody else's, whenever it came.", "denied control.key", func(s *scene, third *cast.Party) cast.Sent {
			s.allow(s.Endorsed(s.Sign(s.Admin, three(s, third)), s.Second, third))
			p := *third
			p.ID = "eve"
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&p)), &p)
		}),
	}
}
