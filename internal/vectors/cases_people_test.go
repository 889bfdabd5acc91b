package vectors_test

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// people sign otherwise than by a key or a passkey: with SSH, in a security key or
// not, with a certificate, by way of Fulcio. The stage of that name holds them,
// and the authorities that they are certified by.
type people struct {
	people, fulcio, time     *pki.Issued
	sam, sally, xenia, flora *cast.Party
	strangers, successors    *pki.Issued
}

// A way is how somebody signs, and with what faults it is refused when it is
// spoiled, of another statement, or made by the key itself.
type way struct {
	name                  string
	who                   func(*people) *cast.Party
	spoiled, other, byKey string
}

var ways = []way{
	{"ssh", func(p *people) *cast.Party { return p.sam }, "ssh.form", "envelope.signature", "ssh.form"},
	{"security key", func(p *people) *cast.Party { return p.sally }, "ssh.form", "envelope.signature", "ssh.form"},
	{"x509", func(p *people) *cast.Party { return p.xenia }, "cms.form", "cms.digest", "cms.form"},
	{"fulcio", func(p *people) *cast.Party { return p.flora }, "fulcio.form", "envelope.signature", "fulcio.form"},
}

// enrol goes on from the scene to the stage of people.
func (s *scene) enrol(t *testing.T) *scene {
	t.Helper()
	before := s.steps
	f := s.fork(t, "stage of people")
	f.steps = slices.Clone(before)
	p := &people{
		people: f.Authority("people"), fulcio: f.Authority("fulcio"), time: f.Authority("time"),
		strangers: f.Authority("strangers"), successors: f.Authority("successors"),
	}
	f.people = p
	f.logRoot(attest.RootX509, cast.PeopleRoot, p.people)
	f.logRoot(attest.RootFulcio, cast.FulcioRoot, p.fulcio)
	f.logRoot(attest.RootTSA, cast.TimeRoot, p.time)
	p.sam, p.sally = f.SSHHolder("sam", ""), f.SSHHolder("sally", "ssh:")
	p.xenia, p.flora = f.CertificateHolder("xenia", p.people), f.KeylessHolder("flora", p.fulcio, p.time)
	for _, who := range []*cast.Party{p.sam, p.sally, p.xenia, p.flora} {
		f.allow(f.Endorsed(f.Sign(f.Admin, f.Registration(who)), who))
		f.allow(f.Endorsed(f.Sign(f.Admin, f.Issuer(who, f.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction, attest.HumanStanding)), f.Second))
	}
	return f
}

func (s *scene) logRoot(of attest.RootType, name string, a *pki.Issued) {
	s.Helper()
	s.allow(s.Sign(s.Server, s.NamedRoot(of, name, a.PEM()), a.PEM()))
}

// peopleCases: how else a person signs.
func peopleCases() []vectorCase {
	var out []vectorCase
	for _, w := range ways {
		out = append(out, wayCases(w)...)
	}
	return slices.Concat(out, sshCases(), certificateCases(), cmsCases(), keylessCases(), namedRootCases(), countersignatureCases())
}

func wayCases(w way) []vectorCase {
	say := func(s *scene) cast.Sent { return s.Sign(w.who(s.people), s.Instruction(w.who(s.people), s.Payments)) }
	refused := func(what, code, why string, spoil func(s *scene, sent *cast.Sent)) vectorCase {
		return vectorCase{"signature/" + w.name + ", " + what, code, why, "refused " + code, func(s *scene) cast.Sent {
			sent := say(s)
			spoil(s, &sent)
			return sent
		}}
	}
	return []vectorCase{
		{"signature/" + w.name + ", an instruction", "row.5", "It is as good as a key that a person holds: K3.", "human_instructed", func(s *scene) cast.Sent {
			p := w.who(s.people)
			i := s.allow(s.Sign(p, s.Instruction(p, s.Payments, cast.Request())))
			return s.asPayments(s.Transfer(s.Payments, s.allow(s.Sign(p, s.Instructed(p, s.Payments, i))), "20.00"))
		}},
		{"signature/" + w.name + ", a consent", "row.4", "A consent to the exact action, at K3.", "human_directed", func(s *scene) cast.Sent {
			a := s.pay("2500.00")
			s.approve(w.who(s.people), a, nil)
			return s.asPayments(a)
		}},
		{"signature/" + w.name + ", a standing order", "row.7", "A scope, at K3.", "human_delegated", func(s *scene) cast.Sent {
			p := w.who(s.people)
			id := s.allow(s.Sign(p, s.Warrant(p, s.Payments, attest.HumanStanding, cast.Payments("50.00"))))
			return s.asPayments(s.Transfer(s.Payments, id, "20.00"))
		}},
		refused("spoiled", w.spoiled, "The bytes are no such signature.", func(_ *scene, sent *cast.Sent) { sent.Envelope.Signature = []byte("x") }),
		refused("of another statement", w.other, "The signature of another instruction.", func(s *scene, sent *cast.Sent) { sent.Envelope.Signature = say(s).Envelope.Signature }),
		refused("of another log", w.other, "The signature of the same for another log.", func(s *scene, sent *cast.Sent) {
			p := w.who(s.people)
			there := s.Instruction(p, s.Payments)
			there.Log = "log.other.example/1"
			sent.Envelope.Signature = s.Sign(p, there).Envelope.Signature
		}),
		refused("by the key itself", w.byKey, "A plain signature where another form is registered.", func(s *scene, sent *cast.Sent) {
			p := w.who(s.people)
			*sent = s.Sign(&cast.Party{Party: p.Party, Key: p.Key, KeyID: p.KeyID}, s.Instruction(p, s.Payments))
		}),
		refused("as a plain key", "signer.unknown", "The key is registered as something else.", func(s *scene, sent *cast.Sent) {
			p := w.who(s.people)
			plain := cast.Party{Party: p.Party, Key: p.Key}
			plain.KeyID = plain.Public().Digest()
			*sent = s.Sign(&plain, s.Instruction(p, s.Payments))
		}),
		{"signature/" + w.name + ", under another name", "control.key", "What one person signs with is nobody else's.", "denied control.key", func(s *scene) cast.Sent {
			thief := *w.who(s.people)
			thief.ID = "eve"
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&thief)), &thief)
		}},
		{"signature/" + w.name + ", exchanged by one administrator", "control.quorum", "Another credential for the name takes the old one or a quorum.", "refused control.quorum", func(s *scene) cast.Sent {
			other := *s.parts.newcomer
			other.ID = w.who(s.people).ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&other)), &other)
		}},
		{"signature/" + w.name + ", exchanged with its consent", "control.quorum", "The old one endorses its successor.", "allowed", func(s *scene) cast.Sent {
			other := *s.parts.newcomer
			other.ID = w.who(s.people).ID
			return s.Endorsed(s.Sign(s.Admin, s.Registration(&other)), &other, w.who(s.people))
		}},
		{"signature/" + w.name + ", without possession", "control.possession", "Nobody showed that they can sign so.", "refused control.possession", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Registration(s.otherOf(w)))
		}},
	}
}

// otherOf is another person who signs in the same way, and is not registered.
func (s *scene) otherOf(w way) *cast.Party {
	switch w.name {
	case "ssh":
		return s.SSHHolder("otto", "")
	case "security key":
		return s.SSHHolder("otto", "ssh:")
	case "x509":
		return s.CertificateHolder("otto", s.people.people)
	}
	return s.KeylessHolder("otto", s.people.fulcio, s.people.time)
}

// certified is a copy of somebody whose certificates a vector changes.
func certified(p *cast.Party, change func(*cast.Certified)) *cast.Party {
	out, how := *p, *p.Certified
	out.Certified = &how
	change(&how)
	return &out
}

func certificateCases() []vectorCase {
	with := func(name, rule, why, want string, change func(s *scene, c *cast.Certified)) vectorCase {
		return vectorCase{"certificate/" + name, rule, why, want, func(s *scene) cast.Sent {
			p := certified(s.people.xenia, func(c *cast.Certified) { change(s, c) })
			return s.Sign(p, s.Instruction(p, s.Payments))
		}}
	}
	return []vectorCase{
		with("renewed", "certificate.subject", "Another certificate of the same name by the same authority.", "allowed", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.people.Issue(x509.Certificate{EmailAddresses: c.Leaf.EmailAddresses}, pki.Key("renewed"))
		}),
		with("of another person", "certificate.subject", "The authority certified somebody else.", "refused certificate.subject", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.people.Person("bob", "bob@"+cast.Domain)
		}),
		with("of a stranger's", "certificate.chain", "An authority that is not in the root.", "refused certificate.chain", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.strangers.Person("xenia", "xenia@"+cast.Domain)
		}),
		{"certificate/ended", "certificate.expired", "The certificate has ended when it is checked.", "refused certificate.expired", func(s *scene) cast.Sent {
			s.move(s.people.xenia.Certified.Leaf.NotAfter.Sub(s.Clock.Now()) + time.Second)
			return s.Sign(s.people.xenia, s.Instruction(s.people.xenia, s.Payments))
		}},
		{"certificate/ended between check and entry", "signer.expired", "It has ended when the entry is made.", "refused signer.expired", func(s *scene) cast.Sent {
			s.move(s.people.xenia.Certified.Leaf.NotAfter.Sub(s.Clock.Now()))
			s.received = s.Now() + 1000
			return s.Sign(s.people.xenia, s.Instruction(s.people.xenia, s.Payments))
		}},
		{"certificate/in its last second", "signer.expired", "It holds when checked and when the entry is made.", "allowed", func(s *scene) cast.Sent {
			s.move(s.people.xenia.Certified.Leaf.NotAfter.Sub(s.Clock.Now()))
			return s.Sign(s.people.xenia, s.Instruction(s.people.xenia, s.Payments))
		}},
		{"certificate/of a person whose registration ends first", "signer.expired", "The window of the person counts as well.", "refused signer.expired", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			reg := s.Registration(p)
			reg.Until = s.Now() + cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
			s.move(time.Hour - time.Millisecond)
			s.received = s.Now() + 1
			return s.Sign(p, s.Instruction(p, s.Payments))
		}},
		{"certificate/of a person whose registration ends later", "signer.expired", "Whatever ends first.", "refused signer.expired", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			reg := s.Registration(p)
			reg.Until = s.Now() + 10_000*cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
			s.move(p.Certified.Leaf.NotAfter.Sub(s.Clock.Now()))
			s.received = s.Now() + 1000
			return s.Sign(p, s.Instruction(p, s.Payments))
		}},
		{"certificate/after its root was replaced", "certificate.chain", "The authorities in force decide.", "refused certificate.chain", func(s *scene) cast.Sent {
			s.logRoot(attest.RootX509, cast.PeopleRoot, s.people.successors)
			return s.Sign(s.people.xenia, s.Instruction(s.people.xenia, s.Payments))
		}},
		{"certificate/without its root", "signer.no_root", "No set of authorities of that name is logged.", "refused signer.no_root", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			p.Certified.X509.Root = "elsewhere"
			p.KeyID = s.Registration(p).Credential().Digest()
			return s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p)
		}},
		{"certificate/with a root of another type", "signer.no_root", "The name is that of Fulcio's authorities.", "refused signer.no_root", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			p.Certified.X509.Root = cast.FulcioRoot
			p.KeyID = s.Registration(p).Credential().Digest()
			return s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p)
		}},
		{"certificate/declared compromised", "signer.compromised", "What certificates a person signs with is one's own like a key.", "refused signer.compromised", func(s *scene) cast.Sent {
			thing := attest.CompromisedThing{ID: s.people.xenia.ID, Key: s.people.xenia.KeyID, Kind: attest.HumanKey}
			s.allow(s.Sign(s.people.xenia, s.Compromise(s.people.xenia, thing, s.Now())))
			return s.Sign(s.people.xenia, s.Instruction(s.people.xenia, s.Payments))
		}},
		{"certificate/of two names, before a gate", "gate.approvals", "One certificate has the names of two people whom the gate asks: whoever holds its key is one.", "human_directed, denied gate.approvals", func(s *scene) cast.Sent {
			bob, mary := s.namesakes()
			w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("5000.00"))
			w.Gates = []attest.WarrantGate{cast.Gate(2, bob, mary)}
			a := s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "2500.00")
			s.consents(a, bob, mary)
			return s.asPayments(a)
		}},
		{"certificate/of two names, where two are asked for by the policy", "policy.denied", "Nor are they four eyes.", "human_directed, denied policy.denied", func(s *scene) cast.Sent {
			bob, mary := s.namesakes()
			return s.eyes(bob, mary)
		}},
		{"certificate/of two names, and an approval with one's own", "policy.denied", "Bob's own certificate signed for him after the one that has both names: his first approval counts.", "human_directed, denied policy.denied", func(s *scene) cast.Sent {
			bob, mary := s.namesakes()
			a := s.fourEyes()
			s.consents(a, mary, bob)
			s.consentAfter(s.last(), s.CertificateHolder(bob.ID, s.people.people), a, a)
			return s.asPayments(a)
		}},
		{"certificate/of two names, and one's own for something else", "policy.denied", "What bob approved with his own certificate is another payment, which makes no two of them.", "human_directed, denied approval.mismatch policy.denied", func(s *scene) cast.Sent {
			bob, mary := s.namesakes()
			a := s.fourEyes()
			own := s.CertificateHolder(bob.ID, s.people.people)
			s.consentAfter("", own, a, s.pay("11.00"))
			s.consentAfter(s.last(), bob, a, a)
			s.consents(a, mary)
			return s.asPayments(a)
		}},
		{"certificate/over somebody else's key", "control.key", "A key that somebody has is not another's by way of a certificate.", "denied control.key", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			p.Certified.Leaf = s.people.people.Issue(x509.Certificate{EmailAddresses: p.Certified.Leaf.EmailAddresses}, s.Treasurer.Key)
			return s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p)
		}},
		{"certificate/over an administrator's key", "control.key", "Nor is an administrator's.", "denied control.key", func(s *scene) cast.Sent {
			p := s.CertificateHolder("otto", s.people.people)
			p.Certified.Leaf = s.people.people.Issue(x509.Certificate{EmailAddresses: p.Certified.Leaf.EmailAddresses}, s.Second.Key)
			return s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p)
		}},
	}
}

// sshCases are what an SSH key may have signed instead.
func sshCases() []vectorCase {
	lie := func(name, code, why string, who func(*people) *cast.Party, change func(s *scene, k *pki.SSH)) vectorCase {
		return vectorCase{"signature/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			p := *who(s.people)
			key := *p.SSH
			p.SSH = &key
			change(s, p.SSH)
			return s.Sign(&p, s.Instruction(&p, s.Payments))
		}}
	}
	sam, sally := func(p *people) *cast.Party { return p.sam }, func(p *people) *cast.Party { return p.sally }
	return []vectorCase{
		lie("ssh, for git", "ssh.namespace", "A signature for another purpose.", sam, func(_ *scene, k *pki.SSH) { k.Namespace = "git" }),
		lie("ssh, by another key", "ssh.key", "Another key signed, and says so.", sam, func(_ *scene, k *pki.SSH) { k.Key = pki.Key("another") }),
		lie("ssh, by another key that names this one", "envelope.signature", "Another key signed, and names the registered one.", sam, func(_ *scene, k *pki.SSH) {
			k.Public, k.Key = k.Blob(), pki.Key("another")
		}),
		lie("ssh, by another algorithm", "ssh.form", "The signature names an algorithm that is not the key's.", sam, func(_ *scene, k *pki.SSH) { k.Algorithm = "rsa-sha2-512" }),
		lie("ssh, with something reserved", "ssh.form", "What is reserved is empty.", sam, func(_ *scene, k *pki.SSH) { k.Reserved = "x" }),
		lie("ssh, of another version", "ssh.form", "There is one version.", sam, func(_ *scene, k *pki.SSH) { k.Version = 2 }),
		lie("ssh, by a hash that is not allowed", "ssh.hash", "SHA-256 or SHA-512.", sam, func(_ *scene, k *pki.SSH) { k.Hash = "sha1" }),
		lie("security key, without a touch", "ssh.presence", "The security key reports that nobody was there.", sally, func(_ *scene, k *pki.SSH) { k.Flags = 0 }),
		lie("security key, for another application", "ssh.key", "The key was made for something else.", sally, func(_ *scene, k *pki.SSH) { k.Application = "ssh:elsewhere" }),
		{"signature/ssh, with SHA-256", "ssh.form", "The other hash that is allowed.", "allowed", func(s *scene) cast.Sent {
			p := *s.people.sam
			key := *p.SSH
			p.SSH, key.Hash = &key, "sha256"
			return s.Sign(&p, s.Instruction(&p, s.Payments))
		}},
	}
}

// namedByDN is somebody whose certificates are known by their subject.
func (s *scene) namedByDN(name string) *cast.Party {
	s.Helper()
	p := s.CertificateHolder(name, s.people.people)
	p.Certified.X509.Email, p.Certified.X509.Subject = "", p.Certified.Leaf.RawSubject
	p.KeyID = s.Registration(p).Credential().Digest()
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	return p
}

func cmsCases() []vectorCase {
	lie := func(name, code, why string, change func(*pki.Signature)) vectorCase {
		return vectorCase{"certificate/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			p := certified(s.people.xenia, func(c *cast.Certified) { c.Sign = change })
			return s.Sign(p, s.Instruction(p, s.Payments))
		}}
	}
	return []vectorCase{
		lie("over attached content", "cms.form", "The signed bytes are those of the envelope, and not brought along.", func(g *pki.Signature) { g.Attached = true }),
		lie("over content of another type", "cms.form", "What is signed is data.", func(g *pki.Signature) { g.ContentType = pki.OIDTSTInfo }),
		lie("by two signers", "cms.form", "One signature has one signer.", func(g *pki.Signature) { g.Twice = true }),
		{"certificate/known by its subject", "certificate.subject", "The distinguished name is the registered one.", "allowed", func(s *scene) cast.Sent {
			p := s.namedByDN("otto")
			return s.Sign(p, s.Instruction(p, s.Payments))
		}},
		{"certificate/of another subject", "certificate.subject", "The authority certified another distinguished name.", "refused certificate.subject", func(s *scene) cast.Sent {
			p := certified(s.namedByDN("otto"), func(c *cast.Certified) { c.Leaf = s.people.people.Person("bob", "otto@"+cast.Domain) })
			return s.Sign(p, s.Instruction(p, s.Payments))
		}},
	}
}

// consentAfter logs an approval of an action, which another one names, with a greater
// ID than some statement has.
func (s *scene) consentAfter(id attest.ID, who *cast.Party, named, of *attest.Action) {
	s.Helper()
	sent := s.Sign(who, s.Approval(who, of))
	for sent.ID < id {
		sent = s.Sign(who, s.Approval(who, of))
	}
	named.Authority.Approvals = append(named.Authority.Approvals, s.allow(sent))
	slices.Sort(named.Authority.Approvals)
}

// last is the last statement that was logged.
func (s *scene) last() attest.ID { return s.steps[len(s.steps)-1].ID }

// namesakes are two people who are registered by their addresses, both of which one
// certificate has.
func (s *scene) namesakes() (bob, mary *cast.Party) {
	s.Helper()
	bob, mary = s.CertificateHolder("bob", s.people.people), s.CertificateHolder("mary", s.people.people)
	shared := s.people.people.Issue(x509.Certificate{EmailAddresses: []string{"bob@" + cast.Domain, "mary@" + cast.Domain}}, pki.Key("shared"))
	for _, p := range []*cast.Party{bob, mary} {
		p.Certified.Leaf = shared
		s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	}
	return bob, mary
}

func keylessCases() []vectorCase {
	const flora = "flora@" + cast.Domain
	lie := func(name, code, why string, change func(s *scene, c *cast.Certified)) vectorCase {
		return vectorCase{"fulcio/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			p := certified(s.people.flora, func(c *cast.Certified) { change(s, c) })
			return s.Sign(p, s.Instruction(p, s.Payments))
		}}
	}
	return []vectorCase{
		lie("stamped too late", "certificate.expired", "The time stamp lies after the certificate's end.", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.fulcio.Keyless(flora, cast.Provider, c.At.Add(-20*time.Minute))
		}),
		lie("stamped by a stranger", "tsa.chain", "Another authority's time.", func(s *scene, c *cast.Certified) { c.Stamper = s.people.strangers.Stamper() }),
		lie("stamped by Fulcio", "tsa.chain", "Who certifies does not tell the time.", func(s *scene, c *cast.Certified) { c.Stamper = s.people.fulcio.Stamper() }),
		lie("another's token", "tsa.imprint", "The time stamp is of something else.", func(_ *scene, c *cast.Certified) {
			c.Stamp = func(t *pki.Token) { t.Stamped = []byte("x") }
		}),
		lie("by another provider", "fulcio.issuer", "The same address at another provider.", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.fulcio.Keyless(flora, "https://evil.example", c.At)
		}),
		lie("of another identity", "certificate.subject", "Somebody else at the same provider.", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.fulcio.Keyless("eve@"+cast.Domain, cast.Provider, c.At)
		}),
		lie("certified by who tells the time", "certificate.chain", "A time-stamping authority certifies nobody.", func(s *scene, c *cast.Certified) {
			c.Leaf = s.people.time.Keyless(flora, cast.Provider, c.At)
		}),
		lie("stamped in the time to come", "tsa.later", "The time stamp is an hour ahead.", func(s *scene, c *cast.Certified) {
			at := s.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
			c.Leaf, c.At = s.people.fulcio.Keyless(flora, cast.Provider, at.Add(-time.Minute)), at
		}),
		{"fulcio/submitted a day later", "certificate.expired", "The time that counts is that of the time stamp.", "allowed", func(s *scene) cast.Sent {
			s.move(24 * time.Hour)
			return s.Sign(s.people.flora, s.Instruction(s.people.flora, s.Payments))
		}},
		{"fulcio/after the root of time was replaced", "tsa.chain", "The authorities in force decide.", "refused tsa.chain", func(s *scene) cast.Sent {
			s.logRoot(attest.RootTSA, cast.TimeRoot, s.people.successors)
			return s.Sign(s.people.flora, s.Instruction(s.people.flora, s.Payments))
		}},
	}
}

func namedRootCases() []vectorCase {
	root := func(name, code, why string, sign func(s *scene) cast.Sent) vectorCase {
		return vectorCase{"authorities/" + name, code, why, "refused " + code, sign}
	}
	return []vectorCase{
		root("that are none", "object.form", "The bytes are no certificates.", func(s *scene) cast.Sent {
			doc := []byte("no certificates")
			return s.Sign(s.Server, s.NamedRoot(attest.RootX509, cast.PeopleRoot, doc), doc)
		}),
		root("with a leaf", "object.form", "A leaf is no authority.", func(s *scene) cast.Sent {
			doc := s.people.people.Person("otto", "otto@"+cast.Domain).PEM()
			return s.Sign(s.Server, s.NamedRoot(attest.RootTSA, cast.TimeRoot, doc), doc)
		}),
		root("not sent", "object.missing", "The object is not there.", func(s *scene) cast.Sent {
			return s.Sign(s.Server, s.NamedRoot(attest.RootX509, cast.PeopleRoot, s.people.strangers.PEM()))
		}),
		root("by an administrator", "envelope.keyid", "Roots are the register's to log.", func(s *scene) cast.Sent {
			p := cast.Party{Party: s.Server.Party, Key: s.Admin.Key, KeyID: s.Admin.KeyID}
			return s.Sign(&p, s.NamedRoot(attest.RootX509, cast.PeopleRoot, s.people.people.PEM()), s.people.people.PEM())
		}),
	}
}

func countersignatureCases() []vectorCase {
	seen := func(name, rule, why, want string, amend func(s *scene, c *attest.Countersignature) *cast.Party) vectorCase {
		return vectorCase{"countersignature/" + name, rule, why, want, func(s *scene) cast.Sent {
			a := s.pay("10.00")
			c := s.Countersignature(s.Desk, attest.ServiceRole, a, s.allow(s.asPayments(a)))
			by := amend(s, c)
			c.By = by.ID
			return s.Sign(by, c)
		}}
	}
	desk := func(s *scene) *cast.Party { return s.Desk }
	return []vectorCase{
		seen("as it was", "countersignature.signer", "The called service says what it saw.", "allowed", func(s *scene, _ *attest.Countersignature) *cast.Party { return desk(s) }),
		seen("by its digest only", "countersignature.signer", "The service was not told the action's name.", "allowed", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Of = ""
			return desk(s)
		}),
		seen("by its ID only", "countersignature.signer", "The service knows the name and not the digest.", "allowed", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Request = ""
			return desk(s)
		}),
		seen("of a denied action", "countersignature.signer", "What was denied and seen all the same is worth knowing.", "allowed", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Of, c.Agent = s.deny(s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "10.00")), "d10.holder"), s.Bystander.ID
			return desk(s)
		}),
		seen("of an outcome", "reference.kind", "An outcome asks for nothing.", "denied reference.kind", func(s *scene, c *attest.Countersignature) *cast.Party {
			logged, _ := s.reg.Logged(c.Of)
			c.Of = s.allow(s.asPayments(s.Outcome(logged.Verified.Statement().(*attest.Action), c.Of)))
			return desk(s)
		}),
		seen("of a warrant", "reference.kind", "What is named is an action.", "denied reference.kind", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Of = s.leafID
			return desk(s)
		}),
		seen("of what is not logged", "reference.unlogged", "The action comes first, or is not named.", "refused reference.unlogged", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Of = attest.IDFrom([32]byte{13})
			return desk(s)
		}),
		seen("of itself", "countersignature.self", "Nobody countersigns for himself.", "denied countersignature.self", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Agent, c.Of = s.Desk.ID, ""
			return desk(s)
		}),
		seen("of itself, naming another's action", "countersignature.self", "It names itself as the agent of what another did.", "denied countersignature.self", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Agent = s.Desk.ID
			return desk(s)
		}),
		seen("by the agent, in another's name", "countersignature.self", "Nor by naming another as the agent.", "denied countersignature.self", func(s *scene, c *attest.Countersignature) *cast.Party {
			c.Agent = s.Buyer.ID
			return s.Payments
		}),
		seen("by a stranger", "countersignature.signer", "Nobody registered the visitor.", "denied countersignature.signer", func(s *scene, _ *attest.Countersignature) *cast.Party { return s.parts.visitor }),
		seen("by a suspended service", "countersignature.signer", "The service is suspended.", "denied countersignature.signer", func(s *scene, _ *attest.Countersignature) *cast.Party {
			s.allow(s.Sign(s.Admin, suspended(s, s.Desk)))
			return desk(s)
		}),
	}
}
