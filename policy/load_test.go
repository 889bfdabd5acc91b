package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
)

// edit replaces once and fails when there is nothing to replace.
func edit(t *testing.T, text []byte, old, replacement string) []byte {
	t.Helper()
	if !strings.Contains(string(text), old) {
		t.Fatalf("no %q to replace", old)
	}
	return []byte(strings.Replace(string(text), old, replacement, 1))
}

func TestLoadDefault(t *testing.T) {
	set := mustLoad(t, Default())
	for _, action := range []string{"payments.quote", "payments.transfer", "payments.refund", "reports.reconcile", "mail.send", "data.read"} {
		if !set.Declares(action) {
			t.Errorf("the default schema does not declare %s", action)
		}
	}
	if set.Declares("payments") || set.Declares("") {
		t.Error("declares what it does not")
	}
	if !set.ID().Valid() || set.ID() != mustLoad(t, Default()).ID() || set.ID() == mustLoad(t, with("\n")).ID() {
		t.Errorf("id %s does not name the content", set.ID())
	}
}

// refusal is a change to the default set that Load must refuse, in which part
// and saying what.
type refusal struct {
	name    string
	change  func(*testing.T, *Source)
	field   string
	message string // in what was found or expected
}

func policiesOf(text string) func(*testing.T, *Source) {
	return func(_ *testing.T, s *Source) { s.Policies = []byte(text) }
}

func schemaOf(old, replacement string) func(*testing.T, *Source) {
	return func(t *testing.T, s *Source) { s.Schema = edit(t, s.Schema, old, replacement) }
}

func entitiesOf(text string) func(*testing.T, *Source) {
	return func(_ *testing.T, s *Source) { s.Entities = []byte(text) }
}

func TestLoadRefusesPolicies(t *testing.T) {
	refuses(t, []refusal{
		{"syntax", policiesOf("permit (principal, action, resource)"), "policies", "1:37"},
		{"line of syntax", policiesOf("\n\n@id(\"a\")\npermit (principal, action);"), "policies", "4:27"},
		{"no id", policiesOf("permit (principal, action, resource);"), "policies", "line 1"},
		{"bad id", policiesOf("\n@id(\"Org\") permit (principal, action, resource);"), "policies", `line 2: a policy needs an @id of [a-z0-9_/-]{1,64}, has "Org"`},
		{"long id", policiesOf(`@id("` + strings.Repeat("a", 65) + `") permit (principal, action, resource);`), "policies", "needs an @id"},
		{"id twice", policiesOf("@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);"), "policies", "line 2: a: its @id is used twice"},
		{"id of a warrant", policiesOf(`@id("warrant/0/window") permit (principal, action, resource);`), "policies", "warrant/0/window"},
		{"template", policiesOf(`@id("a") permit (principal == ?principal, action, resource);`), "policies", "1:32"},
		{"unknown attribute", policiesOf(`@id("a") permit (principal, action, resource) when { principal.age > 3 };`), "policies", "attribute `age` on entity type `Deed::Agent` not found"},
		{"unguarded argument", policiesOf(`@id("a") permit (principal, action == Deed::Action::"mail.send", resource) when { context.args.to == "x" };`), "policies", "optional attribute `args.to`"},
		{"type mismatch", policiesOf(`@id("a") permit (principal, action, resource) when { context.at == "now" };`), "policies", "line 1: a: the types Long and String are not compatible"},
		{"unknown action", policiesOf(`@id("a") permit (principal, action == Deed::Action::"mail.burn", resource);`), "policies", "line 1: a: unrecognized action"},
		{"unknown type", policiesOf(`@id("a") permit (principal == Deed::Robot::"x", action, resource);`), "policies", "line 1: a: unrecognized entity type"},
		{"not UTF-8", policiesOf("// \xff"), "policies", "UTF-8"},
		{"policies too large", policiesOf(strings.Repeat(" ", maxPolicies+1)), "policies", "262145"},
		{"a policy too large", policiesOf("@id(\"a\") permit (principal, action, resource);" + strings.Repeat("!", maxPolicy+1)), "policies", "65537"},
		{"too many policies", policiesOf(manyPolicies(maxCount + 1)), "policies", "1025"},
		{"schema too large", func(_ *testing.T, s *Source) { s.Schema = []byte(strings.Repeat(" ", maxSchema+1)) }, "schema", "65537"},
		{"entities too large", entitiesOf("[" + strings.Repeat(" ", maxEntities) + "]"), "entities", "262146"},
	})
}

func TestLoadRefusesSchemaAndEntities(t *testing.T) {
	refuses(t, []refusal{
		{"schema syntax", schemaOf("namespace Deed {", "namespace {"), "schema", "8:11"},
		{"schema type", schemaOf("path: String", "path: Text"), "schema", `undefined type "Text"`},
		{"schema of a type in itself", schemaOf("namespace Deed {", "namespace Deed { type T = { t: T }; entity E = { e?: T };"), "schema", "T"},
		{"schema without an attribute", schemaOf("suspended: Bool", "halted: Bool"), "schema", "Deed::Agent"},
		{"schema with owner required", schemaOf("owner?: String", "owner: String"), "schema", `Deed::Agent: missing required attribute "owner"`},
		{"schema without a fact", schemaOf("names: Set<String>, at: Long,", "names: Set<String>,"), "schema", `context.at is missing`},
		{"schema with another fact", schemaOf("names: Set<String>, at: Long,", "names: Set<String>, at: Long, risk: Long,"), "schema", `context.risk is not what Deed supplies`},
		{"schema with another type", schemaOf("approvals: Long", "approvals: String"), "schema", `context.approvals is not what Deed supplies`},
		{"schema with target required", schemaOf("target?: Target", "target: Target"), "schema", `context.target`},
		{"schema without args", schemaOf("args: { to?: String, subject?: String },", ""), "schema", `Deed::Action::"mail.send": context.args must be a record`},
		{"schema without actions", func(_ *testing.T, s *Source) {
			s.Schema = s.Schema[:strings.Index(string(s.Schema), "  action")]
			s.Schema = append(s.Schema, '}')
		}, "schema", "no action applies"},
		{"schema of another namespace", schemaOf("namespace Deed {", "namespace Acme {"), "schema", "Deed::Agent"},
		{"entities not an array", entitiesOf(`{}`), "entities", "not a JSON array"},
		{"entities null", entitiesOf(`null`), "entities", "not a JSON array"},
		{"entities empty", entitiesOf(``), "entities", "not a JSON array"},
		{"entities cut off", entitiesOf(`[`), "entities", "EOF"},
		{"entity of no type", entitiesOf(`[{"uid":{"type":"Deed::Robot","id":"x"},"attrs":{},"parents":[]}]`), "entities", `Deed::Robot::"x"`},
		{"entity with an attribute", entitiesOf(`[{"uid":{"type":"Deed::Group","id":"x"},"attrs":{"a":1},"parents":[]}]`), "entities", `Deed::Group::"x": unexpected attribute "a"`},
		{"entity of the wrong parent", entitiesOf(`[{"uid":{"type":"Deed::Group","id":"x"},"attrs":{},"parents":[{"type":"Deed::Agent","id":"y"}]}]`), "entities", "invalid parent type"},
		{"entity twice", entitiesOf(`[{"uid":{"type":"Deed::Group","id":"x"},"attrs":{},"parents":[]},{"uid":{"type":"Deed::Group","id":"x"},"attrs":{},"parents":[]}]`), "entities", "duplicate entity"},
		{"agent with attributes", entitiesOf(`[{"uid":{"type":"Deed::Agent","id":"x"},"attrs":{"registered":true},"parents":[]}]`), "entities", "only parents"},
	})
}

func refuses(t *testing.T, tests []refusal) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := Default()
			tt.change(t, &src)
			_, err := Load(src)
			f := attest.AsFault(err)
			if f == nil || f.Code != "policy.invalid" || f.Field != tt.field {
				t.Fatalf("error is %v, want policy.invalid of %s", err, tt.field)
			}
			if !strings.Contains(f.Found+f.Expected, tt.message) {
				t.Errorf("error is %v, want it to say %q", err, tt.message)
			}
		})
	}
}

func manyPolicies(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "@id(\"p%d\") permit (principal, action, resource);\n", i)
	}
	return b.String()
}

// quickly fails when f takes long, as what is exponential does.
func quickly(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("takes too long")
	}
}

func when(condition string) []byte {
	return []byte(`@id("a") permit (principal, action == Deed::Action::"mail.send", resource) when { ` + condition + ` };`)
}

// attack is one part of a policy set that would kill or hang cedar-go.
type attack struct {
	name, field string
	part        []byte
}

func attacks(t *testing.T) []attack {
	doubling := "principal" // every level doubles the type checker's errors
	for range 30 {
		doubling = "(if (" + doubling + " is Deed::Agent in context.x) then principal else principal)"
	}
	laughs := "type T0 = { a: Long };" // 8 to the 8th types
	for i := range 8 {
		laughs += fmt.Sprintf("type T%[1]d = { a: T%[2]d, b: T%[2]d, c: T%[2]d, d: T%[2]d, e: T%[2]d, f: T%[2]d, g: T%[2]d, h: T%[2]d };", i+1, i)
	}
	deep := "type T0 = { a?: Long };"
	for i := range 40 {
		deep += fmt.Sprintf("type T%d = { a?: T%d };", i+1, i)
	}
	million := strings.Repeat("[", 1_000_000)
	brackets := strings.Repeat("(", maxSchema-200)
	return []attack{
		{"a million brackets", "policies", []byte(million)},
		{"a million brackets", "schema", []byte(million)},
		{"a million brackets", "entities", []byte(million)},
		{"brackets", "policies", when(brackets)},
		{"brackets after closing", "policies", when(strings.Repeat(")", 500) + strings.Repeat("(", 500))},
		{"brackets after a string", "policies", when(`"\\" == ` + strings.Repeat("[", 500))},
		{"brackets after a comment", "policies", when("/* \" */" + strings.Repeat("[", 500))},
		{"brackets after a line comment", "policies", when("// \" /*\n" + strings.Repeat("[", 500))},
		{"angles", "schema", []byte("type T = " + strings.Repeat("Set<", 500))},
		{"braces", "schema", []byte("type T = " + strings.Repeat("{a:", 500))},
		{"brackets", "entities", []byte(strings.Repeat(`[{"uid":`, 500))},
		{"doubling errors", "policies", when(doubling + " == principal")},
		{"long access", "policies", when("context" + strings.Repeat(".a", 10_000))},
		{"long indexing", "policies", when("context" + strings.Repeat(`["a"]`, 1000))},
		{"access through brackets", "policies", when(strings.Repeat("(", 60) + "context" + strings.Repeat(".a)", 60))},
		{"access through if", "policies", when(strings.Repeat("(if true && true then ", 30) + "context" + strings.Repeat(".a.b else principal)", 30))},
		{"access through tags", "policies", when("principal" + strings.Repeat(`.getTag("a")`, 100))},
		{"long has", "policies", when("context has a" + strings.Repeat(".a", 10_000))},
		{"many has", "policies", when("true" + strings.Repeat(" && context has target", 1000))},
		{"many has tag", "policies", when("true" + strings.Repeat(` && principal.hasTag("x")`, 1000))},
		{"billion types", "schema", edit(t, Default().Schema, "namespace Deed {", "namespace Deed { "+laughs+" entity E = { e: T8 };")},
		{"billion types outside", "schema", edit(t, Default().Schema, "namespace Deed {", laughs+" namespace Deed { entity E tags T8;")},
		{"deep types", "schema", edit(t, Default().Schema, "namespace Deed {", deep+" namespace Deed { entity E = { e: T40 };")},
		{"many environments", "schema", edit(t, Default().Schema, "namespace Deed {", "namespace Deed { "+manyPairs(30))},
		{"many entity types", "schema", edit(t, Default().Schema, "namespace Deed {", "namespace Deed { entity E"+manyNames(2000)+";")},
	}
}

// TestLoadHostile: every attack is refused, by a cap, and quickly.
func TestLoadHostile(t *testing.T) {
	for _, tt := range attacks(t) {
		t.Run(tt.name+" in "+tt.field, func(t *testing.T) {
			src := Default()
			switch tt.field {
			case "policies":
				src.Policies = tt.part
			case "schema":
				src.Schema = tt.part
			case "entities":
				src.Entities = tt.part
			}
			quickly(t, func() {
				_, err := Load(src)
				if f := attest.AsFault(err); f == nil || f.Code != "policy.invalid" || f.Field != tt.field {
					t.Errorf("error is %v, want policy.invalid of %s", err, tt.field)
				} else if !strings.Contains(f.Expected, "at most") && !strings.Contains(f.Found, "more than") {
					t.Errorf("error is %v, want a cap", err)
				}
			})
		})
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", E%d", i)
	}
	return b.String()
}

func manyPairs(n int) string {
	list := strings.TrimPrefix(manyNames(n), ", ")
	return "entity " + list + "; action \"x\" appliesTo { principal: [" + list + "], resource: [" + list + "] };"
}

// TestLoadHard gives Load what is within the caps but hard: it answers.
func TestLoadHard(t *testing.T) {
	n := maxPolicy - 1000
	for name, condition := range map[string]string{
		"negations":   strings.Repeat("!", n) + "true",
		"minus signs": strings.Repeat("-", n) + "1 == 1",
		"if":          strings.Repeat("if true then true else ", n/24) + "true",
		"nested if":   strings.Repeat("if ", n/24) + "true" + strings.Repeat(" then true else false", n/24),
		"and":         "true" + strings.Repeat("&&true", n/6),
		"or":          "true" + strings.Repeat("||false", n/7),
		"sum":         "1" + strings.Repeat("+1", n/2) + " == 1",
		"has and and": "true" + strings.Repeat(" && context has target", 31) + strings.Repeat("&&true", 9000),
		"long set":    "[1" + strings.Repeat(",1", n/2) + "].contains(1)",
		"long string": quote(strings.Repeat("x", n)) + ` like "` + strings.Repeat("*x", 100) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			quickly(t, func() {
				src := Default()
				src.Policies = when(condition)
				set, err := Load(src)
				if err != nil && attest.AsFault(err) == nil {
					t.Errorf("error is %v", err)
				}
				if err == nil {
					r := transfer()
					r.Action, r.Open = "mail.send", nil
					Decide(set, nil, r)
				}
			})
		})
	}
}

func TestNesting(t *testing.T) {
	tests := []struct {
		text   string
		angles bool
		want   int
	}{
		{"", false, 0},
		{"([{}])", false, 3},
		{"()()()", false, 1},
		{")))(((", false, 3},
		{`"((("`, false, 0},
		{`"\"((("(`, false, 1},
		{`"\\"((`, false, 2},
		{"// (((\n(", false, 1},
		{"/* ((( */(", false, 1},
		{"/* ((( ", false, 0},
		{"/ * (((", false, 3},
		{`"(((`, false, 0},
		{`"\`, false, 0},
		{"Set<Set<Long>>", true, 2},
		{"a < b < c", false, 0},
		{"(\x00(", false, 2},
	}
	for _, tt := range tests {
		if got := nesting([]byte(tt.text), tt.angles); got != tt.want {
			t.Errorf("nesting of %q is %d, want %d", tt.text, got, tt.want)
		}
	}
}

func TestHardest(t *testing.T) {
	tests := []struct {
		text string
		want effort
	}{
		{"", effort{}},
		{"a.b.c && d.e", effort{chain: 2}},
		{"a has b.c.d then e.f.g", effort{has: 3, chain: 2}},
		{"a has b; c has d && e is F", effort{has: 1, is: 1}},
		{`a["b"]["c"].d`, effort{chain: 3}},
		{`(a.b).c`, effort{chain: 2}},
		{`(a.b == 1 && c).d`, effort{chain: 2}},
		{`a.getTag("b.c.d").e`, effort{chain: 2}},
		{`"a has b.c is d" // has is`, effort{}},
		{`a.hasTag("b")`, effort{has: 1, chain: 1}},
	}
	for _, tt := range tests {
		if got := hardest([]byte(tt.text)); got != tt.want {
			t.Errorf("hardest of %q is %+v, want %+v", tt.text, got, tt.want)
		}
	}
}

func TestLongest(t *testing.T) {
	for text, want := range map[string]int{"": 0, "ab": 2, "ab;": 3, "ab; c": 3, "a; bcd;": 5, `";";`: 4, "/* ; */ a;b": 10, "a;b // ;;;;": 2, `a;"bcd`: 4} {
		if got := longest([]byte(text)); got != want {
			t.Errorf("longest of %q is %d, want %d", text, got, want)
		}
	}
}

// TestReversible: what can be undone is what the schema puts into the group, directly
// or not; by default nothing is.
func TestReversible(t *testing.T) {
	src := Default()
	src.Schema = []byte(strings.NewReplacer(
		`action "data.read"`, `action "reversible"; action "looks" in ["reversible"]; action "data.read" in ["looks"]`,
		`action "reports.reconcile"`, `action "reports.reconcile" in ["reversible"]`,
		`action "mail.send"`, `action "other"; action "mail.send" in ["other"]`,
	).Replace(string(src.Schema)))
	set, none := mustLoad(t, src), mustLoad(t, Default())
	for action, want := range map[string]bool{
		"data.read": true, "reports.reconcile": true, "mail.send": false, "payments.transfer": false, "reversible": false, "unknown": false,
	} {
		if got := set.Reversible(action); got != want || none.Reversible(action) || (*Set)(nil).Reversible(action) {
			t.Errorf("%s: %v", action, got)
		}
	}
}
