package policy

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"github.com/deedlog/deed/attest"
)

// FuzzIndex holds the index against plain evaluation, on random policies,
// entities and requests.
func FuzzIndex(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed, seed*13)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { compareIndex(t, a, b) })
}

// TestIndexDiffers runs FuzzIndex's check on many fixed seeds, and sees to it that
// they are worth something.
func TestIndexDiffers(t *testing.T) {
	var sum answers
	for seed := range uint64(1500) {
		sum.add(compareIndex(t, seed, 1))
	}
	t.Logf("%+v", sum)
	for what, n := range map[string]int{"allowed": sum.allowed, "forbidden": sum.forbidden, "not permitted": sum.idle,
		"erring": sum.erring, "left out": sum.leftOut} {
		if n < sum.asked/20 {
			t.Errorf("%d of %d requests are %s: the cases are one-sided", n, sum.asked, what)
		}
	}
}

// answers counts what plain evaluation said, and the requests for which the index
// left policies out.
type answers struct{ asked, allowed, forbidden, idle, erring, leftOut int }

func (a *answers) add(b answers) {
	a.asked, a.allowed, a.forbidden = a.asked+b.asked, a.allowed+b.allowed, a.forbidden+b.forbidden
	a.idle, a.erring, a.leftOut = a.idle+b.idle, a.erring+b.erring, a.leftOut+b.leftOut
}

func compareIndex(t *testing.T, a, b uint64) (sum answers) {
	t.Helper()
	g := ruler{generator{rand.New(rand.NewPCG(a, b))}}
	text, entities := g.policies(), g.entities()
	policies, err := parse([]byte(text))
	if err != nil {
		t.Fatalf("seeds %d, %d: %v\n%s", a, b, err, text)
	}
	x := newIndex(policies, entities)
	for range 6 {
		r := g.asking()
		want, wantWhy := plain(policies, entities, r)
		q := newQuestion(r, &memos{})
		got, gotWhy := x.authorize(&view{question: q, logged: entities}, organisationFacts)
		if got != want || !slices.Equal(gotWhy.Reasons, wantWhy.Reasons) || !slices.Equal(gotWhy.Errors, wantWhy.Errors) {
			t.Fatalf("seeds %d, %d: the index says %v %+v,\nplain evaluation %v %+v\n%s\n%+v\n%+v", a, b, got, sorted(gotWhy), want, wantWhy, text, entities, r)
		}
		sum.count(want, wantWhy, len(maps.Collect(x.candidates(q).All())) < len(policies))
	}
	return sum
}

func (a *answers) count(d cedar.Decision, why cedar.Diagnostic, leftOut bool) {
	a.asked++
	switch {
	case d == cedar.Allow:
		a.allowed++
	case len(why.Reasons) > 0:
		a.forbidden++
	default:
		a.idle++
	}
	if len(why.Errors) > 0 {
		a.erring++
	}
	if leftOut {
		a.leftOut++
	}
}

// All makes a set one that Cedar asks plainly.
func (p policySet) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, named := range p {
			if !yield(named.id, named.policy) {
				return
			}
		}
	}
}

// plain asks Cedar about every policy, with all facts and entities made.
func plain(policies policySet, logged cedar.EntityMap, r Request) (cedar.Decision, cedar.Diagnostic) {
	q := newQuestion(r, &memos{})
	entities := maps.Clone(logged)
	entities[q.principal] = cedar.Entity{UID: q.principal, Parents: logged[q.principal].Parents, Attributes: r.Agent.attributes()}
	entities[q.resource] = cedar.Entity{UID: q.resource, Parents: logged[q.resource].Parents, Attributes: resource(r.Resource).attributes()}
	decision, why := cedar.Authorize(policies, entities, q.ask(organisationFacts))
	return decision, sorted(why)
}

func sorted(why cedar.Diagnostic) cedar.Diagnostic {
	slices.SortFunc(why.Reasons, func(a, b cedar.DiagnosticReason) int { return cmp.Compare(a.PolicyID, b.PolicyID) })
	slices.SortFunc(why.Errors, func(a, b cedar.DiagnosticError) int { return cmp.Compare(a.PolicyID, b.PolicyID) })
	return why
}

// ruler makes policies, entities and requests over a small vocabulary. The
// policies need not be valid: those that err are wanted.
type ruler struct{ generator }

func (g ruler) group() string { return `Deed::Group::"g` + strconv.Itoa(g.IntN(8)) + `"` }
func (g ruler) actions() string {
	return `Deed::Action::"` + pick(g.generator, "pay", "pay.out", "mail.send", "all", "none") + `"`
}
func (g ruler) agentID() string  { return "spiffe://a.example/" + pick(g.generator, "x", "y", "z") }
func (g ruler) agent() string    { return `Deed::Agent::"` + g.agentID() + `"` }
func (g ruler) thingID() string  { return pick(g.generator, "a", "b", "c") }
func (g ruler) resource() string { return `Deed::Resource::"account/` + g.thingID() + `"` }
func (g ruler) entityType() string {
	return pick(g.generator, "Deed::Agent", "Deed::Resource", "Deed::Group", "Deed::Action", "Other")
}

// scope writes one part of a scope in every form that Cedar has.
func (g ruler) scope(name string, entity func() string) string {
	named := func() string { return pick(g.generator, entity(), entity(), g.group(), g.agent(), g.resource()) }
	switch g.IntN(7) {
	case 0:
		return name + " == " + named()
	case 1, 2:
		return name + " in " + named()
	case 3:
		return name + " is " + g.entityType()
	case 4:
		return name + " is " + g.entityType() + " in " + named()
	}
	return name
}

func (g ruler) actionScope() string {
	switch g.IntN(5) {
	case 0:
		return "action == " + g.actions()
	case 1:
		return "action in " + g.actions()
	case 2:
		return "action in [" + strings.Join([]string{g.actions(), g.actions(), g.actions()}[:g.IntN(4)], ", ") + "]"
	}
	return "action"
}

func (g ruler) condition() string {
	return pick(g.generator, "true", "false", "context.missing", "context has missing", "principal.owner == \"o\"", "principal has owner",
		"principal in "+g.group(), "resource in ["+g.group()+", "+g.resource()+"]", "action in "+g.actions(),
		g.group()+" in "+g.group(), g.agent()+" in "+g.group(), g.agent()+".registered", g.resource()+".kind == \"account\"",
		"context.at > 5", "context.at + 9223372036854775807 > 0", "context.args.amount.unit == \"EUR\"", "context.args has amount",
		"context == context", "(if context has args then context else context).at == 7", "{x: context}.x has human",
		"context.warrant.present", "context.human.binding >= 3", "context has target && context.target.kind == \"external\"",
		"context.target.kind == \"external\"", "context.names.contains(\"amount\")", "context.approvers.contains(\"eve\")",
		"context[\"approvals\"] == 1", "context has kinds", "context.lists", "principal is Deed::Agent in "+g.group(), "1", "\"x\" like \"*\"",
		"context.args.amount.value.lessThan(decimal(\"2.0\"))",
		"-context.at < -3", "[context.at, 1].containsAny([7, 8])", "!(context has approvals)", "context.approvers.isEmpty()", "context.at like \"x\"",
		"ip(context.phase).isLoopback()", "context is Deed::Agent", "principal == "+g.agent(), "resource.id like \"a*\"", "resource.nothing", "[principal, resource].contains("+g.agent()+")")
}

func (g ruler) policies() string {
	var b strings.Builder
	for i := range g.IntN(12) * (1 + g.IntN(12)) {
		effect := pick(g.generator, "permit", "permit", "permit", "forbid")
		fmt.Fprintf(&b, "@id(\"p%d\")\n%s (%s, %s, %s)", i, effect, g.scope("principal", g.agent), g.actionScope(), g.scope("resource", g.resource))
		for range g.IntN(3) {
			fmt.Fprintf(&b, " %s { %s }", pick(g.generator, "when", "when", "unless"), g.condition())
		}
		b.WriteString(";\n")
	}
	return b.String()
}

// entities puts everything into groups, deep, broad and in circles; some parents
// are no entities themselves.
func (g ruler) entities() cedar.EntityMap {
	uid := func(kind cedar.EntityType, id string) cedar.EntityUID {
		return cedar.NewEntityUID(kind, cedar.String(id))
	}
	group := func(n int) cedar.EntityUID { return uid("Deed::Group", "g"+strconv.Itoa(n)) }
	all := cedar.EntityMap{}
	put := func(e cedar.EntityUID, parents ...cedar.EntityUID) {
		all[e] = cedar.Entity{UID: e, Parents: cedar.NewEntityUIDSet(parents...)}
	}
	for n := range g.IntN(8) {
		put(group(n), []cedar.EntityUID{group(n + 1), group(g.IntN(8)), uid(agentType, g.agentID())}[:g.IntN(4)]...)
	}
	for _, e := range []cedar.EntityUID{uid(agentType, g.agentID()), uid(agentType, g.agentID()),
		uid(resourceType, "account/"+g.thingID()), uid(resourceType, "account/"+g.thingID())} {
		put(e, []cedar.EntityUID{group(g.IntN(8)), group(g.IntN(8)), uid(resourceType, "account/"+g.thingID())}[:g.IntN(4)]...)
	}
	put(uid(actionType, "pay"), uid(actionType, "all"))
	put(uid(actionType, "pay.out"), uid(actionType, "pay"))
	return all
}

func (g ruler) asking() Request {
	r := Request{
		Agent:    Principal{ID: g.agentID(), Owner: pick(g.generator, "", "o", "p"), Registered: g.IntN(2) == 0},
		Action:   pick(g.generator, "pay", "pay.out", "mail.send"),
		Resource: attest.Resource{Kind: "account", ID: g.thingID()},
		Open:     map[string]attest.Value{}, At: int64(1 + g.IntN(9)), Human: Human{g.IntN(5), g.IntN(5)},
		Warrant: Authority{Present: g.IntN(2) == 0}, Approvers: []string{"eve", "bob"}[:g.IntN(3)],
	}
	if g.IntN(2) == 0 {
		r.Open["amount"] = pick(g.generator, attest.Money("1.00", "EUR"), attest.Money("1.00", "USD"), attest.Int(3))
	}
	if g.IntN(2) == 0 {
		r.Target = &attest.Target{Endpoint: "e", Kind: "external", Protocol: "p"}
	}
	return r
}

// TestIndexDeep puts an agent under a long line of groups that closes on itself.
func TestIndexDeep(t *testing.T) {
	const depth = 3000
	uid := func(n int) cedar.EntityUID { return cedar.NewEntityUID("Deed::Group", cedar.String(strconv.Itoa(n))) }
	agent := cedar.NewEntityUID(agentType, "spiffe://a.example/x")
	entities := cedar.EntityMap{agent: {UID: agent, Parents: cedar.NewEntityUIDSet(uid(0))}}
	for n := range depth {
		entities[uid(n)] = cedar.Entity{UID: uid(n), Parents: cedar.NewEntityUIDSet(uid((n + 1) % depth))}
	}
	policies, err := parse([]byte(`@id("top") permit (principal in Deed::Group::"2999", action, resource);
		@id("beside") forbid (principal in Deed::Group::"3000", action, resource);`))
	if err != nil {
		t.Fatal(err)
	}
	x := newIndex(policies, entities)
	r := Request{Agent: Principal{ID: string(agent.ID)}, Action: "pay", Resource: attest.Resource{Kind: "account", ID: "a"}, At: 1}
	chosen := maps.Collect(x.candidates(newQuestion(r, &memos{})).All())
	if _, ok := chosen["top"]; !ok || len(chosen) != 1 {
		t.Errorf("candidates are %v", chosen)
	}
}

// TestIndexUnknownScope: a scope of a form that the index does not know is left to
// Cedar, for every request.
func TestIndexUnknownScope(t *testing.T) {
	a := newAxis(resourceType, 1)
	if left := scope[xast.IsScopeNode](&a, 0, nil); left != nil || a.any.next(0) != 0 {
		t.Errorf("left is %v, any is %v", left, a.any)
	}
}

// TestTakes holds the check of the arguments alone against Cedar's check of the
// whole request.
func TestTakes(t *testing.T) {
	schema, err := loadSchema(Default().Schema)
	if err != nil {
		t.Fatal(err)
	}
	set, whole := mustLoad(t, Default()), validate.New(schema)
	g := generator{rand.New(rand.NewPCG(1, 2))}
	taken, asked := 0, 4000
	for range asked {
		r := transfer()
		r.Action = pick(g, "payments.transfer", "data.read", "mail.send", "reports.reconcile", "other", "all")
		r.Open = map[string]attest.Value{}
		for range g.IntN(3) {
			r.Open[pick(g, "amount", "reference", "fields", "to", "subject", "period", "x")] = g.value()
		}
		r.Human, r.Credential, r.Approvers = Human{g.IntN(5), g.IntN(5)}, pick(g, "", "svid"), pick(g, nil, []string{"eve"})
		if g.IntN(2) == 0 {
			r.Target, r.Sealed = nil, []string{"y"}
		}
		q := newQuestion(r, &memos{})
		want := whole.Request(q.ask(organisationFacts)) == nil
		if got := set.takes(q); got != want {
			t.Fatalf("takes is %v, the schema says %v: %+v", got, want, r)
		}
		if want {
			taken++
		}
	}
	if taken < asked/10 || taken > asked*9/10 {
		t.Errorf("%d of %d are taken: the cases are one-sided", taken, asked)
	}
}
