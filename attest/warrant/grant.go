package warrant

import (
	"slices"

	"github.com/deedlog/deed/attest"
)

// Permits reports whether a grant allows an act (docs/spec/warrants.md,
// "Grants"). The act has exactly the arguments that the grant names: another
// one is refused, and so is a missing one, for a limit on what is not said
// limits nothing. A sealed argument passes only where every value would. Limits
// over many uses are [Chain.Debit]'s part.
// nil = permitted, else a fault warrant.outside; it shows no argument's value.
func Permits(g attest.Grant, r Act) error {
	if !slices.Contains(g.Actions, r.Action) {
		return outside("action", "an action of the grant", r.Action)
	}
	if !Matches(g.Resource, r.Resource) {
		return outside("resource", describeMatch(g.Resource), r.Resource.Kind+" "+r.Resource.ID)
	}
	for _, a := range g.Arguments {
		if err := permitsArgument(a, r); err != nil {
			return err
		}
	}
	for _, name := range r.names() {
		if !slices.ContainsFunc(g.Arguments, func(a attest.Argument) bool { return a.Name == name }) {
			return outside("arguments."+name, "no such argument", "one")
		}
	}
	return nil
}

func permitsArgument(a attest.Argument, r Act) error {
	field := "arguments." + a.Name
	v, opened := r.Open[a.Name]
	sealed := slices.Contains(r.Sealed, a.Name)
	switch {
	case opened && sealed:
		return outside(field, "an open or a sealed argument", "both")
	case sealed && !AcceptsAll(a.Constraint):
		return outside(field, a.Constraint.String()+", opened", "a sealed argument")
	case !sealed && !opened:
		return outside(field, a.Constraint.String(), "no such argument")
	case opened && !Accepts(a.Constraint, v):
		return outside(field, a.Constraint.String(), "another "+v.Kind.String())
	}
	return nil
}

// Matches reports whether a match selects a resource: the kind is the same and the
// constraint, which is over canonical IDs alone, accepts the ID.
func Matches(m attest.Match, r attest.Resource) bool {
	return m.Kind == r.Kind && Accepts(m.Match, attest.Text(r.ID))
}

// Forbids reports whether a denial covers an act. A resource ID that is not
// canonical counts as covered, since what it names cannot be told.
func Forbids(n attest.Denial, r Act) bool {
	if !slices.Contains(n.Actions, r.Action) {
		return false
	}
	return n.Resource == nil || !attest.ValidPath(r.Resource.ID) || Matches(*n.Resource, r.Resource)
}

func outside(field, expected, found string) error {
	return attest.Refuse("warrant.outside", field, expected, found)
}
