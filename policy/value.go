package policy

import (
	"errors"
	"fmt"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// cedarValue writes an argument's value as Cedar sees it.
func cedarValue(v attest.Value) (cedar.Value, error) {
	switch v.Kind {
	case attest.TextValue:
		return cedar.String(v.Text), nil
	case attest.IntValue:
		return cedar.Long(v.Int), nil
	case attest.BoolValue:
		return cedar.Boolean(v.Bool), nil
	case attest.AmountValue:
		number, err := decimal(v.Amount)
		if err != nil {
			return nil, err
		}
		return cedar.NewRecord(cedar.RecordMap{"value": number, "unit": cedar.String(v.Amount.Unit)}), nil
	case attest.ListValue:
		return stringSet(v.List), nil
	default:
		return nil, errors.New("a value without a kind")
	}
}

// decimal writes an amount's number as a Cedar decimal, which always has 1 to 4
// digits after the point: 12 is 12.0.
func decimal(a attest.Amount) (cedar.Decimal, error) {
	parts, ok := a.Parts()
	if !ok {
		return cedar.Decimal{}, fmt.Errorf("%q is not an amount", a.Decimal)
	}
	return cedar.NewDecimal(parts, -4)
}

// emptySet is shared, as sets do not change and most requests need several.
var emptySet = cedar.NewSet()

func stringSet(items []string) cedar.Set {
	if len(items) == 0 {
		return emptySet
	}
	values := make([]cedar.Value, len(items))
	for i, s := range items {
		values[i] = cedar.String(s)
	}
	return cedar.NewSet(values...)
}

// The kinds that a constraint may ask of an argument before it looks inside.
const (
	amountKind  = "amount"
	hostKind    = "host" // text, a canonical DNS name
	integerKind = "integer"
	listKind    = "list"
	pathKind    = "path" // text, a canonical path
)

var allKinds = [...]string{amountKind, hostKind, integerKind, listKind, pathKind}

// hasKind reports whether a value is of a kind.
func hasKind(v attest.Value, kind string) bool {
	switch kind {
	case amountKind:
		return v.Kind == attest.AmountValue
	case hostKind:
		return v.Kind == attest.TextValue && attest.ValidHost(v.Text)
	case integerKind:
		return v.Kind == attest.IntValue
	case listKind:
		return v.Kind == attest.ListValue
	default:
		return v.Kind == attest.TextValue && attest.ValidPath(v.Text)
	}
}

// shapes are the two members of the context that only warrants see: kinds and
// lists.
func (r Request) shapes() (kinds, lists cedar.Record) {
	byKind := make(cedar.RecordMap, len(allKinds))
	for _, kind := range allKinds {
		var names []string
		for name, v := range r.Open {
			if hasKind(v, kind) {
				names = append(names, name)
			}
		}
		byKind[cedar.String(kind)] = stringSet(names)
	}
	listed := make(cedar.RecordMap)
	for name, v := range r.Open {
		if v.Kind == attest.ListValue {
			text, _ := v.Canonical() // wellFormed has checked it
			listed[cedar.String(name)] = cedar.String(text)
		}
	}
	return cedar.NewRecord(byKind), cedar.NewRecord(listed)
}

// wellFormedValue reports whether an argument could have come from a statement.
func wellFormedValue(v attest.Value) bool {
	if v.Kind == attest.AmountValue && !v.Amount.Valid() || !readable(v.Text) || !readable(v.List...) {
		return false
	}
	return v.Kind >= attest.TextValue && v.Kind <= attest.ListValue // what cedarValue writes; it takes every amount
}
