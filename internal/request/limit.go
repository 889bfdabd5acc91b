package request

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

var (
	amountText = regexp.MustCompile(`^(\d{1,14}(?:\.\d{1,4})?) ([A-Z][A-Z0-9_]{0,15})$`)
	intText    = regexp.MustCompile(`^-?\d{1,15}$`)
	rangeText  = regexp.MustCompile(`^(-?\d{1,15})\.\.(-?\d{1,15})$`)
)

// Resource reads KIND:PATH, or KIND:PATH/... for all below.
func Resource(text string) (attest.Match, error) {
	kind, path, ok := strings.Cut(text, ":")
	if !ok {
		return attest.Match{}, fmt.Errorf("want KIND:PATH, found %q", text)
	}
	if below, ok := strings.CutSuffix(path, "/..."); ok {
		return attest.Match{Kind: kind, Match: attest.Constraint{Prefix: below}}, nil
	}
	exact := attest.Text(path)
	return attest.Match{Kind: kind, Match: attest.Constraint{Exact: &exact}}, nil
}

// Value reads a value by its looks; JSON where it starts like JSON.
func Value(s string) (v attest.Value, err error) {
	if m := amountText.FindStringSubmatch(s); m != nil {
		return attest.Money(m[1], m[2]), nil
	}
	if intText.MatchString(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		return attest.Int(n), err
	}
	switch {
	case s == "true", s == "false":
		return attest.Value{Kind: attest.BoolValue, Bool: s == "true"}, nil
	case strings.HasPrefix(s, `"`), strings.HasPrefix(s, "["), strings.HasPrefix(s, "{"):
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			return v, fmt.Errorf("reading %s as JSON: %w", s, err)
		}
		return v, nil
	}
	return attest.Text(s), nil
}

// Limit reads a limit on an argument, such as "amount<=250.00 EUR"; a name alone
// allows any value.
func Limit(text string) (attest.Argument, error) {
	name, rest, limited := strings.Cut(text, "=")
	if !limited || rest == "*" {
		return attest.Argument{Name: name, Constraint: attest.Constraint{All: &[]attest.Constraint{}}}, nil
	}
	if most, ok := strings.CutSuffix(name, "<"); ok {
		m := amountText.FindStringSubmatch(rest)
		if m == nil {
			return attest.Argument{}, fmt.Errorf("want name<=AMOUNT UNIT, such as 'amount<=250.00 EUR', found %q", text)
		}
		return attest.Argument{Name: most, Constraint: attest.Constraint{DecimalMax: &attest.Amount{Decimal: m[1], Unit: m[2]}}}, nil
	}
	if strings.HasSuffix(name, ">") || strings.HasPrefix(rest, "<") || strings.HasPrefix(rest, ">") {
		return attest.Argument{}, fmt.Errorf("want name<=AMOUNT UNIT or name=VALUE, a text that begins with < or > in quotes, found %q", text)
	}
	limit, err := constraint(rest)
	return attest.Argument{Name: name, Constraint: limit}, err
}

func constraint(s string) (c attest.Constraint, err error) {
	if below, ok := strings.CutSuffix(s, "/..."); ok {
		return attest.Constraint{Prefix: below}, nil
	}
	if host, ok := strings.CutPrefix(s, "*."); ok {
		return attest.Constraint{DomainSuffix: host}, nil
	}
	if m := rangeText.FindStringSubmatch(s); m != nil {
		low, _ := strconv.ParseInt(m[1], 10, 64) // 15 digits fit
		high, _ := strconv.ParseInt(m[2], 10, 64)
		return attest.Constraint{IntRange: &attest.IntRange{Max: high, Min: low}}, nil
	}
	parts := []string{s}
	if !strings.ContainsAny(s, `"[{`) {
		parts = strings.Split(s, "|")
	}
	for _, part := range parts {
		v, err := Value(part)
		if err != nil {
			return c, err
		}
		c.OneOf = append(c.OneOf, v)
	}
	if len(c.OneOf) == 1 {
		return attest.Constraint{Exact: &c.OneOf[0]}, nil
	}
	return c, nil
}
