package warrant_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// maker draws grants, acts and chains that are near each other, so that
// containment and permission happen often.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 0x6465656420747374))} }

func pick[T any](m maker, from []T) T { return from[m.IntN(len(from))] }

func (m maker) constraint(depth int) attest.Constraint {
	if depth < 3 && m.IntN(5) == 0 {
		inner := make([]attest.Constraint, m.IntN(3))
		for i := range inner {
			inner[i] = m.constraint(depth + 1)
		}
		return allOf(inner...)
	}
	return pick(m, base())
}

func (m maker) some(words ...string) []string {
	var out []string
	for _, w := range words {
		if m.IntN(3) > 0 {
			out = append(out, w)
		}
	}
	return out
}

func (m maker) match() attest.Match {
	c := pick(m, []attest.Constraint{under("a"), under("a/b"), exact(attest.Text("a/b/c")), oneOf(attest.Text("a"), attest.Text("b/z")), under("b")})
	return attest.Match{Kind: pick(m, []string{"file", "file", "file", "host"}), Match: c}
}

func (m maker) grant() attest.Grant {
	g := attest.Grant{Actions: m.some("x.read", "x.write"), Resource: m.match()}
	for _, name := range m.some("one", "two") {
		g.Arguments = append(g.Arguments, attest.Argument{Name: name, Constraint: m.constraint(0)})
	}
	if m.IntN(3) == 0 {
		g.MaxUses = int64(m.IntN(4))
	}
	if m.IntN(3) == 0 {
		g.Budget = &attest.Budget{Argument: pick(m, []string{"one", "two"}), Limit: attest.AmountOf(int64(m.IntN(4)), pick(m, []string{"EUR", "USD"}))}
	}
	return g
}

// near changes one thing of a grant, or nothing.
func (m maker) near(g attest.Grant) attest.Grant {
	other := m.grant()
	g.Arguments, g.Actions = slices.Clone(g.Arguments), slices.Clone(g.Actions)
	switch m.IntN(8) {
	case 0:
		g.Actions = other.Actions
	case 1:
		g.Resource = other.Resource
	case 2:
		g.Arguments = other.Arguments
	case 3:
		g.Budget = other.Budget
	case 4:
		g.MaxUses = other.MaxUses
	case 5, 6:
		if n := len(g.Arguments); n > 0 {
			i := m.IntN(n)
			g.Arguments[i].Constraint = allOf(g.Arguments[i].Constraint, m.constraint(1))
		}
	}
	return g
}

// act draws an act that g may permit.
func (m maker) act(g attest.Grant) warrant.Act {
	r := warrant.Act{Action: "x.read", Open: map[string]attest.Value{}}
	if len(g.Actions) > 0 && m.IntN(9) > 0 {
		r.Action = pick(m, g.Actions)
	}
	r.Resource = attest.Resource{Kind: g.Resource.Kind, ID: pick(m, []string{"a", "a/b", "a/b/c", "a/z", "b", "b/z", "a/../b"})}
	for _, a := range g.Arguments {
		switch m.IntN(8) {
		case 0:
			r.Sealed = append(r.Sealed, a.Name)
		case 1:
		default:
			r.Open[a.Name] = m.value(a.Constraint)
		}
	}
	if m.IntN(16) == 0 {
		r.Open["two"] = pick(m, universe())
	}
	return r
}

// value prefers one that c accepts.
func (m maker) value(c attest.Constraint) attest.Value {
	var good []attest.Value
	for _, v := range universe() {
		if warrant.Accepts(c, v) {
			good = append(good, v)
		}
	}
	if len(good) == 0 || m.IntN(8) == 0 {
		return pick(m, universe())
	}
	return pick(m, good)
}

// checkPair is the property that delegation rests on.
func checkPair(t *testing.T, seed uint64) (contained, permitted bool) {
	m := newMaker(seed)
	parent := m.grant()
	child := m.near(m.near(parent))
	if warrant.Contains(parent, parent) != nil {
		t.Fatalf("seed %d: a grant does not contain itself: %+v", seed, parent)
	}
	contained = warrant.Contains(parent, child) == nil
	for range 4 {
		act := m.act(child)
		if warrant.Permits(child, act) != nil || !contained {
			continue
		}
		permitted = true
		if err := warrant.Permits(parent, act); err != nil {
			t.Fatalf("seed %d: child permits %+v, parent does not: %v\nparent %+v\nchild %+v", seed, act, err, parent, child)
		}
		checkLimits(t, parent, child, act)
	}
	grand := m.near(child)
	if contained && warrant.Contains(child, grand) == nil && warrant.Contains(parent, grand) != nil {
		t.Fatalf("seed %d: containment is not transitive", seed)
	}
	return contained, permitted
}

// checkLimits: what fresh counters let the child do, they let the parent do.
func checkLimits(t *testing.T, parent, child attest.Grant, act warrant.Act) {
	t.Helper()
	uses := func(g attest.Grant) int {
		links := validChain()[:1]
		links[0].Warrant.Grants = []attest.Grant{g}
		c, _ := warrant.Check(links)
		spent, n := []warrant.Spent{{}}, 0
		for ; n < 8; n++ {
			next, f := c.Debit([]int{0}, spent, act.Open)
			if f != nil {
				break
			}
			spent = next
		}
		return n
	}
	if p, c := uses(parent), uses(child); c > p {
		t.Fatalf("the child may be used %d times, the parent %d\n%+v\n%+v", c, p, parent, child)
	}
}

func TestContainmentImpliesPermission(t *testing.T) {
	rounds := uint64(20_000)
	if testing.Short() {
		rounds = 4_000
	}
	var contained, permitted uint64
	for seed := range rounds {
		c, p := checkPair(t, seed)
		if c {
			contained++
		}
		if p {
			permitted++
		}
	}
	t.Logf("%d pairs: %d contained, %d of them with an act", rounds, contained, permitted)
	if contained < rounds/10 || contained > rounds*9/10 || permitted < rounds/20 {
		t.Error("the draw says too little")
	}
}

func FuzzContains(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkPair(t, seed) })
}

// What the leaf of a chain without faults permits, every link permits; adding a
// link never adds an act.
func TestChainIsMonotone(t *testing.T) {
	rounds := uint64(10_000)
	if testing.Short() {
		rounds = 2_000
	}
	sound, permitted := 0, 0
	for seed := range rounds {
		m := newMaker(seed)
		links := m.chain(2 + m.IntN(3))
		c, faults := warrant.Check(links)
		if len(faults) > 0 {
			continue
		}
		sound++
		for grant, g := range c.Leaf().Warrant.Grants {
			path, err := c.Path(grant)
			if err != nil {
				t.Fatalf("seed %d: no path without faults: %v", seed, err)
			}
			act := m.act(g)
			if warrant.Permits(g, act) != nil {
				continue
			}
			permitted++
			for i, l := range links {
				if err := warrant.Permits(l.Warrant.Grants[path[i]], act); err != nil {
					t.Fatalf("seed %d: link %d does not permit what the leaf does: %v", seed, i, err)
				}
			}
			checkDenials(t, c, path, act)
		}
	}
	t.Logf("%d chains: %d without faults, %d acts", rounds, sound, permitted)
	if sound < 200/int(60_000/rounds) || permitted == 0 {
		t.Error("the draw says too little")
	}
}

// checkDenials: along a chain without faults, what any link denies the leaf denies.
func checkDenials(t *testing.T, c warrant.Chain, path []int, act warrant.Act) {
	t.Helper()
	forbids := func(l warrant.Link) bool {
		return slices.ContainsFunc(l.Warrant.Never, func(n attest.Denial) bool { return warrant.Forbids(n, act) })
	}
	any := slices.ContainsFunc(c.Links(), forbids)
	if any != forbids(c.Leaf()) || any == (c.Permits(path, act) == nil) {
		t.Fatalf("a denial is lost on the way down: %+v", act)
	}
}

// chain draws links whose grants come near those of the link above.
func (m maker) chain(length int) []warrant.Link {
	links := validChain()[:1]
	root := links[0].Warrant
	root.MaxDepth, root.Never = 7, nil
	root.Grants = []attest.Grant{m.grant(), m.grant()}
	for i := 1; i < length; i++ {
		parent := links[i-1]
		child := delegate(parent.Warrant, "", buyer, m.near(pick(m, parent.Warrant.Grants)))
		child.Parent = parent.ID
		if m.IntN(2) == 0 {
			match := m.match()
			child.Never = append(child.Never, attest.Denial{Actions: []string{"x.read"}, Resource: &match})
		}
		links = append(links, warrant.Link{ID: idOf("link " + strconv.Itoa(i)), Warrant: child, Signer: signer(child.Issuer)})
	}
	return links
}
