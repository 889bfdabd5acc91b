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
func (v *View) Standing() []Standing {
	var out []Standing
	for _, g := range v.Gates() {
		s := Standing{Gate: g}
		for _, name := range g.Approvers {
			if slices.ContainsFunc(v.Approved, func(a Given) bool { return a.Statement.Person == name }) {
				s.Approved = append(s.Approved, name)
			}
			if slices.ContainsFunc(v.Refused, func(r Refused) bool { return r.Statement.Person == name }) {
				s.Refused = append(s.Refused, name)
			}
		}
		out = append(out, s)
	}
	return out
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
