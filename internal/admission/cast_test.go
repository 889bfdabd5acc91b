package admission_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/ledger/storetest"
	"github.com/deedlog/deed/policy"
)

// This file stands in internal/admission and in internal/server, the same but
// for its first line; TestCast keeps it so.

const (
	domain  = "acme.example"
	account = "iban/DE/nordlicht/DE02120300000000202051"
	invoice = "INV/2026/0117"
	hour    = int64(3_600_000) // ms
)

var target = attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}

// A cast is everyone who signs something: it makes statements and knows no
// register. Every statement is right as it comes; a test spoils it before it is
// signed.
type cast struct {
	testing.TB
	rand  *seeded
	clock *storetest.Clock
	ca    *spiffeca.CA

	server, admin, second, treasurer, controller         *party
	orchestrator, buyer, payments, bystander, reconciler *party
	scheduler, desk                                      *party
}

// A party signs with a key that is registered, or with an SVID.
type party struct {
	attest.Party
	key   crypto.Signer
	keyID attest.Digest
	chain []byte // of a workload
}

// A sent is an envelope with its objects, as it arrives.
type sent struct {
	envelope attest.Envelope
	objects  [][]byte
	id       attest.ID
}

// seeded gives the same bytes in every run, to any number of goroutines.
type seeded struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(b)
}

func newCast(t testing.TB) *cast {
	t.Helper()
	c := &cast{TB: t, rand: &seeded{src: rand.NewChaCha8(sha256.Sum256([]byte(t.Name())))}, clock: new(storetest.Clock)}
	c.ca = c.newCA(domain)
	for _, p := range []struct {
		to   **party
		name string
	}{{&c.admin, "admin"}, {&c.second, "second"}, {&c.treasurer, "treasurer"}, {&c.controller, "controller"}} {
		*p.to = c.person(p.name)
	}
	c.server = c.person(storetest.Origin)
	c.server.Kind = attest.ByServer
	for _, p := range []struct {
		to   **party
		path string
	}{
		{&c.orchestrator, "/agent/orchestrator"}, {&c.buyer, "/agent/buyer"}, {&c.payments, "/agent/payments"},
		{&c.bystander, "/agent/bystander"}, {&c.reconciler, "/agent/reconciler"},
		{&c.scheduler, "/service/scheduler"}, {&c.desk, "/service/desk"},
	} {
		*p.to = c.workload(p.path)
	}
	return c
}

func (c *cast) newCA(domain string) *spiffeca.CA {
	c.Helper()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: domain, Now: c.clock.Now, Rand: c.rand, RootTTL: 1000 * time.Hour, SVIDTTL: 100 * time.Hour})
	c.check(err)
	return ca
}

func (c *cast) check(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *cast) person(name string) *party {
	c.Helper()
	seed := make([]byte, ed25519.SeedSize)
	_, err := io.ReadFull(c.rand, seed)
	c.check(err)
	p := &party{Party: attest.Party{ID: name, Kind: attest.ByPerson}, key: ed25519.NewKeyFromSeed(seed)}
	p.keyID = p.public().Digest()
	return p
}

func (c *cast) workload(path string) *party {
	c.Helper()
	svid, err := c.ca.Issue("spiffe://" + domain + path)
	c.check(err)
	return c.holder(svid)
}

// holder is the workload that has an SVID.
func (c *cast) holder(svid *x509svid.SVID) *party {
	p := &party{Party: attest.Party{ID: svid.ID.String(), Kind: attest.BySVID}, key: svid.PrivateKey}
	for _, cert := range svid.Certificates {
		p.chain = append(p.chain, cert.Raw...)
	}
	p.keyID = attest.DigestOf(p.chain)
	return p
}

func (p *party) public() attest.Key {
	key, err := attest.KeyOf(p.key.Public())
	if err != nil {
		panic(err) // of a supported kind, all of them
	}
	return key
}

// sign signs a statement; a workload sends its chain along.
func (c *cast) sign(p *party, s attest.Statement, objects ...[]byte) sent {
	c.Helper()
	return c.seal(p, c.payload(s), objects...)
}

func (c *cast) payload(s attest.Statement) []byte {
	c.Helper()
	doc, err := attest.Payload(s)
	c.check(err)
	return doc
}

// seal signs any bytes.
func (c *cast) seal(p *party, payload []byte, objects ...[]byte) sent {
	c.Helper()
	e, err := attest.Seal(payload, p.key, p.keyID)
	c.check(err)
	if p.chain != nil {
		objects = append(slices.Clone(objects), p.chain)
	}
	return sent{e, objects, e.ID(p.Name())}
}

// endorsed adds signatures of others over the same payload.
func (c *cast) endorsed(s sent, by ...*party) sent {
	c.Helper()
	for _, p := range by {
		s.objects = append(s.objects, c.seal(p, s.envelope.Payload).envelope.JSON())
	}
	return s
}

// edit replaces a text in a payload that has it once.
func (c *cast) edit(payload []byte, old, new string) []byte {
	c.Helper()
	if strings.Count(string(payload), old) != 1 {
		c.Fatalf("%q is not once in %s", old, payload)
	}
	return []byte(strings.Replace(string(payload), old, new, 1))
}

func (c *cast) now() int64 { return c.clock.Now().UnixMilli() }

func (c *cast) random() string {
	var b [16]byte
	_, _ = c.rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (c *cast) seed() (seed [32]byte) {
	_, _ = c.rand.Read(seed[:]) // never fails
	return seed
}

// What the register begins with.

func (c *cast) genesis() *attest.Genesis {
	return &attest.Genesis{
		Administrators: []attest.Administrator{{Key: c.admin.public(), Name: c.admin.ID}, {Key: c.second.public(), Name: c.second.ID}},
		At:             c.now(), Log: storetest.Origin, LogKeys: attest.LogKeys{Ed25519: "ed", MLDSA44: "pq"}, Nonce: c.random(), Quorum: 2,
		ServerKey: c.server.public(), TrustDomains: []string{domain, "other.example"}, V: 1,
	}
}

func (c *cast) root(domain string, bundle []byte) *attest.Root {
	return &attest.Root{
		At: c.now(), Bundle: attest.DigestOf(bundle), Log: storetest.Origin, Nonce: c.random(), Source: "test",
		TrustDomain: domain, Type: "spiffe_bundle", V: 1,
	}
}

func (c *cast) policy(src policy.Source, denials int) (*attest.Policy, [][]byte) {
	return &attest.Policy{
		By: c.admin.ID, Entities: attest.DigestOf(src.Entities), Log: storetest.Origin, Mode: attest.Gate, Nonce: c.random(),
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema),
		Quotas: attest.Quotas{Denials: denials, LeafTTL: 24 * hour}, V: 1,
	}, [][]byte{src.Policies, src.Schema, src.Entities}
}

func (c *cast) registration(p *party) *attest.Person {
	return &attest.Person{By: c.admin.ID, From: c.now(), Key: p.public(), Log: storetest.Origin, Name: p.ID, Nonce: c.random(), V: 1}
}

func (c *cast) registrationBy(by, p *party) *attest.Person {
	s := c.registration(p)
	s.By = by.ID
	return s
}

func (c *cast) issuer(p *party, accountable *party, grant attest.Grant, bases ...attest.Basis) *attest.Issuer {
	return &attest.Issuer{
		Accountable: accountable.ID, Bases: bases, By: c.admin.ID, From: c.now(), Grants: []attest.Grant{grant},
		Issuer: p.Party, Log: storetest.Origin, Nonce: c.random(), V: 1,
	}
}

func (c *cast) agents(path string) *attest.Agent {
	return &attest.Agent{
		Agent: "spiffe://" + domain + path, By: c.admin.ID, Log: storetest.Origin, Nonce: c.random(), Owner: c.treasurer.ID,
		Prefix: true, Purpose: "tests", Recorder: true, Status: "registered", V: 1,
	}
}

// begin lists the statements of a whole register, in order: genesis, bundle,
// policy, people, agents and issuers.
func (c *cast) begin() []sent {
	c.Helper()
	genesis := c.genesis()
	bundle := c.ca.BundleDocument()
	put, parts := c.policy(policy.Default(), 1000)
	return []sent{
		c.endorsed(c.sign(c.server, genesis), c.admin, c.second),
		c.sign(c.server, c.root(domain, bundle), bundle),
		c.endorsed(c.sign(c.admin, put, parts...), c.second),
		c.endorsed(c.sign(c.admin, c.registration(c.treasurer)), c.treasurer),
		c.endorsed(c.sign(c.admin, c.registration(c.controller)), c.controller),
		c.sign(c.admin, c.agents("/agent")),
		c.sign(c.admin, c.agents("/service")),
		c.endorsed(c.sign(c.admin, c.issuer(c.treasurer, c.treasurer, payments("100000.00"), attest.HumanInstruction, attest.HumanStanding)), c.second),
		c.endorsed(c.sign(c.admin, c.issuer(c.desk, c.controller, reports(), attest.EventTrigger, attest.OrgStanding)), c.second),
	}
}

// Authority.

// payments is a grant for transfers of at most an amount each.
func payments(most string) attest.Grant {
	limit := attest.Amount{Decimal: most, Unit: "EUR"}
	return attest.Grant{
		Actions: []string{"payments.cancel", "payments.quote", "payments.transfer"}, // the first is not in the schema
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &limit}},
			{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026"}},
		},
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE"}},
	}
}

func reports() attest.Grant {
	return attest.Grant{
		Actions:   []string{"reports.reconcile"},
		Arguments: []attest.Argument{{Name: "period", Constraint: attest.Constraint{All: &[]attest.Constraint{}}}},
		Resource:  attest.Match{Kind: "ledger", Match: attest.Constraint{Prefix: "books"}},
	}
}

// instruction asks an agent for something; the text stays with the person.
func (c *cast) instruction(who, addressee *party, requests ...attest.Request) *attest.Instruction {
	return &attest.Instruction{
		Addressee: addressee.ID, At: c.now(), Commitment: attest.Commitment{Root: attest.Commit(c.seed(), nil)},
		Expires: c.now() + 20*hour, Log: storetest.Origin, Nonce: c.random(), Person: who.ID, Requests: requests, V: 1,
	}
}

// request is the transfer that [cast.transfer] makes, up to 2,000 EUR.
func request() attest.Request {
	most, ref := attest.Amount{Decimal: "2000.00", Unit: "EUR"}, attest.Text(invoice)
	to := attest.Text(account)
	return attest.Request{
		Action: "payments.transfer",
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &most}},
			{Name: "reference", Constraint: attest.Constraint{Exact: &ref}},
		},
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Exact: &to}},
	}
}

func (c *cast) trigger(recorder, addressee *party) *attest.Trigger {
	return &attest.Trigger{
		Addressee: addressee.ID, At: c.now(), Cause: attest.Schedule, Log: storetest.Origin, Nonce: c.random(),
		Recorder: recorder.ID, Source: "cron:nightly", V: 1,
	}
}

// warrant is a root warrant without evidence.
func (c *cast) warrant(issuer, holder *party, basis attest.Basis, grant attest.Grant) *attest.Warrant {
	accountable := c.treasurer.ID
	if issuer.Kind == attest.BySVID {
		accountable = c.controller.ID
	}
	return &attest.Warrant{
		Expires: c.now() + 8*hour, Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: holder.ID}, Issuer: issuer.Party,
		Log: storetest.Origin, MaxDepth: 3, Nonce: c.random(), NotBefore: c.now(),
		Root: &attest.WarrantRoot{Accountable: accountable, Basis: basis},
		Task: attest.Task{ID: c.random(), Purpose: "vendor_payment"}, V: 1,
	}
}

// instructed is a root warrant on an instruction.
func (c *cast) instructed(issuer, holder *party, instruction attest.ID) *attest.Warrant {
	w := c.warrant(issuer, holder, attest.HumanInstruction, payments("50000.00"))
	w.Task.Instruction = instruction
	w.Root.Evidence = []attest.ID{instruction}
	return w
}

// child hands a warrant on, as it is.
func (c *cast) child(parent *attest.Warrant, id attest.ID, from, to *party) *attest.Warrant {
	w := *parent
	w.Depth, w.Parent, w.Root = parent.Depth+1, id, nil
	w.Issuer, w.Holder, w.Nonce = from.Party, attest.Holder{SPIFFEID: to.ID}, c.random()
	w.Grants = slices.Clone(parent.Grants)
	return &w
}

func (c *cast) revocation(by *party, warrant attest.ID) *attest.Revocation {
	return &attest.Revocation{By: by.Party, Log: storetest.Origin, Nonce: c.random(), Reason: "test", V: 1, Warrant: warrant}
}

// Actions.

// act is an intent with opened arguments, first of a session of its own.
func (c *cast) act(agent *party, warrant attest.ID, action string, on attest.Resource, arguments ...attest.NamedValue) *attest.Action {
	c.Helper()
	names, values := make([]string, len(arguments)), make([]attest.Value, len(arguments))
	for i, a := range arguments {
		names[i], values[i] = a.Name, a.Value
	}
	open := attest.OpenValues(c.seed(), names, values)
	arguments_, err := attest.ArgumentsRoot(open, nil)
	c.check(err)
	a := &attest.Action{
		Agent: agent.ID, ClaimedAt: c.now(), Initiator: attest.Initiator{Claim: "unknown"}, Log: storetest.Origin, Nonce: c.random(),
		Open: open, Phase: attest.Intent, Session: attest.Session{ID: c.random()}, V: 1,
		Request: &attest.ActionRequest{Action: action, Arguments: arguments_, Count: len(open), Resource: on},
	}
	if warrant != "" {
		a.Authority = &attest.Authority{Warrant: warrant}
	}
	return a
}

// transfer is a payment of an amount of EUR.
func (c *cast) transfer(agent *party, warrant attest.ID, amount string) *attest.Action {
	c.Helper()
	a := c.act(agent, warrant, "payments.transfer", attest.Resource{ID: account, Kind: "bank_account"},
		attest.NamedValue{Name: "amount", Value: attest.Money(amount, "EUR")}, attest.NamedValue{Name: "reference", Value: attest.Text(invoice)})
	a.Target = &target
	return a
}

func (c *cast) reconcile(agent *party, warrant, trigger attest.ID) *attest.Action {
	c.Helper()
	a := c.act(agent, warrant, "reports.reconcile", attest.Resource{ID: "books/2026/11", Kind: "ledger"},
		attest.NamedValue{Name: "period", Value: attest.Text("2026-11")})
	a.Initiator.Trigger = trigger
	return a
}

// after puts an action into the session of another, which has the ID.
func (c *cast) after(before *attest.Action, id attest.ID, a *attest.Action) *attest.Action {
	a.Session = attest.Session{ID: before.Session.ID, Prev: id, Seq: before.Session.Seq + 1}
	return a
}

func (c *cast) outcome(intent *attest.Action, id attest.ID) *attest.Action {
	return &attest.Action{
		Agent: intent.Agent, ClaimedAt: c.now(), Initiator: attest.Initiator{Claim: "unknown"}, Intent: id, Log: storetest.Origin, Nonce: c.random(),
		Outcome: &attest.Result{Status: "done"}, Phase: attest.Outcome,
		Session: attest.Session{ID: intent.Session.ID, Prev: id, Seq: intent.Session.Seq + 1}, V: 1,
	}
}

// approval is consent to exactly this action.
func (c *cast) approval(who *party, a *attest.Action) *attest.Approval {
	out := &attest.Approval{
		Action: a.Request.Action, Agent: a.Agent, At: c.now(), Display: attest.DigestOf([]byte(fmt.Sprint(a.Open))),
		Expires: c.now() + hour/4, Log: storetest.Origin, Nonce: c.random(), Person: who.ID, Request: a.Request.Digest(),
		Resource: a.Request.Resource, Target: a.Target, V: 1, Warrant: a.Authority.Warrant,
	}
	for _, o := range a.Open {
		out.Arguments = append(out.Arguments, attest.NamedValue{Name: o.Name, Value: o.Value})
	}
	return out
}

// commitment of an agent's own, with the object that opens it.
func (c *cast) commitment(a *attest.Action, root attest.ID) []byte {
	seed := c.seed()
	object := attest.SeedObject(seed)
	a.Fields = &attest.Commitment{Root: attest.Commit(seed, attest.AgentFields(a, root)), Seed: attest.DigestOf(object)}
	return object
}
