package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/deedlog/deed/attest"
)

const (
	vendor    = "iban/DE/nordlicht"
	account   = vendor + "/DE02120300000000202051"
	other     = vendor + "/DE75512108001245126199"
	invoice   = "INV/2026/0117"
	gateLimit = "1000.00" // EUR, above which two people are asked
)

var target = attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}

// register enters people, agents and issuers, as an administrator does.
func (c *cast) register(ctx context.Context) error {
	for _, p := range []*human{c.maria, c.bob, c.carol} {
		if err := c.registerPerson(ctx, p); err != nil {
			return err
		}
	}
	for _, prefix := range []struct{ path, purpose string }{{"/agent", "payments and reports"}, {"/service", "scheduling and mandates"}} {
		_, err := c.admin.submit(ctx, &attest.Agent{
			Agent: "spiffe://" + c.domain + prefix.path, By: c.admin.name, Log: c.origin, Nonce: nonce(),
			Owner: c.maria.name, Prefix: true, Purpose: prefix.purpose, Recorder: prefix.path == "/service", Status: "registered", V: 1,
		})
		if err != nil {
			return fmt.Errorf("registering agents under %s: %w", prefix.path, err)
		}
	}
	if err := c.registerIssuer(ctx, c.maria.party(), c.maria, []attest.Basis{attest.HumanInstruction, attest.HumanStanding},
		payments("100000.00", "1000000.00", "iban")); err != nil {
		return err
	}
	return c.registerIssuer(ctx, attest.Party{ID: c.mandates.id, Kind: attest.BySVID}, c.carol,
		[]attest.Basis{attest.EventTrigger, attest.OrgStanding}, reports())
}

// registerPerson: the administrator signs, the person proves to have the key.
func (c *cast) registerPerson(ctx context.Context, p *human) error {
	s := &attest.Person{
		By: c.admin.name, From: c.now().UnixMilli(), Key: p.public, Log: c.origin, Name: p.name, Nonce: nonce(), V: 1,
	}
	possession, err := p.sign(s)
	if err != nil {
		return err
	}
	if _, err := c.admin.submit(ctx, s, possession.JSON()); err != nil {
		return fmt.Errorf("registering %s: %w", p.name, err)
	}
	return nil
}

func (c *cast) registerIssuer(ctx context.Context, who attest.Party, accountable *human, bases []attest.Basis, grant attest.Grant) error {
	_, err := c.admin.submit(ctx, &attest.Issuer{
		Accountable: accountable.name, Bases: bases, By: c.admin.name, From: c.now().UnixMilli(), Grants: []attest.Grant{grant},
		Issuer: who, Log: c.origin, Nonce: nonce(), V: 1,
	})
	if err != nil {
		return fmt.Errorf("registering issuer %s: %w", who.ID, err)
	}
	return nil
}

// payments is a grant for transfers of at most an amount each, and of a budget
// in all, to accounts under a path.
func payments(most, budget, under string) attest.Grant {
	limit := attest.Amount{Decimal: most, Unit: "EUR"}
	return attest.Grant{
		Actions: []string{"payments.transfer"},
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &limit}},
			{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026"}},
		},
		Budget:   &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: budget, Unit: "EUR"}},
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: under}},
	}
}

func reports() attest.Grant {
	return attest.Grant{
		Actions:   []string{"reports.reconcile"},
		Arguments: []attest.Argument{{Name: "period", Constraint: attest.Constraint{All: &[]attest.Constraint{}}}},
		Resource:  attest.Match{Kind: "ledger", Match: attest.Constraint{Prefix: "books"}},
	}
}

// invoiceRequest is the payment that maria names.
func invoiceRequest() attest.Request {
	exact := func(s string) attest.Constraint { v := attest.Text(s); return attest.Constraint{Exact: &v} }
	most := attest.Amount{Decimal: "700.00", Unit: "EUR"}
	return attest.Request{
		Action: "payments.transfer",
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &most}},
			{Name: "reference", Constraint: exact(invoice)},
		},
		Resource: attest.Match{Kind: "bank_account", Match: exact(account)},
	}
}

// gate asks two people about every larger payment.
func (c *cast) gate() attest.WarrantGate {
	return attest.WarrantGate{
		Actions: []string{"payments.transfer"}, Approvers: []string{c.bob.name, c.carol.name}, Display: true, M: 2,
		When: attest.When{Above: &attest.Threshold{Argument: "amount", Limit: attest.Amount{Decimal: gateLimit, Unit: "EUR"}}},
	}
}

// root is a root warrant for an agent.
func (c *cast) root(issuer attest.Party, holder *workload, basis attest.Basis, accountable *human, task attest.Task, grant attest.Grant) *attest.Warrant {
	now := c.now()
	return &attest.Warrant{
		Expires: now.Add(8 * time.Hour).UnixMilli(), Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: holder.id},
		Issuer: issuer, Log: c.origin, MaxDepth: 1, Nonce: nonce(), NotBefore: now.Add(-time.Second).UnixMilli(),
		Root: &attest.WarrantRoot{Accountable: accountable.name, Basis: basis}, Task: task, V: 1,
	}
}

// child narrows a warrant for another agent.
func (c *cast) child(parent *attest.Warrant, id attest.ID, from, to *workload, grant attest.Grant) *attest.Warrant {
	w := *parent
	w.Depth, w.Parent, w.Root = parent.Depth+1, id, nil
	w.Issuer = attest.Party{ID: from.id, Kind: attest.BySVID}
	w.Holder = attest.Holder{SPIFFEID: to.id}
	w.Grants = []attest.Grant{grant}
	w.Expires = parent.Expires - time.Hour.Milliseconds()
	w.Nonce = nonce()
	return &w
}
