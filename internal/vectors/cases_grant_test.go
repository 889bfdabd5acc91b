package vectors_test

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// commitment is to an opened argument.
func (s *scene) commitment(o attest.Opening) string {
	s.Helper()
	value, err := o.Value.Canonical()
	s.Check(err)
	salt, err := hex.DecodeString(o.Salt)
	s.Check(err)
	sum := attest.CommitField([32]byte(salt), o.Name, value)
	return hex.EncodeToString(sum[:])
}

// Constraints in short.
func exact(v attest.Value) attest.Constraint       { return attest.Constraint{Exact: &v} }
func oneOf(v ...attest.Value) attest.Constraint    { return attest.Constraint{OneOf: v} }
func prefix(p string) attest.Constraint            { return attest.Constraint{Prefix: p} }
func suffix(d string) attest.Constraint            { return attest.Constraint{DomainSuffix: d} }
func subset(items ...string) attest.Constraint     { return attest.Constraint{Subset: items} }
func all(c ...attest.Constraint) attest.Constraint { return attest.Constraint{All: &c} }
func between(low, high int64) attest.Constraint {
	return attest.Constraint{IntRange: &attest.IntRange{Max: high, Min: low}}
}
func most(decimal, unit string) attest.Constraint {
	return attest.Constraint{DecimalMax: &attest.Amount{Decimal: decimal, Unit: unit}}
}

var truth = attest.Value{Kind: attest.BoolValue, Bool: true}

// argumentOf is the argument whose values are of this kind in the schema.
func argumentOf(v attest.Value) string {
	switch v.Kind {
	case attest.AmountValue:
		return "amount"
	case attest.IntValue:
		return "count"
	case attest.ListValue:
		return "fields"
	case attest.BoolValue:
		return "final"
	}
	return "period"
}

// grantCases: which values a constraint accepts, asked of the request of an
// instruction, and what else a grant looks at.
func grantCases() []vectorCase {
	var out []vectorCase
	for _, c := range []struct {
		what       string
		constraint attest.Constraint
		value      attest.Value
		accepts    bool
	}{
		{"exact text", exact(attest.Text("2026-11")), attest.Text("2026-11"), true},
		{"exact text, another", exact(attest.Text("2026-11")), attest.Text("2026-12"), false},
		{"exact amount in another spelling", exact(attest.Money("10.5", "EUR")), attest.Money("10.50", "EUR"), true},
		{"exact amount of another unit", exact(attest.Money("10.50", "EUR")), attest.Money("10.50", "USD"), false},
		{"exact text for a number", exact(attest.Text("7")), attest.Int(7), false},
		{"exact list", exact(attest.List("a", "b")), attest.List("a", "b"), true},
		{"exact list in another order", exact(attest.List("a", "b")), attest.List("b", "a"), false},
		{"exact flag", exact(truth), truth, true},
		{"exact flag, the other", exact(truth), attest.Value{Kind: attest.BoolValue}, false},
		{"one_of", oneOf(attest.Text("a"), attest.Text("b")), attest.Text("b"), true},
		{"one_of, none of them", oneOf(attest.Text("a"), attest.Text("b")), attest.Text("c"), false},
		{"int_range, its lower end", between(1, 9), attest.Int(1), true},
		{"int_range, its upper end", between(1, 9), attest.Int(9), true},
		{"int_range, below", between(1, 9), attest.Int(0), false},
		{"int_range, above", between(1, 9), attest.Int(10), false},
		{"int_range for a text", between(0, 9), attest.Text("5"), false},
		{"decimal_max, its limit", most("10.00", "EUR"), attest.Money("10", "EUR"), true},
		{"decimal_max, above", most("10.00", "EUR"), attest.Money("10.0001", "EUR"), false},
		{"decimal_max of another unit", most("10.00", "EUR"), attest.Money("1.00", "USD"), false},
		{"decimal_max for a number", most("10.00", "EUR"), attest.Int(1), false},
		{"prefix, itself", prefix("a/b"), attest.Text("a/b"), true},
		{"prefix, below", prefix("a/b"), attest.Text("a/b/c"), true},
		{"prefix, half a segment", prefix("a/b"), attest.Text("a/bc"), false},
		{"prefix, elsewhere", prefix("a/b"), attest.Text("b/a"), false},
		{"prefix, through a parent", prefix("a/b"), attest.Text("a/b/../c"), false},
		{"prefix for a list", prefix("a/b"), attest.List("a/b"), false},
		{"domain_suffix, itself", suffix("example.com"), attest.Text("example.com"), true},
		{"domain_suffix, below", suffix("example.com"), attest.Text("api.example.com"), true},
		{"domain_suffix, half a label", suffix("example.com"), attest.Text("badexample.com"), false},
		{"domain_suffix, elsewhere", suffix("example.com"), attest.Text("example.com.evil.net"), false},
		{"domain_suffix in upper case", suffix("example.com"), attest.Text("API.example.com"), false},
		{"domain_suffix for a list", suffix("example.com"), attest.List("example.com"), false},
		{"subset, some", subset("a", "b", "c"), attest.List("c", "a"), true},
		{"subset, none", subset("a", "b"), attest.List(), true},
		{"subset, one more", subset("a", "b"), attest.List("a", "z"), false},
		{"subset for a text", subset("a", "b"), attest.Text("a"), false},
		{"all, both", all(between(1, 9), between(5, 20)), attest.Int(7), true},
		{"all, the first alone", all(between(1, 9), between(5, 20)), attest.Int(3), false},
		{"all, the second alone", all(between(1, 9), between(5, 20)), attest.Int(12), false},
		{"all, of nothing", all(), attest.Text("anything"), true},
	} {
		want := "human_tasked, flags exceeded_instruction"
		if c.accepts {
			want = "human_instructed"
		}
		out = append(out, vectorCase{"constraint/" + c.what, "evidence.requests",
			fmt.Sprintf("The request's argument is %s, the action's is %s.", c.constraint, c.value), want, func(s *scene) cast.Sent {
				return s.requested(argumentOf(c.value), c.constraint, c.value)
			}})
	}
	return slices.Concat(out, permitCases(), sealedCases())
}

// requested is a reconciliation on an instruction with a request that constrains
// its one argument.
func (s *scene) requested(name string, c attest.Constraint, v attest.Value) cast.Sent {
	s.Helper()
	g := reports(name, c)
	i := s.Instruction(s.principal, s.Reconciler, attest.Request{Action: g.Actions[0], Arguments: g.Arguments, Resource: g.Resource})
	w := s.principalWarrant(reports(argumentOf(v), anything))
	w.Root.Basis, w.Task.Instruction = attest.HumanInstruction, s.allow(s.Sign(s.principal, i))
	id := s.allow(s.Sign(s.principal, w))
	return s.Sign(s.Reconciler, s.report(id, attest.NamedValue{Name: argumentOf(v), Value: v}))
}

// permitCases: what a grant permits besides the values of its arguments.
func permitCases() []vectorCase {
	under := func(name, why, want string, grant attest.Grant, amend func(s *scene, a *attest.Action)) vectorCase {
		return vectorCase{"grant/" + name, "warrant.outside", why, want, func(s *scene) cast.Sent {
			a := s.report(s.warranted(grant), attest.NamedValue{Name: "period", Value: attest.Text("2026-11")})
			amend(s, a)
			return s.Sign(s.Reconciler, a)
		}}
	}
	nothing := func(*scene, *attest.Action) {}
	ledgerOf := func(match attest.Constraint) attest.Grant {
		g := reports("period", anything)
		g.Resource.Match = match
		return g
	}
	request := func(name, why, want string, amend func(*attest.Request)) vectorCase {
		return vectorCase{"grant/request, " + name, "evidence.requests", why, want, func(s *scene) cast.Sent {
			return s.Sign(s.Orchestrator, s.under(s.Treasurer, func(i *attest.Instruction) { amend(&i.Requests[0]) }, nil))
		}}
	}
	const exceeded = "human_tasked, flags exceeded_instruction"
	return []vectorCase{
		under("within", "The grant names this action, resource and argument.", "human_delegated", reports("period", anything), nothing),
		under("a resource that is exact", "The very resource.", "human_delegated", ledgerOf(exact(attest.Text("books/2026/11"))), nothing),
		under("a resource elsewhere", "The grant is for other books.", "human_delegated, denied warrant.outside", ledgerOf(prefix("books/2025")), nothing),
		under("another grant than the one named", "The grant that the action names does not permit it, another one would.", "human_delegated, denied warrant.outside", reports("period", anything), func(s *scene, a *attest.Action) {
			w := s.principalWarrant(ledgerOf(prefix("books/2025")), reports("period", anything))
			a.Authority.Warrant = s.allow(s.Sign(s.principal, w))
		}),
		under("the second grant, named", "The action names the second grant, which permits it.", "human_delegated", reports("period", anything), func(s *scene, a *attest.Action) {
			w := s.principalWarrant(ledgerOf(prefix("books/2025")), reports("period", anything))
			a.Authority.Warrant, a.Authority.Grant = s.allow(s.Sign(s.principal, w)), 1
		}),
		under("a grant that is not there", "The action names the second grant of one.", "human_delegated, denied warrant.outside", reports("period", anything), func(_ *scene, a *attest.Action) { a.Authority.Grant = 1 }),
		under("a never", "The warrant grants it and forbids it.", "human_delegated, denied warrant.outside", reports("period", anything), func(s *scene, a *attest.Action) {
			w := s.principalWarrant(reports("period", anything))
			w.Never = []attest.Denial{{Actions: []string{"reports.reconcile"}}}
			a.Authority.Warrant = s.allow(s.Sign(s.principal, w))
		}),
		request("as the action is", "One action, one resource, these arguments.", "human_instructed", func(*attest.Request) {}),
		request("without one of the arguments", "The action has an argument that the request does not name.", exceeded, func(r *attest.Request) { r.Arguments = r.Arguments[:1] }),
		request("with one argument more", "The action lacks an argument that the request names.", exceeded, func(r *attest.Request) {
			r.Arguments = append(r.Arguments, attest.Argument{Name: "urgent", Constraint: anything})
		}),
		request("on a resource of another kind", "The resource's kind is another.", exceeded, func(r *attest.Request) { r.Resource.Kind = "card" }),
		request("on one of several resources", "The account is one of two.", "human_instructed", func(r *attest.Request) {
			r.Resource.Match = oneOf(attest.Text("iban/DE/other"), *cast.Request().Resource.Match.Exact)
		}),
	}
}

// sealedCases: a sealed argument passes only where every value would.
func sealedCases() []vectorCase {
	sealed := func(name string, c attest.Constraint, why, want string) vectorCase {
		return vectorCase{"sealed/" + name, "evidence.requests", why, want, func(s *scene) cast.Sent {
			g := reports("period", c)
			i := s.Instruction(s.principal, s.Reconciler, attest.Request{Action: g.Actions[0], Arguments: g.Arguments, Resource: g.Resource})
			w := s.principalWarrant(reports("period", anything))
			w.Root.Basis, w.Task.Instruction = attest.HumanInstruction, s.allow(s.Sign(s.principal, i))
			a := s.report(s.allow(s.Sign(s.principal, w)), attest.NamedValue{Name: "period", Value: attest.Text("2026-11")})
			s.seal(a, 0)
			return s.Sign(s.Reconciler, a)
		}}
	}
	return []vectorCase{
		sealed("where any value passes", anything, "The request takes any period.", "human_instructed"),
		sealed("where any value passes, nested", all(all(), all()), "All of nothing, twice over, is anything.", "human_instructed"),
		sealed("where a value is asked for", prefix("2026-11"), "What is sealed cannot be seen to satisfy anything.", "human_tasked, flags exceeded_instruction"),
		sealed("where one of several is asked for", all(all(), prefix("2026-11")), "One of the constraints asks for a value.", "human_tasked, flags exceeded_instruction"),
	}
}
