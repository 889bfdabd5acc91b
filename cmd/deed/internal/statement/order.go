package statement

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// order puts the lists of a statement into the order that the profile asks for,
// so that a person need not.
func order(s attest.Statement) {
	switch s := s.(type) {
	case *attest.Genesis:
		sortAdministrators(s.Administrators)
		slices.Sort(s.TrustDomains)
	case *attest.Administrators:
		sortAdministrators(s.Administrators)
	case *attest.Provider:
		slices.Sort(s.Algorithms)
		slices.SortFunc(s.Agents, func(a, b attest.ClientAgent) int { return strings.Compare(a.Client, b.Client) })
		slices.SortFunc(s.Accepts, func(a, b attest.Acceptance) int { return strings.Compare(string(a.Type), string(b.Type)) })
		for i := range s.Accepts {
			slices.Sort(s.Accepts[i].Audiences)
		}
	case *attest.Issuer:
		slices.Sort(s.Bases)
		sortGrants(s.Grants)
	case *attest.Instruction:
		for i := range s.Requests {
			sortArguments(s.Requests[i].Arguments)
		}
	case *attest.Warrant:
		sortGrants(s.Grants)
		for i := range s.Gates {
			slices.Sort(s.Gates[i].Actions)
			slices.Sort(s.Gates[i].Approvers)
		}
		for i := range s.Never {
			slices.Sort(s.Never[i].Actions)
		}
		if s.Root != nil {
			slices.Sort(s.Root.Evidence)
		}
	case *attest.Approval:
		slices.SortFunc(s.Arguments, func(a, b attest.NamedValue) int { return strings.Compare(a.Name, b.Name) })
	case *attest.Refusal:
		slices.SortFunc(s.Arguments, func(a, b attest.NamedValue) int { return strings.Compare(a.Name, b.Name) })
	case *attest.Action:
		slices.SortFunc(s.Open, func(a, b attest.Opening) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(s.Sealed, func(a, b attest.Sealed) int { return strings.Compare(a.Name, b.Name) })
		if s.Authority != nil {
			slices.Sort(s.Authority.Approvals)
		}
	}
}

func sortAdministrators(list []attest.Administrator) {
	slices.SortFunc(list, func(a, b attest.Administrator) int { return strings.Compare(a.Name, b.Name) })
}

func sortGrants(grants []attest.Grant) {
	for i := range grants {
		slices.Sort(grants[i].Actions)
		sortArguments(grants[i].Arguments)
	}
}

func sortArguments(args []attest.Argument) {
	slices.SortFunc(args, func(a, b attest.Argument) int { return strings.Compare(a.Name, b.Name) })
}
