package policy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

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

func stringSet(items []string) cedar.Set {
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
		return attest.ValidHost(v.Text) // no other kind has a text
	case integerKind:
		return v.Kind == attest.IntValue
	case listKind:
		return v.Kind == attest.ListValue
	default:
		return attest.ValidPath(v.Text)
	}
}

// shape is what the names and kinds of the arguments alone determine.
type shape struct {
	names cedar.Set    // of all arguments
	kinds cedar.Record // for each kind the names of the arguments of it
}

// shape is kept for other requests under the names, each with a bit per kind.
func (q *question) shape() shape {
	names := q.names()
	key := make([]byte, 0, maxShape)
	for _, name := range names {
		key = append(binary.AppendUvarint(key, uint64(len(name))), name...)
		key = append(key, q.kindsOf(name))
	}
	if len(key) > maxShape {
		return q.newShape(names)
	}
	return q.memos.shapes.get(shapeKey(key), func(shapeKey) shape { return q.newShape(names) })
}

// kindsOf is the kinds of an argument, a bit for each.
func (q *question) kindsOf(name string) (set byte) {
	for i, kind := range allKinds {
		if hasKind(q.Open[name], kind) {
			set |= 1 << i
		}
	}
	return set
}

func (q *question) newShape(names []string) shape {
	for i, name := range names {
		names[i] = strings.Clone(name) // so that what is kept holds on to no statement
	}
	byKind := make(cedar.RecordMap, len(allKinds))
	for i, kind := range allKinds {
		var of []string
		for _, name := range names {
			if q.kindsOf(name)&(1<<i) != 0 {
				of = append(of, name)
			}
		}
		byKind[cedar.String(kind)] = stringSet(of)
	}
	return shape{stringSet(names), cedar.NewRecord(byKind)}
}

// lists is a record of the arguments that are lists, each as canonical JSON.
func (q *question) lists() cedar.Value {
	listed := cedar.RecordMap{}
	for name, v := range q.Open {
		if v.Kind == attest.ListValue {
			text, _ := v.Canonical() // of UTF-8
			listed[cedar.String(name)] = cedar.String(text)
		}
	}
	return cedar.NewRecord(listed)
}
