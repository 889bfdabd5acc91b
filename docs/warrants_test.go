package docs_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/policy"
)

// exampleWarrant is the leaf warrant of docs/spec/warrants.md.
func exampleWarrant() *attest.Warrant {
	account, invoices := attest.Text("iban/DE/nordlicht/DE02120300000000202051"), "INV/2026/09"
	limit := attest.Amount{Decimal: "2500.00", Unit: "EUR"}
	return &attest.Warrant{
		Depth: 2, MaxDepth: 2, NotBefore: 1790150400000, Expires: 1790154000000,
		Holder: attest.Holder{SPIFFEID: "spiffe://acme.example/agent/payments"},
		Issuer: attest.Party{ID: "spiffe://acme.example/agent/buyer", Kind: attest.BySVID},
		Parent: attest.ID("id:" + strings.Repeat("44", 32)),
		Task:   attest.Task{ID: strings.Repeat("6b", 16), Purpose: "vendor_payment"},
		Grants: []attest.Grant{{
			Actions: []string{"payments.transfer"},
			Arguments: []attest.Argument{
				{Name: "amount", Constraint: attest.Constraint{DecimalMax: &limit}},
				{Name: "note", Constraint: attest.Constraint{All: &[]attest.Constraint{}}},
				{Name: "reference", Constraint: attest.Constraint{Prefix: invoices}},
			},
			Budget:   &attest.Budget{Argument: "amount", Limit: limit},
			MaxUses:  3,
			Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Exact: &account}},
		}},
		Gates: []attest.WarrantGate{{
			Actions: []string{"payments.transfer"}, Approvers: []string{"alice", "bob", "carol"}, Display: true, M: 2, MaxAge: 1_800_000,
			When: attest.When{Above: &attest.Threshold{Argument: "amount", Limit: attest.Amount{Decimal: "1000.00", Unit: "EUR"}}},
		}},
		Never: []attest.Denial{{Actions: []string{"payments.refund"}}},
	}
}

func TestWarrantExample(t *testing.T) {
	w := exampleWarrant()
	compiled, err := policy.Compile(w)
	if err != nil {
		t.Fatal(err)
	}
	grants, err := attest.Encode(struct {
		Gates  []attest.WarrantGate `json:"gates"`
		Grants []attest.Grant       `json:"grants"`
		Never  []attest.Denial      `json:"never"`
	}{w.Gates, w.Grants, w.Never})
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "spec/warrants.md", "warrant", "In the statement, without white space:\n\n```json\n"+string(grants)+"\n```\n\n"+
		"In words, as `deed warrant show` prints it:\n\n```\n"+warrant.Describe(w)+"```\n\n"+
		"In Cedar:\n\n```cedar\n"+compiled.Text()+"```\n")
}
