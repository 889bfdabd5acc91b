package warrant

import (
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

// Contains reports whether child grants no more than parent (rule D5 for one
// grant). Both name the same arguments: a name that only the child has would be
// refused by the parent's closed world, and one that only the parent has is
// required by the parent but absent from every action the child permits.
// A limit of the parent must be in the child and be no higher.
// nil = contained, else a fault d5.grants whose field is within the grant.
func Contains(parent, child attest.Grant) error {
	_, err := lowestContaining([]bounded{bound(parent)}, bound(child))
	return err
}

// bounded is a grant with the extents of its constraints, computed once for
// many comparisons.
type bounded struct {
	attest.Grant
	resource  extent
	arguments []extent
}

func bound(g attest.Grant) bounded {
	b := bounded{Grant: g, resource: extentOf(g.Resource.Match), arguments: make([]extent, len(g.Arguments))}
	for i, a := range g.Arguments {
		b.arguments[i] = extentOf(a.Constraint)
	}
	return b
}

func boundAll(grants []attest.Grant) []bounded {
	out := make([]bounded, len(grants))
	for i, g := range grants {
		out[i] = bound(g)
	}
	return out
}

// part is a part of a grant in which a child may be wider.
type part uint8

const (
	none part = iota
	actions
	resource
	argument
	uses
	budget
)

// gap returns the first part in which child is wider than p, with the index of
// the action or argument.
func (p bounded) gap(child bounded) (part, int) {
	for i, a := range child.Actions {
		if !slices.Contains(p.Actions, a) {
			return actions, i
		}
	}
	if p.Resource.Kind != child.Resource.Kind || !child.resource.within(p.resource) {
		return resource, 0
	}
	// Both lists are in ascending order of name.
	for i := range max(len(p.arguments), len(child.arguments)) {
		if i >= len(p.arguments) || i >= len(child.arguments) ||
			p.Arguments[i].Name != child.Arguments[i].Name || !child.arguments[i].within(p.arguments[i]) {
			return argument, i
		}
	}
	if p.MaxUses > 0 && (child.MaxUses <= 0 || child.MaxUses > p.MaxUses) {
		return uses, 0
	}
	if p.Budget != nil && !containsBudget(*p.Budget, child.Budget) {
		return budget, 0
	}
	return none, 0
}

// explain turns a gap into a fault.
func (p bounded) explain(child bounded, where part, i int) error {
	switch where {
	case actions:
		return wider("actions", "actions of the parent", child.Actions[i])
	case resource:
		return wider("resource", describeMatch(p.Resource), describeMatch(child.Resource))
	case argument:
		return explainArgument(p.Arguments, child.Arguments, i)
	case uses:
		return wider("max_uses", "1 to "+strconv.FormatInt(p.MaxUses, 10), strconv.FormatInt(child.MaxUses, 10))
	case budget:
		return wider("budget", describeBudget(p.Budget), describeBudget(child.Budget))
	}
	return wider("", "contained in a grant of the parent", "more")
}

func explainArgument(parent, child []attest.Argument, i int) error {
	switch {
	case i >= len(child) || i < len(parent) && parent[i].Name < child[i].Name:
		return wider("arguments."+parent[i].Name, "a constraint as the parent has one", "none")
	case i >= len(parent) || parent[i].Name != child[i].Name:
		return wider("arguments."+child[i].Name, "no such argument, as in the parent", child[i].Constraint.String())
	}
	return wider("arguments."+child[i].Name, parent[i].Constraint.String(), child[i].Constraint.String())
}

func containsBudget(parent attest.Budget, child *attest.Budget) bool {
	if child == nil || child.Argument != parent.Argument || child.Limit.Unit != parent.Limit.Unit {
		return false
	}
	limit, _ := parent.Limit.Parts() // of the form of an amount, both
	asked, _ := child.Limit.Parts()
	return asked <= limit
}

// lowestContaining returns the lowest index of a grant that contains child. A
// fault says why the only candidate does not, or that none of several does.
func lowestContaining(grants []bounded, child bounded) (int, error) {
	why, at := none, 0
	for i, parent := range grants {
		if why, at = parent.gap(child); why == none {
			return i, nil
		}
	}
	if len(grants) == 1 {
		return -1, grants[0].explain(child, why, at)
	}
	return -1, bounded{}.explain(child, none, 0)
}

func wider(field, expected, found string) error {
	return attest.Refuse("d5.grants", field, expected, found)
}
