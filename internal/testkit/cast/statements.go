package cast

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger/storetest"
	"github.com/deedlog/deed/policy"
)

const (
	account = "iban/DE/nordlicht/DE02120300000000202051"
	invoice = "INV/2026/0117"
)

var target = attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}

// What the register begins with.

// Genesis is that of a register with two administrators.
func (c *Cast) Genesis() *attest.Genesis {
	return &attest.Genesis{
		Administrators: []attest.Administrator{{Key: c.Admin.Public(), Name: c.Admin.ID}, {Key: c.Second.Public(), Name: c.Second.ID}},
		At:             c.Now(), Log: storetest.Origin, LogKeys: attest.LogKeys{Ed25519: "ed", MLDSA44: "pq"}, Nonce: c.Random(), Quorum: 2,
		ServerKey: c.Server.Public(), TrustDomains: []string{Domain, "other.example"}, V: 1,
	}
}

// Root brings the bundle of a trust domain.
func (c *Cast) Root(domain string, bundle []byte) *attest.Root {
	return &attest.Root{
		At: c.Now(), Bundle: attest.DigestOf(bundle), Log: storetest.Origin, Nonce: c.Random(), Source: "test",
		TrustDomain: domain, Type: "spiffe_bundle", V: 1,
	}
}

// Undoable is a policy whose schema has payments among what can be undone.
func Undoable(src policy.Source) policy.Source {
	const payments = `action "payments.quote", "payments.transfer", "payments.refund"`
	src.Schema = bytes.Replace(src.Schema, []byte(payments), []byte(`action "reversible";

  `+payments+` in ["reversible"]`), 1)
	return src
}

// Policy puts a policy in force; it comes with its objects.
func (c *Cast) Policy(src policy.Source, denials int) (*attest.Policy, [][]byte) {
	return &attest.Policy{
		By: c.Admin.ID, Entities: attest.DigestOf(src.Entities), Log: storetest.Origin, Mode: attest.Gate, Nonce: c.Random(),
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema),
		Quotas: attest.Quotas{Denials: denials, LeafTTL: 24 * Hour}, V: 1,
	}, [][]byte{src.Policies, src.Schema, src.Entities}
}

// Registration registers the key of a person.
func (c *Cast) Registration(p *Party) *attest.Person {
	r := &attest.Person{By: c.Admin.ID, From: c.Now(), Log: storetest.Origin, Name: p.ID, Nonce: c.Random(), Passkey: p.passkey(), V: 1}
	switch {
	case p.Certified != nil:
		r.X509, r.Fulcio = p.Certified.X509, p.Certified.Fulcio
		return r
	case p.SSH != nil:
		r.SSH = &attest.SSH{Application: p.SSH.Application, Type: p.SSH.Type}
	}
	r.Key = p.Public()
	return r
}

// Issuer lets a party issue root warrants.
func (c *Cast) Issuer(p, accountable *Party, grant attest.Grant, bases ...attest.Basis) *attest.Issuer {
	return &attest.Issuer{
		Accountable: accountable.ID, Bases: bases, By: c.Admin.ID, From: c.Now(), Grants: []attest.Grant{grant},
		Issuer: p.Party, Log: storetest.Origin, Nonce: c.Random(), V: 1,
	}
}

// Agents registers all agents below a path.
func (c *Cast) Agents(path string) *attest.Agent {
	return &attest.Agent{
		Agent: "spiffe://" + Domain + path, By: c.Admin.ID, Log: storetest.Origin, Nonce: c.Random(), Owner: c.Treasurer.ID,
		Prefix: true, Purpose: "tests", Recorder: true, Status: "registered", V: 1,
	}
}

// Begin lists the statements of a whole register, in order: genesis, bundle,
// policy, people, agents and issuers.
func (c *Cast) Begin() []Sent {
	c.Helper()
	genesis := c.Genesis()
	bundle := c.CA.BundleDocument()
	put, parts := c.Policy(policy.Default(), 1000)
	return []Sent{
		c.Endorsed(c.Sign(c.Server, genesis), c.Admin, c.Second),
		c.Sign(c.Server, c.Root(Domain, bundle), bundle),
		c.Endorsed(c.Sign(c.Admin, put, parts...), c.Second),
		c.Endorsed(c.Sign(c.Admin, c.Registration(c.Treasurer)), c.Treasurer),
		c.Endorsed(c.Sign(c.Admin, c.Registration(c.Controller)), c.Controller),
		c.Sign(c.Admin, c.Agents("/agent")),
		c.Sign(c.Admin, c.Agents("/service")),
		c.Endorsed(c.Sign(c.Admin, c.Issuer(c.Treasurer, c.Treasurer, Payments("100000.00"), attest.HumanInstruction, attest.HumanStanding)), c.Second),
		c.Endorsed(c.Sign(c.Admin, c.Issuer(c.Desk, c.Controller, Reports(), attest.EventTrigger, attest.OrgStanding)), c.Second),
	}
}

// Authority.

// Payments is a grant for transfers of at most an amount each.
func Payments(most string) attest.Grant {
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

// Reports is a grant for reconciliations of the books.
func Reports() attest.Grant {
	return attest.Grant{
		Actions:   []string{"reports.reconcile"},
		Arguments: []attest.Argument{{Name: "period", Constraint: attest.Constraint{All: &[]attest.Constraint{}}}},
		Resource:  attest.Match{Kind: "ledger", Match: attest.Constraint{Prefix: "books"}},
	}
}

// Instruction asks an agent for something; the text stays with the person.
func (c *Cast) Instruction(who, addressee *Party, requests ...attest.Request) *attest.Instruction {
	return &attest.Instruction{
		Addressee: addressee.ID, At: c.Now(), Commitment: attest.Commitment{Root: attest.Commit(c.Seed(), nil)},
		Expires: c.Now() + 20*Hour, Log: storetest.Origin, Nonce: c.Random(), Person: who.ID, Requests: requests, V: 1,
	}
}

// Request is the transfer that [Cast.Transfer] makes, up to 2,000 EUR.
func Request() attest.Request {
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

// Trigger is what starts an agent, recorded by somebody.
func (c *Cast) Trigger(recorder, addressee *Party) *attest.Trigger {
	return &attest.Trigger{
		Addressee: addressee.ID, At: c.Now(), Cause: attest.Schedule, Expires: c.Now() + 3_600_000, Log: storetest.Origin, Nonce: c.Random(),
		Recorder: recorder.ID, Source: "cron:nightly", V: 1,
	}
}

// Warrant is a root warrant without evidence.
func (c *Cast) Warrant(issuer, holder *Party, basis attest.Basis, grant attest.Grant) *attest.Warrant {
	accountable := c.Treasurer.ID
	if issuer.Kind == attest.BySVID {
		accountable = c.Controller.ID
	}
	return &attest.Warrant{
		Expires: c.Now() + 8*Hour, Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: holder.ID}, Issuer: issuer.Party,
		Log: storetest.Origin, MaxDepth: 3, Nonce: c.Random(), NotBefore: c.Now(),
		Root: &attest.WarrantRoot{Accountable: accountable, Basis: basis},
		Task: attest.Task{ID: c.Random(), Purpose: "vendor_payment"}, V: 1,
	}
}

// Gate asks for m approvals of whatever is done.
func Gate(m int, approvers ...*Party) attest.WarrantGate {
	g := attest.WarrantGate{M: m, When: attest.When{Always: true}}
	for _, p := range approvers {
		g.Approvers = append(g.Approvers, p.ID)
	}
	slices.Sort(g.Approvers)
	return g
}

// Instructed is a root warrant on an instruction.
func (c *Cast) Instructed(issuer, holder *Party, instruction attest.ID) *attest.Warrant {
	w := c.Warrant(issuer, holder, attest.HumanInstruction, Payments("50000.00"))
	w.Task.Instruction = instruction
	w.Root.Evidence = []attest.ID{instruction}
	return w
}

// Child hands a warrant on, as it is.
func (c *Cast) Child(parent *attest.Warrant, id attest.ID, from, to *Party) *attest.Warrant {
	w := *parent
	w.Depth, w.Parent, w.Root = parent.Depth+1, id, nil
	w.Issuer, w.Holder, w.Nonce = from.Party, attest.Holder{SPIFFEID: to.ID}, c.Random()
	w.Grants = slices.Clone(parent.Grants)
	return &w
}

// Revocation takes a warrant back.
func (c *Cast) Revocation(by *Party, warrant attest.ID) *attest.Revocation {
	return &attest.Revocation{By: by.Party, Log: storetest.Origin, Nonce: c.Random(), Reason: "test", V: 1, Warrant: warrant}
}

// Actions.

// Act is an intent with opened arguments, first of a session of its own.
func (c *Cast) Act(agent *Party, warrant attest.ID, action string, on attest.Resource, arguments ...attest.NamedValue) *attest.Action {
	c.Helper()
	names, values := make([]string, len(arguments)), make([]attest.Value, len(arguments))
	for i, a := range arguments {
		names[i], values[i] = a.Name, a.Value
	}
	open := attest.OpenValues(c.Seed(), names, values)
	arguments_, err := attest.ArgumentsRoot(open, nil)
	c.Check(err)
	a := &attest.Action{
		Agent: agent.ID, ClaimedAt: c.Now(), Initiator: attest.Initiator{Claim: "unknown"}, Log: storetest.Origin, Nonce: c.Random(),
		Open: open, Phase: attest.Intent, Session: attest.Session{ID: c.Random()}, V: 1,
		Request: &attest.ActionRequest{Action: action, Arguments: arguments_, Count: len(open), Resource: on},
	}
	if warrant != "" {
		a.Authority = &attest.Authority{Warrant: warrant}
	}
	return a
}

// Transfer is a payment of an amount of EUR.
func (c *Cast) Transfer(agent *Party, warrant attest.ID, amount string) *attest.Action {
	c.Helper()
	a := c.Act(agent, warrant, "payments.transfer", attest.Resource{ID: account, Kind: "bank_account"},
		attest.NamedValue{Name: "amount", Value: attest.Money(amount, "EUR")}, attest.NamedValue{Name: "reference", Value: attest.Text(invoice)})
	a.Target = &target
	return a
}

// Reconcile is an action on a trigger.
func (c *Cast) Reconcile(agent *Party, warrant, trigger attest.ID) *attest.Action {
	c.Helper()
	a := c.Act(agent, warrant, "reports.reconcile", attest.Resource{ID: "books/2026/11", Kind: "ledger"},
		attest.NamedValue{Name: "period", Value: attest.Text("2026-11")})
	a.Initiator.Trigger = trigger
	return a
}

// After puts an action into the session of another, which has the ID.
func (c *Cast) After(before *attest.Action, id attest.ID, a *attest.Action) *attest.Action {
	a.Session = attest.Session{ID: before.Session.ID, Prev: id, Seq: before.Session.Seq + 1}
	return a
}

// Outcome is what became of an intent, which has the ID.
func (c *Cast) Outcome(intent *attest.Action, id attest.ID) *attest.Action {
	return &attest.Action{
		Agent: intent.Agent, ClaimedAt: c.Now(), Initiator: attest.Initiator{Claim: "unknown"}, Intent: id, Log: storetest.Origin, Nonce: c.Random(),
		Outcome: &attest.Result{Status: "done"}, Phase: attest.Outcome,
		Session: attest.Session{ID: intent.Session.ID, Prev: id, Seq: intent.Session.Seq + 1}, V: 1,
	}
}

// Approval is consent to exactly this action.
func (c *Cast) Approval(who *Party, a *attest.Action) *attest.Approval {
	out := &attest.Approval{
		Action: a.Request.Action, Agent: a.Agent, At: c.Now(), Display: attest.DigestOf([]byte(fmt.Sprint(a.Open))),
		Expires: c.Now() + Hour/4, Log: storetest.Origin, Nonce: c.Random(), Person: who.ID, Request: a.Request.Digest(),
		Resource: a.Request.Resource, Target: a.Target, V: 1, Warrant: a.Authority.Warrant,
	}
	for _, o := range a.Open {
		out.Arguments = append(out.Arguments, attest.NamedValue{Name: o.Name, Value: o.Value})
	}
	return out
}

// Refusal is a no to exactly this action.
func (c *Cast) Refusal(who *Party, a *attest.Action) *attest.Refusal {
	yes := c.Approval(who, a)
	return &attest.Refusal{
		Action: yes.Action, Agent: yes.Agent, Arguments: yes.Arguments, At: c.Now(), Display: yes.Display, Log: yes.Log, Nonce: yes.Nonce,
		Person: who.ID, Reason: "test", Request: yes.Request, Resource: yes.Resource, Target: yes.Target, V: 1, Warrant: yes.Warrant,
	}
}

// Commitment gives an action a commitment of the agent's own, and returns the
// object that opens it.
func (c *Cast) Commitment(a *attest.Action, root attest.ID) []byte {
	seed := c.Seed()
	object := attest.SeedObject(seed)
	a.Fields = &attest.Commitment{Root: attest.Commit(seed, attest.AgentFields(a, root)), Seed: attest.DigestOf(object)}
	return object
}

// Administrators puts a set of administrators in force, signed by the first
// administrator.
func (c *Cast) Administrators(quorum int, list ...*Party) *attest.Administrators {
	s := &attest.Administrators{By: c.Admin.ID, Log: storetest.Origin, Nonce: c.Random(), Quorum: quorum, V: 1}
	for _, p := range list {
		s.Administrators = append(s.Administrators, attest.Administrator{Key: p.Public(), Name: p.ID})
	}
	slices.SortFunc(s.Administrators, func(a, b attest.Administrator) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// Compromise declares a thing compromised since a time in ms.
func (c *Cast) Compromise(by *Party, thing attest.CompromisedThing, since int64) *attest.Compromise {
	return &attest.Compromise{By: by.ID, Log: storetest.Origin, Nonce: c.Random(), Reason: "stolen", Since: since, Thing: thing, V: 1}
}

// HumanKey is a person's key, to be declared compromised.
func (p *Party) HumanKey() attest.CompromisedThing {
	return attest.CompromisedThing{ID: p.ID, Key: p.Public().Digest(), Kind: attest.HumanKey}
}

// SVIDKey is the key of a workload's SVID, to be declared compromised.
func (p *Party) SVIDKey() attest.CompromisedThing {
	return attest.CompromisedThing{ID: p.ID, Key: p.Public().Digest(), Kind: attest.SVIDKey}
}
