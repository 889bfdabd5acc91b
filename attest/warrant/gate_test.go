package warrant_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

func gate(m int, when attest.When, approvers ...string) attest.WarrantGate {
	return attest.WarrantGate{Approvers: approvers, M: m, When: when}
}

var (
	always       = attest.When{Always: true}
	irreversible = attest.When{Irreversible: true}
	office       = attest.When{OutsideHours: &attest.Hours{From: 480, To: 1080, Weekdays: []int{1, 2, 3, 4, 5}}}
)

func aboveAmount(limit string) attest.When {
	return attest.When{Above: &attest.Threshold{Argument: "amount", Limit: attest.Amount{Decimal: limit, Unit: "EUR"}}}
}

// TestGateApplies: a gate that cannot see what it looks at applies.
func TestGateApplies(t *testing.T) {
	act := func(v attest.Value) *attest.Action {
		return &attest.Action{
			Open:    []attest.Opening{{Name: "amount", Value: v}, {Name: "fee", Value: attest.Money("1.00", "EUR")}},
			Request: &attest.ActionRequest{Action: "payments.transfer", Reversible: true},
		}
	}
	small := act(attest.Money("1000", "EUR"))
	sealed := act(attest.Money("1.00", "EUR"))
	sealed.Open, sealed.Sealed = sealed.Open[1:], []attest.Sealed{{Name: "amount"}}
	missing := act(attest.Money("1.00", "EUR"))
	missing.Open = nil
	final := act(attest.Money("1.00", "EUR"))
	final.Request.Reversible = false
	only := gate(1, always, "alice")
	only.Actions = []string{"payments.refund", "payments.transfer"}
	others := gate(1, always, "alice")
	others.Actions = []string{"payments.refund"}
	wednesday := time.Date(2026, 9, 23, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		gate attest.WarrantGate
		act  *attest.Action
		at   time.Time
		want bool
	}{
		"always":                   {gate(1, always, "alice"), small, wednesday, true},
		"of this action":           {only, small, wednesday, true},
		"of other actions":         {others, small, wednesday, false},
		"at the limit":             {gate(1, aboveAmount("1000.00"), "alice"), small, wednesday, false},
		"above the limit":          {gate(1, aboveAmount("999.9999"), "alice"), small, wednesday, true},
		"another unit":             {gate(1, aboveAmount("1000.00"), "alice"), act(attest.Money("1.00", "USD")), wednesday, true},
		"a number":                 {gate(1, aboveAmount("1000.00"), "alice"), act(attest.Int(1)), wednesday, true},
		"a text":                   {gate(1, aboveAmount("1000.00"), "alice"), act(attest.Text("1.00 EUR")), wednesday, true},
		"a sealed amount":          {gate(1, aboveAmount("1000.00"), "alice"), sealed, wednesday, true},
		"no amount":                {gate(1, aboveAmount("1000.00"), "alice"), missing, wednesday, true},
		"reversible":               {gate(1, irreversible, "alice"), small, wednesday, false},
		"irreversible":             {gate(1, irreversible, "alice"), final, wednesday, true},
		"in hours":                 {gate(1, office, "alice"), small, wednesday, false},
		"before hours":             {gate(1, office, "alice"), small, wednesday.Add(-time.Millisecond), true},
		"after hours":              {gate(1, office, "alice"), small, wednesday.Add(10 * time.Hour), true},
		"on another day":           {gate(1, office, "alice"), small, wednesday.AddDate(0, 0, 3), true},
		"a condition not known":    {gate(1, attest.When{}, "alice"), small, wednesday, true},
		"an outcome":               {gate(1, always, "alice"), &attest.Action{}, wednesday, false},
		"a limit that is no limit": {gate(1, aboveAmount("x"), "alice"), small, wednesday, true},
	} {
		if got := warrant.GateApplies(c.gate, c.act, true, c.at.UnixMilli()); got != c.want {
			t.Errorf("%s: applies is %v", name, got)
		}
		if may := warrant.GateMayApply(c.gate, c.act, true); c.want && !may {
			t.Errorf("%s: it applies and may not apply", name)
		}
		want := c.want || name == "reversible" // the agent's word alone
		if got := warrant.GateApplies(c.gate, c.act, false, c.at.UnixMilli()); got != want {
			t.Errorf("%s, where nobody else says that it can be undone: applies is %v", name, got)
		}
	}
}

// TestGatesKept: what a child may do to the gates above it (D6).
func TestGatesKept(t *testing.T) {
	base := func() attest.WarrantGate {
		g := gate(1, aboveAmount("1000.00"), "alice", "bob", "carol")
		g.Actions, g.MaxAge = []string{"payments.transfer"}, 900_000
		return g
	}
	for name, c := range map[string]struct {
		change func(g *attest.WarrantGate)
		ok     bool
	}{
		"the same":            {func(*attest.WarrantGate) {}, true},
		"more approvals":      {func(g *attest.WarrantGate) { g.M = 3 }, true},
		"fewer approvers":     {func(g *attest.WarrantGate) { g.Approvers = []string{"bob"} }, true},
		"a smaller age":       {func(g *attest.WarrantGate) { g.MaxAge = 1 }, true},
		"what was shown":      {func(g *attest.WarrantGate) { g.Display = true }, true},
		"fewer approvals":     {func(g *attest.WarrantGate) { g.M = 0 }, false},
		"another approver":    {func(g *attest.WarrantGate) { g.Approvers = []string{"alice", "mallory"} }, false},
		"no approver":         {func(g *attest.WarrantGate) { g.Approvers = nil }, false},
		"a greater age":       {func(g *attest.WarrantGate) { g.MaxAge++ }, false},
		"any age":             {func(g *attest.WarrantGate) { g.MaxAge = 0 }, false},
		"another action":      {func(g *attest.WarrantGate) { g.Actions = []string{"payments.refund"} }, false},
		"any action":          {func(g *attest.WarrantGate) { g.Actions = nil }, false},
		"a higher limit":      {func(g *attest.WarrantGate) { g.When = aboveAmount("1000.01") }, false},
		"a lower limit":       {func(g *attest.WarrantGate) { g.When = aboveAmount("1.00") }, false},
		"another condition":   {func(g *attest.WarrantGate) { g.When = always }, false},
		"more than there are": {func(g *attest.WarrantGate) { g.M, g.Approvers = 2, []string{"bob"} }, false},
	} {
		links := validChain()
		own := base()
		c.change(&own)
		links[0].Warrant.Gates = []attest.WarrantGate{gate(1, always, "alice"), base()}
		extra := gate(1, irreversible, "dave")
		links[1].Warrant.Gates = []attest.WarrantGate{extra, own, gate(1, always, "alice")}
		links[2].Warrant.Gates = slices.Clone(links[1].Warrant.Gates)
		_, faults := warrant.Check(links)
		if c.ok != (len(faults) == 0) || !c.ok && (faults[0].Code != "d6.gates" || faults[0].Field != "warrants.1.gates") {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// TestGatesAreMonotone: whatever opens the gates of a link opens those of the link
// above it.
func TestGatesAreMonotone(t *testing.T) {
	people := []string{"alice", "bob", "carol"}
	random := rand.New(rand.NewPCG(5, 6))
	draw := func() attest.WarrantGate {
		g := gate(1, []attest.When{always, aboveAmount("5.00"), irreversible}[random.IntN(3)])
		for _, p := range people {
			if random.IntN(4) > 0 {
				g.Approvers = append(g.Approvers, p)
			}
		}
		if len(g.Approvers) == 0 {
			g.Approvers = people[:1]
		}
		g.M, g.MaxAge, g.Display = 1+random.IntN(len(g.Approvers)), int64(random.IntN(3)), random.IntN(2) == 0
		return g
	}
	// opens: approvals by these people, so old, with what was shown or without.
	opens := func(g attest.WarrantGate, approved []string, age int64, shown bool) bool {
		n := 0
		for _, p := range g.Approvers {
			if slices.Contains(approved, p) && (g.MaxAge == 0 || age <= g.MaxAge) && (shown || !g.Display) {
				n++
			}
		}
		return n >= g.M
	}
	kept, open := 0, 0
	for range 20_000 {
		links := validChain()[:2]
		parent, child := draw(), draw()
		links[0].Warrant.Gates, links[1].Warrant.Gates = []attest.WarrantGate{parent}, []attest.WarrantGate{child}
		if _, faults := warrant.Check(links); len(faults) > 0 {
			continue
		}
		kept++
		for set := range 8 {
			var approved []string
			for i, p := range people {
				if set>>i&1 == 1 {
					approved = append(approved, p)
				}
			}
			age, shown := int64(1+random.IntN(3)), random.IntN(2) == 0
			if !opens(child, approved, age, shown) {
				continue
			}
			open++
			if !opens(parent, approved, age, shown) {
				t.Fatalf("%v open the child's gate %+v and not the parent's %+v", approved, child, parent)
			}
		}
	}
	if kept < 200 || open < 200 {
		t.Errorf("the draw says too little: %d kept, %d opened", kept, open)
	}
}

// TestDescribeGate: in words, one line.
func TestDescribeGate(t *testing.T) {
	g := gate(2, aboveAmount("1000.00"), "alice", "bob")
	g.Actions, g.Display, g.MaxAge = []string{"payments.transfer"}, true, 1_800_000
	for want, g := range map[string]attest.WarrantGate{
		"payments.transfer, if amount is above 1000.00 EUR or is not shown: 2 of alice, bob must approve exactly that action; what they were shown must come with the approval; at most 30m0s before it": g,
		"any action: 1 of alice must approve exactly that action":                                                                                           gate(1, always, "alice"),
		"any action, unless the policy in force and the agent say that it can be undone: 1 of alice must approve exactly that action":                       gate(1, irreversible, "alice"),
		"any action, except from 08:00 until before 18:00 UTC on Monday, Tuesday, Wednesday, Thursday, Friday: 1 of alice must approve exactly that action": gate(1, office, "alice"),
	} {
		if got := warrant.DescribeGate(g); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
