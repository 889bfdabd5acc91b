package warrant_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

const (
	origin       = "deed.acme.example/2026"
	orchestrator = "spiffe://acme.example/agent/orchestrator"
	buyer        = "spiffe://acme.example/agent/buyer"
	payments     = "spiffe://acme.example/agent/payments"
	hour         = int64(3_600_000)
	start        = int64(1_790_150_400_000)
)

var (
	treasurer   = attest.Party{ID: "treasurer", Kind: attest.ByPerson}
	instruction = idOf("instruction")
	anything    = attest.Constraint{All: &[]attest.Constraint{}}
)

func idOf(s string) attest.ID {
	sum, _ := attest.DigestOf([]byte(s)).Sum()
	return attest.IDFrom(sum)
}

func svid(id string) attest.Party { return attest.Party{ID: id, Kind: attest.BySVID} }

func signer(p attest.Party) attest.Signer {
	return attest.Signer{Party: p, KeySum: attest.DigestOf([]byte("key of " + p.Name()))}
}

func euro(decimal string) *attest.Amount { return &attest.Amount{Decimal: decimal, Unit: "EUR"} }

// transfer is a grant to pay within a budget.
func transfer(limit string, uses int64, match attest.Constraint) attest.Grant {
	return attest.Grant{
		Actions: []string{"payments.transfer"},
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: euro(limit)}},
			{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026"}},
		},
		Budget:   &attest.Budget{Argument: "amount", Limit: *euro(limit)},
		MaxUses:  uses,
		Resource: attest.Match{Kind: "bank_account", Match: match},
	}
}

func quote() attest.Grant {
	return attest.Grant{Actions: []string{"payments.quote", "payments.rate"}, Resource: attest.Match{
		Kind: "bank_account", Match: attest.Constraint{Prefix: "iban"}}}
}

func denial() attest.Denial {
	return attest.Denial{Actions: []string{"payments.refund"}, Resource: &attest.Match{
		Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/FR"}}}
}

// validChain is treasurer -> orchestrator -> buyer -> payments.
func validChain() []warrant.Link {
	exact := attest.Text("iban/DE/nordlicht/1")
	root := &attest.Warrant{
		Depth: 0, MaxDepth: 3, NotBefore: start, Expires: start + 8*hour, Log: origin, V: 1,
		Grants: []attest.Grant{quote(), transfer("5000.00", 10, attest.Constraint{Prefix: "iban/DE"})},
		Holder: attest.Holder{SPIFFEID: orchestrator}, Issuer: treasurer, Never: []attest.Denial{denial()},
		Task: attest.Task{ID: "6b0d4c1e9f2a4d7c8e3b5a6f70819203", Instruction: instruction, Purpose: "vendor_payment"},
		Root: &attest.WarrantRoot{Accountable: "treasurer", Basis: attest.HumanInstruction, Evidence: []attest.ID{instruction}},
	}
	middle := delegate(root, "root", buyer, transfer("4000", 5, attest.Constraint{Prefix: "iban/DE/nordlicht"}))
	leaf := delegate(middle, "middle", payments, transfer("2500.00", 3, attest.Constraint{Exact: &exact}))
	leaf.Expires -= 7 * hour
	return []warrant.Link{
		{ID: idOf("root"), Warrant: root, Signer: signer(treasurer)},
		{ID: idOf("middle"), Warrant: middle, Signer: signer(svid(orchestrator))},
		{ID: idOf("leaf"), Warrant: leaf, Signer: signer(svid(buyer))},
	}
}

// delegate derives a warrant as its holder would.
func delegate(parent *attest.Warrant, name, holder string, grants ...attest.Grant) *attest.Warrant {
	child := *parent
	child.Depth++
	child.Grants, child.Never = grants, slices.Clone(parent.Never)
	child.Issuer, child.Holder = svid(parent.Holder.SPIFFEID), attest.Holder{SPIFFEID: holder}
	child.Parent, child.Root = idOf(name), nil
	return &child
}

func TestCheckAcceptsTheValidChain(t *testing.T) {
	c, faults := warrant.Check(validChain())
	if len(faults) != 0 {
		t.Fatalf("faults: %v", faults)
	}
	path, err := c.Path(0)
	if err != nil || !slices.Equal(path, []int{1, 0, 0}) {
		t.Fatalf("path %v, %v", path, err)
	}
	if id, ok := c.Instruction(); !ok || id != instruction {
		t.Errorf("instruction %v %v", id, ok)
	}
	if c.Hops() != 2 || c.Root().ID != idOf("root") || c.Leaf().ID != idOf("leaf") || len(c.Links()) != 3 {
		t.Errorf("hops %d, root %s, leaf %s", c.Hops(), c.Root().ID, c.Leaf().ID)
	}
}

// ruleCase breaks one rule of a chain; without a change there is no chain.
type ruleCase struct {
	name, code, field string
	change            func(l []warrant.Link)
}

func placeCases() []ruleCase {
	return []ruleCase{
		{"issuer is another agent", "d1.issuer", "warrants.2.issuer", func(l []warrant.Link) {
			l[2].Warrant.Issuer, l[2].Signer = svid(payments), signer(svid(payments))
		}},
		{"issuer is a person of the holder's name", "d1.issuer", "warrants.2.issuer", func(l []warrant.Link) {
			l[2].Warrant.Issuer.Kind = attest.ByPerson
			l[2].Signer.Kind = attest.ByPerson
		}},
		{"signer is not the issuer", "d1.issuer", "warrants.1.signer", func(l []warrant.Link) { l[1].Signer.Party = svid(payments) }},
		{"signed with another key than the one pinned", "d1.issuer", "warrants.2.signer.key", func(l []warrant.Link) {
			l[1].Warrant.Holder.Key = attest.DigestOf([]byte("another key"))
		}},
		{"parent is another warrant", "d2.parent", "warrants.2.parent", func(l []warrant.Link) { l[2].Warrant.Parent = idOf("root") }},
		{"parent of no ID", "d2.parent", "warrants.1.parent", func(l []warrant.Link) { l[0].ID, l[1].Warrant.Parent = "", "" }},
		{"root has a parent", "d2.parent", "warrants.0.parent", func(l []warrant.Link) { l[0].Warrant.Parent = idOf("x") }},
		{"parent in another log", "d2.parent", "warrants.2.log", func(l []warrant.Link) { l[2].Warrant.Log = "other.example" }},
		{"depth skips one", "d3.depth", "warrants.2.depth", func(l []warrant.Link) { l[2].Warrant.Depth = 3 }},
		{"depth stays", "d3.depth", "warrants.2.depth", func(l []warrant.Link) { l[2].Warrant.Depth = 1 }},
		{"root is not at 0", "d3.depth", "warrants.0.depth", func(l []warrant.Link) {
			for i := range l {
				l[i].Warrant.Depth = i + 1
			}
		}},
		{"root allows one hop", "d3.depth", "warrants.2.depth", func(l []warrant.Link) {
			l[0].Warrant.MaxDepth, l[1].Warrant.MaxDepth, l[2].Warrant.MaxDepth = 1, 1, 1
		}},
		{"max_depth rises", "d3.depth", "warrants.2.max_depth", func(l []warrant.Link) { l[2].Warrant.MaxDepth = 4 }},
		{"begins earlier", "d4.window", "warrants.1.not_before", func(l []warrant.Link) { l[0].Warrant.NotBefore++ }},
		{"ends later", "d4.window", "warrants.2.expires", func(l []warrant.Link) { l[2].Warrant.Expires = start + 8*hour + 1 }},
	}
}

func grantCases() []ruleCase {
	return []ruleCase{
		{"another action", "d5.grants", "warrants.2.grants.0.actions", func(l []warrant.Link) { l[2].Warrant.Grants[0].Actions = []string{"payments.refund"} }},
		{"another resource", "d5.grants", "warrants.2.grants.0.resource", func(l []warrant.Link) { l[2].Warrant.Grants[0].Resource.Match = attest.Constraint{Prefix: "iban"} }},
		{"another kind of resource", "d5.grants", "warrants.2.grants.0.resource", func(l []warrant.Link) { l[2].Warrant.Grants[0].Resource.Kind = "safe" }},
		{"more uses", "d5.grants", "warrants.2.grants.0.max_uses", func(l []warrant.Link) { l[2].Warrant.Grants[0].MaxUses = 6 }},
		{"uses without limit", "d5.grants", "warrants.2.grants.0.max_uses", func(l []warrant.Link) { l[2].Warrant.Grants[0].MaxUses = 0 }},
		{"no budget", "d5.grants", "warrants.2.grants.0.budget", func(l []warrant.Link) { l[2].Warrant.Grants[0].Budget = nil }},
		{"larger budget", "d5.grants", "warrants.2.grants.0.budget", func(l []warrant.Link) { l[2].Warrant.Grants[0].Budget.Limit.Decimal = "4000.0001" }},
		{"budget of another unit", "d5.grants", "warrants.2.grants.0.budget", func(l []warrant.Link) { l[2].Warrant.Grants[0].Budget.Limit.Unit = "USD" }},
		{"budget of another argument", "d5.grants", "warrants.2.grants.0.budget", func(l []warrant.Link) { l[2].Warrant.Grants[0].Budget.Argument = "fee" }},
		{"an argument is dropped", "d5.grants", "warrants.2.grants.0.arguments.reference", func(l []warrant.Link) {
			l[2].Warrant.Grants[0].Arguments = l[2].Warrant.Grants[0].Arguments[:1]
		}},
		{"an argument is added", "d5.grants", "warrants.2.grants.0.arguments.urgent", func(l []warrant.Link) {
			l[2].Warrant.Grants[0].Arguments = append(l[2].Warrant.Grants[0].Arguments, attest.Argument{Name: "urgent", Constraint: anything})
		}},
		{"a looser argument", "d5.grants", "warrants.2.grants.0.arguments.amount", func(l []warrant.Link) { l[2].Warrant.Grants[0].Arguments[0].Constraint = anything }},
		{"one grant more than the parent has", "d5.grants", "warrants.1.grants.1", func(l []warrant.Link) {
			l[1].Warrant.Grants = append(l[1].Warrant.Grants, transfer("9999.00", 3, attest.Constraint{Prefix: "iban/DE"}))
		}},
		{"drops a denial", "d5.grants", "warrants.2.never", func(l []warrant.Link) { l[2].Warrant.Never = nil }},
		{"narrows a denial", "d5.grants", "warrants.2.never", func(l []warrant.Link) {
			n := denial()
			n.Resource.Match.Prefix = "iban/FR/x"
			l[2].Warrant.Never = []attest.Denial{n}
		}},
	}
}

func taskCases() []ruleCase {
	return []ruleCase{
		{"drops a gate", "d6.gates", "warrants.2.gates", func(l []warrant.Link) {
			l[0].Warrant.Gates = []attest.WarrantGate{gate(1, always, "alice")}
			l[1].Warrant.Gates = l[0].Warrant.Gates
		}},
		{"another task", "d8.task", "warrants.2.task.id", func(l []warrant.Link) { l[2].Warrant.Task.ID = "00000000000000000000000000000000" }},
		{"another purpose", "d8.task", "warrants.2.task.purpose", func(l []warrant.Link) { l[2].Warrant.Task.Purpose = "refunds" }},
		{"another instruction", "d8.task", "warrants.2.task.instruction", func(l []warrant.Link) { l[2].Warrant.Task.Instruction = idOf("other") }},
		{"an instruction comes back", "d8.task", "warrants.2.task.instruction", func(l []warrant.Link) { l[1].Warrant.Task.Instruction = "" }},
		{"the leaf's holder is foreign", "d9.domain", "warrants.2.holder.spiffe_id", func(l []warrant.Link) {
			l[2].Warrant.Holder.SPIFFEID = "spiffe://evil.example/agent/payments"
		}},
		{"the root's issuer is foreign", "d9.domain", "warrants.0.issuer.id", func(l []warrant.Link) {
			l[0].Warrant.Issuer = svid("spiffe://evil.example/scheduler")
		}},
		{"no chain", "d2.parent", "warrants", nil},
	}
}

// Every fault found must have the code of the rule that was broken.
func TestCheckRules(t *testing.T) {
	for _, tc := range slices.Concat(placeCases(), grantCases(), taskCases()) {
		t.Run(tc.name, func(t *testing.T) {
			links := validChain()
			if tc.change == nil {
				links = nil
			} else {
				tc.change(links)
			}
			_, faults := warrant.Check(links)
			if len(faults) == 0 {
				t.Fatal("no fault")
			}
			if faults[0].Field != tc.field {
				t.Errorf("field %q, want %q (%v)", faults[0].Field, tc.field, faults[0])
			}
			for _, f := range faults {
				if f.Code != tc.code {
					t.Errorf("also %v", f)
				}
				if _, known := attest.Faults[f.Code]; !known {
					t.Errorf("code %q is not in the registry", f.Code)
				}
			}
		})
	}
}

func TestCheckOnHostileShapes(t *testing.T) {
	long := make([]warrant.Link, attest.MaxChain+1)
	if c, faults := warrant.Check(long); len(faults) != 1 || faults[0].Code != "d3.depth" || c.Hops() != 0 {
		t.Errorf("too long: %v", faults)
	}
	if _, faults := warrant.Check(make([]warrant.Link, 2)); len(faults) != 1 || faults[0].Code != "d2.parent" {
		t.Errorf("without warrants: %v", faults)
	}
	var zero warrant.Chain
	if _, err := zero.Path(0); err == nil {
		t.Error("the zero chain has a path")
	}
	if zero.Permits(nil, warrant.Act{}) == nil {
		t.Error("the zero chain permits")
	}
	if _, f := zero.Debit(nil, nil, nil); f == nil {
		t.Error("the zero chain can be debited")
	}
	if _, ok := zero.Instruction(); ok {
		t.Error("the zero chain has an instruction")
	}
	if zero.Leaf() != (warrant.Link{}) || zero.Root() != (warrant.Link{}) {
		t.Error("the zero chain has links")
	}
	if warrant.CheckHolder(zero, signer(svid(payments)), "", start) == nil {
		t.Error("the zero chain has a holder")
	}
}

func TestCheckSortsAllFaults(t *testing.T) {
	links := validChain()
	links[2].Warrant.Task.Purpose = "x"
	links[1].Warrant.Task.Purpose = "y"
	links[2].Warrant.Expires = start + 100*hour
	links[1].Warrant.Never = nil
	links[2].Warrant.Parent = idOf("z")
	_, faults := warrant.Check(links)
	var got []string
	for _, f := range faults {
		got = append(got, f.Code+" "+f.Field)
	}
	want := []string{
		"d2.parent warrants.2.parent", "d4.window warrants.2.expires", "d5.grants warrants.1.never",
		"d8.task warrants.1.task.purpose", "d8.task warrants.2.task.purpose",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for range 20 {
		if _, again := warrant.Check(links); fmt.Sprint(again) != fmt.Sprint(faults) {
			t.Fatal("the order changes")
		}
	}
}

func TestPathTakesTheLowestContainingGrant(t *testing.T) {
	links := validChain()
	wide := transfer("5000.00", 10, attest.Constraint{Prefix: "iban/DE"})
	links[0].Warrant.Grants = []attest.Grant{quote(), wide, wide}
	links[1].Warrant.Grants = append(links[1].Warrant.Grants, quote())
	links[2].Warrant.Grants = append(links[2].Warrant.Grants, transfer("9.00", 1, attest.Constraint{Prefix: "iban/FR"}))
	c, faults := warrant.Check(links)
	if len(faults) != 1 || faults[0].Field != "warrants.2.grants.1" {
		t.Fatalf("faults %v", faults)
	}
	if path, err := c.Path(0); err != nil || !slices.Equal(path, []int{1, 0, 0}) {
		t.Errorf("path %v, %v", path, err)
	}
	for grant, code := range map[int]string{1: "d5.grants", 2: "warrant.outside", -1: "warrant.outside"} {
		if _, err := c.Path(grant); codeOf(err) != code {
			t.Errorf("grant %d: %v, want %s", grant, err, code)
		}
	}
}

func TestInstructionFlowsOnlyDownUnbrokenLinks(t *testing.T) {
	links := validChain()
	links[2].Warrant.Task.Instruction = ""
	c, faults := warrant.Check(links)
	if len(faults) != 0 {
		t.Fatal(faults)
	}
	if _, ok := c.Instruction(); ok {
		t.Error("flows past a link that leaves it out")
	}
	for i := range links {
		links[i].Warrant.Task.Instruction = ""
	}
	if c, _ = warrant.Check(links); c.Hops() == 2 {
		if _, ok := c.Instruction(); ok {
			t.Error("flows from nowhere")
		}
	}
}

// codeOf returns the fault code of an error, or "".
func codeOf(err error) string {
	if f := attest.AsFault(err); f != nil {
		return f.Code
	}
	return ""
}
