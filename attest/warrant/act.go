package warrant

import (
	"slices"

	"github.com/deedlog/deed/attest"
)

// Act is what an agent means to do, as far as grants look at it
// (docs/spec/warrants.md, "Grants").
type Act struct {
	Action   string
	Resource attest.Resource
	Open     map[string]attest.Value // arguments by name
	Sealed   []string                // names of arguments whose value is hidden
}

// ActOf returns what an action with a request means to do. An outcome has no
// request and gives the zero Act, which no grant permits.
func ActOf(a *attest.Action) Act {
	if a.Request == nil {
		return Act{}
	}
	sealed := make([]string, len(a.Sealed))
	for i, s := range a.Sealed {
		sealed[i] = s.Name
	}
	return Act{Action: a.Request.Action, Resource: a.Request.Resource, Open: a.Arguments(), Sealed: sealed}
}

// names returns the names of all arguments in ascending order; one that is both
// open and sealed stands twice.
func (r Act) names() []string {
	out := make([]string, 0, len(r.Open)+len(r.Sealed))
	for name := range r.Open {
		out = append(out, name)
	}
	out = append(out, r.Sealed...)
	slices.Sort(out)
	return out
}
