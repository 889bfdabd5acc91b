package attest

import (
	"strconv"
	"strings"
)

// Limits of a warrant's grants (docs/spec/warrants.md).
const (
	MaxGrants  = 64
	maxItems   = 64 // members of a one_of, subset or all
	maxNesting = 4  // levels of all
)

// Grant allows actions on resources with constrained arguments. Arguments that
// it does not name are refused.
type Grant struct {
	Actions   []string   `json:"actions"`
	Arguments []Argument `json:"arguments"`
	Budget    *Budget    `json:"budget,omitzero"`
	MaxUses   int64      `json:"max_uses,omitzero"` // 0: not limited
	Resource  Match      `json:"resource"`
}

// Argument constrains one named argument.
type Argument struct {
	Constraint Constraint `json:"constraint"`
	Name       string     `json:"name"`
}

// Budget limits the sum of one argument, an amount, over all uses.
type Budget struct {
	Argument string `json:"argument"`
	Limit    Amount `json:"limit"`
}

// Match selects resources of one kind by their ID.
type Match struct {
	Kind  string     `json:"kind"`
	Match Constraint `json:"match"`
}

// Denial is a deny list item that every child warrant must repeat.
type Denial struct {
	Actions  []string `json:"actions"`
	Resource *Match   `json:"resource,omitzero"` // absent: any resource
}

// Constraint restricts one value. Exactly one member is set; an empty All
// accepts every value.
type Constraint struct {
	All          *[]Constraint `json:"all,omitzero"`
	DecimalMax   *Amount       `json:"decimal_max,omitzero"`
	DomainSuffix string        `json:"domain_suffix,omitzero"`
	Exact        *Value        `json:"exact,omitzero"`
	IntRange     *IntRange     `json:"int_range,omitzero"`
	OneOf        []Value       `json:"one_of,omitempty"`
	Prefix       string        `json:"prefix,omitzero"`
	Subset       []string      `json:"subset,omitempty"`
}

// IntRange is a closed interval of integers.
type IntRange struct {
	Max int64 `json:"max"`
	Min int64 `json:"min"`
}

func (c *checker) grants(field string, grants []Grant) {
	c.that(len(grants) >= 1 && len(grants) <= MaxGrants, field, "1 to 64 grants", strconv.Itoa(len(grants)))
	for _, g := range grants {
		c.actions(field+".actions", g.Actions)
		c.match(field+".resource", g.Resource)
		c.that(g.MaxUses >= 0 && g.MaxUses < maxInteger, field+".max_uses", "a positive number", strconv.FormatInt(g.MaxUses, 10))
		c.that(len(g.Arguments) <= maxItems, field+".arguments", "at most 64", strconv.Itoa(len(g.Arguments)))
		for i, a := range g.Arguments {
			ok := validArgument(a.Name) && (i == 0 || g.Arguments[i-1].Name < a.Name)
			c.that(ok, field+".arguments.name", "argument names in ascending order, each once", a.Name)
			c.constraint(field+".arguments.constraint", a.Constraint, 0)
		}
		if g.Budget != nil {
			c.that(validArgument(g.Budget.Argument), field+".budget.argument", "an argument name", g.Budget.Argument)
			limit, ok := g.Budget.Limit.Parts()
			ok = ok && limit < maxInteger && g.Budget.Limit.Valid() // sums are written as integers of the profile
			c.that(ok, field+".budget.limit", "an amount below 900719925474.0992", g.Budget.Limit.Decimal)
		}
	}
}

func (c *checker) actions(field string, actions []string) {
	c.that(len(actions) >= 1 && len(actions) <= maxItems, field, "1 to 64 actions", strconv.Itoa(len(actions)))
	for i, a := range actions {
		c.action(field, a)
		c.that(i == 0 || actions[i-1] < a, field, "ascending, each once", a)
	}
}

func (c *checker) match(field string, m Match) {
	c.that(plainName([]byte(m.Kind)), field+".kind", "[a-z0-9_]{1,64}", m.Kind)
	k := m.Match
	c.constraint(field+".match", k, 0)
	texts := k.Prefix != "" || k.Exact != nil && k.Exact.Kind == TextValue || allTexts(k.OneOf)
	c.that(texts, field+".match", "exact, one_of or prefix over resource IDs", "another constraint")
	if k.Exact != nil {
		c.that(ValidPath(k.Exact.Text), field+".match.exact", "a canonical path", k.Exact.Text)
	}
	for _, v := range k.OneOf {
		c.that(ValidPath(v.Text), field+".match.one_of", "canonical paths", v.Text)
	}
}

func allTexts(values []Value) bool {
	for _, v := range values {
		if v.Kind != TextValue {
			return false
		}
	}
	return len(values) > 0
}

func (c *checker) constraint(field string, k Constraint, depth int) {
	c.that(k.members() == 1, field, "exactly one member", strconv.Itoa(k.members()))
	c.that(len(k.OneOf) <= maxItems && len(k.Subset) <= maxItems, field, "at most 64 items", "more")
	if k.DecimalMax != nil {
		c.that(k.DecimalMax.Valid(), field+".decimal_max", "an amount", k.DecimalMax.Decimal)
	}
	if k.Prefix != "" {
		c.that(ValidPath(k.Prefix), field+".prefix", "a canonical path", k.Prefix)
	}
	if k.DomainSuffix != "" {
		c.that(ValidHost(k.DomainSuffix), field+".domain_suffix", "a canonical DNS name", k.DomainSuffix)
	}
	if k.IntRange != nil {
		c.that(k.IntRange.Min <= k.IntRange.Max, field+".int_range", "min at most max", strconv.FormatInt(k.IntRange.Min, 10))
	}
	for i, s := range k.Subset {
		c.that(i == 0 || k.Subset[i-1] < s, field+".subset", "ascending, each once", s)
	}
	if k.All != nil {
		c.that(depth < maxNesting && len(*k.All) <= maxItems, field+".all", "at most 64 items and 4 levels", "more")
		for _, inner := range *k.All {
			if c.err == nil {
				c.constraint(field+".all", inner, depth+1)
			}
		}
	}
}

// members counts the members that are set.
func (k Constraint) members() int {
	n := 0
	for _, set := range [...]bool{k.All != nil, k.DecimalMax != nil, k.DomainSuffix != "", k.Exact != nil,
		k.IntRange != nil, len(k.OneOf) > 0, k.Prefix != "", len(k.Subset) > 0} {
		if set {
			n++
		}
	}
	return n
}

// String names the constraint for a person.
func (k Constraint) String() string {
	switch {
	case k.DecimalMax != nil:
		return "at most " + k.DecimalMax.Decimal + " " + k.DecimalMax.Unit
	case k.DomainSuffix != "":
		return "a host under " + k.DomainSuffix
	case k.Exact != nil:
		return "exactly " + k.Exact.String()
	case k.IntRange != nil:
		return "from " + strconv.FormatInt(k.IntRange.Min, 10) + " to " + strconv.FormatInt(k.IntRange.Max, 10)
	case len(k.OneOf) > 0:
		return "one of [" + strings.Join(texts(k.OneOf), ", ") + "]"
	case k.Prefix != "":
		return Quote(k.Prefix) + " or below"
	case len(k.Subset) > 0:
		return "a subset of " + List(k.Subset...).String()
	case k.All != nil && len(*k.All) > 0:
		parts := make([]string, len(*k.All))
		for i, inner := range *k.All {
			parts[i] = inner.String()
		}
		return strings.Join(parts, " and ")
	default:
		return "any value"
	}
}

func texts(values []Value) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}
