package consent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// Standing is how a gate stands that asks for approvals of an action: as far as can
// be seen before the action is submitted again.
type Standing struct {
	Gate     attest.WarrantGate
	Approved []string // of its approvers, ascending
	Refused  []string
}

// Standing says how each gate stands that applies now.
func (v *View) Standing() []Standing { return v.standing(v.Gates()) }

// Standing says how each gate of the warrant stands that applies at a time, in ms. It
// is of what [Pending] found: else the warrant is not known.
func (a *Asked) Standing(now int64) []Standing {
	if a.Warrant == nil {
		return nil
	}
	return a.standing(a.gatesOf(a.Warrant, now))
}

func (a *Asked) standing(gates []attest.WarrantGate) (out []Standing) {
	for _, g := range gates {
		s := Standing{Gate: g}
		for _, name := range g.Approvers {
			if slices.ContainsFunc(a.Approved, func(yes Given) bool { return yes.Statement.Person == name && !(g.Display && yes.Unseen) }) {
				s.Approved = append(s.Approved, name)
			}
			if slices.ContainsFunc(a.Refused, func(no Refused) bool { return no.Statement.Person == name }) {
				s.Refused = append(s.Refused, name)
			}
		}
		out = append(out, s)
	}
	return out
}

// Asks reports whether any of the gates wants this person's approval; where there are
// no gates, anybody's may do.
func Asks(gates []Standing, person string) bool {
	return len(gates) == 0 || slices.ContainsFunc(gates, func(s Standing) bool { return slices.Contains(s.Gate.Approvers, person) })
}

// Words say how many approvals there are, and what is missing.
func (s Standing) Words() string {
	text := fmt.Sprintf("%d of %d approvals", len(s.Approved), s.Gate.M)
	if len(s.Approved) > 0 {
		text += ", by " + strings.Join(s.Approved, ", ")
	}
	text += "; asked are " + strings.Join(s.Gate.Approvers, ", ")
	if len(s.Refused) > 0 {
		text += "; refused by " + strings.Join(s.Refused, ", ")
	}
	return text
}
