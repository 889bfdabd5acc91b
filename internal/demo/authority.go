package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
)

const (
	account = "iban/DE/nordlicht/DE02120300000000202051"
	other   = "iban/DE/nordlicht/DE75512108001245126199"
	invoice = "INV/2026/0117"
	vendor  = "iban/DE/nordlicht"
)

var target = attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}

// register enters people, agents and issuers, as an administrator does.
func (c *cast) register(ctx context.Context) error {
	for _, p := range []*human{c.treasurer, c.controller} {
		if err := c.registerPerson(ctx, p); err != nil {
			return err
		}
	}
	for path, purpose := range map[string]string{"/agent": "payments and reports", "/service": "scheduling and mandates"} {
		_, err := c.admin.submit(ctx, &attest.Agent{
			Agent: "spiffe://" + c.domain + path, By: c.admin.name, Log: c.origin, Nonce: nonce(),
			Owner: c.treasurer.name, Prefix: true, Purpose: purpose, Recorder: path == "/service", Status: "registered", V: 1,
		})
		if err != nil {
			return fmt.Errorf("registering agents under %s: %w", path, err)
		}
	}
	if err := c.registerIssuer(ctx, attest.Party{ID: c.treasurer.name, Kind: attest.ByPerson}, c.treasurer.name,
		[]attest.Basis{attest.HumanInstruction, attest.HumanStanding}, []attest.Grant{payments("100000.00", "1000000.00", "iban")}); err != nil {
		return err
	}
	return c.registerIssuer(ctx, attest.Party{ID: c.desk.id, Kind: attest.BySVID}, c.controller.name,
		[]attest.Basis{attest.EventTrigger, attest.OrgStanding}, []attest.Grant{reports()})
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

func (c *cast) registerIssuer(ctx context.Context, who attest.Party, accountable string, bases []attest.Basis, grants []attest.Grant) error {
	_, err := c.admin.submit(ctx, &attest.Issuer{
		Accountable: accountable, Bases: bases, By: c.admin.name, From: c.now().UnixMilli(), Grants: grants,
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
		Actions: []string{"payments.quote", "payments.transfer"},
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

// instruct signs what a person asks an agent for: a text, which stays with the
// person, and one typed request.
func (c *cast) instruct(ctx context.Context, who *human, text string, requests ...attest.Request) (agent.Receipt, error) {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	now := c.now()
	return who.submit(ctx, &attest.Instruction{
		Addressee: c.orchestrator.id, At: now.UnixMilli(),
		Commitment: attest.Commitment{Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", text}}))},
		Expires:    now.Add(24 * time.Hour).UnixMilli(), Log: c.origin, Nonce: nonce(), Person: who.name, Requests: requests, V: 1,
	})
}

// invoiceRequest is the payment that the treasurer names.
func invoiceRequest() attest.Request {
	exact := func(s string) attest.Constraint { v := attest.Text(s); return attest.Constraint{Exact: &v} }
	most := attest.Amount{Decimal: "2000.00", Unit: "EUR"}
	return attest.Request{
		Action: "payments.transfer",
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &most}},
			{Name: "reference", Constraint: exact(invoice)},
		},
		Resource: attest.Match{Kind: "bank_account", Match: exact(account)},
	}
}

// root is a root warrant for an agent.
func (c *cast) root(issuer attest.Party, holder string, basis attest.Basis, accountable string, task attest.Task, grant attest.Grant, evidence ...attest.ID) *attest.Warrant {
	now := c.now()
	return &attest.Warrant{
		Expires: now.Add(8 * time.Hour).UnixMilli(), Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: holder},
		Issuer: issuer, Log: c.origin, MaxDepth: 2, Nonce: nonce(), NotBefore: now.Add(-time.Second).UnixMilli(),
		Root: &attest.WarrantRoot{Accountable: accountable, Basis: basis, Evidence: evidence}, Task: task, V: 1,
	}
}

// child narrows a warrant for another agent.
func (c *cast) child(parent *attest.Warrant, id attest.ID, from *workload, to string, grant attest.Grant) *attest.Warrant {
	w := *parent
	w.Depth, w.Parent, w.Root = parent.Depth+1, id, nil
	w.Issuer = attest.Party{ID: from.id, Kind: attest.BySVID}
	w.Holder = attest.Holder{SPIFFEID: to}
	w.Grants = []attest.Grant{grant}
	w.Expires = parent.Expires - time.Hour.Milliseconds()
	w.Nonce = nonce()
	return &w
}
