package verifier_test

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/verifier"
)

// TestOrigins: what an approval or an instruction states, and what neither does.
func TestOrigins(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	origins := func(name string, o verifier.Options) (out []string) {
		for _, o := range verifier.Verify(build(t, w.contents[name]), trust, o).Subjects[0].Origins {
			out = append(out, o.Argument+" "+o.Origin)
		}
		return out
	}
	for name, want := range map[string][]string{
		"human_directed":   {" approval", "amount approval", "reference approval"},
		"human_instructed": {" none", "amount none", "reference none"}, // the request has limits and no values
		"human_tasked":     {" none", "amount none", "reference none"},
		"human_delegated":  {" none", "amount none", "reference none"},
		"autonomous":       nil, "unattributed": nil, "conflicted": nil, "indeterminate": nil, "outcome": nil, "warrant 2": nil,
	} {
		if got := origins(name, verifier.Options{}); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	bare := load(t, map[string][]byte{"log.policy": w.trust["log.policy"], "log.mldsa.vkey": w.trust["log.mldsa.vkey"]})
	if v := verifier.Verify(build(t, w.contents["human_directed"]), bare, verifier.Options{}); len(v.Subjects[0].Origins) > 0 {
		t.Error("origins of what is not proven")
	}
}

// TestStates: a value is stated alone or among others, never by a limit.
func TestStates(t *testing.T) {
	a, b := attest.Text("a"), attest.Text("b")
	ten := attest.Money("10.00", "EUR")
	all := func(c ...attest.Constraint) attest.Constraint { return attest.Constraint{All: &c} }
	for name, c := range map[string]struct {
		constraint attest.Constraint
		value      attest.Value
		want       bool
	}{
		"exact":                {attest.Constraint{Exact: &a}, a, true},
		"exact, another":       {attest.Constraint{Exact: &a}, b, false},
		"another spelling":     {attest.Constraint{Exact: &ten}, attest.Money("10", "EUR"), true},
		"one of":               {attest.Constraint{OneOf: []attest.Value{a, b}}, b, true},
		"none of":              {attest.Constraint{OneOf: []attest.Value{a}}, b, false},
		"within all":           {all(attest.Constraint{Prefix: "a"}, attest.Constraint{Exact: &a}), a, true},
		"limits within all":    {all(attest.Constraint{Prefix: "a"}, attest.Constraint{}), a, false},
		"anything":             {all(), a, false},
		"a prefix":             {attest.Constraint{Prefix: "a"}, a, false},
		"a limit, at its edge": {attest.Constraint{DecimalMax: &ten.Amount}, ten, false},
		"a range of one":       {attest.Constraint{IntRange: &attest.IntRange{Max: 1, Min: 1}}, attest.Int(1), false},
	} {
		if got := verifier.States(c.constraint, c.value); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
