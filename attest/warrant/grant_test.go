package warrant_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

func paid() warrant.Act {
	return warrant.Act{
		Action: "payments.transfer", Resource: attest.Resource{Kind: "bank_account", ID: "iban/DE/nordlicht/1"},
		Open: map[string]attest.Value{"amount": attest.Money("1999.00", "EUR"), "reference": attest.Text("INV/2026/09/0117")},
	}
}

func TestPermits(t *testing.T) {
	cases := []struct {
		name, field string
		change      func(g *attest.Grant, r *warrant.Act)
	}{
		{"permitted", "", func(*attest.Grant, *warrant.Act) {}},
		{"another action", "action", func(_ *attest.Grant, r *warrant.Act) { r.Action = "payments.transfers" }},
		{"no action", "action", func(_ *attest.Grant, r *warrant.Act) { r.Action = "" }},
		{"another resource", "resource", func(_ *attest.Grant, r *warrant.Act) { r.Resource.ID = "iban/DE2" }},
		{"a resource of another kind", "resource", func(_ *attest.Grant, r *warrant.Act) { r.Resource.Kind = "safe" }},
		{"a resource that is not canonical", "resource", func(_ *attest.Grant, r *warrant.Act) { r.Resource.ID = "iban/DE/../FR" }},
		{"too much", "arguments.amount", func(_ *attest.Grant, r *warrant.Act) { r.Open["amount"] = attest.Money("2500.0001", "EUR") }},
		{"another type", "arguments.amount", func(_ *attest.Grant, r *warrant.Act) { r.Open["amount"] = attest.Text("1") }},
		{"a missing argument", "arguments.amount", func(_ *attest.Grant, r *warrant.Act) { delete(r.Open, "amount") }},
		{"an argument more", "arguments.urgent", func(_ *attest.Grant, r *warrant.Act) { r.Open["urgent"] = attest.Int(1) }},
		{"a sealed argument more", "arguments.urgent", func(_ *attest.Grant, r *warrant.Act) { r.Sealed = []string{"urgent"} }},
		{"a sealed argument that is limited", "arguments.reference", func(_ *attest.Grant, r *warrant.Act) {
			delete(r.Open, "reference")
			r.Sealed = []string{"reference"}
		}},
		{"a sealed argument that is free", "", func(g *attest.Grant, r *warrant.Act) {
			delete(r.Open, "reference")
			r.Sealed = []string{"reference"}
			g.Arguments[1].Constraint = anything
		}},
		{"open and sealed", "arguments.reference", func(g *attest.Grant, r *warrant.Act) {
			r.Sealed = []string{"reference"}
			g.Arguments[1].Constraint = anything
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			g, act := transfer("2500.00", 3, under("iban/DE")), paid()
			tc.change(&g, &act)
			err := warrant.Permits(g, act)
			if tc.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			f := attest.AsFault(err)
			if f == nil || f.Code != "warrant.outside" || f.Field != tc.field {
				t.Fatalf("got %v", err)
			}
			for _, v := range act.Open {
				if strings.Contains(f.Error(), strings.Trim(v.String(), `"`)) {
					t.Errorf("the fault shows an argument: %v", f)
				}
			}
		})
	}
}

// What a fault says of arguments that are not the parent's.
func TestContainsSays(t *testing.T) {
	with := func(names ...string) attest.Grant {
		g := quote()
		for _, n := range names {
			g.Arguments = append(g.Arguments, attest.Argument{Name: n, Constraint: anything})
		}
		return g
	}
	for _, tc := range []struct {
		child           []string
		field, expected string
	}{
		{[]string{"fee", "reference"}, "arguments.amount", "a constraint as the parent has one"},
		{[]string{"account", "reference"}, "arguments.account", "no such argument, as in the parent"},
		{[]string{"amount"}, "arguments.reference", "a constraint as the parent has one"},
		{[]string{"amount", "reference", "urgent"}, "arguments.urgent", "no such argument, as in the parent"},
	} {
		f := attest.AsFault(warrant.Contains(with("amount", "reference"), with(tc.child...)))
		if f == nil || f.Field != tc.field || f.Expected != tc.expected {
			t.Errorf("%v: %v", tc.child, f)
		}
	}
}

func TestActOf(t *testing.T) {
	a := &attest.Action{
		Open: []attest.Opening{{Name: "amount", Value: attest.Money("1", "EUR")}}, Sealed: []attest.Sealed{{Name: "memo"}},
		Request: &attest.ActionRequest{Action: "payments.transfer", Resource: attest.Resource{ID: "iban/DE/1", Kind: "bank_account"}},
	}
	act := warrant.ActOf(a)
	if act.Action != "payments.transfer" || act.Resource != a.Request.Resource || len(act.Open) != 1 || len(act.Sealed) != 1 || act.Sealed[0] != "memo" {
		t.Errorf("%+v", act)
	}
	outcome := warrant.ActOf(&attest.Action{Phase: attest.Outcome})
	if warrant.Permits(attest.Grant{}, outcome) == nil {
		t.Error("an outcome is permitted")
	}
}

func TestForbids(t *testing.T) {
	at := func(action, kind, id string) warrant.Act {
		return warrant.Act{Action: action, Resource: attest.Resource{Kind: kind, ID: id}}
	}
	wide := attest.Denial{Actions: []string{"payments.refund"}}
	cases := []struct {
		name string
		n    attest.Denial
		r    warrant.Act
		want bool
	}{
		{"covered", denial(), at("payments.refund", "bank_account", "iban/FR/1"), true},
		{"another action", denial(), at("payments.transfer", "bank_account", "iban/FR/1"), false},
		{"another resource", denial(), at("payments.refund", "bank_account", "iban/FRX"), false},
		{"another kind", denial(), at("payments.refund", "safe", "iban/FR/1"), false},
		{"not canonical", denial(), at("payments.refund", "bank_account", "iban/DE/../FR"), true},
		{"any resource", wide, at("payments.refund", "safe", "x"), true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := warrant.Forbids(tc.n, tc.r); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestChainPermits(t *testing.T) {
	c, _ := warrant.Check(validChain())
	path := []int{1, 0, 0}
	if f := c.Permits(path, paid()); f != nil {
		t.Fatal(f)
	}
	dear := paid()
	dear.Open["amount"] = attest.Money("3000", "EUR")
	if f := c.Permits(path, dear); f == nil || f.Field != "warrants.2.grants.0.arguments.amount" {
		t.Errorf("above the leaf's limit: %v", f)
	}
	for _, bad := range [][]int{nil, {1, 0}, {1, 0, 1}, {-1, 0, 0}, {2, 0, 0}} {
		if f := c.Permits(bad, paid()); f == nil || f.Code != "warrant.outside" {
			t.Errorf("path %v: %v", bad, f)
		}
	}
	links := validChain()
	links[2].Warrant.Never = append(links[2].Warrant.Never, attest.Denial{Actions: []string{"payments.transfer"}})
	c, _ = warrant.Check(links)
	if f := c.Permits(path, paid()); f == nil || f.Field != "warrants.2.never.1" {
		t.Errorf("denied by the leaf: %v", f)
	}
}
