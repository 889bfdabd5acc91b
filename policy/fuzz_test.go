package policy

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// FuzzLoad: Load answers with a set or with policy.invalid, whatever it is
// given, and a set answers a request.
func FuzzLoad(f *testing.F) {
	d := Default()
	f.Add(d.Policies, d.Schema, d.Entities)
	f.Add([]byte(`@id("a") permit (principal in Deed::Group::"g", action in [Deed::Action::"mail.send"], resource is Deed::Resource)
		when { if context.args has to then context.args.to like "a*\*b" else [1, 2].contains(context.at) } unless { -1 * 2 < context.approvals };`),
		d.Schema, []byte(`[{"uid":{"type":"Deed::Group","id":"g"},"attrs":{},"parents":[{"type":"Deed::Group","id":"g"}]}]`))
	f.Add([]byte(`@id("a") forbid (principal, action, resource) when { ip("127.0.0.1").isLoopback() && datetime("2024-01-01").offset(duration("1d")) > datetime("2024-01-01") };`),
		d.Schema, []byte("[]"))
	f.Fuzz(func(t *testing.T, policies, schema, entities []byte) {
		set, err := Load(Source{Policies: policies, Schema: schema, Entities: entities})
		if err != nil {
			if fault := attest.AsFault(err); fault == nil || fault.Code != "policy.invalid" || fault.Field == "" {
				t.Fatalf("error is %v", err)
			}
			return
		}
		for _, r := range []Request{transfer(), {Agent: transfer().Agent, Action: "mail.send", Resource: transfer().Resource, At: 1}} {
			if d := Decide(set, nil, r); d.Allow && (len(d.Faults) > 0 || len(d.Errors) > 0 || !d.Evaluated) {
				t.Fatalf("decision is %+v", d)
			}
		}
	})
}

// FuzzCompile holds the Cedar of a random warrant against the native
// definition of grants, on random acts that come close.
func FuzzCompile(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed, seed*7)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { differ(t, a, b) })
}

// TestCompileDiffers runs FuzzCompile's check on many fixed seeds.
func TestCompileDiffers(t *testing.T) {
	permitted, denied := 0, 0
	for seed := range uint64(500) {
		p, d := differ(t, seed, 1)
		permitted, denied = permitted+p, denied+d
	}
	if permitted < 400 || denied < 400 {
		t.Errorf("%d permitted, %d denied: the acts are one-sided", permitted, denied)
	}
}

// differ compares the two on one warrant and some acts, and counts the answers.
func differ(t *testing.T, a, b uint64) (permitted, denied int) {
	g := generator{rand.New(rand.NewPCG(a, b))}
	w := g.warrant()
	link, err := Compile(w)
	if err != nil {
		t.Fatalf("seeds %d, %d: %v", a, b, err)
	}
	if again := mustCompile(t, w); again.Text() != link.Text() {
		t.Fatalf("seeds %d, %d: the text changes", a, b)
	}
	for range 8 {
		r := g.request(w)
		want := native(w, r)
		d := Decide(nil, []*Warrant{link}, r)
		if !slices.Equal(d.Granted[0], want) || (len(want) == 0) != slices.Contains(d.Faults, "warrant.outside") || len(d.Errors) > 0 {
			t.Fatalf("seeds %d, %d: decision is %+v, want grants %v\n%+v\n%s", a, b, d, want, r, link.Text())
		}
		if len(want) > 0 {
			permitted++
		} else {
			denied++
		}
	}
	return permitted, denied
}

// native returns the grants that permit a request, by package warrant.
func native(w *attest.Warrant, r Request) []int {
	act := warrant.Act{Action: r.Action, Resource: r.Resource, Open: r.Open, Sealed: r.Sealed}
	if r.At < w.NotBefore || r.At >= w.Expires {
		return nil
	}
	if slices.ContainsFunc(w.Never, func(d attest.Denial) bool { return warrant.Forbids(d, act) }) {
		return nil
	}
	var granted []int
	for i, g := range w.Grants {
		if warrant.Permits(g, act) == nil {
			granted = append(granted, i)
		}
	}
	return granted
}

// generator makes warrants out of a small vocabulary, so that acts often come
// close, with texts that are hard to write in Cedar.
type generator struct{ *rand.Rand }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) action() string { return pick(g, "mail.send", "pay", "pay.out", "x_1") }
func (g generator) name() string   { return pick(g, "amount", "if", "to-who", "1st", "names", "a.b") }
func (g generator) kind() string   { return pick(g, "account", "mail") }

func (g generator) path() string {
	return pick(g, "a", "a/b", "a/b/c", "a/bc", "a*", "a*/b", `q"x`, "é/\u202e", "*", "a/*", "acme.example")
}

func (g generator) host() string {
	return pick(g, "acme.example", "a.acme.example", "example", "evil-acme.example")
}

func (g generator) text() string {
	return pick(g, g.path(), g.host(), "", "a/", "a//b", "a/../b", "A/b", "\\", "\n", "\x00", `["a"]`, ".example", "1")
}

func (g generator) amount() attest.Amount {
	return attest.Amount{
		Decimal: pick(g, "0", "1", "1.0", "1.5", "1.50", "12", "99999999999999.9999", "0.0001"),
		Unit:    pick(g, "EUR", "USD", "eur"),
	}
}

func (g generator) list() attest.Value {
	items := make([]string, g.IntN(4))
	for i := range items {
		items[i] = pick(g, "a", "b", `"`, "é")
	}
	return attest.List(items...)
}

func (g generator) value() attest.Value {
	switch g.IntN(5) {
	case 0:
		return attest.Int(pick(g, int64(0), 1, -1, 7, 1<<53-1, -1<<53+1))
	case 1:
		return attest.Value{Kind: attest.BoolValue, Bool: g.IntN(2) == 0}
	case 2:
		a := g.amount()
		return attest.Money(a.Decimal, a.Unit)
	case 3:
		return g.list()
	default:
		return attest.Text(g.text())
	}
}

func (g generator) constraint(level int) attest.Constraint {
	switch n := g.IntN(8); {
	case n == 0 && level < 4:
		inner := make([]attest.Constraint, g.IntN(3))
		for i := range inner {
			inner[i] = g.constraint(level + 1)
		}
		return attest.Constraint{All: &inner}
	case n <= 1:
		return attest.Constraint{Exact: new(g.value())}
	case n == 2:
		return attest.Constraint{OneOf: g.values()}
	case n == 3:
		return attest.Constraint{IntRange: &attest.IntRange{Min: int64(g.IntN(3) - 2), Max: int64(g.IntN(8))}}
	case n == 4:
		return attest.Constraint{DecimalMax: new(g.amount())}
	case n == 5:
		return attest.Constraint{Prefix: g.path()}
	case n == 6:
		return attest.Constraint{DomainSuffix: g.host()}
	default:
		return attest.Constraint{Subset: pick(g, []string{"a"}, []string{`"`, "a", "é"}, []string{"a", "b"})}
	}
}

func (g generator) values() []attest.Value {
	out := make([]attest.Value, 1+g.IntN(5))
	for i := range out {
		out[i] = g.value()
	}
	return out
}

func (g generator) match() attest.Match {
	k := pick(g, attest.Constraint{Prefix: g.path()}, attest.Constraint{Exact: new(attest.Text(g.path()))},
		attest.Constraint{OneOf: []attest.Value{attest.Text(g.path()), attest.Text(g.path())}})
	return attest.Match{Kind: g.kind(), Match: k}
}

func (g generator) actions() []string {
	out := []string{g.action(), g.action(), g.action()}
	slices.Sort(out)
	return slices.Compact(out)
}

func (g generator) warrant() *attest.Warrant {
	w := &attest.Warrant{Depth: g.IntN(8), NotBefore: 100, Expires: 200}
	for range 1 + g.IntN(4) {
		grant := attest.Grant{Actions: g.actions(), Resource: g.match()}
		names := make([]string, g.IntN(3))
		for i := range names {
			names[i] = g.name()
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			grant.Arguments = append(grant.Arguments, attest.Argument{Name: name, Constraint: g.constraint(0)})
		}
		w.Grants = append(w.Grants, grant)
	}
	for range g.IntN(3) {
		d := attest.Denial{Actions: []string{g.action()}}
		if g.IntN(4) > 0 {
			d.Resource = new(g.match())
		}
		w.Never = append(w.Never, d)
	}
	return w
}

// request makes an act that is close to one grant of a warrant.
func (g generator) request(w *attest.Warrant) Request {
	near := pick(g, w.Grants...)
	r := Request{
		Agent: Principal{ID: "spiffe://acme.example/a"}, Action: pick(g, near.Actions...),
		Resource: attest.Resource{Kind: near.Resource.Kind, ID: g.inside(near.Resource.Match).Text},
		Open:     map[string]attest.Value{}, At: pick(g, int64(100), 150, 150, 150, 199, 99, 200),
	}
	if !attest.ValidPath(r.Resource.ID) || g.IntN(8) == 0 {
		r.Resource.ID = g.path()
	}
	for _, a := range near.Arguments {
		switch {
		case g.IntN(8) == 0 || warrant.AcceptsAll(a.Constraint) && g.IntN(2) == 0:
			r.Sealed = append(r.Sealed, a.Name)
		case g.IntN(8) > 0:
			r.Open[a.Name] = g.inside(a.Constraint)
		}
	}
	if _, open := r.Open["extra"]; !open && g.IntN(8) == 0 {
		r.Open["extra"+strconv.Itoa(g.IntN(2))] = g.value()
	}
	return r
}

// inside makes a value that a constraint often accepts.
func (g generator) inside(k attest.Constraint) attest.Value {
	switch {
	case g.IntN(6) == 0:
		return g.value()
	case k.All != nil && len(*k.All) > 0:
		return g.inside(pick(g, *k.All...))
	case k.Exact != nil:
		return *k.Exact
	case len(k.OneOf) > 0:
		return pick(g, k.OneOf...)
	case k.IntRange != nil:
		return attest.Int(k.IntRange.Min + int64(g.IntN(4)))
	case k.DecimalMax != nil:
		return attest.Money(g.amount().Decimal, k.DecimalMax.Unit)
	case k.Prefix != "":
		return attest.Text(k.Prefix + pick(g, "", "/x", "/x/y", "x", "/", "/../x"))
	case k.DomainSuffix != "":
		return attest.Text(pick(g, "", "a.", "a.b.", "a", ".", "A.") + k.DomainSuffix)
	case len(k.Subset) > 0:
		return attest.List(k.Subset[g.IntN(len(k.Subset)):]...)
	default:
		return g.value()
	}
}
