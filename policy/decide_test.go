package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// transfer is a request that the default set allows: 1,999 EUR by a registered
// agent under a warrant.
func transfer() Request {
	return Request{
		Agent: Principal{
			ID: "spiffe://acme.example/agent/payments", TrustDomain: "acme.example", Path: "/agent/payments",
			Owner: "treasurer", Registered: true,
		},
		Action:     "payments.transfer",
		Resource:   attest.Resource{Kind: "bank_account", ID: "iban/DE/nordlicht/DE02120300000000202051"},
		Open:       map[string]attest.Value{"amount": attest.Money("1999.00", "EUR"), "reference": attest.Text("INV/2026/09/0117")},
		At:         1790150472398,
		Phase:      "intent",
		Mode:       "gate",
		Target:     &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"},
		Credential: "none",
		Warrant:    Authority{Present: true, Depth: 2, Basis: "human_instruction", Accountable: "treasurer", Purpose: "vendor_payment"},
	}
}

// transferWarrant permits [transfer] up to a limit in EUR.
func transferWarrant(depth int, limit string) *attest.Warrant {
	amount, prefix := attest.Amount{Decimal: limit, Unit: "EUR"}, "INV/2026/09"
	return &attest.Warrant{
		Depth: depth, NotBefore: 1790150400000, Expires: 1790236800000,
		Grants: []attest.Grant{{
			Actions: []string{"payments.quote", "payments.transfer"},
			Arguments: []attest.Argument{
				{Name: "amount", Constraint: attest.Constraint{DecimalMax: &amount}},
				{Name: "reference", Constraint: attest.Constraint{Prefix: prefix}},
			},
			Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE/nordlicht"}},
		}},
	}
}

func mustCompile(t testing.TB, w *attest.Warrant) *Warrant {
	t.Helper()
	link, err := Compile(w)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func mustLoad(t testing.TB, src Source) *Set {
	t.Helper()
	set, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func chain(t testing.TB) []*Warrant {
	return []*Warrant{
		mustCompile(t, transferWarrant(0, "500000.00")),
		mustCompile(t, transferWarrant(1, "400000.00")),
		mustCompile(t, transferWarrant(2, "300000")),
	}
}

// with returns the default set with policies appended.
func with(policies string) Source {
	src := Default()
	src.Policies = append(src.Policies, policies...)
	return src
}

func TestDefaultPolicy(t *testing.T) {
	set, links := mustLoad(t, Default()), chain(t)
	grants := []string{"warrant/0/grant/0", "warrant/1/grant/0", "warrant/2/grant/0"}
	tests := []struct {
		name   string
		change func(*Request)
		links  []*Warrant
		why    []string // determining
		faults []string
	}{
		{"allowed", func(*Request) {}, links, append([]string{"org/within-warrant"}, grants...), nil},
		{"no warrant", func(r *Request) { r.Warrant = Authority{} }, nil, nil, []string{"policy.denied"}},
		{"not registered", func(r *Request) { r.Agent.Registered = false }, links,
			[]string{"org/registered-agents"}, []string{"policy.denied"}},
		{"suspended", func(r *Request) { r.Agent.Suspended = true }, links,
			[]string{"org/no-suspended-agents"}, []string{"policy.denied"}},
		{"large", func(r *Request) { r.Open["amount"] = attest.Money("10000.01", "EUR") }, links,
			[]string{"org/large-payments-need-a-human"}, []string{"policy.denied"}},
		{"at the limit", func(r *Request) { r.Open["amount"] = attest.Money("10000", "EUR") }, links,
			append([]string{"org/within-warrant"}, grants...), nil},
		{"large, approved", func(r *Request) {
			r.Open["amount"], r.Human = attest.Money("10000.01", "EUR"), Human{Binding: 4, Key: 3}
		}, links, append([]string{"org/within-warrant"}, grants...), nil},
		{"large, weak key", func(r *Request) {
			r.Open["amount"], r.Human = attest.Money("10000.01", "EUR"), Human{Binding: 4, Key: 2}
		}, links, []string{"org/large-payments-need-a-human"}, []string{"policy.denied"}},
		{"large, weak binding", func(r *Request) {
			r.Open["amount"], r.Human = attest.Money("10000.01", "EUR"), Human{Binding: 3, Key: 4}
		}, links, []string{"org/large-payments-need-a-human"}, []string{"policy.denied"}},
		{"other currency", func(r *Request) { r.Open["amount"] = attest.Money("1", "USD") }, links[:0],
			[]string{"org/large-payments-need-a-human"}, []string{"policy.denied", "warrant.outside"}},
		{"sealed amount", func(r *Request) { delete(r.Open, "amount"); r.Sealed = []string{"amount"} }, links,
			[]string{"org/large-payments-need-a-human"}, []string{"policy.denied", "warrant.outside"}},
		{"large quote", func(r *Request) {
			r.Action, r.Open["amount"] = "payments.quote", attest.Money("20000", "EUR")
		}, links, append([]string{"org/within-warrant"}, grants...), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := transfer()
			tt.change(&r)
			d := Decide(set, tt.links, r)
			if d.Allow != (tt.faults == nil) || !slices.Equal(d.Faults, tt.faults) || !d.Evaluated {
				t.Errorf("decision is %+v, want faults %v", d, tt.faults)
			}
			if !slices.Equal(d.Determining, tt.why) {
				t.Errorf("determining are %v, want %v", d.Determining, tt.why)
			}
		})
	}
}

// TestEachRuleAlone removes one rule at a time: what it alone denied is then
// allowed, so that no rule is dead.
func TestEachRuleAlone(t *testing.T) {
	links := chain(t)
	denied := map[string]func(*Request){
		"org/registered-agents":           func(r *Request) { r.Agent.Registered = false },
		"org/no-suspended-agents":         func(r *Request) { r.Agent.Suspended = true },
		"org/large-payments-need-a-human": func(r *Request) { r.Open["amount"] = attest.Money("10000.01", "EUR") },
	}
	for id, change := range denied {
		r := transfer()
		change(&r)
		src := Default()
		before, after, _ := strings.Cut(string(src.Policies), "@id("+quote(id)+")")
		_, after, _ = strings.Cut(after, ";\n")
		src.Policies = []byte(before + after)
		if d := Decide(mustLoad(t, src), links, r); !d.Allow {
			t.Errorf("without %s: %+v", id, d)
		}
	}
	r := transfer()
	r.Warrant = Authority{}
	open := with(`@id("org/anyone") permit (principal, action, resource);`)
	if d := Decide(mustLoad(t, open), nil, r); !d.Allow {
		t.Errorf("with a permit for all: %+v", d)
	}
}

func TestDecideFaults(t *testing.T) {
	set, links := mustLoad(t, Default()), chain(t)
	tests := []struct {
		name      string
		set       *Set
		links     []*Warrant
		change    func(*Request)
		evaluated bool
		faults    []string
	}{
		{"no set", nil, links, func(*Request) {}, false, []string{"policy.none"}},
		{"no set, no warrant", nil, nil, func(r *Request) { r.Warrant = Authority{} }, false, []string{"policy.none"}},
		{"undeclared action", set, links, func(r *Request) { r.Action = "payments.burn" }, false, []string{"policy.action", "warrant.outside"}},
		{"undeclared argument", set, links, func(r *Request) { r.Open["memo"] = attest.Text("x") }, false, []string{"policy.action", "warrant.outside"}},
		{"amount is text", set, links, func(r *Request) { r.Open["amount"] = attest.Text("1999.00") }, false, []string{"policy.action", "warrant.outside"}},
		{"reference is a list", set, links, func(r *Request) { r.Open["reference"] = attest.List("a") }, false, []string{"policy.action", "warrant.outside"}},
		{"warrant claimed, none given", set, nil, func(*Request) {}, true, []string{"warrant.outside"}},
		{"one link denies", set, append(slices.Clone(links), mustCompile(t, transferWarrant(3, "1"))), func(*Request) {}, true, []string{"warrant.outside"}},
		{"too early", set, links, func(r *Request) { r.At = 1790150399999 }, true, []string{"warrant.outside"}},
		{"first moment", set, links, func(r *Request) { r.At = 1790150400000 }, true, nil},
		{"expired", set, links, func(r *Request) { r.At = 1790236800000 }, true, []string{"warrant.outside"}},
		{"extra sealed argument", set, links, func(r *Request) { r.Sealed = []string{"memo"} }, true, []string{"warrant.outside"}},
		{"path that climbs", set, links, func(r *Request) { r.Open["reference"] = attest.Text("INV/2026/09/../08") }, true, []string{"warrant.outside"}},
		{"prefix is by segment", set, links, func(r *Request) { r.Open["reference"] = attest.Text("INV/2026/091") }, true, []string{"warrant.outside"}},
		{"case counts", set, links, func(r *Request) { r.Open["reference"] = attest.Text("inv/2026/09/1") }, true, []string{"warrant.outside"}},
		{"no time", set, links, func(r *Request) { r.At = 0 }, false, []string{"policy.action"}},
		{"no agent", set, links, func(r *Request) { r.Agent.ID = "" }, false, []string{"policy.action"}},
		{"resource not canonical", set, links, func(r *Request) { r.Resource.ID = "iban/DE/nordlicht/../x" }, false, []string{"policy.action"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := transfer()
			tt.change(&r)
			d := Decide(tt.set, tt.links, r)
			if d.Allow != (tt.faults == nil) || d.Evaluated != tt.evaluated || !slices.Equal(d.Faults, tt.faults) {
				t.Errorf("decision is %+v, want evaluated %v, faults %v", d, tt.evaluated, tt.faults)
			}
			if len(d.Errors) != 0 || len(d.Granted) != len(tt.links) {
				t.Errorf("decision is %+v, want no errors, %d links", d, len(tt.links))
			}
		})
	}
}

// TestErrorDenies is about cedar-go's trap: it skips a forbid that errs. The
// type checker lets arithmetic overflow through.
func TestErrorDenies(t *testing.T) {
	for _, effect := range []string{"permit", "forbid"} {
		set := mustLoad(t, with(`@id("org/overflows") `+effect+` (principal, action, resource)
			when { context.at + 9223372036854775807 > 0 };`))
		d := Decide(set, chain(t), transfer())
		want := Decision{
			Errors: []string{"org/overflows"}, Faults: []string{"policy.error"}, Granted: [][]int{{0}, {0}, {0}},
		}
		if !reflect.DeepEqual(d, want) {
			t.Errorf("%s: decision is %+v, want %+v", effect, d, want)
		}
	}
}

// TestWarrantErrorDenies makes a link err by hand; a compiled one does not.
func TestWarrantErrorDenies(t *testing.T) {
	policies, err := parse([]byte(`@id("warrant/0/grant/0") permit (principal, action, resource);
		@id("warrant/0/never/0") forbid (principal, action, resource) when { context.missing };`))
	if err != nil {
		t.Fatal(err)
	}
	d := Decide(mustLoad(t, Default()), []*Warrant{{policies: newIndex(policies, nil)}}, transfer())
	if d.Allow || !d.Evaluated || !slices.Equal(d.Faults, []string{"warrant.outside"}) ||
		!slices.Equal(d.Errors, []string{"warrant/0/never/0"}) || d.Granted[0] != nil {
		t.Errorf("decision is %+v", d)
	}
}

func TestGranted(t *testing.T) {
	w := transferWarrant(0, "100")
	w.Grants = append(w.Grants, transferWarrant(0, "5000").Grants[0], transferWarrant(0, "2000").Grants[0])
	for range 8 {
		w.Grants = append(w.Grants, w.Grants[1])
	}
	d := Decide(mustLoad(t, Default()), []*Warrant{mustCompile(t, w)}, transfer())
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !d.Allow || !slices.Equal(d.Granted[0], want) {
		t.Errorf("decision is %+v, want grants %v", d, want)
	}
}

// TestWrongTypeLeavesOtherGrants: an argument of a type that one grant does not
// expect must not take away what another grant gives.
func TestWrongTypeLeavesOtherGrants(t *testing.T) {
	w := transferWarrant(0, "5000")
	other := w.Grants[0]
	other.Arguments = []attest.Argument{
		{Name: "amount", Constraint: attest.Constraint{IntRange: &attest.IntRange{Max: 9}}},
		{Name: "reference", Constraint: attest.Constraint{Subset: []string{"x"}}},
	}
	w.Grants = append(w.Grants, other)
	d := Decide(mustLoad(t, Default()), []*Warrant{mustCompile(t, w)}, transfer())
	if !d.Allow || !slices.Equal(d.Granted[0], []int{0}) {
		t.Errorf("decision is %+v", d)
	}
}

func TestNever(t *testing.T) {
	account := attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE/nordlicht/DE02120300000000202051"}}
	for _, denial := range []attest.Denial{
		{Actions: []string{"payments.transfer"}},
		{Actions: []string{"payments.refund", "payments.transfer"}, Resource: &account},
	} {
		w := transferWarrant(1, "5000")
		w.Never = []attest.Denial{{Actions: []string{"payments.refund"}}, denial}
		d := Decide(mustLoad(t, Default()), []*Warrant{mustCompile(t, transferWarrant(0, "5000")), mustCompile(t, w)}, transfer())
		if d.Allow || !slices.Equal(d.Determining, []string{"warrant/1/never/1"}) || d.Granted[1] != nil {
			t.Errorf("decision is %+v", d)
		}
	}
}

// TestGroups: logged entities put agents, resources and actions into groups for
// the organisation's policies, and for them only.
func TestGroups(t *testing.T) {
	src := with(`@id("org/treasury-only") forbid (principal, action in Deed::Action::"payments", resource)
		unless { principal in Deed::Group::"treasury" && resource in Deed::Group::"accounts" };`)
	src.Schema = []byte(strings.Replace(string(src.Schema), `"payments.refund" appliesTo`, `"payments.refund" in ["payments"] appliesTo`, 1))
	src.Schema = []byte(strings.Replace(string(src.Schema), "namespace Deed {", "namespace Deed {\n  action \"payments\";", 1))
	group := func(kind, id, parent string) string {
		return fmt.Sprintf(`{"uid":{"type":"Deed::%s","id":%q},"attrs":{},"parents":[{"type":"Deed::Group","id":%q}]}`, kind, id, parent)
	}
	r := transfer()
	agent := group("Agent", r.Agent.ID, "payers")
	nested := group("Group", "payers", "treasury")
	account := group("Resource", r.Resource.Kind+"/"+r.Resource.ID, "accounts")
	for entities, allow := range map[string]bool{
		"[" + agent + "," + nested + "," + account + "]": true,
		"[" + agent + "," + account + "]":                false,
		"[" + agent + "," + nested + "]":                 false,
		"[]":                                             false,
	} {
		src.Entities = []byte(entities)
		if d := Decide(mustLoad(t, src), chain(t), r); d.Allow != allow || !d.Evaluated {
			t.Errorf("%s: decision is %+v, want allow %v", entities, d, allow)
		}
	}
	w := transferWarrant(0, "5000")
	w.Grants[0].Actions = []string{"payments"}
	src.Entities = []byte("[" + agent + "," + nested + "," + account + "]")
	if d := Decide(mustLoad(t, src), []*Warrant{mustCompile(t, w)}, r); d.Allow {
		t.Errorf("a group of the organisation widened a warrant: %+v", d)
	}
	if set := mustLoad(t, src); set.Declares("payments") || !set.Declares("payments.transfer") {
		t.Error("a group of actions is not an action")
	}
}

func TestDeterminism(t *testing.T) {
	var extra strings.Builder
	for i := range 20 {
		fmt.Fprintf(&extra, "@id(\"org/permit-%d\") permit (principal, action, resource);\n", i)
		fmt.Fprintf(&extra, "@id(\"org/forbid-%d\") forbid (principal, action == Deed::Action::\"mail.send\", resource);\n", i)
	}
	src := with(extra.String())
	for _, action := range []string{"payments.transfer", "mail.send"} {
		r := transfer()
		r.Action = action
		if action == "mail.send" {
			r.Open = nil
		}
		first := Decide(mustLoad(t, src), chain(t), r)
		if len(first.Determining) < 20 || !slices.IsSorted(first.Determining) {
			t.Fatalf("decision is %+v", first)
		}
		for range 100 {
			if again := Decide(mustLoad(t, src), chain(t), r); !reflect.DeepEqual(again, first) {
				t.Fatalf("decision is %+v, was %+v", again, first)
			}
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	set, links, r := mustLoad(b, Default()), chain(b), transfer()
	b.ReportAllocs()
	for b.Loop() {
		if !Decide(set, links, r).Allow {
			b.Fatal("denied")
		}
	}
}

func BenchmarkDecideNoWarrant(b *testing.B) {
	set, r := mustLoad(b, Default()), transfer()
	r.Warrant = Authority{}
	b.ReportAllocs()
	for b.Loop() {
		Decide(set, nil, r)
	}
}

func BenchmarkCompile(b *testing.B) {
	w := transferWarrant(2, "3000")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	src := Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(src); err != nil {
			b.Fatal(err)
		}
	}
}
