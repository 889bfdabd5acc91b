package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// view is what a person sees of an action before approving it.
type view struct {
	*asked
	links       []warrant.Link
	chainFaults []*attest.Fault
	outside     *attest.Fault     // the chain does not permit it
	instructed  *admission.Logged // nil: the chain carries no instruction
	instruction *attest.Instruction
	now         int64
}

// view gathers the chain and the instruction of an action.
func (c *client) view(ctx context.Context, a *asked, now int64) (*view, error) {
	v := &view{asked: a, now: now}
	logged, links, err := c.chain(ctx, string(a.action.Authority.Warrant))
	if err != nil {
		return nil, err
	}
	v.links = links
	if v.chainFaults, err = c.chainFaults(ctx, logged, links, now); err != nil {
		return nil, err
	}
	chain, faults := warrant.Check(links)
	if len(faults) > 0 {
		return v, nil // it is among the faults of the chain
	}
	path, err := chain.Path(a.action.Authority.Grant)
	if err != nil {
		v.outside = attest.AsFault(err)
	} else {
		v.outside = chain.Permits(path, warrant.ActOf(a.action))
	}
	id, ok := chain.Instruction()
	if !ok {
		return v, nil
	}
	if v.instructed, _, err = c.logged(ctx, string(id)); err != nil {
		return nil, err
	}
	v.instruction, ok = v.instructed.Verified.Statement().(*attest.Instruction)
	if !ok {
		v.instructed = nil
	}
	return v, nil
}

// hopeless is why an approval would be for nothing, or nil.
func (v *view) hopeless() error {
	f, what := v.outside, "the warrant does not permit this action"
	if len(v.chainFaults) > 0 {
		f, what = v.chainFaults[0], "the chain of warrants does not hold"
	}
	if leaf := v.leaf(); f == nil && leaf.Holder.SPIFFEID != v.action.Agent {
		f, what = &attest.Fault{Code: "d10.holder", Field: "agent", Expected: leaf.Holder.SPIFFEID, Found: v.action.Agent}, "the warrant is another agent's"
	}
	if f == nil {
		return nil
	}
	return &failure{code: exitFalse, hint: attest.Faults[f.Code].Fix, err: fmt.Errorf("nothing was signed: an approval changes nothing where %s: %s", what, f.Error())}
}

func (v *view) leaf() *attest.Warrant { return v.links[len(v.links)-1].Warrant }

// words are what is approved, the same for the same action, state and approval.
// They are kept as the object that the approval's display names.
func (v *view) words(s *attest.Approval) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-12s %s\n", name+":", value) }
	line("agent", s.Agent)
	line("action", s.Action)
	line("resource", s.Resource.Kind+" "+attest.Quote(s.Resource.ID))
	for _, a := range s.Arguments {
		line("argument", a.Name+" "+a.Value.String())
	}
	if len(s.Arguments) == 0 {
		line("arguments", "none")
	}
	line("target", targetWords(s.Target))
	if !v.action.Request.Reversible {
		line("reversible", "no, as the agent says")
	} else {
		line("reversible", "yes, as the agent says")
	}
	line("approves", "exactly this, once, until just before "+instant(s.Expires)+", "+span(s.Expires-s.At))
	if v.logged != nil {
		line("asked", fmt.Sprintf("%s, entry %d, %s", instant(v.received), v.logged.Index, v.logged.ID()))
		line("denied", denialWords(v.logged))
	} else {
		line("asked", "not yet: this is a draft")
	}
	for _, c := range v.approved {
		line("approved", "by "+c.statement.Person+" until just before "+instant(c.statement.Expires)+": "+string(c.id))
	}
	v.warrantWords(line)
	for _, text := range v.instructionWords() {
		line("instruction", text)
	}
	line("request", string(s.Request))
	line("log", s.Log)
	return b.String()
}

func (v *view) warrantWords(line func(name, value string)) {
	w, root := v.leaf(), v.links[0].Warrant
	line("warrant", string(v.action.Authority.Warrant)+" of "+w.Issuer.Name()+", for "+attest.Quote(w.Task.Purpose))
	line("holds", "from "+instant(w.NotBefore)+" until just before "+instant(w.Expires))
	if root.Root != nil {
		line("rests on", string(root.Root.Basis)+" of "+root.Issuer.Name()+"; "+root.Root.Accountable+" is accountable")
	}
	for _, f := range v.chainFaults {
		line("fault", f.Error())
	}
	switch {
	case v.outside != nil:
		line("within it", "no: "+v.outside.Error())
	case len(v.chainFaults) == 0:
		line("within it", "yes")
	}
}

// instructionWords say what differs between the action and the instruction that
// its chain of warrants carries.
func (v *view) instructionWords() []string {
	if v.instruction == nil {
		return []string{"none: the warrants carry none that reaches this agent"}
	}
	i := v.instruction
	out := []string{fmt.Sprintf("%s of %s, entry %d", v.instructed.ID(), i.Person, v.instructed.Index)}
	if i.RecordedBy != "" {
		out = append(out, "differs: "+i.Person+" did not sign it; "+i.RecordedBy+" recorded it")
	}
	if !v.instructed.Allowed() {
		out = append(out, "differs: the log denied it")
	}
	if v.now >= i.Expires {
		out = append(out, "differs: it held until just before "+instant(i.Expires))
	}
	if holder := v.links[0].Warrant.Holder.SPIFFEID; holder != i.Addressee {
		out = append(out, "differs: it asks "+i.Addressee+", the first warrant is held by "+holder)
	}
	if i.MaxActions > 0 {
		out = append(out, "it carries "+actionsWords(i)+" actions in all")
	}
	return append(out, v.requestDifferences()...)
}

// requestDifferences compare the action with the typed requests: with those of
// the same action, or with all where none is.
func (v *view) requestDifferences() []string {
	act := warrant.ActOf(v.action)
	var same, other []string
	for n, r := range v.instruction.Requests {
		err := warrant.Permits(r.Grant(), act)
		if err == nil {
			return []string{fmt.Sprintf("request %d names this action: %s", n, requestWords(r))}
		}
		text := fmt.Sprintf("differs from request %d, %s: %s", n, requestWords(r), v.difference(err))
		if r.Action == act.Action {
			same = append(same, text)
		} else {
			other = append(other, text)
		}
	}
	switch {
	case len(same) > 0:
		return same
	case len(other) > 0:
		return other
	}
	return []string{"differs: it names no action; the agent chose this one"}
}

// difference says of a limit what it is and what the action has.
func (v *view) difference(err error) string {
	f := attest.AsFault(err)
	if f == nil {
		return err.Error()
	}
	found := f.Found
	if name, ok := strings.CutPrefix(f.Field, "arguments."); ok {
		if value, ok := v.action.Arguments()[name]; ok {
			found = value.String()
		}
	}
	return f.Field + " is " + found + ", asked for was " + f.Expected
}
