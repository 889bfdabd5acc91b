package admission_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// roots are the authorities that people's certificates lead to.
type roots struct{ people, fulcio, time *pki.Issued }

// logRoots has the register log them.
func (s *scene) logRoots() roots {
	s.Helper()
	r := roots{s.Authority("people"), s.Authority("fulcio"), s.Authority("time")}
	s.logRoot(attest.RootX509, cast.PeopleRoot, r.people)
	s.logRoot(attest.RootFulcio, cast.FulcioRoot, r.fulcio)
	s.logRoot(attest.RootTSA, cast.TimeRoot, r.time)
	return r
}

func (s *scene) logRoot(of attest.RootType, name string, a *pki.Issued) {
	s.Helper()
	s.allow(s.Sign(s.Server, s.NamedRoot(of, name, a.PEM()), a.PEM()))
}

// enrol registers a person however they sign, who may issue root warrants.
func (s *scene) enrol(p *cast.Party) *cast.Party {
	s.Helper()
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(p, s.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction, attest.HumanStanding)), s.Second))
	return p
}

// ways are the ways in which a person signs that are not a key or a passkey.
var ways = map[string]func(*scene, roots) *cast.Party{
	"ssh":          func(s *scene, _ roots) *cast.Party { return s.SSHHolder("maria", "") },
	"security key": func(s *scene, _ roots) *cast.Party { return s.SSHHolder("maria", "ssh:") },
	"x509":         func(s *scene, r roots) *cast.Party { return s.CertificateHolder("maria", r.people) },
	"fulcio":       func(s *scene, r roots) *cast.Party { return s.KeylessHolder("maria", r.fulcio, r.time) },
}

// TestSignatures: whatever a person signs with counts as K3, at the binding of
// what was signed, and is the same when it is checked again from the record.
func TestSignatures(t *testing.T) {
	for way, make := range ways {
		for _, c := range []struct {
			name    string
			act     func(s *scene, p *cast.Party) cast.Sent
			class   agency.Class
			binding agency.Binding
		}{
			{"instruction", func(s *scene, p *cast.Party) cast.Sent {
				i := s.allow(s.Sign(p, s.Instruction(p, s.Payments, cast.Request())))
				w := s.allow(s.Sign(p, s.Instructed(p, s.Payments, i)))
				return s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))
			}, agency.HumanInstructed, agency.B3},
			{"consent", func(s *scene, p *cast.Party) cast.Sent {
				a := s.Transfer(s.Payments, s.leafID, "2500.00")
				a.Authority.Approvals = []attest.ID{s.allow(s.Sign(p, s.Approval(p, a)))}
				return s.Sign(s.Payments, a)
			}, agency.HumanDirected, agency.B4},
			{"standing warrant", func(s *scene, p *cast.Party) cast.Sent {
				w := s.allow(s.Sign(p, s.Warrant(p, s.Payments, attest.HumanStanding, cast.Payments("50.00"))))
				return s.Sign(s.Payments, s.Transfer(s.Payments, w, "20.00"))
			}, agency.HumanDelegated, agency.B2},
		} {
			t.Run(way+", "+c.name, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				p := s.enrol(make(s, s.logRoots()))
				f, a := s.find(c.act(s, p))
				if a.Agency != c.class || a.Key != agency.K3 || a.Binding != c.binding || a.Authorizing != "maria" || f.faults != "" {
					t.Errorf("%+v %+v", f, a)
				}
				s.replay()
			})
		}
	}
}

// replay checks every entry again from what its record says was read, and opens it
// again.
func (s *scene) replay() {
	s.Helper()
	for i, a := range s.entries {
		record, err := admission.ParseRecord(a.result.Record)
		s.Check(err)
		sub := admission.Submission{Envelope: a.sub.Envelope, Submitter: record.Submitter, Objects: map[attest.Digest][]byte{}}
		for _, d := range record.Objects {
			sub.Objects[d] = s.objects[d]
		}
		checked, err := admission.Check(sub, recorded{s.register, record}, nil, record.CheckedAt)
		s.Check(err)
		again, err := checked.Decide(record.Read, a.received, a.seed)
		s.Check(err)
		if string(again.Record) != string(a.result.Record) {
			s.Errorf("entry %d:\n%s\nis now\n%s", i, a.result.Record, again.Record)
		}
		l, err := admission.Reopen(uint64(i), a.result.Entry, s.Object)
		s.Check(err)
		if l.Verified.Signer().KeySum != record.Signer.Key {
			s.Errorf("entry %d is opened again with another key", i)
		}
	}
}

// A way to sign is never taken for another, whatever the bytes say, and no
// signature is one of another statement.
func TestSignaturesAreTold(t *testing.T) {
	want := map[string][3]string{ // spoiled; of another statement; by the key itself
		"ssh": {"ssh.form", "envelope.signature", "ssh.form"}, "security key": {"ssh.form", "envelope.signature", "ssh.form"},
		"x509": {"cms.form", "cms.digest", "cms.form"}, "fulcio": {"fulcio.form", "envelope.signature", "fulcio.form"},
	}
	for way, make := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			p := s.enrol(make(s, s.logRoots()))
			spoiled := s.Sign(p, s.Instruction(p, s.Payments))
			spoiled.Envelope.Signature = []byte("x")
			s.refused("spoiled", want[way][0], spoiled)
			first, second := s.Sign(p, s.Instruction(p, s.Payments)), s.Sign(p, s.Instruction(p, s.Payments))
			second.Envelope.Signature = first.Envelope.Signature
			s.refused("of another statement", want[way][1], second)
			plain := cast.Party{Party: p.Party, Key: p.Key, KeyID: p.KeyID}
			s.refused("by the key itself", want[way][2], s.Sign(&plain, s.Instruction(p, s.Payments)))
			plain.KeyID = plain.Public().Digest()
			s.refused("as a plain key", "signer.unknown", s.Sign(&plain, s.Instruction(p, s.Payments)))
			elsewhere := s.Instruction(p, s.Payments)
			elsewhere.Log = "other.example/log"
			moved := s.Sign(p, s.Instruction(p, s.Payments))
			moved.Envelope.Signature = s.Sign(p, elsewhere).Envelope.Signature
			s.refused("of another log", want[way][1], moved)
			s.allow(first)
		})
	}
}

// TestSignatureRegistration: possession is shown with what is registered, one
// person's is nobody else's, and one administrator alone exchanges none.
func TestSignatureRegistration(t *testing.T) {
	for way, make := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			p := make(s, s.logRoots())
			reg := s.Registration(p)
			s.refused("without possession", "control.possession", s.Sign(s.Admin, reg))
			s.refused("used before", "signer.unknown", s.Sign(p, s.Instruction(p, s.Payments)))
			s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
			thief := *p
			thief.ID = "eve"
			s.deny(s.Endorsed(s.Sign(s.Admin, s.Registration(&thief)), &thief), "control.key")
			other := s.Person("maria")
			s.refused("exchanged by one administrator", "control.quorum", s.Endorsed(s.Sign(s.Admin, s.Registration(other)), other))
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(other)), other, p))
			s.refused("after it was exchanged", "signer.unknown", s.Sign(p, s.Instruction(p, s.Payments)))
		})
	}
}

// A key that somebody has is not another's by way of a certificate.
func TestCertifiedKeyTaken(t *testing.T) {
	s := newScene(t)
	r := s.logRoots()
	p := s.CertificateHolder("eve", r.people)
	key := s.Treasurer
	p.Certified.Leaf = r.people.Issue(x509.Certificate{EmailAddresses: p.Certified.Leaf.EmailAddresses}, key.Key)
	s.deny(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p), "control.key")
	p.Certified.Leaf = r.people.Issue(x509.Certificate{EmailAddresses: p.Certified.Leaf.EmailAddresses}, s.Second.Key)
	s.deny(s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p), "control.key")
}

// TestCertificates: the authorities in force decide, at the time of the check, and
// a renewed certificate of the same name is as good.
func TestCertificates(t *testing.T) {
	s := newScene(t)
	people := s.Authority("people")
	p := s.CertificateHolder("maria", people)
	s.refused("no root", "signer.no_root", s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	s.logRoot(attest.RootX509, "other", people)
	s.refused("a root of another name", "signer.no_root", s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	s.logRoot(attest.RootFulcio, cast.PeopleRoot, people)
	s.refused("a root of another type", "signer.no_root", s.Endorsed(s.Sign(s.Admin, s.Registration(p)), p))
	s.logRoot(attest.RootX509, cast.PeopleRoot, people)
	s.enrol(p)
	say := func() cast.Sent { return s.Sign(p, s.Instruction(p, s.Payments)) }
	first := s.allow(say())
	logged, err := s.Logged(first)
	s.Check(err)
	slot := func(p admission.Pin) bool {
		return p.Slot == admission.NamedRootSlot(attest.NamedRoot{Type: attest.RootX509, Name: cast.PeopleRoot}) && p.ID != ""
	}
	if !slices.ContainsFunc(logged.Record.Read.Force, slot) || !slices.Contains(logged.Record.Objects, p.KeyID) {
		t.Errorf("%+v", logged.Record)
	}

	renewed := *p.Certified
	renewed.Leaf = people.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "Maria Married"}, EmailAddresses: p.Certified.Leaf.EmailAddresses}, pki.Key("renewed"))
	old := p.Certified
	p.Certified = &renewed
	s.allow(say())
	p.Certified = &cast.Certified{X509: old.X509, Leaf: people.Person("bob", "bob@acme.example")}
	s.refused("a certificate of another person", "certificate.subject", say())
	p.Certified = &cast.Certified{X509: old.X509, Leaf: s.Authority("strangers").Person("maria", "maria@acme.example")}
	s.refused("a certificate of a stranger's", "certificate.chain", say())
	p.Certified = old

	waits := say()
	sub, err := admission.NewSubmission(waits.Envelope, waits.Objects, admission.Anonymous)
	s.Check(err)
	end := old.Leaf.NotAfter
	checked, err := admission.Check(sub, s, nil, end.UnixMilli())
	s.Check(err)
	read, err := checked.Read(s)
	s.Check(err)
	if _, err := checked.Decide(read, end.Add(time.Second).UnixMilli(), [32]byte{}); code(err) != "signer.expired" {
		t.Errorf("a certificate that ended before the entry: %v", err)
	}
	s.logRoot(attest.RootX509, cast.PeopleRoot, s.Authority("successors"))
	if _, err := checked.Read(s); code(err) != "trust.changed" {
		t.Errorf("a root that was replaced meanwhile: %v", err)
	}
	s.refused("after the root was replaced", "certificate.chain", say())
	s.logRoot(attest.RootX509, cast.PeopleRoot, people)
	s.move(40 * 24 * time.Hour)
	s.refused("after the certificate ended", "certificate.expired", say())
}

// TestKeyless: the time that counts is that of the time stamp.
func TestKeyless(t *testing.T) {
	s := newScene(t)
	r := s.logRoots()
	p := s.enrol(s.KeylessHolder("maria", r.fulcio, r.time))
	say := func() cast.Sent { return s.Sign(p, s.Instruction(p, s.Payments)) }
	kept := *p.Certified
	lie := func(what, want string, spoil func(*cast.Certified)) {
		s.Helper()
		spoil(p.Certified)
		s.refused(what, want, say())
		*p.Certified = kept
	}
	lie("stamped too late", "certificate.expired", func(c *cast.Certified) {
		c.Leaf = r.fulcio.Keyless("maria@acme.example", cast.Provider, c.At.Add(-20*time.Minute))
	})
	lie("stamped by a stranger", "tsa.chain", func(c *cast.Certified) { c.Stamper = s.Authority("strangers").Stamper() })
	lie("stamped by Fulcio", "tsa.chain", func(c *cast.Certified) { c.Stamper = r.fulcio.Stamper() })
	lie("another's token", "tsa.imprint", func(c *cast.Certified) { c.Stamp = func(t *pki.Token) { t.Stamped = []byte("x") } })
	lie("by another provider", "fulcio.issuer", func(c *cast.Certified) {
		c.Leaf = r.fulcio.Keyless("maria@acme.example", "https://evil.example", c.At)
	})
	lie("of another identity", "certificate.subject", func(c *cast.Certified) { c.Leaf = r.fulcio.Keyless("eve@acme.example", cast.Provider, c.At) })
	lie("certified by time stamps", "certificate.chain", func(c *cast.Certified) { c.Leaf = r.time.Keyless("maria@acme.example", cast.Provider, c.At) })
	s.move(24 * time.Hour)
	s.allow(say()) // signed yesterday, as the time stamp says, and submitted now
	lie("stamped in the time to come", "tsa.later", func(c *cast.Certified) {
		at := s.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
		c.Leaf, c.At = r.fulcio.Keyless("maria@acme.example", cast.Provider, at.Add(-time.Minute)), at
	})
	s.logRoot(attest.RootTSA, cast.TimeRoot, s.Authority("successors"))
	s.refused("after the root of time was replaced", "tsa.chain", say())
}

// TestNamedRoots: a root is a set of authorities, by the register.
func TestNamedRoots(t *testing.T) {
	s := newScene(t)
	a := s.Authority("people")
	bad := []byte("no certificates")
	s.refused("no set", "object.form", s.Sign(s.Server, s.NamedRoot(attest.RootX509, cast.PeopleRoot, bad), bad))
	leaf := a.Person("maria", "maria@acme.example").PEM()
	s.refused("a leaf", "object.form", s.Sign(s.Server, s.NamedRoot(attest.RootTSA, cast.TimeRoot, leaf), leaf))
	s.refused("not sent", "object.missing", s.Sign(s.Server, s.NamedRoot(attest.RootX509, cast.PeopleRoot, a.PEM())))
	s.refused("by an administrator", "envelope.keyid", s.Sign(&cast.Party{Party: s.Server.Party, Key: s.Admin.Key, KeyID: s.Admin.KeyID}, s.NamedRoot(attest.RootX509, cast.PeopleRoot, a.PEM()), a.PEM()))
}

// TestOneCertificateTwoNames: whoever is registered under two names of one
// certificate is not two people where people are counted.
func TestOneCertificateTwoNames(t *testing.T) {
	s := newScene(t)
	r := s.logRoots()
	maria, bob := s.CertificateHolder("maria", r.people), s.CertificateHolder("bob", r.people)
	addresses := []string{"maria@" + cast.Domain, "bob@" + cast.Domain}
	shared := r.people.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "M"}, EmailAddresses: addresses}, pki.Key("shared"))
	own := bob.Certified.Leaf
	maria.Certified.Leaf, bob.Certified.Leaf = shared, shared
	s.enrol(maria)
	s.enrol(bob)
	gate := attest.WarrantGate{Approvers: []string{"bob", "maria"}, M: 2, When: attest.When{Always: true}}
	act := func() cast.Sent {
		w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("5000.00"))
		w.Gates = []attest.WarrantGate{gate}
		a := s.Transfer(s.Payments, s.allow(s.Sign(s.Treasurer, w)), "2500.00")
		s.consents(a, bob, maria)
		return s.Sign(s.Payments, a)
	}
	s.deny(act(), "gate.approvals")
	bob.Certified.Leaf = own
	s.allow(act())
}
