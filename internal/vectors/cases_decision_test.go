package vectors_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
)

// A wantedDecision is a case with the answer in short: "allowed", or the faults,
// then "reversible", then the grants of each link.
type wantedDecision struct {
	decisionCase
	want string
}

// got is the answer in short.
func (c wantedDecision) got() string {
	answer := strings.Join(c.Decision.Faults, " ")
	if c.Decision.Allow {
		answer = "allowed"
	}
	if c.Undoable {
		answer += " reversible"
	}
	for _, granted := range c.Decision.Granted {
		answer += fmt.Sprint(" ", granted)
	}
	return answer
}

// decisionCases are requests to the default set, to others, and to warrants.
func decisionCases() []wantedDecision {
	return slices.Concat(factCases(), requestCases(), groupCases(), reversibleCases(), warrantCases(), constraintCases())
}

// transfer is the request of the file.
func transfer() asking {
	var a asking
	a.Agent.ID, a.Agent.TrustDomain, a.Agent.Path = "spiffe://acme.example/agent/payments", "acme.example", "/agent/payments"
	a.Agent.Owner, a.Agent.Registered = "treasurer", true
	a.Action, a.Resource = "payments.transfer", attest.Resource{Kind: "bank_account", ID: "iban/DE/nordlicht/DE02120300000000202051"}
	a.Open = []opening{{"amount", attest.Money("1999.00", "EUR")}, {"reference", attest.Text("INV/2026/09/0117")}}
	a.At, a.Phase, a.Mode, a.Credential = 1790150472398, "intent", "gate", "none"
	a.Target = &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}
	a.Warrant.Present, a.Warrant.Depth, a.Warrant.Basis = true, 0, "human_instruction"
	a.Warrant.Accountable, a.Warrant.Purpose = "treasurer", "vendor_payment"
	return a
}

// transfers is a warrant for transfers with arguments that these constraints allow.
func transfers(depth int, arguments ...attest.Argument) policyWarrant {
	return policyWarrant{Depth: depth, NotBefore: 1790150400000, Expires: 1790236800000, Grants: []attest.Grant{{
		Actions: []string{"payments.quote", "payments.transfer"}, Arguments: arguments,
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE/nordlicht"}},
	}}}
}

// upTo is a warrant for the request of the file up to a limit in EUR.
func upTo(depth int, limit string) policyWarrant {
	return transfers(depth, attest.Argument{Name: "amount", Constraint: attest.Constraint{DecimalMax: &attest.Amount{Decimal: limit, Unit: "EUR"}}},
		attest.Argument{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026/09"}})
}

// decision is a case about the request with a patch.
func decision(name, why, want, patch string, warrants ...policyWarrant) wantedDecision {
	return wantedDecision{decisionCase{Name: name, Why: why, Request: jsontext.Value(patch), Warrants: warrants}, want}
}

// under is a case with changes to the default set.
func (c wantedDecision) under(changes ...change) wantedDecision {
	c.Changes = changes
	return c
}

// before puts policies before those of the default set.
func before(policies ...string) change {
	const first = `@id("org/within-warrant")`
	return in("policies", first, strings.Join(policies, "\n")+"\n"+first)
}

// alone is a case in which no set is in force: only the warrants are asked.
func (c wantedDecision) alone() wantedDecision {
	c.None = true
	return c
}

// factCases have policies that ask for facts.
func factCases() []wantedDecision {
	forbid := func(name, why, want, unless string) wantedDecision {
		return decision(name, why, want+" [0]", `{}`, upTo(0, "5000.00")).under(before(`@id("x") forbid (principal, action, resource) unless { ` + unless + " };"))
	}
	return []wantedDecision{
		decision("a transfer within the warrant", "The agent is registered, the warrant permits.", "allowed [0]", `{}`, upTo(0, "5000.00")),
		decision("an agent that is not registered", "org/registered-agents.", "policy.denied [0]", `{"agent":{"registered":false}}`, upTo(0, "5000.00")),
		decision("a sealed amount", "It counts as large.", "policy.denied warrant.outside []", `{"open":[{"name":"reference","value":"INV/2026/09/0117"}],"sealed":["amount"]}`, upTo(0, "5000.00")),
		forbid("context as a whole", "It stands for every fact.", "allowed", `(if context.reversible then context else context).at > 0`),
		forbid("context in a record", "It stands for every fact.", "allowed", `{c: context}.c.mode == "gate"`),
		forbid("an attribute of the agent with the name of a fact", "principal.path is not of the context.", "allowed", `principal.path == "/agent/payments" && context.names.contains("amount")`),
		forbid("no approver", "The set is empty.", "allowed", `context.approvers.isEmpty() && context.approvals == 0 && context.human.binding == 0`),
		forbid("a scope of agents in a group", "It is in none: the rule is not asked, nor does it err.", "allowed", `true`).
			under(before(`@id("x") forbid (principal is Deed::Agent in Deed::Group::"g", action, resource);`)),
		decision("a rule that errs", "An error denies, and is not an evaluation.", "policy.error [0]", `{}`, upTo(0, "5000.00")).
			under(before(`@id("x") forbid (principal, action, resource) when { context.at + 9223372036854775807 > 0 };`)),
	}
}

// requestCases are requests that the schema does not declare, and some that no
// statement could make.
func requestCases() []wantedDecision {
	const never = "No statement could make this request."
	return []wantedDecision{
		decision("an action that is not declared", "The schema does not have it.", "policy.action", `{"action":"payments.burn","warrant":{"present":false}}`),
		decision("an argument that is not declared", "The schema does not have it.", "policy.action", `{"open":[{"name":"memo","value":"x"}],"warrant":{"present":false}}`),
		decision("an argument of another type", "The schema has another.", "policy.action", `{"open":[{"name":"amount","value":"1999.00"}],"warrant":{"present":false}}`),
		decision("a group of actions that is asked for", "It is no action.", "policy.action", `{"action":"mail","open":[],"warrant":{"present":false}}`).
			under(in("schema", `  action "mail.send"`, "  action \"mail\";\n  action \"mail.send\" in [\"mail\"]")),
		decision("a warrant that is not there", "One is claimed and none permits.", "warrant.outside", `{}`),
		decision("no set in force", "Nothing is allowed.", "policy.none [0]", `{}`, upTo(0, "5000.00")).alone(),
		decision("no agent", never, "policy.action []", `{"agent":{"id":""}}`, upTo(0, "5000.00")),
		decision("an action that is none", never, "policy.action []", `{"action":"Pay!"}`, transfers(0)),
		decision("a resource that is no path", never, "policy.action []", `{"resource":{"id":"iban/DE/nordlicht/../x"}}`, upTo(0, "5000.00")),
		decision("a resource of no kind", never, "policy.action []", `{"resource":{"kind":""}}`, upTo(0, "5000.00")),
		decision("no time", never, "policy.action []", `{"at":0}`, upTo(0, "5000.00")),
		decision("an argument that is open and sealed", never, "policy.action []", `{"sealed":["amount"]}`, upTo(0, "5000.00")),
	}
}

// groupCases are entities that put agents, resources and actions into groups.
func groupCases() []wantedDecision {
	const policies = `@id("x") forbid (principal, action in Deed::Action::"payments", resource) unless {
  principal in Deed::Group::"top" && resource in Deed::Group::"accounts" };`
	actions := in("schema", `"payments.refund" appliesTo`, `"payments.refund" in ["payments"] appliesTo`)
	group := func(kind, id, parents string) string {
		return `{"uid":{"type":"Deed::` + kind + `","id":"` + id + `"},"attrs":{},"parents":[{"type":"Deed::Group","id":"` + parents + `"}]}`
	}
	const id = "spiffe://acme.example/agent/payments"
	agent, account := group("Agent", id, "g0"), group("Resource", "bank_account/iban/DE/nordlicht/DE02120300000000202051", "accounts")
	set := func(name, why, want string, entities ...string) wantedDecision {
		return decision(name, why, want+" [0]", `{}`, upTo(0, "5000.00")).under(before(policies), actions,
			in("schema", "namespace Deed {", "namespace Deed {\n  action \"payments\";"), whole("entities", "["+strings.Join(entities, ",")+"]"))
	}
	var line []string // g0 in g1, which is in g2, and so on
	for n := range 40 {
		line = append(line, group("Group", fmt.Sprint("g", n), fmt.Sprint("g", n+1)))
	}
	deep := append(slices.Clone(line), group("Group", "g40", "top"), agent, account)
	scopes := in("policies", "~", `@id("p#") permit (principal in Deed::Group::"h#", action == Deed::Action::"mail.send", resource);`+"\n").times(70)
	circle := slices.Concat(line, []string{group("Group", "g40", "g0"), agent, account})
	return []wantedDecision{
		set("in both groups", "An agent is in the groups of its groups.", "allowed", agent, group("Group", "g0", "top"), account),
		set("in no group", "The agent is not.", "policy.denied", account),
		set("a resource in no group", "The account is not.", "policy.denied", agent, group("Group", "g0", "top")),
		set("in a circle", "Groups that are in each other are in no other by that.", "policy.denied", circle...),
		decision("in the scope of a group far up", "Groups lie in each other however deep.", "policy.denied [0]", `{}`, upTo(0, "5000.00")).
			under(before(`@id("z") forbid (principal in Deed::Group::"top", action, resource);`, "~"), scopes, whole("entities", "["+strings.Join(deep, ",")+"]")),
		decision("in the scope of a type and a group", "Both hold.", "policy.denied [0]", `{}`, upTo(0, "5000.00")).
			under(before(`@id("z") forbid (principal is Deed::Agent in Deed::Group::"top", action, resource is Deed::Resource in Deed::Group::"accounts");`),
				whole("entities", "["+agent+","+group("Group", "g0", "top")+","+account+"]")),
		decision("a group that is named by a warrant as an action", "Warrants do not see the groups of the organisation.", "warrant.outside []", `{}`,
			policyWarrant{NotBefore: 1790150400000, Expires: 1790236800000, Grants: []attest.Grant{{Actions: []string{"payments"},
				Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban"}}, Arguments: upTo(0, "5000.00").Grants[0].Arguments}}}).
			under(actions, in("schema", "namespace Deed {", "namespace Deed {\n  action \"payments\";")),
	}
}

// reversibleCases are actions that can be undone, and that cannot.
func reversibleCases() []wantedDecision {
	const first, transfers = "namespace Deed {", `  action "payments.quote", "payments.transfer", "payments.refund" appliesTo`
	among := func(name, why, want, actions, group string) wantedDecision {
		return decision(name, why, want+" [0]", `{}`, upTo(0, "5000.00")).under(in("schema", first, first+"\n  "+actions),
			in("schema", transfers, strings.TrimSuffix(transfers, "appliesTo")+group+"appliesTo"))
	}
	return []wantedDecision{
		among("among what can be undone", "The schema has it in the group.", "allowed reversible", `action "reversible";`, `in ["reversible"] `),
		among("in a group of what can be undone", "The group is in the group.", "allowed reversible", `action "reversible"; action "drafts" in ["reversible"];`, `in ["drafts"] `),
		among("in another group", "It is not the one of what can be undone.", "allowed", `action "reversible"; action "drafts";`, `in ["drafts"] `),
		decision("the group of what can be undone itself", "It is an action, and not in itself.", "policy.denied", `{"action":"reversible","open":[],"warrant":{"present":false}}`).
			under(in("schema", `"payments.refund" appliesTo`, `"payments.refund", "reversible" appliesTo`)),
	}
}

// warrantCases are chains, denials and times.
func warrantCases() []wantedDecision {
	never := func(d attest.Denial) policyWarrant {
		w := upTo(0, "5000.00")
		w.Never = []attest.Denial{{Actions: []string{"payments.refund"}}, d}
		return w
	}
	account := func(path string) *attest.Match {
		return &attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: path}}
	}
	several := upTo(0, "100.00")
	several.Grants = append(several.Grants, upTo(0, "5000.00").Grants[0], upTo(0, "2000.00").Grants[0])
	resource := func(c attest.Constraint) policyWarrant {
		w := upTo(0, "5000.00")
		w.Grants[0].Resource.Match = c
		return w
	}
	exact := func(id string) attest.Constraint { v := attest.Text(id); return attest.Constraint{Exact: &v} }
	one := func(ids ...string) (c attest.Constraint) {
		for _, id := range ids {
			c.OneOf = append(c.OneOf, attest.Text(id))
		}
		return c
	}
	const here = "iban/DE/nordlicht/DE02120300000000202051"
	return []wantedDecision{
		decision("two links", "Both permit.", "allowed [0] [0]", `{}`, upTo(0, "5000.00"), upTo(1, "4000.00")),
		decision("two links, one too narrow", "Each link is asked.", "warrant.outside [0] []", `{}`, upTo(0, "5000.00"), upTo(1, "1000.00")),
		decision("two links, the root too narrow", "A child cannot widen.", "warrant.outside [] [0]", `{}`, upTo(0, "1000.00"), upTo(1, "4000.00")),
		decision("several grants", "All that permit are named.", "allowed [1 2]", `{}`, several),
		decision("never, on any resource", "It forbids.", "warrant.outside []", `{}`, never(attest.Denial{Actions: []string{"payments.transfer"}})),
		decision("never, on this resource", "It forbids.", "warrant.outside []", `{}`, never(attest.Denial{Actions: []string{"payments.transfer"}, Resource: account("iban/DE")})),
		decision("never, on another resource", "It does not forbid.", "allowed [0]", `{}`, never(attest.Denial{Actions: []string{"payments.transfer"}, Resource: account("iban/FR")})),
		decision("the first moment", "not_before is within.", "allowed [0]", `{"at":1790150400000}`, upTo(0, "5000.00")),
		decision("before the first moment", "not_before is within.", "warrant.outside []", `{"at":1790150399999}`, upTo(0, "5000.00")),
		decision("the last moment", "expires is without.", "allowed [0]", `{"at":1790236799999}`, upTo(0, "5000.00")),
		decision("after the last moment", "expires is without.", "warrant.outside []", `{"at":1790236800000}`, upTo(0, "5000.00")),
		decision("an argument that the grant does not name", "It is sealed, and counts.", "warrant.outside []", `{"sealed":["memo"]}`, upTo(0, "5000.00")),
		decision("exactly the resource", "The ID is equal.", "allowed [0]", `{}`, resource(exact(here))),
		decision("not exactly the resource", "The ID is not equal.", "warrant.outside []", `{}`, resource(exact("iban/DE/nordlicht"))),
		decision("one of the resources", "The ID is one of them.", "allowed [0]", `{}`, resource(one("iban/DE", here))),
		decision("none of the resources", "The ID is none of them.", "warrant.outside []", `{}`, resource(one("iban/DE", "iban/FR"))),
		decision("a resource of another kind", "The kind is not equal.", "warrant.outside []", `{"resource":{"kind":"mailbox"}}`, upTo(0, "5000.00")),
		decision("no arguments", "None is named and none is there.", "policy.none [0]", `{"open":[]}`, transfers(0)).alone(),
		decision("no arguments, and one is there", "None is named.", "policy.none warrant.outside []", `{"open":[],"sealed":["memo"]}`, transfers(0)).alone(),
	}
}

// An argumentCase is a constraint, values that it accepts, and values that it does not.
type argumentCase struct {
	name             string
	k                attest.Constraint
	accepts, refuses []attest.Value
}

func argumentCases() []argumentCase {
	all := func(k ...attest.Constraint) attest.Constraint { return attest.Constraint{All: &k} }
	exact := func(v attest.Value) attest.Constraint { return attest.Constraint{Exact: &v} }
	truth := func(b bool) attest.Value { return attest.Value{Kind: attest.BoolValue, Bool: b} }
	values := func(v ...attest.Value) []attest.Value { return v }
	text, number, money, list := attest.Text, attest.Int, attest.Money, attest.List
	return []argumentCase{
		{"exact text", exact(text("a*\"\\ é~\U0001F600")), values(text("a*\"\\ é~\U0001F600")), values(text("ab"), number(1))},
		{"exact text with a control character, which no statement has", exact(text("a\ab")), values(text("a\ab")), values(text("ab"))},
		{"exact integer", exact(number(-5)), values(number(-5)), values(number(5), text("-5"))},
		{"exact boolean", exact(truth(true)), values(truth(true)), values(truth(false), text("true"))},
		{"exact amount", exact(money("12", "EUR")), values(money("12.0000", "EUR")), values(money("12", "USD"), money("12.0001", "EUR"), number(12))},
		{"exact list", exact(list("b", "a")), values(list("b", "a")), values(list("a", "b"), list("b", "a", "a"), text(`["b","a"]`))},
		{"one of", attest.Constraint{OneOf: values(text("a"), number(1), money("1", "EUR"), list("a"), list())},
			values(text("a"), number(1), money("1.00", "EUR"), list("a"), list()), values(text("1"), number(2), money("1", "USD"), list("a", "a"))},
		{"range", attest.Constraint{IntRange: &attest.IntRange{Min: -2, Max: 3}}, values(number(-2), number(3)), values(number(-3), number(4), text("0"))},
		{"at most", attest.Constraint{DecimalMax: &attest.Amount{Decimal: "99.9999", Unit: "EUR"}},
			values(money("99.9999", "EUR"), money("0", "EUR")), values(money("100", "EUR"), money("1", "USD"), number(1), text("1"), list("1"))},
		{"prefix", attest.Constraint{Prefix: "a*/b"}, values(text("a*/b"), text("a*/b/c/d")),
			values(text("aa/b/c"), text("a*/bc"), text("a*/b/"), text("a*/b/../c"), text("a*"), number(1))},
		{"domain", attest.Constraint{DomainSuffix: "acme.example"}, values(text("acme.example"), text("a.b.acme.example")),
			values(text("evilacme.example"), text("A.acme.example"), text(".acme.example"), list("acme.example"))},
		{"subset", attest.Constraint{Subset: []string{"a", "b"}}, values(list(), list("b", "a", "b")), values(list("a", "c"), text("a"))},
		{"anything", all(), values(text(""), number(0), list()), nil},
		{"all", all(all(), attest.Constraint{Prefix: "a"}, all(attest.Constraint{OneOf: values(text("a/b"), text("c"))})),
			values(text("a/b")), values(text("a"), text("c"), number(1))},
	}
}

// constraintCases ask each constraint about values, and about a sealed one.
func constraintCases() (out []wantedDecision) {
	for _, c := range argumentCases() {
		ask := func(what, name, want, patch string) {
			w := transfers(0, attest.Argument{Name: name, Constraint: c.k})
			out = append(out, decision(c.name+": "+what, "A constraint on one argument.", want, patch, w).alone())
		}
		open := func(name string, v attest.Value) string {
			doc, err := json.Marshal([]opening{{name, v}})
			if err != nil {
				panic(err)
			}
			return `{"open":` + string(doc) + `}`
		}
		for i, v := range c.accepts {
			ask(fmt.Sprintf("%s %d", v, i), "value", "policy.none [0]", open("value", v))
		}
		for i, v := range c.refuses {
			ask(fmt.Sprintf("not %s %d", v, i), "value", "policy.none warrant.outside []", open("value", v))
		}
		sealed := "policy.none warrant.outside []"
		if c.name == "anything" {
			sealed = "policy.none [0]"
		}
		ask("sealed", "value", sealed, `{"open":[],"sealed":["value"]}`)
	}
	for _, name := range []string{"if", "with-dash.and", "1st", "A_z9", "Ä"} {
		w := transfers(0, attest.Argument{Name: name, Constraint: attest.Constraint{OneOf: []attest.Value{attest.Text("a"), attest.List("a")}}})
		out = append(out, decision("an argument of the name "+name, "Whatever the name, the argument is found.", "policy.none [0]",
			`{"open":[{"name":"`+name+`","value":"a"}]}`, w).alone(),
			decision("a list of the name "+name, "Whatever the name, the argument is found.", "policy.none [0]",
				`{"open":[{"name":"`+name+`","value":["a"]}]}`, w).alone())
	}
	return out
}

// malformedWarrants are warrants that no statement holds.
func malformedWarrants() []malformedWarrant {
	two := attest.Constraint{Prefix: "a", DomainSuffix: "b"}
	deep := attest.Constraint{Prefix: "a"}
	for range 10 {
		deep = attest.Constraint{All: &[]attest.Constraint{deep}}
	}
	number := attest.Int(1)
	of := func(k attest.Constraint) policyWarrant {
		return transfers(0, attest.Argument{Name: "value", Constraint: k})
	}
	on := func(k attest.Constraint) policyWarrant {
		w := transfers(0)
		w.Grants[0].Resource.Match = k
		return w
	}
	action := transfers(0)
	action.Grants[0].Actions = []string{`x"`}
	return []malformedWarrant{
		{"a constraint of nothing", of(attest.Constraint{})},
		{"a constraint of two", of(two)},
		{"a constraint of anything and more, in all", of(attest.Constraint{All: &[]attest.Constraint{{All: &[]attest.Constraint{}, Prefix: "a"}}})},
		{"a constraint in ten others", of(deep)},
		{"a limit that is no amount", of(attest.Constraint{DecimalMax: &attest.Amount{Decimal: "1,5", Unit: "EUR"}})},
		{"a grant of what is no action", action},
		{"a resource that is not restricted", on(attest.Constraint{})},
		{"a resource restricted twice", on(attest.Constraint{Prefix: "a", OneOf: []attest.Value{attest.Text("a")}})},
		{"a resource in a domain", on(attest.Constraint{DomainSuffix: "acme.example"})},
		{"a resource that is a number", on(attest.Constraint{Exact: &number})},
	}
}
