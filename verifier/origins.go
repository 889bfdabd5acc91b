package verifier

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// The origins of a value (docs/spec/verdict.md, "Origins").
const (
	fromApproval    = "approval"
	fromInstruction = "instruction"
	fromElsewhere   = "none"   // nothing that decided the class states it
	originSealed    = "sealed" // the value is not shown
)

// Origin says which human's statement states a value of an action: an argument, or
// the resource.
type Origin struct {
	Argument  string    `json:"argument,omitzero"` // "" is the resource
	Origin    string    `json:"origin"`            // approval | instruction | none | sealed
	Statement attest.ID `json:"statement,omitzero"`
}

// origins compares the values of an action with what the human act that decided the
// class states; of other actions there are none. A value that an agent chose
// within a limit is not stated by it.
func (v *verification) origins(a *attest.Action, found *agency.Attribution) []Origin {
	out := []Origin{}
	if a.Request == nil || found == nil || found.Row < 4 || found.Row > 7 {
		return out
	}
	states := v.statesOf(found)
	add := func(argument string, is attest.Value) {
		o := Origin{Argument: argument, Origin: fromElsewhere}
		if states.value != nil && states.value(a, argument, is) {
			o.Origin, o.Statement = states.origin, states.id
		}
		out = append(out, o)
	}
	add("", attest.Text(a.Request.Resource.ID))
	for _, o := range a.Open {
		add(o.Name, o.Value)
	}
	for _, s := range a.Sealed {
		out = append(out, Origin{Argument: s.Name, Origin: originSealed})
	}
	return out
}

// statement is a human's act, and which values it states.
type statement struct {
	id     attest.ID
	origin string
	value  func(a *attest.Action, argument string, is attest.Value) bool
}

// statesOf finds the act that decided the class.
func (v *verification) statesOf(found *agency.Attribution) statement {
	for _, id := range found.Decisive {
		if t, ok := v.byID[id].statement().(*attest.Token); ok {
			id = t.Instruction // that it is a login for
		}
		switch s := v.byID[id].statement().(type) {
		case *attest.Approval: // it decides only where it is of exactly this action
			return statement{id, fromApproval, func(*attest.Action, string, attest.Value) bool { return true }}
		case *attest.Instruction:
			return statement{id, fromInstruction, func(a *attest.Action, argument string, is attest.Value) bool {
				return slices.ContainsFunc(s.Requests, func(r attest.Request) bool {
					return r.Action == a.Request.Action && stated(r, a.Request.Resource.Kind, argument, is)
				})
			}}
		}
	}
	return statement{}
}

// stated reports whether a request states a value by itself, alone or as one of
// several.
func stated(r attest.Request, kind, argument string, is attest.Value) bool {
	if argument == "" {
		return r.Resource.Kind == kind && states(r.Resource.Match, is)
	}
	return slices.ContainsFunc(r.Arguments, func(a attest.Argument) bool {
		return a.Name == argument && states(a.Constraint, is)
	})
}

func states(c attest.Constraint, is attest.Value) bool {
	switch {
	case c.Exact != nil:
		return c.Exact.Equal(is)
	case c.All != nil:
		return slices.ContainsFunc(*c.All, func(inner attest.Constraint) bool { return states(inner, is) })
	}
	return slices.ContainsFunc(c.OneOf, is.Equal)
}

// OriginLines puts the origins of a subject in words, one line each.
func (s *Subject) OriginLines() []string {
	lines := make([]string, len(s.Origins))
	for i, o := range s.Origins {
		lines[i] = o.what() + ": " + s.originWords(o)
	}
	return lines
}

func (o Origin) what() string {
	if o.Argument == "" {
		return "the resource"
	}
	return "argument " + attest.Quote(o.Argument)
}

func (s *Subject) originWords(o Origin) string {
	switch o.Origin {
	case fromApproval:
		return "stated in the approval " + string(o.Statement)
	case fromInstruction:
		return "stated in the instruction " + string(o.Statement)
	case originSealed:
		return "sealed, so where its value is from is not shown"
	}
	if s.Attribution.Row == 7 {
		return "not from an instruction: none reached the agent"
	}
	return "not from the instruction"
}

// originLimit is what the origins do not show.
const originLimit = "This does not show where a value is from that the instruction does not state: the agent may have worked it out as asked, or have been told it by what it read."

// unstated reports whether a value is not from the instruction.
func (s *Subject) unstated() bool {
	return slices.ContainsFunc(s.Origins, func(o Origin) bool { return o.Origin == fromElsewhere })
}
