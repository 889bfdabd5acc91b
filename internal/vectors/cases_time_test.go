package vectors_test

import (
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// declare has an administrator declare a thing compromised since a time.
func (s *scene) declare(thing attest.CompromisedThing, since int64) {
	s.Helper()
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, thing, since)))
}

// timeCases: what is declared compromised, and what is erased.
func timeCases() []vectorCase {
	return append(append(compromiseCases(), declarationCases()...), erasureCases()...)
}

func compromiseCases() []vectorCase {
	const lost = "indeterminate, denied reference.compromised"
	return []vectorCase{
		{"compromise/the agent's key", "signer.compromised", "From the declaration on the key signs nothing.", "refused signer.compromised", func(s *scene) cast.Sent {
			s.declare(s.Payments.SVIDKey(), s.Now()-1000)
			return s.asPayments(s.pay("2.00"))
		}},
		{"compromise/another SVID of the agent", "signer.compromised", "Another key of the same workload does.", "human_instructed", func(s *scene) cast.Sent {
			s.declare(s.Payments.SVIDKey(), s.Now()-1000)
			return s.Sign(s.parts.renewed, s.Transfer(s.parts.renewed, s.leafID, "2.00"))
		}},
		{"compromise/the workload", "signer.compromised", "No SVID of the workload does.", "refused signer.compromised", func(s *scene) cast.Sent {
			s.declare(attest.CompromisedThing{ID: s.Payments.ID, Kind: attest.WorkloadID}, s.Now())
			return s.Sign(s.parts.renewed, s.Transfer(s.parts.renewed, s.leafID, "2.00"))
		}},
		{"compromise/another workload", "signer.compromised", "Another workload goes on.", "human_instructed", func(s *scene) cast.Sent {
			s.declare(s.Bystander.SVIDKey(), s.Now()-1000)
			return s.asPayments(s.pay("2.00"))
		}},
		{"compromise/an approval from before", "reference.compromised", "The key was sound when the approval was logged.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(s.Controller, a, nil)
			s.move(time.Minute)
			s.allow(s.Sign(s.Controller, s.Compromise(s.Controller, s.Controller.HumanKey(), s.Now())))
			return s.asPayments(a)
		}},
		{"compromise/an approval from after", "reference.compromised", "The thief may have signed it: no finding is made.", lost, func(s *scene) cast.Sent {
			s.move(time.Minute)
			since := s.Now()
			a := s.pay("2500.00")
			s.approve(s.Controller, a, nil)
			s.allow(s.Sign(s.Controller, s.Compromise(s.Controller, s.Controller.HumanKey(), since)))
			return s.asPayments(a)
		}},
		{"compromise/of a link", "reference.compromised", "A warrant that the thief may have issued is no authority for what comes later.", lost, func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.asPayments(s.pay("1.00"))
		}},
		{"compromise/of a link, handed on", "reference.compromised", "Nor is it handed on.", "denied reference.compromised", func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.asPaymentsWarrant(s.Child(s.leaf, s.leafID, s.Payments, s.Bystander))
		}},
		{"compromise/of a link, revoked", "reference.compromised", "It may still be revoked.", "allowed", func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.Sign(s.Admin, s.Revocation(s.Admin, s.leafID))
		}},
		{"compromise/below the acting agent", "reference.compromised", "A link that the chain does not have.", "human_instructed", func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.rootID, "1.00"))
		}},
		{"compromise/of a link of another's chain", "reference.compromised", "The chain does not lead to who acts: nothing of it could change the finding.", "unattributed, denied d10.holder reference.compromised", func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "1.00"))
		}},
		{"compromise/of a link, acted beyond", "reference.compromised", "The action is outside whatever the thief did.", "indeterminate, denied policy.denied reference.compromised warrant.outside", func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1)
			return s.asPayments(s.pay("60000.00"))
		}},
		{"compromise/of a trigger that sets off somebody else", "reference.compromised", "What the root names besides could not change the finding.", "unattributed, denied reference.compromised", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
			w.Root.Evidence = []attest.ID{id}
			under := s.allow(s.Sign(s.Desk, w))
			s.declare(s.Scheduler.SVIDKey(), s.Now()-1)
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, under, ""))
		}},
		{"compromise/of a trigger beside another one", "reference.compromised", "The trigger that counts is another recorder's.", "autonomous, denied reference.compromised", func(s *scene) cast.Sent {
			id := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Bystander)))
			w := s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
			w.Root.Evidence = []attest.ID{id}
			under, own := s.allow(s.Sign(s.Desk, w)), s.allow(s.Sign(s.Desk, s.Trigger(s.Desk, s.Reconciler)))
			s.declare(s.Scheduler.SVIDKey(), s.Now()-1)
			return s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, under, own))
		}},
		{"compromise/of the recorder", "reference.compromised", "What set the agent off is the thief's word.", lost, func(s *scene) cast.Sent {
			s.declare(s.Scheduler.SVIDKey(), s.Now()-1)
			return s.Sign(s.Reconciler, s.run(s.triggerID))
		}},
		{"compromise/of the bundle", "signer.compromised", "No SVID under it counts.", "refused signer.compromised", func(s *scene) cast.Sent {
			s.bundleLost()
			return s.asPayments(s.pay("1.00"))
		}},
		{"compromise/of what is no root", "reference.kind", "A warrant carries no bundle. It is the second declaration, for before the first nothing is looked up.", "denied reference.kind", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Bystander.SVIDKey(), s.Now())))
			return s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, attest.CompromisedThing{ID: string(s.rootID), Kind: attest.RootEntry}, s.Now())), s.Second)
		}},
		{"compromise/of the bundle, logged again", "reference.compromised", "The same bundle does not come back.", "denied reference.compromised", func(s *scene) cast.Sent {
			s.bundleLost()
			bundle := s.CA.BundleDocument()
			return s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle)
		}},
		{"compromise/of the bundle, in force under another entry", "signer.compromised", "The same bytes, logged again before: what they carry is compromised, and not an entry.", "refused signer.compromised", func(s *scene) cast.Sent {
			bundle := s.CA.BundleDocument()
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			s.bundleLost()
			return s.asPayments(s.pay("1.00"))
		}},
		{"compromise/of the bundle, under its warrants", "reference.compromised", "What was handed on under it is no authority for what comes later, whoever acts.", "indeterminate, denied reference.compromised", func(s *scene) cast.Sent {
			s.bundleLost()
			s.CA = s.NewCA(cast.Domain)
			bundle := s.CA.BundleDocument()
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			fresh := s.Workload("/agent/payments")
			return s.Sign(fresh, s.Transfer(fresh, s.leafID, "1.00"))
		}},
		{"compromise/the old key endorses", "signer.compromised", "The compromised key does not say who comes after it.", "refused signer.compromised", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Controller, s.Compromise(s.Controller, s.Controller.HumanKey(), s.Now())))
			next := *s.parts.newcomer
			next.ID = s.Controller.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next, s.Controller)
		}},
		{"compromise/an administrator endorses", "signer.compromised", "Nor does a compromised administrator's key count for a quorum.", "refused signer.compromised", func(s *scene) cast.Sent {
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, s.Second.HumanKey(), s.Now())), s.Second))
			return s.Endorsed(s.Sign(s.Admin, s.Issuer(s.Controller, s.Treasurer, cast.Payments("5.00"), attest.HumanStanding)), s.Second)
		}},
	}
}

// bundleLost declares the bundle of the stage compromised, by a quorum.
func (s *scene) bundleLost() {
	s.Helper()
	root := s.corpus.Stages["scene"][1].ID
	thing := attest.CompromisedThing{ID: string(root), Kind: attest.RootEntry}
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now()-1)), s.Second))
}

func declarationCases() []vectorCase {
	say := func(name, rule, why, want string, sign func(s *scene) cast.Sent) vectorCase {
		return vectorCase{"declaration/" + name, rule, why, want, sign}
	}
	return []vectorCase{
		say("of a workload that is not registered", "control.administrator", "Nobody owns it: an administrator may say it.", "allowed", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Compromise(s.Admin, s.parts.visitor.SVIDKey(), s.Now()))
		}),
		say("of the time to come", "control.early", "It is declared since a time that has come.", "refused control.early", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), s.Now()+1))
		}),
		say("by the owner", "control.administrator", "The owner may say it of an agent.", "allowed", func(s *scene) cast.Sent {
			return s.Sign(s.Treasurer, s.Compromise(s.Treasurer, s.Payments.SVIDKey(), s.Now()))
		}),
		say("by somebody else", "control.administrator", "The controller owns no agent.", "denied control.administrator", func(s *scene) cast.Sent {
			return s.Sign(s.Controller, s.Compromise(s.Controller, s.Payments.SVIDKey(), s.Now()))
		}),
		say("of a person by somebody else", "control.administrator", "Nor may one person say it of another.", "denied control.administrator", func(s *scene) cast.Sent {
			return s.Sign(s.Controller, s.Compromise(s.Controller, s.Treasurer.HumanKey(), s.Now()))
		}),
		say("of a person by one administrator", "control.quorum", "It takes the person or a quorum.", "refused control.quorum", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Compromise(s.Admin, s.Treasurer.HumanKey(), s.Now()))
		}),
		say("of a person by a quorum", "control.quorum", "Two of two.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, s.Treasurer.HumanKey(), s.Now())), s.Second)
		}),
		say("of another's key", "compromise.key", "The key is the controller's.", "denied compromise.key", func(s *scene) cast.Sent {
			thing := s.Treasurer.HumanKey()
			thing.Key = s.Controller.Public().Digest()
			return s.Sign(s.Treasurer, s.Compromise(s.Treasurer, thing, s.Now()))
		}),
		say("of a root that is none", "reference.kind", "It names a warrant.", "denied reference.kind", func(s *scene) cast.Sent {
			thing := attest.CompromisedThing{ID: string(s.rootID), Kind: attest.RootEntry}
			return s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now())), s.Second)
		}),
		say("of a root that is not logged", "reference.unlogged", "It comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			thing := attest.CompromisedThing{ID: string(attest.IDFrom([32]byte{15})), Kind: attest.RootEntry}
			return s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now())), s.Second)
		}),
		say("of a root by one administrator", "control.quorum", "One of two.", "refused control.quorum", func(s *scene) cast.Sent {
			thing := attest.CompromisedThing{ID: string(s.corpus.Stages["scene"][1].ID), Kind: attest.RootEntry}
			return s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now()))
		}),
		say("again, since the same time", "compromise.known", "It says nothing new.", "denied compromise.known", func(s *scene) cast.Sent {
			s.declare(s.Payments.SVIDKey(), s.Now()-5)
			return s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), s.Now()-5))
		}),
		say("again, since an earlier time", "compromise.known", "It says more.", "allowed", func(s *scene) cast.Sent {
			s.declare(s.Payments.SVIDKey(), s.Now()-5)
			return s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), s.Now()-6))
		}),
	}
}

// displayed is an approval that brings what was shown.
func (s *scene) displayed(amount string) (cast.Sent, attest.Digest) {
	s.Helper()
	p := s.Approval(s.Treasurer, s.pay(amount))
	shown := []byte("Pay " + amount)
	p.Display = attest.DigestOf(shown)
	return s.Sign(s.Treasurer, p, shown), p.Display
}

func erasureCases() []vectorCase {
	erase := func(name, rule, why, want string, sign func(s *scene, of attest.Digest, id attest.ID) cast.Sent) vectorCase {
		return vectorCase{"erasure/" + name, rule, why, want, func(s *scene) cast.Sent {
			sent, d := s.displayed("10.00")
			return sign(s, d, s.allow(sent))
		}}
	}
	both := func(s *scene, e *attest.Erasure) cast.Sent { return s.Endorsed(s.Sign(s.Admin, e), s.Second) }
	return []vectorCase{
		erase("as it should be", "control.quorum", "A quorum has what was shown destroyed.", "allowed", func(s *scene, d attest.Digest, id attest.ID) cast.Sent { return both(s, s.Erasure(d, id)) }),
		erase("by one administrator", "control.quorum", "One of two.", "refused control.quorum", func(s *scene, d attest.Digest, id attest.ID) cast.Sent {
			return s.Sign(s.Admin, s.Erasure(d, id))
		}),
		erase("by no administrator", "control.administrator", "The treasurer is none.", "denied control.administrator", func(s *scene, d attest.Digest, id attest.ID) cast.Sent {
			e := s.Erasure(d, id)
			e.By = s.Treasurer.ID
			return s.Endorsed(s.Sign(s.Treasurer, e), s.Admin, s.Second)
		}),
		erase("of a key", "erasure.object", "A rule needs it.", "denied erasure.object", func(s *scene, _ attest.Digest, id attest.ID) cast.Sent {
			return both(s, s.Erasure(s.Treasurer.KeyID, id))
		}),
		{"erasure/of a provider's keys", "erasure.object", "Whoever verifies a token needs them.", "denied erasure.object", func(s *scene) cast.Sent {
			keys := idp.JWKS(cast.IdP())
			return both(s, s.Erasure(attest.DigestOf(keys), s.allow(s.Sign(s.Server, s.JWKS(cast.Issuer, keys), keys))))
		}},
		{"erasure/of a key by another name", "erasure.object", "The agent names its own chain as what the other side said.", "denied erasure.object", func(s *scene) cast.Sent {
			a := s.Transfer(s.Payments, s.leafID, "12.00")
			a.Phase, a.Outcome = attest.Record, &attest.Result{Counterparty: s.Payments.KeyID, Status: "done"}
			return both(s, s.Erasure(s.Payments.KeyID, s.allow(s.asPayments(a))))
		}},
		erase("of what the statement does not name", "erasure.object", "Another statement is listed.", "denied erasure.object", func(s *scene, d attest.Digest, _ attest.ID) cast.Sent {
			other, _ := s.displayed("11.00")
			return both(s, s.Erasure(d, s.allow(other)))
		}),
		erase("of a statement that is not logged", "reference.unlogged", "There is nothing to erase.", "refused reference.unlogged", func(s *scene, d attest.Digest, _ attest.ID) cast.Sent {
			return both(s, s.Erasure(d, attest.IDFrom([32]byte{16})))
		}),
		{"erasure/of what was never brought", "erasure.object", "What was shown stayed with the person.", "denied erasure.object", func(s *scene) cast.Sent {
			sent, d := s.displayed("10.00")
			sent.Objects = nil
			return both(s, s.Erasure(d, s.allow(sent)))
		}},
		erase("then brought again", "object.erased", "What is destroyed does not come back.", "refused object.erased", func(s *scene, d attest.Digest, id attest.ID) cast.Sent {
			s.allow(both(s, s.Erasure(d, id)))
			again, _ := s.displayed("10.00")
			return again
		}),
		erasedApproval("of what a gate asks for", "The approval opens the gate no more.", "refused approval.erased", attest.WarrantGate{Approvers: theTwo, Display: true, M: 1, When: attest.When{Always: true}}),
		erasedApproval("of what no gate asks for", "The gate asks for the approval alone.", "human_directed", attest.WarrantGate{Approvers: theTwo, M: 1, When: attest.When{Always: true}}),
		erasedApproval("of another than a gate asks", "Its approval opens no gate anyway.", "human_directed, denied gate.approvals", attest.WarrantGate{Approvers: theTwo[:1], Display: true, M: 1, When: attest.When{Always: true}}),
	}
}

// theTwo are an approver who is not asked here, and the treasurer, who is.
var theTwo = []string{"controller", "treasurer"}

// erasedApproval is an action under a gate, approved by the treasurer, whose display is
// erased before it.
func erasedApproval(name, why, want string, g attest.WarrantGate) vectorCase {
	return vectorCase{"erasure/" + name, "approval.erased", why, want, func(s *scene) cast.Sent {
		a := s.Transfer(s.Payments, s.gated(g), "10.00")
		shown := []byte("Pay 10.00")
		yes := s.Approval(s.Treasurer, a)
		yes.Display = attest.DigestOf(shown)
		id := s.allow(s.Sign(s.Treasurer, yes, shown))
		a.Authority.Approvals = []attest.ID{id}
		s.allow(s.Endorsed(s.Sign(s.Admin, s.Erasure(yes.Display, id)), s.Second))
		return s.asPayments(a)
	}}
}

// timeAttacks are those with a stolen key.
func timeAttacks() []attack {
	return []attack{
		{"a stolen SVID, after the compromise is declared", "signer.compromised", "The thief acts as the agent.", "refused signer.compromised", agency.None, func(s *scene) cast.Sent {
			s.declare(s.Payments.SVIDKey(), s.Now()-1000)
			return s.asPayments(s.pay("10.00"))
		}},
		{"a stolen SVID of the one above, after the compromise is declared", "reference.compromised", "The thief had handed a warrant on: no finding is made of what comes later.", "indeterminate, denied reference.compromised", agency.Indeterminate, func(s *scene) cast.Sent {
			s.declare(s.Buyer.SVIDKey(), s.Now()-1000)
			return s.asPayments(s.pay("10.00"))
		}},
		{"a stolen key of a person, from before the compromise is declared", "reference.compromised", "The thief approved before it was known.", "indeterminate, denied reference.compromised", agency.Indeterminate, func(s *scene) cast.Sent {
			s.move(time.Minute)
			since := s.Now()
			a := s.pay("2500.00")
			s.approve(s.Controller, a, nil)
			s.allow(s.Sign(s.Controller, s.Compromise(s.Controller, s.Controller.HumanKey(), since)))
			return s.asPayments(a)
		}},
	}
}
