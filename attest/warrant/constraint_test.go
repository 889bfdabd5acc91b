package warrant_test

import (
	"math"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

func allOf(cs ...attest.Constraint) attest.Constraint {
	if cs == nil {
		cs = []attest.Constraint{}
	}
	return attest.Constraint{All: &cs}
}
func exact(v attest.Value) attest.Constraint     { return attest.Constraint{Exact: &v} }
func oneOf(vs ...attest.Value) attest.Constraint { return attest.Constraint{OneOf: vs} }
func between(low, high int64) attest.Constraint {
	return attest.Constraint{IntRange: &attest.IntRange{Min: low, Max: high}}
}
func atMost(decimal, unit string) attest.Constraint {
	return attest.Constraint{DecimalMax: &attest.Amount{Decimal: decimal, Unit: unit}}
}
func under(prefix string) attest.Constraint    { return attest.Constraint{Prefix: prefix} }
func within(domain string) attest.Constraint   { return attest.Constraint{DomainSuffix: domain} }
func subset(items ...string) attest.Constraint { return attest.Constraint{Subset: items} }
func truth(b bool) attest.Value                { return attest.Value{Kind: attest.BoolValue, Bool: b} }

func TestAccepts(t *testing.T) {
	cases := []struct {
		name string
		c    attest.Constraint
		yes  []attest.Value
		no   []attest.Value
	}{
		{"exact text", exact(attest.Text("a")), []attest.Value{attest.Text("a")}, []attest.Value{attest.Text("A"), attest.Text(""), attest.Text("a "), attest.List("a")}},
		{"exact amount", exact(attest.Money("12.50", "EUR")), []attest.Value{attest.Money("12.5", "EUR"), attest.Money("12.5000", "EUR")}, []attest.Value{attest.Money("12.50", "USD"), attest.Money("12.5001", "EUR"), attest.Text("12.50")}},
		{"exact list", exact(attest.List("a", "b")), []attest.Value{attest.List("a", "b")}, []attest.Value{attest.List("b", "a"), attest.List("a"), attest.List("ab")}},
		{"exact boolean", exact(truth(true)), []attest.Value{truth(true)}, []attest.Value{truth(false), attest.Text("true"), attest.Int(1)}},
		{"one of", oneOf(attest.Text("a"), attest.Int(2)), []attest.Value{attest.Text("a"), attest.Int(2)}, []attest.Value{attest.Text("2"), attest.Int(3)}},
		{"range", between(-2, 3), []attest.Value{attest.Int(-2), attest.Int(0), attest.Int(3)}, []attest.Value{attest.Int(-3), attest.Int(4), attest.Text("0"), attest.Money("0", "EUR")}},
		{"range the wrong way", between(3, -2), nil, []attest.Value{attest.Int(0), attest.Int(3), attest.Int(-2)}},
		{"limit", atMost("100.00", "EUR"), []attest.Value{attest.Money("100", "EUR"), attest.Money("0", "EUR"), attest.Money("99.9999", "EUR")}, []attest.Value{attest.Money("100.0001", "EUR"), attest.Money("1", "USD"), attest.Int(1), attest.Money("-1", "EUR"), attest.Money("01", "EUR"), attest.Money("1", "")}},
		{"path", under("a/b"), []attest.Value{attest.Text("a/b"), attest.Text("a/b/c"), attest.Text("a/b/c/d")}, []attest.Value{attest.Text("a/bc"), attest.Text("a"), attest.Text("a/b/"), attest.Text("a/b/../c"), attest.Text("a/b//c"), attest.Text("a/b/./c"), attest.Text("/a/b"), attest.Text(`a/b/c\d`), attest.Text("A/B"), attest.List("a/b")}},
		{"domain", within("x.example"), []attest.Value{attest.Text("x.example"), attest.Text("a.x.example")}, []attest.Value{attest.Text("ax.example"), attest.Text("x.example."), attest.Text("X.example"), attest.Text(".x.example"), attest.Text("a..x.example"), attest.Text("u@x.example"), attest.Text("evil.test/.x.example"), attest.Text("example")}},
		{"subset", subset("a", "b"), []attest.Value{attest.List(), attest.List("a"), attest.List("b", "a", "a")}, []attest.Value{attest.List("c"), attest.List("a", "c"), attest.Text("a")}},
		{"any value", allOf(), []attest.Value{attest.Text(""), attest.Int(0), truth(false), attest.List(), attest.Money("0", "X")}, []attest.Value{{}, {Kind: 9}, attest.Money("x", "EUR")}},
		{"both", allOf(between(0, 5), between(3, 9)), []attest.Value{attest.Int(3), attest.Int(5)}, []attest.Value{attest.Int(2), attest.Int(6)}},
		{"no member", attest.Constraint{}, nil, []attest.Value{attest.Text(""), attest.Int(0)}},
		{"two members", attest.Constraint{Prefix: "a", DomainSuffix: "a"}, nil, []attest.Value{attest.Text("a")}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, v := range tc.yes {
				if !warrant.Accepts(tc.c, v) {
					t.Errorf("%v refused", v)
				}
			}
			for _, v := range tc.no {
				if warrant.Accepts(tc.c, v) {
					t.Errorf("%v accepted", v)
				}
			}
		})
	}
}

func TestAcceptsAll(t *testing.T) {
	for _, c := range []attest.Constraint{allOf(), allOf(allOf(), allOf(allOf()))} {
		if !warrant.AcceptsAll(c) {
			t.Errorf("%v does not accept every value", c)
		}
	}
	for _, c := range []attest.Constraint{{}, allOf(between(0, 1)), allOf(allOf(), under("a")), under("a"), {All: &[]attest.Constraint{}, Prefix: "a"}} {
		if warrant.AcceptsAll(c) {
			t.Errorf("%v accepts every value", c)
		}
	}
}

// universe has, for every constraint of base and every list in it, a value
// inside and one outside, so that containment over it is containment.
func universe() []attest.Value {
	out := []attest.Value{truth(true), truth(false), attest.Text(""), attest.Text("a b"), attest.Text("x/../y")}
	for _, s := range []string{"a", "ab", "b", "z", "a/b", "a/b/c", "a/b/z", "a/c", "a/z", "b/z", "b.a", "c.b.a", "z.b.a", "z.a", "z.b", "ba", "b.a/z"} {
		out = append(out, attest.Text(s))
	}
	for n := int64(-2); n <= 5; n++ {
		out = append(out, attest.Int(n))
	}
	for parts := int64(0); parts <= 4; parts++ {
		for _, unit := range []string{"EUR", "USD"} {
			out = append(out, attest.Value{Kind: attest.AmountValue, Amount: attest.AmountOf(parts, unit)})
		}
	}
	out = append(out, attest.List(), attest.List("ab"), attest.List("a", "a", "a"))
	for _, s := range []string{"a", "b", "z"} {
		out = append(out, attest.List(s), attest.List(s, "a"), attest.List(s, "b"))
	}
	return out
}

// base has every kind of constraint, several of each, some of them equal.
func base() []attest.Constraint {
	return []attest.Constraint{
		allOf(), {}, {Prefix: "a", Subset: []string{"a"}},
		exact(attest.Text("a")), exact(attest.Int(1)), exact(truth(true)), exact(attest.Money("0.0002", "EUR")), exact(attest.List("a")), exact(attest.List()), exact(attest.Text("b.a")),
		oneOf(attest.Text("a"), attest.Text("a/b"), attest.Text("b.a")), oneOf(attest.Int(0), attest.Int(1), attest.Int(2)), oneOf(truth(true), truth(false), attest.Int(1)),
		oneOf(attest.Money("0", "EUR"), attest.Money("0.0001", "EUR"), attest.Money("0.0002", "EUR"), attest.Money("0.0002", "USD")),
		oneOf(attest.List(), attest.List("a"), attest.List("a", "b")), oneOf(attest.Text("x/../y"), attest.Text("a")),
		between(0, 2), between(-1, 4), between(1, 1), between(3, 4), between(2, 0),
		atMost("0.0002", "EUR"), atMost("0.0003", "EUR"), atMost("0.0002", "USD"), atMost("0", "EUR"), atMost("bad", "EUR"),
		under("a"), under("a/b"), under("b"), under("b.a"), under("a/../b"),
		within("a"), within("b.a"), within("b"), within("a/b"),
		subset("a"), subset("a", "b"), subset("b", "z"),
	}
}

// bits has a bit for every value that a constraint accepts.
func bits(t testing.TB, c attest.Constraint, values []attest.Value) uint64 {
	t.Helper()
	if len(values) > 64 {
		t.Fatalf("%d values do not fit", len(values))
	}
	var out uint64
	for i, v := range values {
		if warrant.Accepts(c, v) {
			out |= 1 << i
		}
	}
	return out
}

// The whole matrix of kinds, alone and two and three together, against the
// definition: every value the child accepts, the parent accepts.
func TestImpliesMatrix(t *testing.T) {
	values, cs := universe(), base()
	for _, a := range base() {
		for _, b := range base() {
			cs = append(cs, allOf(a, b))
		}
	}
	for i, a := range base() {
		cs = append(cs, allOf(a, allOf(base()[(i+7)%len(base())], base()[(i+12)%len(base())])), allOf(allOf(), allOf(a)))
	}
	accepted := make([]uint64, len(cs))
	for i, c := range cs {
		accepted[i] = bits(t, c, values)
	}
	step := 4
	if testing.Short() {
		step = 16
	}
	contained := 0
	for p := range cs {
		if p >= len(base()) && p%step != 0 {
			continue // of the compound parents a part
		}
		for c := range cs {
			want := accepted[c]&^accepted[p] == 0
			if got := warrant.Implies(cs[p], cs[c]); got != want {
				t.Fatalf("parent %v, child %v: Implies %v, by enumeration %v", cs[p], cs[c], got, want)
			}
			if want && accepted[c] != 0 {
				contained++
			}
		}
	}
	if contained == 0 {
		t.Error("no containment but of nothing")
	}
}

// A value is in a set exactly when the set contains that value alone: the
// normal form and Accepts are two implementations.
func TestImpliesOfOneValueIsAccepts(t *testing.T) {
	for _, c := range base() {
		for _, v := range universe() {
			if warrant.Implies(c, exact(v)) != warrant.Accepts(c, v) {
				t.Errorf("%v and %v", c, v)
			}
		}
	}
}

func TestImpliesAtTheEdges(t *testing.T) {
	whole := between(math.MinInt64, math.MaxInt64)
	cases := []struct {
		name          string
		parent, child attest.Constraint
		want          bool
	}{
		{"the widest range in itself", whole, whole, true},
		{"the widest range in a list", oneOf(attest.Int(0)), whole, false},
		{"the top of the range in a list", oneOf(attest.Int(math.MaxInt64)), between(math.MaxInt64, math.MaxInt64), true},
		{"a range in a list with gaps", oneOf(attest.Int(1), attest.Int(3), attest.Int(4)), between(1, 3), false},
		{"amounts spelled differently", oneOf(attest.Money("0.0", "EUR"), attest.Money("0.00010", "EUR")), atMost("0", "EUR"), true},
		{"list items that run together", oneOf(attest.List("a", "bc")), exact(attest.List("ab", "c")), false},
		{"a text that looks like a number", exact(attest.Int(1)), exact(attest.Text("1")), false},
		{"a prefix at the limit of length", under(strings.Repeat("a", 500)), under(strings.Repeat("a", 500) + "/b"), true},
		{"nothing in nothing", allOf(exact(attest.Int(1)), exact(attest.Int(2))), allOf(subset("a"), between(0, 1)), true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := warrant.Implies(tc.parent, tc.child); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
