package vectors_test

import (
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/policy"
)

// controlCases are what puts trust in force: genesis, roots, people, issuers,
// policies, agents.
func controlCases() []vectorCase {
	return slices.Concat(genesisCases(), personCases(), registerCases())
}

func genesisCases() []vectorCase {
	first := func(name, rule, why, want string, sign func(s *scene, g *attest.Genesis) cast.Sent) vectorCase {
		return vectorCase{"genesis/" + name, rule, why, want, func(s *scene) cast.Sent {
			s.start()
			return sign(s, s.realGenesis())
		}}
	}
	return []vectorCase{
		first("as it should be", "genesis.endorsed", "Signed by the register and endorsed by every administrator.", "allowed", func(s *scene, g *attest.Genesis) cast.Sent { return s.genesis(g) }),
		first("without endorsements", "genesis.endorsed", "The register alone.", "refused genesis.endorsed", func(s *scene, g *attest.Genesis) cast.Sent { return s.Sign(s.Server, g) }),
		first("endorsed by one of two", "genesis.endorsed", "One administrator is missing.", "refused genesis.endorsed", func(s *scene, g *attest.Genesis) cast.Sent {
			return s.Endorsed(s.Sign(s.Server, g), s.Admin)
		}),
		first("endorsed by a stranger", "object.unused", "A stranger's endorsement is luggage.", "refused genesis.endorsed", func(s *scene, g *attest.Genesis) cast.Sent {
			return s.Endorsed(s.Sign(s.Server, g), s.Admin, s.parts.stranger)
		}),
		first("an endorsement that does not verify", "envelope.signature", "The endorsement's signature is of something else.", "refused envelope.signature", func(s *scene, g *attest.Genesis) cast.Sent {
			return s.forgedEndorsement(s.Endorsed(s.Sign(s.Server, g), s.Admin), s.Second, s.Payload(s.realGenesis()))
		}),
		{"genesis/a second one", "genesis.place", "A log has one genesis.", "refused genesis.place", func(s *scene) cast.Sent { return s.genesis(s.realGenesis()) }},
		first("by another key than its own", "envelope.keyid", "It names one server key and is signed with another.", "refused envelope.keyid", func(s *scene, g *attest.Genesis) cast.Sent {
			p := *s.parts.stranger
			p.Party = s.Server.Party
			return s.Endorsed(s.Sign(&p, g), s.Admin, s.Second)
		}),
		{"bundle/of another trust domain", "signer.foreign", "The genesis does not name it.", "refused signer.foreign", func(s *scene) cast.Sent {
			return s.Sign(s.Server, s.Root("third.example", s.parts.otherBundle), s.parts.otherBundle)
		}},
		{"bundle/that is none", "object.form", "The bytes are no bundle.", "refused object.form", func(s *scene) cast.Sent {
			doc := []byte("no bundle")
			return s.Sign(s.Server, s.Root(cast.Domain, doc), doc)
		}},
		{"bundle/without its bytes", "object.missing", "The object was not sent.", "refused object.missing", func(s *scene) cast.Sent {
			return s.Sign(s.Server, s.Root(cast.Domain, []byte("elsewhere")))
		}},
		{"bundle/by an administrator", "d0.signer", "Roots are the register's to log.", "refused envelope.keyid", func(s *scene) cast.Sent {
			p := *s.Admin
			p.Party = s.Server.Party
			return s.Sign(&p, s.Root(cast.Domain, s.parts.otherBundle), s.parts.otherBundle)
		}},
	}
}

func personCases() []vectorCase {
	register := func(name, rule, why, want string, sign func(s *scene, p *attest.Person) cast.Sent) vectorCase {
		return vectorCase{"person/" + name, rule, why, want, func(s *scene) cast.Sent {
			return sign(s, s.Registration(s.parts.newcomer))
		}}
	}
	replace := func(name, rule, why, want string, by ...func(s *scene, next *cast.Party) *cast.Party) vectorCase {
		return vectorCase{"person/replaced " + name, rule, why, want, func(s *scene) cast.Sent {
			next := *s.parts.newcomer
			next.ID = s.Treasurer.ID
			sent := s.Sign(s.Admin, s.Registration(&next))
			for _, who := range by {
				sent = s.Endorsed(sent, who(s, &next))
			}
			return sent
		}}
	}
	self := func(_ *scene, next *cast.Party) *cast.Party { return next }
	old := func(s *scene, _ *cast.Party) *cast.Party { return s.Treasurer }
	second := func(s *scene, _ *cast.Party) *cast.Party { return s.Second }
	return []vectorCase{
		register("as it should be", "control.possession", "An administrator signs, the person endorses.", "allowed", func(s *scene, p *attest.Person) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, p), s.parts.newcomer)
		}),
		register("without possession", "control.possession", "The person did not endorse.", "refused control.possession", func(s *scene, p *attest.Person) cast.Sent { return s.Sign(s.Admin, p) }),
		register("by no administrator", "control.administrator", "The treasurer is no administrator.", "denied control.administrator", func(s *scene, p *attest.Person) cast.Sent {
			p.By = s.Treasurer.ID
			return s.Endorsed(s.Sign(s.Treasurer, p), s.parts.newcomer)
		}),
		{"person/endorsed twice", "object.unused", "One key endorses once, in whatever bytes.", "refused object.unused", func(s *scene) cast.Sent {
			p := s.PasskeyHolder("otto")
			sent := s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p)
			p.Passkey.Counter++
			return s.Endorsed(sent, p)
		}},
		register("beginning later", "control.early", "A registration takes effect when it is logged.", "refused control.early", func(s *scene, p *attest.Person) cast.Sent {
			p.From++
			return s.Endorsed(s.Sign(s.Admin, p), s.parts.newcomer)
		}),
		{"person/with the key of somebody else", "control.key", "The treasurer's key under another name.", "denied control.key", func(s *scene) cast.Sent {
			thief := *s.Treasurer
			thief.ID = "eve"
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&thief)), &thief)
		}},
		{"person/with an administrator's key", "control.key", "An administrator's key under another name.", "denied control.key", func(s *scene) cast.Sent {
			p := *s.Second
			p.ID = "eve"
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&p)), &p)
		}},
		{"person/an administrator, with the own key", "control.key", "An administrator may be registered as a person besides.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, s.Registration(s.Second)), s.Second)
		}},
		{"person/a key that was another's before", "control.key", "A key that was replaced stays that person's.", "denied control.key", func(s *scene) cast.Sent {
			next := *s.parts.newcomer
			next.ID = s.Treasurer.ID
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next, s.Treasurer))
			thief := *s.Treasurer
			thief.ID = "eve"
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&thief)), &thief)
		}},
		replace("with the old key's consent", "control.quorum", "The old key endorses its successor.", "allowed", self, old),
		replace("by a quorum", "control.quorum", "Both administrators agree.", "allowed", self, second),
		replace("by one administrator", "control.quorum", "One administrator alone could become anyone.", "refused control.quorum", self),
		replace("without possession", "control.possession", "The old key endorses, the new one does not.", "refused control.possession", old),
		{"person/replaced after the old key's end", "control.quorum", "An ended key does not say who comes after it.", "refused object.unused", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour)
			next := *s.parts.newcomer
			next.ID = s.parts.temporary.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next, s.parts.temporary, s.Second)
		}},
		{"person/replaced after the old key's end, by one administrator", "control.quorum", "An ended key leaves it to a quorum.", "refused control.quorum", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour)
			next := *s.parts.newcomer
			next.ID = s.parts.temporary.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next)
		}},
		{"person/an administrator's name with another key", "control.quorum", "The held key of an administrator is that of the genesis.", "refused control.quorum", func(s *scene) cast.Sent {
			next := *s.parts.newcomer
			next.ID = s.Second.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next)
		}},
		{"person/oneself as an administrator", "control.quorum", "The held key itself signs: the signer is the administrator of that name.", "allowed", func(s *scene) cast.Sent {
			next := *s.parts.newcomer
			next.ID = s.Admin.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next)
		}},
		{"person/registered again", "control.key", "The same key for the same name takes no quorum.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, s.Registration(s.Treasurer)), s.Treasurer)
		}},
		{"person/registered again after the key's end", "control.quorum", "The same key replaces none, ended or not: one administrator will do.", "allowed", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour)
			return s.Endorsed(s.Sign(s.Admin, s.Registration(s.parts.temporary)), s.parts.temporary)
		}},
		{"person/an endorsement that does not verify", "envelope.signature", "The person's endorsement is of another registration.", "refused envelope.signature", func(s *scene) cast.Sent {
			return s.forgedEndorsement(s.Sign(s.Admin, s.Registration(s.parts.newcomer)), s.parts.newcomer, s.Payload(s.Registration(s.parts.newcomer)))
		}},
		{"person/an administrator after the own key's end", "control.quorum", "Registered until now with the key of the genesis, an administrator needs a quorum for the next.", "refused control.quorum", func(s *scene) cast.Sent {
			own := s.Registration(s.Admin)
			own.Until = s.Now() + cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, own), s.Admin))
			s.move(time.Hour)
			next := *s.parts.newcomer
			next.ID = s.Admin.ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next)
		}},
		{"person/a passkey for a key", "control.quorum", "The same name with a passkey is another credential.", "refused control.quorum", func(s *scene) cast.Sent {
			next := s.PasskeyHolder(s.Treasurer.ID)
			return s.Endorsed(s.Sign(s.Admin, s.Registration(next)), next)
		}},
		{"person/a key for a passkey", "control.quorum", "The passkey's key without its authenticator is another credential.", "refused control.quorum", func(s *scene) cast.Sent {
			plain := *s.maria
			plain.Passkey, plain.KeyID = nil, plain.Public().Digest()
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&plain)), &plain)
		}},
	}
}

// forgedEndorsement adds somebody's signature of another payload.
func (s *scene) forgedEndorsement(sent cast.Sent, by *cast.Party, of []byte) cast.Sent {
	s.Helper()
	e := s.Seal(by, of).Envelope
	e.Payload = sent.Envelope.Payload
	sent.Objects = append(slices.Clone(sent.Objects), e.JSON())
	return sent
}

func registerCases() []vectorCase {
	agent := func(name, rule, why, want string, by func(s *scene) *cast.Party, amend func(s *scene, a *attest.Agent)) vectorCase {
		return vectorCase{"agent/" + name, rule, why, want, func(s *scene) cast.Sent {
			who := by(s)
			a := s.Agents("/agent")
			a.By = who.ID
			amend(s, a)
			return s.Sign(who, a)
		}}
	}
	owner := func(s *scene) *cast.Party { return s.Treasurer }
	admin := func(s *scene) *cast.Party { return s.Admin }
	const denied = "denied control.administrator"
	quorum := func(name, rule, why, want string, sign func(s *scene) cast.Sent) vectorCase {
		return vectorCase{"issuer/" + name, rule, why, want, sign}
	}
	issuer := func(s *scene) *attest.Issuer {
		return s.Issuer(s.Controller, s.Treasurer, cast.Payments("5.00"), attest.HumanStanding)
	}
	invalid := func(name, why string, spoil func(*policy.Source)) vectorCase {
		return vectorCase{"policy/" + name, "policy.invalid", why, "denied policy.invalid", func(s *scene) cast.Sent {
			src := policy.Default()
			spoil(&src)
			p, parts := s.Policy(src, 1000)
			return s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second)
		}}
	}
	return []vectorCase{
		agent("by an administrator", "control.administrator", "An administrator registers.", "allowed", admin, func(*scene, *attest.Agent) {}),
		agent("by its owner", "control.administrator", "The owner may sign a new version.", "allowed", owner, func(_ *scene, a *attest.Agent) { a.Purpose = "less" }),
		agent("by somebody else", "control.administrator", "The controller owns nothing here.", denied, func(s *scene) *cast.Party { return s.Controller }, func(s *scene, a *attest.Agent) { a.Owner = s.Controller.ID }),
		agent("by its owner, given away", "control.administrator", "An owner may not give it away.", denied, owner, func(s *scene, a *attest.Agent) { a.Owner = s.Controller.ID }),
		agent("by its owner, another path", "control.administrator", "Nor register another path.", denied, owner, func(s *scene, a *attest.Agent) { a.Agent = "spiffe://" + cast.Domain + "/other" }),
		agent("by its owner, suspended by themselves", "control.administrator", "An owner may suspend.", "allowed", owner, func(_ *scene, a *attest.Agent) { a.Status = "suspended" }),
		{"agent/by its owner, after a suspension", "control.administrator", "Nor lift a suspension.", denied, func(s *scene) cast.Sent {
			a := s.Agents("/agent")
			a.Status = "suspended"
			s.allow(s.Sign(s.Admin, a))
			back := s.Agents("/agent")
			back.By = s.Treasurer.ID
			return s.Sign(s.Treasurer, back)
		}},
		{"agent/by its owner, made a recorder", "control.administrator", "Nor make it a recorder.", denied, func(s *scene) cast.Sent {
			a := s.Agents("/agent")
			a.Recorder = false
			s.allow(s.Sign(s.Admin, a))
			back := s.Agents("/agent")
			back.By = s.Treasurer.ID
			return s.Sign(s.Treasurer, back)
		}},
		{"agent/by its owner, no recorder before and after", "control.administrator", "What was no recorder stays none.", "allowed", func(s *scene) cast.Sent {
			a := s.Agents("/agent")
			a.Recorder = false
			s.allow(s.Sign(s.Admin, a))
			again := s.Agents("/agent")
			again.By, again.Recorder = s.Treasurer.ID, false
			return s.Sign(s.Treasurer, again)
		}},
		quorum("as it should be", "control.quorum", "Two of two administrators.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, issuer(s)), s.Second)
		}),
		quorum("by one administrator", "control.quorum", "One of two.", "refused control.quorum", func(s *scene) cast.Sent { return s.Sign(s.Admin, issuer(s)) }),
		quorum("endorsed by the signer", "object.unused", "The signer counts once.", "refused control.quorum", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, issuer(s)), s.Admin)
		}),
		quorum("endorsed by a person", "object.unused", "A person who is no administrator does not count.", "refused control.quorum", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, issuer(s)), s.Treasurer)
		}),
		quorum("endorsed by two and by a stranger", "object.unused", "A stranger's endorsement is luggage.", "refused object.unused", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, issuer(s)), s.Second, s.Treasurer)
		}),
		quorum("an endorsement that does not verify", "envelope.signature", "An administrator's signature of another statement.", "refused envelope.signature", func(s *scene) cast.Sent {
			return s.forgedEndorsement(s.Sign(s.Admin, issuer(s)), s.Second, s.Payload(issuer(s)))
		}),
		quorum("by no administrator", "control.administrator", "The treasurer is no administrator, whoever endorses.", denied, func(s *scene) cast.Sent {
			i := issuer(s)
			i.By = s.Treasurer.ID
			return s.Endorsed(s.Sign(s.Treasurer, i), s.Admin, s.Second)
		}),
		quorum("by an administrator's other key", "control.administrator", "Registered as a person with another key, an administrator is none with it.", denied, func(s *scene) cast.Sent {
			next := *s.parts.newcomer
			next.ID = s.Admin.ID
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(&next)), &next))
			return s.Endorsed(s.Sign(&next, issuer(s)), s.Second)
		}),
		quorum("beginning later", "control.early", "It takes effect when it is logged.", "refused control.early", func(s *scene) cast.Sent {
			i := issuer(s)
			i.From++
			return s.Endorsed(s.Sign(s.Admin, i), s.Second)
		}),
		quorum("with an endorsement of another statement", "object.unused", "An endorsement is over the same payload.", "refused control.quorum", func(s *scene) cast.Sent {
			sent := s.Sign(s.Admin, issuer(s))
			sent.Objects = append(sent.Objects, s.Sign(s.Second, issuer(s)).Envelope.JSON())
			return sent
		}),
		{"policy/as it should be", "control.quorum", "Two of two administrators, and it loads.", "allowed", func(s *scene) cast.Sent {
			p, parts := s.Policy(organisation(), 10)
			return s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second)
		}},
		{"policy/by one administrator", "control.quorum", "One of two.", "refused control.quorum", func(s *scene) cast.Sent {
			p, parts := s.Policy(organisation(), 10)
			return s.Sign(s.Admin, p, parts...)
		}},
		{"policy/without its text", "object.missing", "The objects are not sent.", "refused object.missing", func(s *scene) cast.Sent {
			src := policy.Default()
			src.Policies = append(src.Policies, '\n')
			p, _ := s.Policy(src, 10)
			return s.Endorsed(s.Sign(s.Admin, p), s.Second)
		}},
		invalid("that does not parse", "The text is no Cedar.", func(src *policy.Source) { src.Policies = []byte("permit everything") }),
		invalid("that does not validate", "It asks for what the schema does not declare.", func(src *policy.Source) {
			src.Policies = []byte(`@id("x") permit (principal, action, resource) when { context.mood == "good" };`)
		}),
		{"policy/none in force", "policy.none", "No policy was ever put.", "unattributed, denied policy.none", func(s *scene) cast.Sent {
			s.start()
			bundle := s.CA.BundleDocument()
			s.allow(s.genesis(s.realGenesis()))
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			return s.asPayments(s.Transfer(s.Payments, "", "10.00"))
		}},
		{"policy/none in force, under a warrant", "policy.none", "Nor is there a longest life of a warrant then.", "human_delegated, denied policy.none", func(s *scene) cast.Sent {
			s.start()
			bundle := s.CA.BundleDocument()
			s.allow(s.genesis(s.realGenesis()))
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(s.Treasurer)), s.Treasurer))
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(s.Treasurer, s.Treasurer, cast.Payments("50.00"), attest.HumanStanding)), s.Second))
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50.00"))
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"policy/an invalid one is not in force", "policy.invalid", "The one before it stays in force.", "human_instructed", func(s *scene) cast.Sent {
			src := policy.Default()
			src.Policies = []byte("permit everything")
			p, parts := s.Policy(src, 1000)
			s.deny(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second), "policy.invalid")
			return s.asPayments(s.pay("10.00"))
		}},
		{"policy/four eyes", "policy.denied", "Two approvals of one person are one approver.", "human_directed, denied policy.denied", func(s *scene) cast.Sent { return s.eyes(s.Treasurer, s.Treasurer) }},
		{"policy/four eyes of two people", "policy.denied", "Two approvals of two people are two approvers.", "human_directed", func(s *scene) cast.Sent { return s.eyes(s.Treasurer, s.Controller) }},
		{"policy/large without a human", "policy.denied", "A large payment needs an approval with a human's key.", "human_tasked, denied policy.denied, flags exceeded_instruction", func(s *scene) cast.Sent {
			return s.asPayments(s.pay("20000.00"))
		}},
		{"policy/large with a human", "policy.denied", "The policy sees the binding and the key of the approval.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("20000.00")
			s.approve(s.Treasurer, a, nil)
			return s.asPayments(a)
		}},
		{"policy/an action that is not declared", "policy.action", "The schema does not know the action.", "human_tasked, denied policy.action, flags exceeded_instruction", func(s *scene) cast.Sent {
			a := s.pay("10.00")
			a.Request.Action = "payments.cancel"
			return s.asPayments(a)
		}},
		{"policy/an agent that is not registered", "policy.denied", "Nobody registered the visitor.", "human_delegated, denied policy.denied", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.parts.visitor, attest.HumanStanding, cast.Payments("50.00"))
			return s.Sign(s.parts.visitor, s.Transfer(s.parts.visitor, s.allow(s.Sign(s.Treasurer, w)), "10.00"))
		}},
		{"policy/that errs", "policy.error", "An evaluation error denies, and counts as not evaluated.", "human_instructed, denied policy.error", func(s *scene) cast.Sent {
			src := organisation()
			src.Policies = append(src.Policies, `@id("org/sum") forbid (principal, action, resource) when { context.at * 9007199254740991 > 0 };`...)
			p, parts := s.Policy(src, 1000)
			s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
			return s.asPayments(s.pay("10.00"))
		}},
		{"policy/that asks for every fact", "policy.denied", "Owner, path, mode, phase, credential, warrant and target are told as they are.", "human_instructed", func(s *scene) cast.Sent {
			src := organisation()
			src.Policies = append(src.Policies, `@id("org/facts") forbid (principal, action, resource) unless {
  principal has owner && principal.owner == "treasurer" && principal.path == "/agent/payments" && principal.trust_domain == "acme.example" &&
  context.mode == "gate" && context.phase == "intent" && context.credential == "oauth" && context.reversible &&
  context.warrant.depth == 2 && context.warrant.basis == "human_instruction" && context.warrant.accountable == "treasurer" &&
  context.warrant.purpose == "vendor_payment" && context has target && context.target.endpoint == "bank.example" };`...)
			p, parts := s.Policy(src, 1000)
			s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
			a := s.pay("10.00")
			a.Credential = &attest.Credential{Commitment: attest.DigestOf([]byte("token")), Kind: "oauth"}
			a.Request.Reversible = true
			return s.asPayments(a)
		}},
	}
}

// eyes is a payment under a policy that wants two approvers, with approvals of
// these people.
func (s *scene) eyes(by ...*cast.Party) cast.Sent {
	s.Helper()
	a := s.fourEyes()
	s.consents(a, by...)
	return s.asPayments(a)
}

// fourEyes is a payment under a policy that wants two approvers.
func (s *scene) fourEyes() *attest.Action {
	s.Helper()
	src := organisation()
	src.Policies = append(src.Policies, `@id("org/four-eyes") forbid (principal, action, resource) unless { context.approvals >= 2 };`...)
	p, parts := s.Policy(src, 1000)
	s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
	return s.pay("10.00")
}
