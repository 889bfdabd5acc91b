package policy

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// TestCompileText pins the text: other implementations compare with it.
func TestCompileText(t *testing.T) {
	amount, exact := attest.Amount{Decimal: "2500.00", Unit: "EUR"}, attest.Text("iban/DE/nordlicht/DE02120300000000202051")
	w := &attest.Warrant{
		Depth: 2, NotBefore: 1790150400000, Expires: 1790154000000,
		Grants: []attest.Grant{{
			Actions: []string{"payments.transfer"},
			Arguments: []attest.Argument{
				{Name: "amount", Constraint: attest.Constraint{DecimalMax: &amount}},
				{Name: "note", Constraint: attest.Constraint{All: new([]attest.Constraint)}},
				{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026/09"}},
			},
			Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Exact: &exact}},
		}},
		Never: []attest.Denial{{Actions: []string{"payments.refund"}}},
	}
	const want = `@id("warrant/2/grant/0")
permit (principal, action in [Deed::Action::"payments.transfer"], resource is Deed::Resource)
when { resource.kind == "bank_account" && resource.id == "iban/DE/nordlicht/DE02120300000000202051" }
when { ["amount", "note", "reference"].containsAll(context.names) }
when { context.kinds.amount.contains("amount") && context.args.amount.unit == "EUR" && context.args.amount.value.lessThanOrEqual(decimal("2500.0")) }
when { context.names.contains("note") }
when { context.kinds.path.contains("reference") && (context.args.reference == "INV/2026/09" || context.args.reference like "INV/2026/09/*") };
@id("warrant/2/never/0")
forbid (principal, action in [Deed::Action::"payments.refund"], resource);
@id("warrant/2/window")
forbid (principal, action, resource)
unless { context.at >= 1790150400000 && context.at < 1790154000000 };
`
	if got := mustCompile(t, w).Text(); got != want {
		t.Errorf("text is\n%s\nwant\n%s", got, want)
	}
}

type constraintCase struct {
	name             string
	k                attest.Constraint
	accepts, refuses []attest.Value
}

// constraintCases has every kind of constraint, with values that it accepts and
// values that it must not.
func constraintCases() []constraintCase {
	value := func(v attest.Value) *attest.Value { return &v }
	all := func(k ...attest.Constraint) attest.Constraint { return attest.Constraint{All: &k} }
	return []constraintCase{
		{"exact text", attest.Constraint{Exact: value(attest.Text("a*\"\\ é\U0001F600"))},
			[]attest.Value{attest.Text("a*\"\\ é\U0001F600")}, []attest.Value{attest.Text("ab"), attest.Int(1)}},
		{"exact integer", attest.Constraint{Exact: value(attest.Int(-5))},
			[]attest.Value{attest.Int(-5)}, []attest.Value{attest.Int(5), attest.Text("-5")}},
		{"exact boolean", attest.Constraint{Exact: value(attest.Value{Kind: attest.BoolValue, Bool: true})},
			[]attest.Value{{Kind: attest.BoolValue, Bool: true}}, []attest.Value{{Kind: attest.BoolValue}, attest.Text("true")}},
		{"exact amount", attest.Constraint{Exact: value(attest.Money("12", "EUR"))},
			[]attest.Value{attest.Money("12", "EUR"), attest.Money("12.0000", "EUR")},
			[]attest.Value{attest.Money("12", "USD"), attest.Money("12.0001", "EUR"), attest.Int(12)}},
		{"exact list", attest.Constraint{Exact: value(attest.List("b", "a"))},
			[]attest.Value{attest.List("b", "a")},
			[]attest.Value{attest.List("a", "b"), attest.List("b", "a", "a"), attest.List(), attest.Text(`["b","a"]`)}},
		{"one of", attest.Constraint{OneOf: []attest.Value{attest.Text("a"), attest.Int(1), attest.Money("1", "EUR"), attest.List("a"), attest.List()}},
			[]attest.Value{attest.Text("a"), attest.Int(1), attest.Money("1.00", "EUR"), attest.List("a"), attest.List()},
			[]attest.Value{attest.Text("1"), attest.Int(2), attest.Money("1", "USD"), attest.List("a", "a")}},
		{"range", attest.Constraint{IntRange: &attest.IntRange{Min: -2, Max: 3}},
			[]attest.Value{attest.Int(-2), attest.Int(3)}, []attest.Value{attest.Int(-3), attest.Int(4), attest.Text("0"), attest.Money("0", "EUR")}},
		{"at most", attest.Constraint{DecimalMax: &attest.Amount{Decimal: "99999999999999.9999", Unit: "EUR"}},
			[]attest.Value{attest.Money("99999999999999.9999", "EUR"), attest.Money("0", "EUR")},
			[]attest.Value{attest.Money("1", "USD"), attest.Int(1), attest.Text("1"), attest.List("1")}},
		{"prefix", attest.Constraint{Prefix: "a*/b"},
			[]attest.Value{attest.Text("a*/b"), attest.Text("a*/b/c/d")},
			[]attest.Value{attest.Text("aa/b/c"), attest.Text("a*/bc"), attest.Text("a*/b/"), attest.Text("a*/b/../c"), attest.Text("a*"), attest.Int(1)}},
		{"domain", attest.Constraint{DomainSuffix: "acme.example"},
			[]attest.Value{attest.Text("acme.example"), attest.Text("a.b.acme.example")},
			[]attest.Value{attest.Text("evilacme.example"), attest.Text("A.acme.example"), attest.Text(".acme.example"), attest.Text("a/b.acme.example"), attest.List("acme.example")}},
		{"subset", attest.Constraint{Subset: []string{"a", "b"}},
			[]attest.Value{attest.List(), attest.List("b", "a", "b")}, []attest.Value{attest.List("a", "c"), attest.Text("a")}},
		{"anything", all(),
			[]attest.Value{attest.Text(""), attest.Int(0), attest.List()}, nil},
		{"all", all(all(), attest.Constraint{Prefix: "a"}, all(attest.Constraint{OneOf: []attest.Value{attest.Text("a/b"), attest.Text("c")}})),
			[]attest.Value{attest.Text("a/b")}, []attest.Value{attest.Text("a"), attest.Text("c"), attest.Int(1)}},
	}
}

func TestConstraints(t *testing.T) {
	for _, name := range []string{"plain", "if", "with-dash.and", "1st"} {
		for _, tt := range constraintCases() {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				link := mustCompile(t, oneArgument(name, tt.k))
				check := func(r Request, want bool) {
					d := Decide(nil, []*Warrant{link}, r)
					if got := !slices.Contains(d.Faults, "warrant.outside"); got != want || len(d.Errors) != 0 {
						t.Errorf("%v: decision is %+v, want permitted %v", r.Open, d, want)
					}
				}
				r := transfer()
				for _, v := range tt.accepts {
					r.Open = map[string]attest.Value{name: v}
					check(r, true)
				}
				for _, v := range tt.refuses {
					r.Open = map[string]attest.Value{name: v}
					check(r, false)
				}
				r.Open = nil
				check(r, false)
				r.Sealed = []string{name}
				check(r, acceptsAll(tt.k))
			})
		}
	}
}

// oneArgument is a warrant for [transfer] with one argument.
func oneArgument(name string, k attest.Constraint) *attest.Warrant {
	w := transferWarrant(0, "1")
	w.Grants[0].Arguments = []attest.Argument{{Name: name, Constraint: k}}
	return w
}

func TestCompileRefuses(t *testing.T) {
	two := attest.Constraint{Prefix: "a", DomainSuffix: "b"}
	deep := attest.Constraint{Prefix: "a"}
	for range maxLevels + 2 {
		deep = attest.Constraint{All: &[]attest.Constraint{deep}}
	}
	bad := attest.Value{Kind: attest.AmountValue, Amount: attest.Amount{Decimal: "1,5", Unit: "EUR"}}
	for name, w := range map[string]*attest.Warrant{
		"no member":       oneArgument("a", attest.Constraint{}),
		"two members":     oneArgument("a", two),
		"two in all":      oneArgument("a", attest.Constraint{All: &[]attest.Constraint{two}}),
		"too deep":        oneArgument("a", deep),
		"not an amount":   oneArgument("a", attest.Constraint{DecimalMax: &bad.Amount}),
		"not a value":     oneArgument("a", attest.Constraint{Exact: &bad}),
		"no kind":         oneArgument("a", attest.Constraint{OneOf: []attest.Value{{}}}),
		"action":          {Grants: []attest.Grant{{Actions: []string{`x"`}, Resource: attest.Match{Kind: "a", Match: attest.Constraint{Prefix: "a"}}}}},
		"resource":        {Grants: []attest.Grant{{Actions: []string{"x"}}}},
		"resource number": {Never: []attest.Denial{{Actions: []string{"x"}, Resource: &attest.Match{Kind: "a", Match: attest.Constraint{Exact: new(attest.Int(1))}}}}},
	} {
		if link, err := Compile(w); err == nil {
			t.Errorf("%s: no error, text is\n%s", name, link.Text())
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                  `""`,
		"plain/9_-.":        `"plain/9_-."`,
		"\"\\*'":            `"\"\\*'"`,
		"\n\x00\x7f":        `"\u{a}\u{0}\u{7f}"`,
		"\u202eé\U0001F600": `"\u{202e}\u{e9}\u{1f600}"`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote of %q is %s, want %s", in, got, want)
		}
	}
	if got, want := likeUnder(`a*\`), `"a\*\\/*"`; got != want {
		t.Errorf("pattern is %s, want %s", got, want)
	}
}

// FuzzQuote: whatever the text, Cedar reads back the same and a pattern matches
// only what lies below it.
func FuzzQuote(f *testing.F) {
	f.Add("a", "b")
	f.Add("*\"\\", "\\u{41}")
	f.Add("é\x00\n\u202e", "*")
	f.Fuzz(func(t *testing.T, s, other string) {
		if !utf8.ValidString(s + "|" + other) {
			t.Skip()
		}
		policies, err := parse([]byte(`@id("a") permit (principal, action, resource) when {
			context["` + escape(s) + `"] == ` + quote(s) + ` && context.under like ` + likeUnder(s) + ` &&
			context.host like ` + likeWithin(s) + ` && (context.other == ` + quote(s) + `) == context.same &&
			(context.other like ` + likeUnder(s) + `) == context.below };`))
		if err != nil {
			t.Fatalf("parsing %q: %v", quote(s), err)
		}
		facts := cedar.RecordMap{
			"under": cedar.String(s + "/" + other), "host": cedar.String(other + "." + s), "other": cedar.String(other),
			"same": cedar.Boolean(s == other), "below": cedar.Boolean(strings.HasPrefix(other, s+"/")),
		}
		if _, taken := facts[cedar.String(s)]; taken {
			t.Skip()
		}
		facts[cedar.String(s)] = cedar.String(s)
		decision, why := cedar.Authorize(policies, nil, cedar.Request{Context: cedar.NewRecord(facts)})
		if decision != cedar.Allow || len(why.Errors) > 0 {
			t.Errorf("%q with %q: %v, %+v", s, other, decision, why)
		}
	})
}
