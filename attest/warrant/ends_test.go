package warrant_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

func TestCheckHolder(t *testing.T) {
	noon, registration := start+hour/2, idOf("registration")
	cases := []struct {
		name, field string
		change      func(l []warrant.Link, actor *attest.Signer, registered *attest.ID, at *int64)
	}{
		{"the holder", "", func([]warrant.Link, *attest.Signer, *attest.ID, *int64) {}},
		{"the holder, pinned", "", func(l []warrant.Link, s *attest.Signer, _ *attest.ID, _ *int64) {
			l[2].Warrant.Holder.Key, l[2].Warrant.Holder.Registration = s.KeySum, registration
		}},
		{"another agent", "warrants.2.holder.spiffe_id", func(_ []warrant.Link, s *attest.Signer, _ *attest.ID, _ *int64) { s.ID = buyer }},
		{"a person of that name", "warrants.2.holder.spiffe_id", func(_ []warrant.Link, s *attest.Signer, _ *attest.ID, _ *int64) { s.Kind = attest.ByPerson }},
		{"another key", "warrants.2.holder.key", func(l []warrant.Link, _ *attest.Signer, _ *attest.ID, _ *int64) {
			l[2].Warrant.Holder.Key = attest.DigestOf([]byte("x"))
		}},
		{"another registration", "warrants.2.holder.registration", func(l []warrant.Link, _ *attest.Signer, _ *attest.ID, _ *int64) {
			l[2].Warrant.Holder.Registration = idOf("other")
		}},
		{"no registration", "warrants.2.holder.registration", func(l []warrant.Link, _ *attest.Signer, r *attest.ID, _ *int64) {
			l[2].Warrant.Holder.Registration, *r = registration, ""
		}},
		{"at the first moment", "", func(_ []warrant.Link, _ *attest.Signer, _ *attest.ID, at *int64) { *at = start }},
		{"before", "warrants.0.not_before", func(_ []warrant.Link, _ *attest.Signer, _ *attest.ID, at *int64) { *at = start - 1 }},
		{"the zero time", "warrants.0.not_before", func(l []warrant.Link, _ *attest.Signer, _ *attest.ID, at *int64) {
			*at = 0
			for _, link := range l {
				link.Warrant.NotBefore = -1
			}
		}},
		{"at the end", "warrants.2.expires", func(_ []warrant.Link, _ *attest.Signer, _ *attest.ID, at *int64) { *at = start + hour }},
		{"past a link above", "warrants.1.expires", func(l []warrant.Link, _ *attest.Signer, _ *attest.ID, at *int64) { l[1].Warrant.Expires = *at }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			links, actor, registered, at := validChain(), signer(svid(payments)), registration, noon
			tc.change(links, &actor, &registered, &at)
			c, _ := warrant.Check(links)
			expect(t, warrant.CheckHolder(c, actor, registered, at), "d10.holder", tc.field)
		})
	}
}

func expect(t *testing.T, f *attest.Fault, code, field string) {
	t.Helper()
	switch {
	case field == "" && f != nil:
		t.Fatalf("refused: %v", f)
	case field != "" && (f == nil || f.Code != code || f.Field != field):
		t.Fatalf("got %v, want %s: %s", f, code, field)
	}
}

func TestCheckRoot(t *testing.T) {
	cases := []struct {
		name, field string
		change      func(l *warrant.Link, i *attest.Issuer)
		vouched     bool
	}{
		{"registered", "", func(*warrant.Link, *attest.Issuer) {}, false},
		{"another issuer", "warrants.0.issuer", func(_ *warrant.Link, i *attest.Issuer) { i.Issuer.ID = "cfo" }, false},
		{"registered in another log", "warrants.0.issuer", func(_ *warrant.Link, i *attest.Issuer) { i.Log = "other.example" }, false},
		{"another basis", "warrants.0.root.basis", func(_ *warrant.Link, i *attest.Issuer) { i.Bases = []attest.Basis{attest.OrgStanding} }, false},
		{"another accountable person", "warrants.0.root.accountable", func(l *warrant.Link, _ *attest.Issuer) { l.Warrant.Root.Accountable = "cfo" }, false},
		{"a grant too wide", "warrants.0.grants.1", func(_ *warrant.Link, i *attest.Issuer) { i.Grants[1].MaxUses = 9 }, false},
		{"a human basis with a service's key", "warrants.0.root.basis", func(l *warrant.Link, i *attest.Issuer) {
			i.Issuer = svid("spiffe://acme.example/scheduler")
			l.Warrant.Issuer, l.Signer = i.Issuer, signer(i.Issuer)
		}, false},
		{"a human basis with a service's key, and a person's token", "", func(l *warrant.Link, i *attest.Issuer) {
			i.Issuer = svid("spiffe://acme.example/scheduler")
			l.Warrant.Issuer, l.Signer = i.Issuer, signer(i.Issuer)
		}, true},
		{"to himself, and a person's token", "warrants.0.issuer", func(l *warrant.Link, i *attest.Issuer) {
			i.Issuer = svid(orchestrator)
			l.Warrant.Issuer, l.Signer = i.Issuer, signer(i.Issuer)
		}, true},
		{"a standing basis with a service's key", "", func(l *warrant.Link, i *attest.Issuer) {
			i.Issuer, i.Bases = svid("spiffe://acme.example/scheduler"), []attest.Basis{attest.EventTrigger}
			l.Warrant.Issuer, l.Signer, l.Warrant.Root.Basis = i.Issuer, signer(i.Issuer), attest.EventTrigger
		}, false},
		{"to himself", "warrants.0.issuer", func(l *warrant.Link, i *attest.Issuer) {
			i.Issuer, i.Bases = svid(orchestrator), []attest.Basis{attest.EventTrigger}
			l.Warrant.Issuer, l.Signer, l.Warrant.Root.Basis = i.Issuer, signer(i.Issuer), attest.EventTrigger
		}, false},
		{"signed by another", "warrants.0.signer", func(l *warrant.Link, _ *attest.Issuer) { l.Signer.ID = "cfo" }, false},
		{"no root", "warrants.0.root", func(l *warrant.Link, _ *attest.Issuer) { l.Warrant.Root = nil }, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			root := validChain()[0]
			issuer := &attest.Issuer{
				Accountable: "treasurer", Bases: []attest.Basis{attest.HumanInstruction}, Issuer: treasurer, Log: origin,
				Grants: []attest.Grant{quote(), transfer("5000.00", 10, under("iban"))},
			}
			tc.change(&root, issuer)
			expect(t, warrant.CheckRoot(root, issuer, tc.vouched), "d11.root", tc.field)
		})
	}
	expect(t, warrant.CheckRoot(validChain()[0], nil, true), "d11.root", "warrants.0.issuer")
	expect(t, warrant.CheckRoot(warrant.Link{}, nil, true), "d11.root", "warrants.0.root")
}

func TestDebit(t *testing.T) {
	c, _ := warrant.Check(validChain())
	path := []int{1, 0, 0}
	open := func(decimal, unit string) map[string]attest.Value {
		return map[string]attest.Value{"amount": attest.Money(decimal, unit)}
	}
	three := func(a, b, c warrant.Spent) []warrant.Spent { return []warrant.Spent{a, b, c} }
	cases := []struct {
		name, field string
		spent       []warrant.Spent
		open        map[string]attest.Value
	}{
		{"first use", "", make([]warrant.Spent, 3), open("1999.00", "EUR")},
		{"to the last part", "", three(warrant.Spent{Sum: 30000000, Uses: 9}, warrant.Spent{}, warrant.Spent{}), open("2000", "EUR")},
		{"one part too many at the root", "warrants.0.grants.1.budget.limit", three(warrant.Spent{Sum: 30000001}, warrant.Spent{}, warrant.Spent{}), open("2000", "EUR")},
		{"the leaf's uses are spent", "warrants.2.grants.0.max_uses", three(warrant.Spent{}, warrant.Spent{}, warrant.Spent{Uses: 3}), open("1", "EUR")},
		{"a pool that siblings emptied", "warrants.1.grants.0.max_uses", three(warrant.Spent{}, warrant.Spent{Uses: 5}, warrant.Spent{}), open("1", "EUR")},
		{"the root comes first", "warrants.0.grants.1.max_uses", three(warrant.Spent{Uses: 10}, warrant.Spent{Uses: 5}, warrant.Spent{Uses: 3}), open("1", "EUR")},
		{"another unit", "warrants.0.grants.1.budget.argument", make([]warrant.Spent, 3), open("1", "USD")},
		{"a sealed argument", "warrants.0.grants.1.budget.argument", make([]warrant.Spent, 3), nil},
		{"another type", "warrants.0.grants.1.budget.argument", make([]warrant.Spent, 3), map[string]attest.Value{"amount": attest.Int(1)}},
		{"an amount out of form", "warrants.0.grants.1.budget.argument", make([]warrant.Spent, 3), open("-1", "EUR")},
		{"a counter below zero", "warrants.0.grants.1.max_uses", three(warrant.Spent{Uses: -1}, warrant.Spent{}, warrant.Spent{}), open("1", "EUR")},
		{"a sum below zero", "warrants.0.grants.1.budget.limit", three(warrant.Spent{Sum: -1}, warrant.Spent{}, warrant.Spent{}), open("1", "EUR")},
		{"counters of another chain", "spent", make([]warrant.Spent, 2), open("1", "EUR")},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			before := append([]warrant.Spent{}, tc.spent...)
			after, f := c.Debit(path, tc.spent, tc.open)
			expect(t, f, "d7.spent", tc.field)
			for i := range before {
				if tc.spent[i] != before[i] {
					t.Fatal("changed in place")
				}
				if f == nil && after[i].Uses != before[i].Uses+1 {
					t.Errorf("link %d: %+v", i, after[i])
				}
			}
		})
	}
	if _, f := c.Debit([]int{0, 0, 5}, make([]warrant.Spent, 3), nil); f == nil || f.Code != "d7.spent" {
		t.Errorf("a path of another chain: %v", f)
	}
}

// Sums stay below 2^53, so that a counter can always be written.
func TestDebitStaysWithinTheProfile(t *testing.T) {
	links := validChain()[:1]
	g := transfer("99999999999999.9999", 0, under("iban"))
	links[0].Warrant.Grants = []attest.Grant{g}
	c, _ := warrant.Check(links)
	spent := []warrant.Spent{{Sum: 1<<53 - 2}}
	next, f := c.Debit([]int{0}, spent, map[string]attest.Value{"amount": attest.Money("0.0001", "EUR")})
	if f != nil {
		t.Fatal(f)
	}
	doc, err := attest.Encode(next[0])
	if err != nil || string(doc) != `{"sum":9007199254740991,"uses":1}` {
		t.Errorf("%s, %v", doc, err)
	}
	if _, f = c.Debit([]int{0}, next, map[string]attest.Value{"amount": attest.Money("99999999999999", "EUR")}); f == nil {
		t.Error("counted past what the profile can write")
	}
}

func TestDescribe(t *testing.T) {
	links := validChain()
	links[0].Warrant.Task.Purpose = "pay\u202eholder: x"
	want := `holder:    spiffe://acme.example/agent/orchestrator
issuer:    person:treasurer
task:      "pay\u202eholder: x" (6b0d4c1e9f2a4d7c8e3b5a6f70819203), as instructed by ` + string(instruction) + `
basis:     human_instruction; treasurer is accountable; 1 statement of evidence
grant 0:   payments.quote, payments.rate on bank_account "iban" or below, with no arguments
grant 1:   payments.transfer on bank_account "iban/DE" or below, with amount at most 5000.00 EUR, reference "INV/2026" or below; at most 10 uses; amount at most 5000.00 EUR in all
never:     payments.refund on bank_account "iban/FR" or below
valid:     from 2026-09-23 08:00:00 UTC until just before 2026-09-23 16:00:00 UTC
delegates: at most 3 levels deeper (depth 0 of 3)
`
	if got := warrant.Describe(links[0].Warrant); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	leaf := links[2].Warrant
	leaf.MaxDepth, leaf.NotBefore = 2, leaf.NotBefore+250
	leaf.Holder.Key, leaf.Holder.Registration = attest.DigestOf(nil), idOf("r")
	want = `holder:    spiffe://acme.example/agent/payments, only with key sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, only as registered by ` + string(idOf("r")) + `
issuer:    spiffe://acme.example/agent/buyer
task:      "vendor_payment" (6b0d4c1e9f2a4d7c8e3b5a6f70819203), as instructed by ` + string(instruction) + `
parent:    ` + string(idOf("middle")) + `
grant 0:   payments.transfer on bank_account exactly "iban/DE/nordlicht/1", with amount at most 2500.00 EUR, reference "INV/2026" or below; at most 3 uses; amount at most 2500.00 EUR in all
never:     payments.refund on bank_account "iban/FR" or below
valid:     from 2026-09-23 08:00:00.25 UTC until just before 2026-09-23 09:00:00 UTC
delegates: no further (depth 2 of 2)
`
	if got := warrant.Describe(leaf); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func BenchmarkCheck(b *testing.B) {
	links := validChain()
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := warrant.Check(links); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}

// The most that fits into the caps: every grant is compared with every other,
// and differs only in what is compared last.
func BenchmarkCheckWorst(b *testing.B) {
	links := validChain()[:1]
	root := links[0].Warrant
	root.MaxDepth = 7
	var grants []attest.Grant
	for i := range 64 {
		g := attest.Grant{Actions: []string{"a"}, MaxUses: 1, Resource: attest.Match{Kind: "k", Match: under("p")}}
		values := make([]attest.Value, 24)
		for v := range values {
			values[v] = attest.Int(int64(i*100 + v))
		}
		g.Arguments = []attest.Argument{{Name: "a", Constraint: oneOf(values...)}}
		grants = append(grants, g)
	}
	root.Grants = grants
	for i := 1; i < attest.MaxChain; i++ {
		child := delegate(links[i-1].Warrant, "", orchestrator, grants...)
		child.Parent = links[i-1].ID
		links = append(links, warrant.Link{ID: idOf(string(rune('a' + i))), Warrant: child, Signer: signer(child.Issuer)})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := warrant.Check(links); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
