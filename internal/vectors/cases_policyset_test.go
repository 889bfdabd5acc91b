package vectors_test

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/policy"
)

// setCases are policy sets that load and that do not: what is at a limit and what
// is over it by one, what looks like too much and is not, and what Deed asks of a
// schema.
func setCases() []policySet {
	return slices.Concat(sizeCases(), nestingCases(), effortCases(), policyTextCases(), schemaSizeCases(), schemaCases(), entitiesCases())
}

// accepted is a set that loads.
func accepted(name, why string, changes ...change) policySet {
	return policySet{Name: name, Why: why, Changes: changes}
}

// refused is one that is refused in a part.
func refused(part setPart, name, why string, changes ...change) policySet {
	return policySet{Name: name, Why: why, Changes: changes, Refused: part}
}

// boundary is a set at a limit, and the same over it by one.
func boundary(part setPart, name, why string, limit int, changes func(n int) []change) []policySet {
	return []policySet{
		accepted(name+", at the limit", why, changes(limit)...),
		refused(part, name+", over the limit", why, changes(limit+1)...),
	}
}

// whole replaces a part.
func whole(part setPart, text string) change { return change{Part: part, New: text} }

// in replaces something in a part.
func in(part setPart, old, text string) change { return change{Part: part, Old: old, New: text} }

// times repeats what a change puts in place.
func (c change) times(n int) change {
	c.Times = n
	return c
}

// padded is a text in which spaces stand for "~", as many as make it n bytes.
func padded(part setPart, text string, n int) []change {
	return []change{whole(part, text), in(part, "~", " ").times(n - len(text) + 1)}
}

// rule is a policy for every request, under a condition in which "~" stands for
// what is repeated.
func rule(condition string) change {
	return whole("policies", `@id("a") permit (principal, action, resource) when { `+condition+` };`)
}

// repeated is a policy with a condition of which a part stands there n times.
func repeated(condition, part string, n int) []change {
	return []change{rule(condition), in("policies", "~", part).times(n)}
}

// nodes declares entities that lead to others, so that accesses can be as long as
// one likes.
var nodes = in("schema", "namespace Deed {", "namespace Deed { entity Node = { next: Node, the_next: Node };")

const node = `Deed::Node::"x"`

func sizeCases() []policySet {
	size := func(part setPart, text string, most int) []policySet {
		return boundary(part, "bytes of the "+string(part), "Each part has a size.", most, func(n int) []change { return padded(part, text, n) })
	}
	const small = `@id("a") permit (principal, action, resource);`
	return slices.Concat(
		size("policies", small+"~", 256<<10), size("entities", "[~]", 256<<10),
		boundary("schema", "bytes of the schema", "Each part has a size.", 64<<10, func(n int) []change {
			return []change{in("schema", "namespace Deed {", "~ namespace Deed {"), in("schema", "~", " ").times(n - len(policy.Default().Schema) - 1)}
		}),
		boundary("policies", "bytes of a policy", "A policy has a size, with what stands before it.", 64<<10, func(n int) []change {
			return padded("policies", `@id("a") permit (principal, action, resource) when {~true };`, n)
		}),
		boundary("policies", "policies", "A set has so many policies.", 1024, func(n int) []change {
			return []change{whole("policies", `@id("p#") permit (principal, action, resource);`).times(n)}
		}),
		[]policySet{
			accepted("two policies of 40 KiB", "Each is within the limit.",
				whole("policies", `@id("p#") permit (principal, action, resource) when { 0 <~1 };`).times(2),
				in("policies", "~", " ").times(40<<10), in("policies", "~", " ").times(40<<10)),
			refused("policies", "policies that are not UTF-8", "The bytes stand in a comment.", change{Part: "policies", Hex: "2f2f20ff"}),
			refused("schema", "a schema that is not UTF-8", "The bytes stand in a comment.",
				in("schema", "namespace Deed {", "~\nnamespace Deed {"), change{Part: "schema", Old: "~", Hex: "2f2f20ff"}),
			refused("entities", "entities that are not UTF-8", "The bytes stand in a name.",
				whole("entities", `[{"uid":{"type":"Deed::Group","id":"~"},"attrs":{},"parents":[]}]`), change{Part: "entities", Old: "~", Hex: "ff"}),
		},
	)
}

// nested is a condition in which "~" stands for n opening brackets and "%" for as
// many that close; the one of when is around them.
func nested(condition, open, end string, n int) []change {
	return []change{rule(condition), in("policies", "~", open).times(n), in("policies", "%", end).times(n)}
}

func nestingCases() []policySet {
	const most = 64
	row := func(name, part string) policySet {
		return accepted(name, "Brackets that are closed do not count.", repeated("true~", " && "+part, most+6)...)
	}
	return slices.Concat(
		boundary("policies", "parentheses in each other", "Brackets nest.", most, func(n int) []change { return nested("~true%", "(", ")", n-1) }),
		boundary("policies", "braces in each other", "Brackets nest.", most, func(n int) []change { return nested("~1% has a", "{a:", "}", n-1) }),
		boundary("policies", "brackets of several kinds in each other", "Brackets nest.", most, func(n int) []change {
			sets := strings.Repeat("[", 10) + "1" + strings.Repeat("]", 10)
			return nested("~"+sets+" == "+sets+"%", "(", ")", n-11)
		}),
		boundary("schema", "angles in each other in a schema", "They nest types there.", most, func(n int) []change {
			return []change{in("schema", "namespace Deed {", "namespace Deed { type Deep = ~Long%;"), in("schema", "~", "Set<").times(n - 1), in("schema", "%", ">").times(n - 1)}
		}),
		[]policySet{
			row("parentheses beside each other", "(true)"), row("brackets beside each other", "[1] == [1]"), row("braces beside each other", "{a: 1} == {a: 1}"),
			row("less than", "1 < 2"),
			refused("policies", "parentheses in each other with greater than", "It closes nothing in a policy.", nested("~true%", "(2 > 1 && ", ")", most)...),
			accepted("brackets in a string", "What is quoted does not count.", repeated(`context.phase == "~"`, "(", most+6)...),
			accepted("brackets after a quote in a string", "An escaped quote does not end it.", repeated(`context.phase == "\"~"`, "(", most+6)...),
			accepted("brackets in a comment of a schema", "What is commented out does not count.",
				in("schema", "namespace Deed {", "/*~*/ namespace Deed {"), in("schema", "~", "{").times(most+6)),
			accepted("brackets in a comment", "What is commented out does not count.", repeated("true //~\n", "(", most+6)...),
			accepted("brackets in a comment with an end", "What is commented out does not count.", repeated("true /*~*/", "(", most+6)...),
			refused("policies", "brackets after a backslash in a string", "An escaped backslash escapes no quote.", nested(`context.phase == "\\" && ~true%`, "(", ")", most)...),
			refused("policies", "a bracket that closes nothing", "It is no Cedar.", rule("true )")),
		},
	)
}

func effortCases() []policySet {
	const chain, is, has = 16, 8, 32
	const why = "Accesses in a row are counted."
	end := " == " + node
	access := func(name, condition, part string) []policySet {
		return boundary("policies", name, why, chain, func(n int) []change { return append(repeated(condition, part, n), nodes) })
	}
	over := func(name, why, condition string) policySet {
		return refused("policies", name, why, rule(condition), nodes)
	}
	next := func(n int) string { return strings.Repeat(".next", n) }
	tests := func(n int) string { return node + " has next" + next(n-1) }
	return slices.Concat(
		access("accesses", node+"~"+end, ".next"),
		access("accesses in brackets", node+"~"+end, `["next"]`),
		access("accesses with an underscore in them", node+"~"+end, ".the_next"),
		boundary("policies", "uses of is", "They are counted by policy.", is, func(n int) []change { return repeated("true~", " && principal is Deed::Agent", n) }),
		boundary("policies", "uses of has", "They are counted by policy.", has, func(n int) []change { return repeated("true~", " && context has target", n) }),
		[]policySet{
			over("accesses with white space between them", why, node+next(5)+" "+next(3)+"\t"+next(3)+"\r"+next(3)+"\n"+next(3)+end),
			over("accesses through parentheses", why, "("+node+next(10)+")"+next(7)+end),
			over("accesses through parentheses with less after", "The longest in the parentheses counts.", "(if "+node+next(10)+end+" then "+node+" else "+node+next(1)+")"+next(7)+end),
			over("accesses after parentheses", why, node+next(10)+" == ("+node+")"+next(17)),
			accepted("accesses on both sides", "A comparison begins anew.", rule(node+next(10)+" == ("+node+next(2)+")"+next(7)), nodes),
			accepted("accesses after each other", "Each expression begins anew.", rule(node+next(10)+end+" && "+node+next(10)+end), nodes),
			over("has with paths", "has a.b.c is three tests.", tests(11)+" && "+tests(11)+" && "+tests(11)),
			accepted("has with short paths", "has a.b.c is three tests, and what follows is none.",
				rule(tests(10)+" && "+tests(10)+" && "+tests(10)+" && "+node+next(10)+end), nodes),
			accepted("uses of is in two policies", "They are counted by policy.",
				whole("policies", `@id("p#") permit (principal, action, resource) when { true~ };`).times(2),
				in("policies", "~", " && principal is Deed::Agent").times(5), in("policies", "~", " && principal is Deed::Agent").times(5)),
		},
	)
}

func policyTextCases() []policySet {
	policies := func(name, why, text string) policySet { return refused("policies", name, why, whole("policies", text)) }
	const all = " permit (principal, action, resource);"
	return []policySet{
		accepted("the default set", "As a new log has it."),
		policies("no @id", "A policy is named.", all),
		policies("an @id with a capital", "[a-z0-9_/-]{1,64}.", `@id("Org")`+all),
		policies("an @id of 65 letters", "[a-z0-9_/-]{1,64}.", `@id("`+strings.Repeat("a", 65)+`")`+all),
		policies("one @id twice", "A decision names its policies.", `@id("a")`+all+` @id("a") forbid (principal, action, resource);`),
		policies("the @id of a warrant", "It is of the policies that warrants are compiled to.", `@id("warrant/0/window")`+all),
		policies("a template", "There are none.", `@id("a") permit (principal == ?principal, action, resource);`),
		policies("a policy that never applies", "No action takes a group as its principal.", `@id("a") permit (principal is Deed::Group, action, resource);`),
		policies("an argument that is not tested for", "It is optional.", `@id("a") permit (principal, action == Deed::Action::"mail.send", resource) when { context.args.to == "x" };`),
	}
}

// sized declares a type of so many types, in n levels of records that have width
// members each.
func sized(name string, levels, width int) string {
	member := "Long"
	var b strings.Builder
	for level := range levels {
		names := make([]string, width)
		for i := range names {
			names[i] = string(rune('a'+i)) + "?: " + member
		}
		member = name + strings.Repeat("x", level)
		b.WriteString("type " + member + " = {" + strings.Join(names, ", ") + "}; ")
	}
	return b.String() + "type " + name + "all = { a?: " + member + ", b?: " + member + ", c?: " + member + ", d?: " + member + " }; "
}

func schemaSizeCases() []policySet {
	head := func(text string) change { return in("schema", "namespace Deed {", text) }
	const why = "A common type is counted wherever it is named."
	big := sized("T", 4, 8) // 18,725 types
	levels := func(open, end string) func(n int) []change {
		return func(n int) []change {
			return []change{head("namespace Deed { entity E = { e?: ~Long% };"), in("schema", "~", open).times(n - 1), in("schema", "%", end).times(n - 1)}
		}
	}
	return slices.Concat(
		boundary("schema", "records in each other", "Types have levels.", 10, levels("{a?: ", "}")),
		boundary("schema", "sets in each other", "Types have levels.", 10, levels("Set<", ">")),
		boundary("schema", "declarations", "Entity types and actions are counted.", 1024, func(n int) []change {
			return []change{head("namespace Deed { ~"), in("schema", "~", "entity E#; ").times(n - 9)}
		}),
		boundary("schema", "environments", "Each policy is checked in every combination of principal, action and resource.", 512, func(n int) []change {
			return []change{rule("true"), head("namespace Deed { ~"), in("schema", "~", `action "x#" appliesTo { principal: [Agent], resource: [Group], context: {} }; `).times(n - 6)}
		}),
		[]policySet{
			refused("schema", "types in a namespace", why, head("namespace Deed { "+big+"entity E = { e?: Tall };")),
			refused("schema", "types outside of namespaces", why, head(big+"namespace Deed { entity E = { e?: Tall };")),
			refused("schema", "types of another namespace", why, head("namespace Acme { "+big+"} namespace Deed { entity E = { e?: Acme::Tall };")),
			refused("schema", "types of a set", why, head("namespace Deed { "+big+"entity E = { e?: Set<Tall> };")),
			refused("schema", "types of tags", why, head("namespace Deed { "+big+"entity E tags Tall;")),
			refused("schema", "types of a context", why, head("namespace Deed { "+big+`action "x" appliesTo { principal: [Group], resource: [Group], context: { e?: Tall } };`)),
			accepted("types that nothing has", "They are not copied.", head("namespace Deed { "+big)),
		},
	)
}

func schemaCases() []policySet {
	replaced := func(name, why, old, text string) policySet {
		return refused("schema", name, why, in("schema", old, text))
	}
	const facts = "A schema takes the facts that Deed supplies."
	actions := func(name, why, text string) policySet {
		return accepted(name, why, rule("true"), in("schema", `  action "mail.send"`, "  "+text+"\n  action \"mail.send\""))
	}
	return []policySet{
		replaced("a schema that is none", "It does not parse.", "namespace Deed {", "namespace {"),
		replaced("a type that is not there", "It does not resolve.", "path: String", "path: Text"),
		replaced("agents without an attribute", facts, "suspended: Bool", "halted: Bool"),
		replaced("resources without an attribute", facts, "id: String, ", "name: String, "),
		replaced("an owner that has to be there", facts, "owner?: String", "owner: String"),
		replaced("a context without a fact", facts, "names: Set<String>, at: Long,", "names: Set<String>,"),
		replaced("a context with another fact", facts, "names: Set<String>, at: Long,", "names: Set<String>, at: Long, risk: Long,"),
		accepted("a context with another fact that is optional", "It never comes.", in("schema", "names: Set<String>, at: Long,", "names: Set<String>, at: Long, risk?: Long,")),
		replaced("a fact of another type", facts, "approvals: Long", "approvals: String"),
		replaced("a target that has to be there", facts, "target?: Target", "target: Target"),
		replaced("a target of another type", facts, "target?: Target", "target?: String"),
		accepted("an argument that has to be there", "The arguments are the organisation's to declare.", in("schema", "{ to?: String,", "{ to: String,")),
		replaced("an action without args", facts, "args: { to?: String, subject?: String },", ""),
		replaced("args that are no record", facts, "args: { to?: String, subject?: String },", "args: String,"),
		replaced("an action of another namespace", "An action of agents is in the namespace Deed.", "namespace Deed {",
			`namespace Acme { action "x" appliesTo { principal: [Deed::Agent], resource: [Deed::Resource], context: {
  args: {}, names: Set<String>, at: Long, phase: String, mode: String, reversible: Bool, target?: Deed::Target, credential: String,
  warrant: Deed::Warrant, approvals: Long, approvers: Set<String>, human: Deed::Human } }; }`+"\nnamespace Deed {"),
		{Name: "no action", Why: "Agents could ask for nothing.", Refused: "schema", Changes: []change{
			whole("schema", `namespace Deed { entity Group in [Group]; entity Agent in [Group] = { trust_domain: String, path: String, owner?: String, registered: Bool, suspended: Bool }; entity Resource in [Group] = { kind: String, id: String }; }`),
		}},
		actions("a group of actions", "Nobody asks for a group.", `action "mail";`),
		actions("an action of groups", "Agents do not ask for it.", `action "merge" appliesTo { principal: [Group], resource: [Resource], context: {} };`),
		actions("an action on groups", "Agents do not ask for it.", `action "join" appliesTo { principal: [Agent], resource: [Group], context: {} };`),
	}
}

func entitiesCases() []policySet {
	entity := func(kind, attributes, parents string) string {
		return `[{"uid":{"type":"Deed::` + kind + `","id":"x"},"attrs":` + attributes + `,"parents":[` + parents + `]}]`
	}
	entities := func(name, why, text string) policySet { return refused("entities", name, why, whole("entities", text)) }
	const group = `{"type":"Deed::Group","id":"g"}`
	const only = "What agents and resources are comes from verified facts."
	return []policySet{
		entities("entities that are an object", "They are an array.", "{}"),
		entities("entities that are null", "They are an array.", "null"),
		entities("entities of no bytes", "They are an array.", ""),
		entities("entities that are cut off", "They are an array.", "["),
		entities("an entity of no type", "The schema allows it.", entity("Robot", "{}", "")),
		entities("an entity with an attribute", "The schema allows it.", entity("Group", `{"a":1}`, "")),
		entities("an entity in an agent", "The schema allows it.", entity("Group", "{}", `{"type":"Deed::Agent","id":"y"}`)),
		entities("an agent with an attribute", only, entity("Agent", `{"registered":true}`, "")),
		entities("a resource with an attribute", only, entity("Resource", `{"kind":"x"}`, "")),
		refused("entities", "an agent with a tag", only, in("schema", "};", "} tags String;"), whole("entities", strings.TrimSuffix(entity("Agent", "{}", ""), "}]")+`,"tags":{"a":"b"}}]`)),
		accepted("an agent in a group", "Agents have parents.", whole("entities", entity("Agent", "{}", group))),
		accepted("a resource in a group", "Resources have parents.", whole("entities", entity("Resource", "{}", group))),
		accepted("entities after white space", "They are an array.", whole("entities", " \t\r\n[]")),
		accepted("groups in a circle", "Each is in the other.", whole("entities", entity("Group", "{}", `{"type":"Deed::Group","id":"x"}`))),
	}
}
