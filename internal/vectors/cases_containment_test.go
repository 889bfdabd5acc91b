package vectors_test

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// containmentCases: a child's constraint within its parent's, or not (D5).
func containmentCases() []vectorCase {
	var out []vectorCase
	add := func(what string, parent, child attest.Constraint, contained bool) {
		want, rule := "denied d5.grants", "not within"
		if contained {
			want, rule = "allowed", "within"
		}
		out = append(out, vectorCase{"containment/" + what, "d5.grants",
			fmt.Sprintf("The child's %s is %s the parent's %s.", child, rule, parent), want, func(s *scene) cast.Sent {
				return s.narrowed(reports("period", parent), reports("period", child))
			}})
	}
	text, list := attest.Text, attest.List
	nothing := all(exact(text("a")), exact(text("b")))
	add("anything in anything", anything, anything, true)
	add("a text in anything", anything, exact(text("a")), true)
	add("anything in a text", exact(text("a")), anything, false)
	add("anything in a prefix", prefix("a"), anything, false)
	add("a text in itself", exact(text("a")), exact(text("a")), true)
	add("a text in another", exact(text("a")), exact(text("b")), false)
	add("a text that looks like a number", exact(attest.Int(7)), exact(text("7")), false)
	add("an amount in itself, spelled otherwise", exact(attest.Money("10.50", "EUR")), exact(attest.Money("10.5", "EUR")), true)
	add("a flag in itself", exact(truth), exact(truth), true)
	add("a flag in the other", exact(truth), exact(attest.Value{Kind: attest.BoolValue}), false)
	add("a list in itself", exact(list("a", "b")), exact(list("a", "b")), true)
	add("a list in one of other cuts", exact(list("a", "b")), exact(list("ab")), false)
	add("fewer of one_of", oneOf(text("a"), text("b")), oneOf(text("b")), true)
	add("more of one_of", oneOf(text("a"), text("b")), oneOf(text("b"), text("c")), false)
	add("a number in a range", between(1, 9), exact(attest.Int(9)), true)
	add("a number beyond a range", between(1, 9), exact(attest.Int(10)), false)
	add("a number before a range", between(1, 9), exact(attest.Int(0)), false)
	add("a text in a range", between(0, 9), exact(text("5")), false)
	add("a narrower range", between(1, 9), between(2, 9), true)
	add("a range that ends later", between(1, 9), between(2, 10), false)
	add("a range that begins earlier", between(1, 9), between(0, 9), false)
	add("a range in its numbers", oneOf(attest.Int(1), attest.Int(2), attest.Int(3)), between(1, 3), true)
	add("a range in all but one of its numbers", oneOf(attest.Int(1), attest.Int(3), attest.Int(4)), between(1, 3), false)
	add("a range in fewer numbers", oneOf(attest.Int(1), attest.Int(2)), between(1, 3), false)
	add("an amount at most", most("10.00", "EUR"), exact(attest.Money("10.00", "EUR")), true)
	add("an amount above", most("10.00", "EUR"), exact(attest.Money("10.01", "EUR")), false)
	add("an amount of another unit", most("10.00", "EUR"), exact(attest.Money("1.00", "USD")), false)
	add("a number for an amount", most("10.00", "EUR"), exact(attest.Int(1)), false)
	add("a lower limit", most("10.00", "EUR"), most("9.99", "EUR"), true)
	add("a higher limit", most("10.00", "EUR"), most("10.0001", "EUR"), false)
	add("a limit of another unit", most("10.00", "EUR"), most("1.00", "USD"), false)
	add("a tiny limit in its amounts", oneOf(attest.Money("0", "EUR"), attest.Money("0.0001", "EUR")), most("0.0001", "EUR"), true)
	add("a tiny limit in one amount", oneOf(attest.Money("0.0001", "EUR"), attest.Money("0.0002", "EUR")), most("0.0001", "EUR"), false)
	add("amounts in numbers", between(0, 9), most("1.00", "EUR"), false)
	add("a path below", prefix("a/b"), exact(text("a/b/c")), true)
	add("a path beside", prefix("a/b"), exact(text("a/bc")), false)
	add("a text that is no path", prefix("a/b"), exact(text("a/b/../c")), false)
	add("a number for a path", prefix("a/b"), exact(attest.Int(1)), false)
	add("a deeper prefix", prefix("a/b"), prefix("a/b/c"), true)
	add("a prefix above", prefix("a/b"), prefix("a"), false)
	add("a prefix beside", prefix("a/b"), prefix("a/bc"), false)
	add("a prefix in a text", exact(text("a/b")), prefix("a/b"), false)
	add("a host below", suffix("example.com"), exact(text("api.example.com")), true)
	add("a host beside", suffix("example.com"), exact(text("badexample.com")), false)
	add("a number for a host", suffix("example.com"), exact(attest.Int(1)), false)
	add("a deeper domain", suffix("example.com"), suffix("api.example.com"), true)
	add("a domain above", suffix("api.example.com"), suffix("example.com"), false)
	add("a domain in a prefix", prefix("example.com"), suffix("example.com"), false)
	add("fewer items", subset("a", "b"), subset("a"), true)
	add("more items", subset("a", "b"), subset("a", "c"), false)
	add("a list of the items", subset("a", "b"), exact(list("b", "a")), true)
	add("a list of other items", subset("a", "b"), exact(list("c")), false)
	add("a text in items", subset("a", "b"), exact(text("a")), false)
	add("items in a list", exact(list("a")), subset("a"), false)
	add("nothing in a text", exact(text("z")), nothing, true)
	add("an intersection of ranges", between(5, 9), all(between(1, 9), between(5, 20)), true)
	add("an intersection that is too wide", between(6, 9), all(between(1, 9), between(5, 20)), false)
	add("an intersection that ends too late", between(5, 8), all(between(1, 9), between(5, 20)), false)
	add("an intersection of ranges apart", exact(text("z")), all(between(1, 2), between(5, 6)), true)
	add("an intersection of limits", most("5.00", "EUR"), all(most("9.00", "EUR"), most("5.00", "EUR")), true)
	add("an intersection of limits, too high", most("4.99", "EUR"), all(most("9.00", "EUR"), most("5.00", "EUR")), false)
	add("an intersection of limits of two units", exact(text("z")), all(most("9.00", "EUR"), most("5.00", "USD")), true)
	add("an intersection of prefixes", prefix("a/b"), all(prefix("a"), prefix("a/b")), true)
	add("an intersection of prefixes, turned round", prefix("a/b"), all(prefix("a/b"), prefix("a")), true)
	add("an intersection of prefixes apart", exact(text("z")), all(prefix("a"), prefix("b")), true)
	add("an intersection of domains", suffix("a.example"), all(suffix("example"), suffix("a.example")), true)
	add("an intersection of subsets", subset("b"), all(subset("a", "b"), subset("b", "c")), true)
	add("an intersection of subsets, too wide", subset("a"), all(subset("a", "b"), subset("b", "c")), false)
	add("an intersection of subsets apart", exact(list()), all(subset("a"), subset("c")), true)
	add("an intersection of subsets apart is one list", exact(text("z")), all(subset("a"), subset("c")), false)
	add("an intersection of a prefix and a domain", exact(text("a.example")), all(prefix("a.example"), suffix("example")), true)
	add("an intersection of a domain and a prefix", exact(text("a.example")), all(suffix("example"), prefix("a.example")), true)
	add("an intersection of a prefix and a domain is one text", exact(text("b.example")), all(prefix("a.example"), suffix("example")), false)
	add("an intersection of a domain and a prefix is one text", exact(text("b.example")), all(suffix("example"), prefix("a.example")), false)
	add("an intersection of a prefix and a range", exact(text("z")), all(prefix("a"), between(1, 2)), true)
	add("an intersection with anything", between(1, 9), all(anything, between(1, 9)), true)
	add("an intersection with anything after", between(1, 9), all(between(1, 9), anything), true)
	add("an intersection of a text and a prefix", exact(text("a/b")), all(oneOf(text("a/b"), text("c")), prefix("a")), true)
	add("an intersection of a prefix and a text", exact(text("a/b")), all(prefix("a"), oneOf(text("a/b"), text("c"))), true)
	add("a prefix in the number 0", exact(attest.Int(0)), prefix("a"), false)
	add("an intersection with anything, too wide", between(1, 8), all(between(1, 9), anything), false)
	add("an intersection of a text and a prefix, elsewhere", exact(text("z")), all(oneOf(text("a/b"), text("c")), prefix("a")), false)
	add("an intersection of a prefix and a text, elsewhere", exact(text("z")), all(prefix("a"), oneOf(text("a/b"), text("c"))), false)
	add("an intersection of one domain with itself", exact(text("example")), all(suffix("example"), suffix("example")), false)
	add("an intersection of one prefix with itself", exact(text("a")), all(prefix("a"), prefix("a")), false)
	add("an intersection of a range and a prefix", exact(text("z")), all(between(-5, 5), prefix("a")), true)
	add("an intersection of prefixes, elsewhere", exact(text("z")), all(prefix("a"), prefix("a/b")), false)
	add("an intersection of prefixes, turned round, elsewhere", exact(text("z")), all(prefix("a/b"), prefix("a")), false)
	add("an intersection in the parent", all(between(1, 9), between(5, 20)), exact(attest.Int(7)), true)
	add("beyond an intersection in the parent", all(between(1, 9), between(5, 20)), exact(attest.Int(4)), false)
	return slices.Concat(out, grantContainment())
}

// narrowed is a child of a standing order of the principal.
func (s *scene) narrowed(parent, child attest.Grant) cast.Sent {
	s.Helper()
	w := s.principalWarrant(parent)
	below := s.Child(w, s.allow(s.Sign(s.principal, w)), s.Reconciler, s.Bystander)
	below.Grants = []attest.Grant{child}
	return s.Sign(s.Reconciler, below)
}

// grantContainment is the rest of a grant within another.
func grantContainment() []vectorCase {
	grant := func(what, why, want string, amend func(parent, child *attest.Grant)) vectorCase {
		return vectorCase{"containment/grant, " + what, "d5.grants", why, want, func(s *scene) cast.Sent {
			parent, child := cast.Payments("100.00"), cast.Payments("100.00")
			amend(&parent, &child)
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, parent)
			below := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments)
			below.Grants = []attest.Grant{child}
			return s.Sign(s.Orchestrator, below)
		}}
	}
	budget := func(argument, most, unit string) *attest.Budget {
		return &attest.Budget{Argument: argument, Limit: attest.Amount{Decimal: most, Unit: unit}}
	}
	const denied = "denied d5.grants"
	return []vectorCase{
		grant("an action more", "The parent has no refunds.", denied, func(_, c *attest.Grant) { c.Actions = []string{"payments.refund", "payments.transfer"} }),
		grant("an action less", "A child may do less.", "allowed", func(_, c *attest.Grant) { c.Actions = c.Actions[1:] }),
		grant("another kind of resource", "Accounts are no cards.", denied, func(_, c *attest.Grant) { c.Resource.Kind = "card" }),
		grant("a wider resource", "The child's accounts are anywhere.", denied, func(_, c *attest.Grant) { c.Resource.Match = prefix("iban") }),
		grant("an argument more", "The parent would refuse what it does not name.", denied, func(_, c *attest.Grant) {
			c.Arguments = append(slices.Clone(c.Arguments), attest.Argument{Name: "urgent", Constraint: anything})
		}),
		grant("an argument less", "The parent requires what the child leaves out.", denied, func(_, c *attest.Grant) { c.Arguments = c.Arguments[:1] }),
		grant("another argument", "The parent names a reference, the child a remark.", denied, func(_, c *attest.Grant) {
			c.Arguments = slices.Clone(c.Arguments)
			c.Arguments[1].Name = "remark"
		}),
		grant("a higher amount", "Each argument is compared.", denied, func(_, c *attest.Grant) { *c = cast.Payments("100.01") }),
		grant("uses without a limit", "The parent has three.", denied, func(p, _ *attest.Grant) { p.MaxUses = 3 }),
		grant("more uses", "The parent has three.", denied, func(p, c *attest.Grant) { p.MaxUses, c.MaxUses = 3, 4 }),
		grant("as many uses", "Three of three.", "allowed", func(p, c *attest.Grant) { p.MaxUses, c.MaxUses = 3, 3 }),
		grant("uses where the parent has no limit", "A child may be limited more.", "allowed", func(_, c *attest.Grant) { c.MaxUses = 3 }),
		grant("without the budget", "The parent has a budget.", denied, func(p, _ *attest.Grant) { p.Budget = budget("amount", "10.00", "EUR") }),
		grant("a higher budget", "The parent's is 10 EUR.", denied, func(p, c *attest.Grant) {
			p.Budget, c.Budget = budget("amount", "10.00", "EUR"), budget("amount", "10.01", "EUR")
		}),
		grant("a budget of another unit", "Not the parent's unit.", denied, func(p, c *attest.Grant) {
			p.Budget, c.Budget = budget("amount", "10.00", "EUR"), budget("amount", "1.00", "USD")
		}),
		grant("a budget over another argument", "Not the parent's argument.", denied, func(p, c *attest.Grant) {
			p.Budget, c.Budget = budget("amount", "10.00", "EUR"), budget("reference", "1.00", "EUR")
		}),
		grant("a lower budget", "9 of 10 EUR.", "allowed", func(p, c *attest.Grant) {
			p.Budget, c.Budget = budget("amount", "10.00", "EUR"), budget("amount", "9.00", "EUR")
		}),
		{"containment/grant, in none of several", "d5.grants", "Two grants that together would do, and neither does.", denied, func(s *scene) cast.Sent {
			w := s.principalWarrant(reports("count", between(1, 5)), reports("count", between(6, 9)))
			below := s.Child(w, s.allow(s.Sign(s.principal, w)), s.Reconciler, s.Bystander)
			below.Grants = []attest.Grant{reports("count", between(4, 7))}
			return s.Sign(s.Reconciler, below)
		}},
		{"containment/grant, in the second of several", "d5.grants", "One of the parent's grants contains it.", "allowed", func(s *scene) cast.Sent {
			w := s.principalWarrant(reports("count", between(1, 5)), reports("count", between(6, 9)))
			below := s.Child(w, s.allow(s.Sign(s.principal, w)), s.Reconciler, s.Bystander)
			below.Grants = []attest.Grant{reports("count", between(7, 8))}
			return s.Sign(s.Reconciler, below)
		}},
		{"containment/grant, acted under though wider", "d5.grants", "The wider child was denied; so is every action under it, and it debits nothing.", "human_delegated, denied d5.grants reference.denied", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("100.00"))
			below := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments)
			below.Grants = []attest.Grant{cast.Payments("1000.00")}
			id := s.deny(s.Sign(s.Orchestrator, below), "d5.grants")
			return s.asPayments(s.Transfer(s.Payments, id, "50.00"))
		}},
		{"containment/grant, acted under beyond the parent", "warrant.outside", "Every link is asked: what the parent does not permit is outside, whatever the child says.", "human_delegated, denied d5.grants reference.denied warrant.outside", func(s *scene) cast.Sent {
			w := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("100.00"))
			below := s.Child(w, s.allow(s.Sign(s.Treasurer, w)), s.Orchestrator, s.Payments)
			below.Grants = []attest.Grant{cast.Payments("1000.00")}
			id := s.deny(s.Sign(s.Orchestrator, below), "d5.grants")
			return s.asPayments(s.Transfer(s.Payments, id, "500.00"))
		}},
	}
}
