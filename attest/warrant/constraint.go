package warrant

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// Accepts reports whether a constraint accepts a value (docs/spec/warrants.md,
// "Constraints"). A constraint with no member or several accepts nothing.
//
//	all            every one inside accepts it; an empty all accepts every value
//	exact, one_of  the value, or one of them; amounts compare by number and unit
//	int_range      an integer with min <= n <= max
//	decimal_max    an amount of the unit, at most the limit
//	prefix         a canonical path that is the prefix or lies below it
//	domain_suffix  a canonical DNS name that is the suffix or lies below it
//	subset         a list with no item outside the set, in any order and number
func Accepts(c attest.Constraint, v attest.Value) bool {
	if !wellFormed(v) {
		return false
	}
	switch memberOf(c) {
	case memberAll:
		return !slices.ContainsFunc(*c.All, func(inner attest.Constraint) bool { return !Accepts(inner, v) })
	case memberExact:
		return c.Exact.Equal(v)
	case memberOneOf:
		return slices.ContainsFunc(c.OneOf, v.Equal)
	case memberIntRange:
		return v.Kind == attest.IntValue && c.IntRange.Min <= v.Int && v.Int <= c.IntRange.Max
	case memberDecimalMax:
		limit, ok := c.DecimalMax.Parts()
		parts, _ := v.Amount.Parts()
		return ok && v.Amount.Unit == c.DecimalMax.Unit && parts <= limit
	case memberPrefix:
		return pathUnder(v.Text, c.Prefix)
	case memberDomainSuffix:
		return hostUnder(v.Text, c.DomainSuffix)
	case memberSubset:
		return v.Kind == attest.ListValue &&
			!slices.ContainsFunc(v.List, func(s string) bool { return !slices.Contains(c.Subset, s) })
	}
	return false
}

// AcceptsAll reports whether a constraint accepts every value: an empty all, or
// an all of such. Only such a constraint accepts a sealed argument.
func AcceptsAll(c attest.Constraint) bool {
	return memberOf(c) == memberAll &&
		!slices.ContainsFunc(*c.All, func(inner attest.Constraint) bool { return !AcceptsAll(inner) })
}

// member says which member of a constraint is set.
type member uint8

const (
	memberNone member = iota // none or several
	memberAll
	memberDecimalMax
	memberDomainSuffix
	memberExact
	memberIntRange
	memberOneOf
	memberPrefix
	memberSubset
)

func memberOf(c attest.Constraint) member {
	found := memberNone
	for m, set := range [...]bool{
		memberAll: c.All != nil, memberDecimalMax: c.DecimalMax != nil, memberDomainSuffix: c.DomainSuffix != "",
		memberExact: c.Exact != nil, memberIntRange: c.IntRange != nil, memberOneOf: len(c.OneOf) > 0,
		memberPrefix: c.Prefix != "", memberSubset: len(c.Subset) > 0,
	} {
		switch {
		case set && found != memberNone:
			return memberNone
		case set:
			found = member(m)
		}
	}
	return found
}

func wellFormed(v attest.Value) bool {
	switch v.Kind {
	case attest.TextValue, attest.IntValue, attest.BoolValue, attest.ListValue:
		return true
	case attest.AmountValue:
		return v.Amount.Valid()
	}
	return false
}

// pathUnder compares whole segments: a/bc is not under a/b. The text of a value of
// another kind is empty, which is no path.
func pathUnder(path, prefix string) bool {
	return (path == prefix || strings.HasPrefix(path, prefix+"/")) && attest.ValidPath(path)
}

// hostUnder compares whole labels: badexample.com is not under example.com. Nor is
// the empty text of a value of another kind.
func hostUnder(host, suffix string) bool {
	return (host == suffix || strings.HasSuffix(host, "."+suffix)) && attest.ValidHost(host)
}
