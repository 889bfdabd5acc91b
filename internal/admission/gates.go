package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// gate is a gate of the chain that may ask for approvals of an action: whether it
// does can depend on the time of the entry.
type gate struct {
	depth, number int // of the link, and in its list
	*attest.WarrantGate
}

// gates lists the gates of every link that may apply. A child repeats those above
// it, or is denied; each is asked all the same.
func (c *check) gates(x *act) error {
	for depth, l := range x.chain.Links() {
		for n := range l.Warrant.Gates {
			if g := &l.Warrant.Gates[n]; warrant.GateMayApply(*g, x.action, x.undoable) {
				x.gates = append(x.gates, gate{depth, n, g})
			}
		}
	}
	return nil
}

// GateFinding is what is found of a gate that applies to an action: who of its
// approvers counts, and who refused.
type GateFinding struct {
	Depth, Number int // of the link in the chain, and of the gate in its list
	Gate          *attest.WarrantGate
	People        []string  // whose approval counts, ascending
	By            []*Logged // the approval of each of them
	Refused       []string  // whose last word is a refusal, ascending
}

// Enough reports whether as many approved as the gate asks for.
func (f GateFinding) Enough() bool { return len(f.People) >= f.Gate.M }

// Gates finds what became of every gate that applies, root first, given what was
// read and the time of the entry in ms. A verifier calls it with the recorded Read.
func (p *Prepared) Gates(read Read, received int64) []GateFinding {
	if p.act == nil {
		return nil
	}
	o := &outcomeOf{Prepared: p, read: read, received: received}
	var out []GateFinding
	for _, g := range p.act.gates {
		if warrant.GateApplies(*g.WarrantGate, p.act.action, p.act.undoable, received) {
			out = append(out, o.gate(g))
		}
	}
	return out
}

// Gates is [Prepared.Gates] for a statement that is not prepared.
func (c *Checked) Gates(read Read, received int64) []GateFinding {
	return (&Prepared{Checked: c}).Gates(read, received)
}

func (o *outcomeOf) gate(g gate) GateFinding {
	f := GateFinding{Depth: g.depth, Number: g.number, Gate: g.WarrantGate}
	var keys distinct
	for _, person := range g.Approvers { // each once, however often he approved
		if by := keys.take(o.act.approvals, func(a approved) bool { return a.statement.Person == person && o.opens(a, g) }); by != nil {
			f.People, f.By = append(f.People, person), append(f.By, by)
		} else if slices.ContainsFunc(o.read.Refused, func(r Refused) bool { return r.Person == person }) {
			f.Refused = append(f.Refused, person)
		}
	}
	return f
}

// distinct are the keys whose approvals are counted: no key is two people, though
// one certificate may have the names of two.
type distinct []attest.Digest

// take finds an approval that fits, by a key that was not counted before, or nil.
func (d *distinct) take(list []approved, fits func(approved) bool) *Logged {
	for _, a := range list {
		if key := a.logged.Verified.Signer().KeySum; fits(a) && !slices.Contains(*d, key) {
			*d = append(*d, key)
			return a.logged
		}
	}
	return nil
}

// opens reports whether an approval of an approver, which nobody but the person
// signs, counts for a gate: of exactly this action, unexpired, unused, not taken
// back, and with what the gate asks of it besides.
func (o *outcomeOf) opens(a approved, g gate) bool {
	id := a.logged.ID()
	used := slices.ContainsFunc(o.read.Used, func(r Ref) bool { return r.ID == id })
	shown := !g.Display || slices.Contains(a.logged.Record.Objects, a.statement.Display)
	fresh := g.MaxAge == 0 || o.received-a.logged.Record.CheckedAt <= g.MaxAge
	return a.exact && o.received < a.statement.Expires && !used && !o.takenBack(a) && shown && fresh
}

// gates: each that applies has its approvals, and nobody whom it asks has said no.
func (o *outcomeOf) gates() error {
	for _, f := range o.Gates(o.read, o.received) {
		if !f.Enough() {
			o.deny("gate.approvals")
		}
		if len(f.Refused) > 0 {
			o.deny("gate.refused")
		}
	}
	return nil
}
