package vectors_test

import (
	"bytes"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// actionCases are sessions, outcomes and an action's own commitments.
func actionCases() []vectorCase {
	return append(sessionCases(), append(outcomeCases(), commitmentCases()...)...)
}

func sessionCases() []vectorCase {
	return []vectorCase{
		{"session/the next", "session.order", "seq counts on, prev is the statement before.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.asPayments(s.After(a, s.allow(s.asPayments(a)), s.pay("2.00")))
		}},
		{"session/one too many", "session.order", "The statement before is not logged yet: nothing is consumed.", "refused session.order", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.asPayments(s.After(a, attest.IDFrom([32]byte{7}), s.pay("2.00")))
		}},
		{"session/the same place again", "session.fork", "Two statements at one place: a second instance of the agent.", "human_instructed, denied session.fork", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			s.allow(s.asPayments(a))
			b := s.pay("2.00")
			b.Session.ID = a.Session.ID
			return s.asPayments(b)
		}},
		{"session/another statement before", "session.fork", "prev names another statement than the one before.", "human_instructed, denied session.fork", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			s.allow(s.asPayments(a))
			return s.asPayments(s.After(a, s.leafID, s.pay("2.00")))
		}},
		{"session/an earlier place, after the last statement", "session.fork", "seq is that of the statement before, and prev names that statement.", "human_instructed, denied session.fork", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			b := s.After(a, s.allow(s.asPayments(a)), s.pay("2.00"))
			c := s.After(a, s.allow(s.asPayments(b)), s.pay("3.00"))
			return s.asPayments(c)
		}},
		{"session/after a fork", "session.fork", "A fork does not move the session on.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			first := s.allow(s.asPayments(a))
			b := s.pay("2.00")
			b.Session.ID = a.Session.ID
			s.deny(s.asPayments(b), "session.fork")
			return s.asPayments(s.After(a, first, s.pay("3.00")))
		}},
		{"session/after a denial", "session.order", "A denied statement takes its place in the session.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("60000.00")
			id := s.deny(s.asPayments(a), "policy.denied", "warrant.outside")
			return s.asPayments(s.After(a, id, s.pay("3.00")))
		}},
		{"session/of another agent", "session.order", "Sessions of one name of two agents are two.", "human_instructed", func(s *scene) cast.Sent {
			other := s.Transfer(s.Buyer, s.buyerID, "1.00")
			s.allow(s.Sign(s.Buyer, other))
			a := s.pay("1.00")
			a.Session.ID = other.Session.ID
			return s.asPayments(a)
		}},
	}
}

func outcomeCases() []vectorCase {
	of := func(name, rule, why, want string, amend func(s *scene, intent, o *attest.Action) *cast.Party) vectorCase {
		return vectorCase{"outcome/" + name, rule, why, want, func(s *scene) cast.Sent {
			a := s.pay("1.00")
			o := s.Outcome(a, s.allow(s.asPayments(a)))
			return s.Sign(amend(s, a, o), o)
		}}
	}
	return []vectorCase{
		of("as it should be", "outcome.intent", "Of an intent by the same agent in the same session.", "allowed", func(s *scene, _, _ *attest.Action) *cast.Party { return s.Payments }),
		of("by another agent", "outcome.intent", "Another agent tells what came of it.", "denied outcome.intent", func(s *scene, _, o *attest.Action) *cast.Party {
			o.Agent, o.Session = s.Bystander.ID, attest.Session{ID: o.Session.ID} // named alike, its own
			return s.Bystander
		}),
		of("in another session", "outcome.intent", "Told in another session.", "denied outcome.intent", func(s *scene, _, o *attest.Action) *cast.Party {
			o.Session = attest.Session{ID: s.Random()}
			return s.Payments
		}),
		of("of what is no action", "outcome.intent", "It names a warrant as its intent.", "denied outcome.intent", func(s *scene, _, o *attest.Action) *cast.Party {
			o.Intent = s.leafID
			return s.Payments
		}),
		of("of what is not logged", "reference.unlogged", "The intent comes first.", "refused reference.unlogged", func(s *scene, _, o *attest.Action) *cast.Party {
			o.Intent = attest.IDFrom([32]byte{8})
			return s.Payments
		}),
		{"outcome/of a record", "outcome.intent", "A record has its outcome in it.", "denied outcome.intent", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			a.Phase, a.Outcome = attest.Record, &attest.Result{Status: "done"}
			return s.asPayments(s.Outcome(a, s.allow(s.asPayments(a))))
		}},
		{"outcome/a second one", "outcome.intent", "An intent has one outcome.", "denied outcome.intent", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			id := s.allow(s.asPayments(a))
			first := s.Outcome(a, id)
			second := s.Outcome(a, id)
			return s.asPayments(s.After(first, s.allow(s.asPayments(first)), second))
		}},
		{"outcome/of a denied intent", "reference.denied", "It acted, or says so, without leave.", "denied reference.denied", func(s *scene) cast.Sent {
			a := s.pay("60000.00")
			id := s.deny(s.asPayments(a), "policy.denied", "warrant.outside")
			return s.asPayments(s.Outcome(a, id))
		}},
		{"outcome/with what the service signed", "outcome.intent", "The counterparty's bytes may be sent along.", "allowed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			o := s.Outcome(a, s.allow(s.asPayments(a)))
			receipt := []byte("transfer accepted")
			o.Outcome.Counterparty = attest.DigestOf(receipt)
			return s.Sign(s.Payments, o, receipt)
		}},
		{"outcome/with the seed of its result", "object.form", "The object is no seed.", "refused object.form", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			o := s.Outcome(a, s.allow(s.asPayments(a)))
			object := []byte("no seed")
			o.Outcome.Result = &attest.Commitment{Root: attest.Commit(s.Seed(), nil), Seed: attest.DigestOf(object)}
			return s.Sign(s.Payments, o, object)
		}},
	}
}

func commitmentCases() []vectorCase {
	return []vectorCase{
		{"fields/opened", "action.fields", "The agent's own commitment is to the values of its action.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.Sign(s.Payments, a, s.Commitment(a, s.rootID))
		}},
		{"fields/opened, without a warrant", "action.fields", "Without a warrant the commitment is to none.", "unattributed, denied policy.denied", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, "", "1.00")
			return s.Sign(s.Payments, a, s.Commitment(a, ""))
		}},
		{"fields/of other values", "action.fields", "The commitment is to another root warrant.", "refused action.fields", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			return s.Sign(s.Payments, a, s.Commitment(a, s.leafID))
		}},
		{"fields/kept back", "action.fields", "The agent keeps the seed: nothing can be compared.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			s.Commitment(a, s.leafID)
			return s.asPayments(a)
		}},
		{"fields/without a seed", "action.fields", "The commitment names no seed.", "human_instructed", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			s.Commitment(a, s.leafID)
			a.Fields.Seed = ""
			return s.asPayments(a)
		}},
		{"fields/a seed that is none", "object.form", "The object is not 64 hex digits.", "refused object.form", func(s *scene) cast.Sent {
			a := s.pay("1.00")
			s.Commitment(a, s.rootID)
			object := []byte("no seed")
			a.Fields.Seed = attest.DigestOf(object)
			return s.Sign(s.Payments, a, object)
		}},
		{"action/another arguments root", "action.open", "The opened values do not give the root.", "refused action.open", func(s *scene) cast.Sent {
			doc := s.Payload(s.pay("1.00"))
			return s.Seal(s.Payments, bytes.Replace(doc, []byte(`"decimal":"1.00"`), []byte(`"decimal":"2.00"`), 1))
		}},
		{"action/a warrant that is an instruction", "reference.kind", "It names an instruction as its warrant.", "unattributed, denied policy.denied reference.kind", func(s *scene) cast.Sent {
			return s.asPayments(s.Transfer(s.Payments, s.instruction, "1.00"))
		}},
		{"action/a warrant that is not logged", "reference.unlogged", "The warrant comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			return s.asPayments(s.Transfer(s.Payments, attest.IDFrom([32]byte{9}), "1.00"))
		}},
	}
}
