package consent

import (
	"context"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// View is what a person sees of an action before approving it.
type View struct {
	*Asked
	Chain       Chain
	ChainFaults []*attest.Fault
	Outside     *attest.Fault     // the chain does not permit it
	Instructed  *admission.Logged // nil: the chain carries no instruction
	Instruction *attest.Instruction
	Now         int64 // ms
}

// Look gathers the chain and the instruction of an action. Errors: those of the
// register.
func Look(ctx context.Context, r Register, a *Asked, now int64) (*View, error) {
	v := &View{Asked: a, Now: now}
	var err error
	if v.Chain, err = ChainOf(ctx, r, a.Action.Authority.Warrant); err != nil {
		return nil, err
	}
	if v.ChainFaults, err = v.Chain.Faults(ctx, r, now); err != nil {
		return nil, err
	}
	chain, faults := warrant.Check(v.Chain.Links)
	if len(faults) > 0 {
		return v, nil // it is among the faults of the chain
	}
	path, err := chain.Path(a.Action.Authority.Grant)
	if err != nil {
		v.Outside = attest.AsFault(err)
	} else {
		v.Outside = chain.Permits(path, warrant.ActOf(a.Action))
	}
	id, ok := chain.Instruction()
	if !ok {
		return v, nil
	}
	if v.Instructed, err = r.Statement(ctx, id); err != nil {
		return nil, err
	}
	if v.Instruction, ok = v.Instructed.Verified.Statement().(*attest.Instruction); !ok {
		v.Instructed = nil
	}
	return v, nil
}

// Hopeless is why an approval would be for nothing.
type Hopeless struct {
	What  string
	Fault *attest.Fault
}

// Error says what an approval does not change.
func (h *Hopeless) Error() string {
	return "an approval changes nothing where " + h.What + ": " + h.Fault.Error()
}

// Hopeless is why an approval would be for nothing, or nil.
func (v *View) Hopeless() *Hopeless {
	switch leaf := v.Chain.Leaf(); {
	case len(v.ChainFaults) > 0:
		return &Hopeless{"the chain of warrants does not hold", v.ChainFaults[0]}
	case v.Outside != nil:
		return &Hopeless{"the warrant does not permit this action", v.Outside}
	case leaf.Holder.SPIFFEID != v.Action.Agent:
		return &Hopeless{"the warrant is another agent's", &attest.Fault{Code: "d10.holder", Field: "agent", Expected: leaf.Holder.SPIFFEID, Found: v.Action.Agent}}
	}
	return nil
}

// Gates lists the gates of the leaf that ask for approvals of the action now; it
// repeats those of every warrant above it.
func (v *View) Gates() []attest.WarrantGate { return v.gatesOf(v.Chain.Leaf(), v.Now) }

func (a *Asked) gatesOf(w *attest.Warrant, now int64) (out []attest.WarrantGate) {
	for _, g := range w.Gates {
		if warrant.GateApplies(g, a.Action, a.undoable, now) {
			out = append(out, g)
		}
	}
	return out
}
