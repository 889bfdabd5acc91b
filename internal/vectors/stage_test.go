package vectors_test

import (
	"bytes"
	"crypto/x509"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/vectors"
	"github.com/deedlog/deed/ledger/storetest"
	"github.com/deedlog/deed/policy"
)

// authority is what the stage holds: the treasurer instructs the orchestrator,
// whose warrant goes through the buyer to the payments agent; the desk has given
// the reconciler a standing warrant, and the scheduler recorded a trigger of it;
// maria has a passkey.
type authority struct {
	instruction, rootID, buyerID, leafID attest.ID
	root, buyerWarrant, leaf             *attest.Warrant
	standing                             *attest.Warrant
	standingID, triggerID                attest.ID
	agents, services                     attest.ID // registrations
	maria, principal                     *cast.Party
	parts                                *parts
}

// parts are made once, for what vectors need besides: keys and certificates that
// nothing registers.
type parts struct {
	stranger, newcomer, temporary *cast.Party
	short                         *cast.Party // an SVID that ends after an hour
	later                         *cast.Party // an SVID that begins in an hour
	forged                        *cast.Party // the payments agent, by another CA of the same name
	neighbour                     *cast.Party // of other.example, whose bundle is logged
	elsewhere                     *cast.Party // of third.example, which the genesis does not know
	renewed                       *cast.Party // the payments agent after rotation
	ca                            *cast.Party // a CA's certificate for a leaf
	otherBundle                   []byte
	deep                          *cast.Party // with a path of 25 segments
	visitor                       *cast.Party // of Domain, below no registered path
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	c := &vectors.Corpus{
		Objects: map[attest.Digest][]byte{}, Envelopes: map[attest.Digest]jsontext.Value{}, Stages: map[string][]vectors.Step{},
	}
	s := &scene{
		Cast: cast.NewSeeded(t, "deed vectors of attribution"), corpus: c,
		reg: vectors.NewRegister(vectors.Origin, admission.NewCache(1000)), authority: &authority{},
	}
	s.maria, s.principal = s.PasskeyHolder("maria"), s.Person("principal")
	s.makeParts()
	s.found()
	s.authorize()
	c.Stages["scene"] = s.steps
	m := &maker{corpus: c, stage: s, people: s.enrol(t), logins: s.logins(t)}
	c.Stages["people"], c.Stages["logins"] = m.people.steps, m.logins.steps
	return m
}

// found logs what every register begins with. The genesis names the keys of a
// real log, so that a bundle can be made of a vector.
func (s *scene) found() {
	s.Helper()
	begin := s.Begin()
	begin[0] = s.genesis(s.realGenesis())
	for _, sent := range begin {
		s.allow(sent)
	}
	s.agents, s.services = begin[5].ID, begin[6].ID
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(s.maria)), s.maria))
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(s.maria, s.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction, attest.HumanStanding)), s.Second))
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(s.principal)), s.principal))
	i := s.Issuer(s.principal, s.Controller, cast.Payments("100000.00"), attest.HumanInstruction, attest.HumanStanding)
	for _, name := range argumentNames {
		i.Grants = append(i.Grants, reports(name, anything))
	}
	s.allow(s.Endorsed(s.Sign(s.Admin, i), s.Second))
	put, parts := s.Policy(organisation(), 1000)
	s.allow(s.Endorsed(s.Sign(s.Admin, put, parts...), s.Second))
	s.allow(s.Sign(s.Server, s.Root("other.example", s.parts.otherBundle), s.parts.otherBundle))
}

// anything accepts every value.
var anything = attest.Constraint{All: &[]attest.Constraint{}}

// argumentNames are those of a reconciliation; each has values of one kind.
var argumentNames = []string{"amount", "count", "fields", "final", "period"}

// organisation is the default policy with more arguments for reports.reconcile.
func organisation() policy.Source {
	src := policy.Default()
	src.Schema = bytes.Replace(src.Schema, []byte("args: { period?: String }"),
		[]byte("args: { amount?: Amount, count?: Long, fields?: Set<String>, final?: Bool, period?: String }"), 1)
	return src
}

// reports is a grant for reconciliations with one argument.
func reports(argument string, c attest.Constraint) attest.Grant {
	g := cast.Reports()
	g.Arguments = []attest.Argument{{Name: argument, Constraint: c}}
	return g
}

func (s *scene) realGenesis() *attest.Genesis {
	g := s.Genesis()
	ed, pq := storetest.Keys(s)
	g.LogKeys = attest.LogKeys{Ed25519: ed.VKey().String(), MLDSA44: pq.VKey().String()}
	return g
}

func (s *scene) genesis(g *attest.Genesis) cast.Sent {
	return s.Endorsed(s.Sign(s.Server, g), s.Admin, s.Second)
}

func (s *scene) authorize() {
	s.Helper()
	s.instruction = s.allow(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Orchestrator, cast.Request())))
	s.root = s.Instructed(s.Treasurer, s.Orchestrator, s.instruction)
	s.rootID = s.allow(s.Sign(s.Treasurer, s.root))
	s.buyerWarrant = s.Child(s.root, s.rootID, s.Orchestrator, s.Buyer)
	s.buyerID = s.allow(s.Sign(s.Orchestrator, s.buyerWarrant))
	s.leaf = s.Child(s.buyerWarrant, s.buyerID, s.Buyer, s.Payments)
	s.leafID = s.allow(s.Sign(s.Buyer, s.leaf))
	s.standing = s.Warrant(s.Desk, s.Reconciler, attest.OrgStanding, cast.Reports())
	s.standingID = s.allow(s.Sign(s.Desk, s.standing))
	s.triggerID = s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Reconciler)))
}

func (s *scene) makeParts() {
	s.Helper()
	p := &parts{stranger: s.Person("stranger"), newcomer: s.Person("newcomer"), temporary: s.Person("temporary")}
	issue := func(ca *spiffeca.CA, o spiffeca.Options) *cast.Party {
		svid, err := ca.IssueWith(o)
		s.Check(err)
		return s.Holder(svid)
	}
	id := func(path string) string { return "spiffe://" + cast.Domain + path }
	p.short = issue(s.CA, spiffeca.Options{ID: id("/agent/short"), Edit: func(c *x509.Certificate) { c.NotAfter = s.Clock.Now().Add(time.Hour) }})
	p.later = issue(s.CA, spiffeca.Options{ID: id("/agent/later"), Edit: func(c *x509.Certificate) { c.NotBefore = s.Clock.Now().Add(time.Hour) }})
	p.forged = issue(s.NewCA(cast.Domain), spiffeca.Options{ID: s.Payments.ID})
	p.ca = issue(s.CA, spiffeca.Options{ID: id("/agent/ca"), Edit: func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, 0x60 }})
	p.renewed = issue(s.CA, spiffeca.Options{ID: s.Payments.ID})
	p.visitor = issue(s.CA, spiffeca.Options{ID: id("/visitor")})
	p.deep = issue(s.CA, spiffeca.Options{ID: id("/agent/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x")})
	other := s.NewCA("other.example")
	p.neighbour = issue(other, spiffeca.Options{ID: "spiffe://other.example/agent/neighbour"})
	p.otherBundle = other.BundleDocument()
	p.elsewhere = issue(s.NewCA("third.example"), spiffeca.Options{ID: "spiffe://third.example/agent/elsewhere"})
	s.parts = p
}
