package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest"
)

// maxLevels bounds the nesting of all; a valid warrant has at most 4.
const maxLevels = 8

// acceptsAll reports whether a constraint accepts every value, so that the
// argument need not even be opened.
func acceptsAll(k attest.Constraint) bool {
	if k.All == nil || !single(k) {
		return false
	}
	for _, inner := range *k.All {
		if !acceptsAll(inner) {
			return false
		}
	}
	return true
}

// argument writes the condition that the named argument satisfies k. The
// condition never errs, whatever the argument's type: it asks for the kind
// before it looks inside.
func argument(name string, k attest.Constraint, level int) (string, error) {
	switch {
	case !single(k):
		return "", errors.New("a constraint with no member or several")
	case level > maxLevels:
		return "", errors.New("a constraint nested too deep")
	case acceptsAll(k):
		return "context.names.contains(" + quote(name) + ")", nil
	case k.All != nil:
		return everyOne(name, *k.All, level)
	case k.Exact != nil:
		return oneOf(name, []attest.Value{*k.Exact})
	case len(k.OneOf) > 0:
		return oneOf(name, k.OneOf)
	case k.IntRange != nil:
		return within(name, *k.IntRange), nil
	case k.DecimalMax != nil:
		return atMost(name, *k.DecimalMax)
	case k.Prefix != "":
		return isKind(name, pathKind) + under(arg(name), k.Prefix), nil
	case k.DomainSuffix != "":
		x, s := arg(name), k.DomainSuffix
		return isKind(name, hostKind) + "(" + x + " == " + quote(s) + " || " + x + " like " + likeWithin(s) + ")", nil
	default: // subset
		return isKind(name, listKind) + quoteAll(k.Subset) + ".containsAll(" + arg(name) + ")", nil
	}
}

// single reports whether exactly one member is set.
func single(k attest.Constraint) bool {
	n := 0
	for _, set := range [...]bool{k.All != nil, k.DecimalMax != nil, k.DomainSuffix != "", k.Exact != nil,
		k.IntRange != nil, len(k.OneOf) > 0, k.Prefix != "", len(k.Subset) > 0} {
		if set {
			n++
		}
	}
	return n == 1
}

func arg(name string) string { return member("context.args", name) }

func isKind(name, kind string) string {
	return "context.kinds." + kind + ".contains(" + quote(name) + ") && "
}

func everyOne(name string, inner []attest.Constraint, level int) (string, error) {
	parts := make([]string, 0, len(inner))
	for _, k := range inner {
		if acceptsAll(k) {
			continue // the others ask for more
		}
		part, err := argument(name, k, level+1)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " && "), nil
}

func within(name string, r attest.IntRange) string {
	x := arg(name)
	return isKind(name, integerKind) + x + " >= " + strconv.FormatInt(r.Min, 10) + " && " +
		x + " <= " + strconv.FormatInt(r.Max, 10)
}

func atMost(name string, limit attest.Amount) (string, error) {
	number, err := decimal(limit)
	if err != nil {
		return "", err
	}
	x := arg(name)
	return isKind(name, amountKind) + x + ".unit == " + quote(limit.Unit) + " && " +
		x + `.value.lessThanOrEqual(decimal("` + number.String() + `"))`, nil
}

// under writes the condition that text is path or below it, segment by segment.
func under(text, path string) string {
	return "(" + text + " == " + quote(path) + " || " + text + " like " + likeUnder(path) + ")"
}

// oneOf writes the condition that the argument equals one of the values. Lists
// are compared as canonical JSON, because Cedar sets have no order.
func oneOf(name string, values []attest.Value) (string, error) {
	var plain, either []string
	for _, v := range values {
		text, err := valueText(v)
		if err != nil {
			return "", err
		}
		if v.Kind == attest.ListValue {
			either = append(either, hasMember("context.lists", name)+" && "+member("context.lists", name)+" == "+text)
		} else {
			plain = append(plain, text)
		}
	}
	switch len(plain) {
	case 0:
	case 1:
		either = append(either, hasMember("context.args", name)+" && "+arg(name)+" == "+plain[0])
	default:
		set := "[" + strings.Join(plain, ", ") + "]"
		either = append(either, hasMember("context.args", name)+" && "+set+".contains("+arg(name)+")")
	}
	if len(either) == 1 {
		return either[0], nil
	}
	return "(" + strings.Join(either, " || ") + ")", nil
}

// valueText writes a value as a Cedar expression; a list as a string of its
// canonical JSON.
func valueText(v attest.Value) (string, error) {
	switch v.Kind {
	case attest.TextValue:
		return quote(v.Text), nil
	case attest.IntValue:
		return strconv.FormatInt(v.Int, 10), nil
	case attest.BoolValue:
		return strconv.FormatBool(v.Bool), nil
	case attest.AmountValue:
		number, err := decimal(v.Amount)
		if err != nil {
			return "", err
		}
		return `{value: decimal("` + number.String() + `"), unit: ` + quote(v.Amount.Unit) + "}", nil
	case attest.ListValue:
		text, err := v.Canonical()
		if err != nil {
			return "", fmt.Errorf("writing a list: %w", err)
		}
		return quote(string(text)), nil
	default:
		return "", errors.New("a value without a kind")
	}
}
