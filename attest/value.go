package attest

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Amount is a decimal number of a unit: {"decimal":"12.50","unit":"EUR"}. The
// decimal has at most 14 digits before the point and 4 after, no sign and no
// superfluous leading zero.
type Amount struct {
	Decimal string `json:"decimal"`
	Unit    string `json:"unit"`
}

// amountScale is the number of smallest parts (1e-4) in one.
const amountScale = 10_000

// Parts returns the amount in ten-thousandths of its unit; ok is false when the
// decimal is not well formed.
func (a Amount) Parts() (parts int64, ok bool) {
	whole, fraction, dotted := strings.Cut(a.Decimal, ".")
	if !digits(whole, 14) || len(whole) > 1 && whole[0] == '0' || dotted && !digits(fraction, 4) {
		return 0, false
	}
	n, _ := strconv.ParseInt(whole+fraction+strings.Repeat("0", 4-len(fraction)), 10, 64)
	return n, true
}

// Valid reports whether the decimal and the unit are well formed.
func (a Amount) Valid() bool {
	_, ok := a.Parts()
	return ok && validUnit(a.Unit)
}

// AmountOf writes parts, in ten-thousandths, as an amount with at least two and
// at most four decimals.
func AmountOf(parts int64, unit string) Amount {
	whole := strconv.FormatInt(parts/amountScale, 10)
	fraction := strconv.FormatInt(amountScale+parts%amountScale, 10)[1:]
	for len(fraction) > 2 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return Amount{Decimal: whole + "." + fraction, Unit: unit}
}

func validUnit(u string) bool {
	if u == "" || len(u) > 16 {
		return false
	}
	return !strings.ContainsFunc(u, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

func digits(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// ValueKind says which member of a [Value] is in use.
type ValueKind uint8

// The kinds of argument value.
const (
	TextValue ValueKind = iota + 1
	IntValue
	BoolValue
	AmountValue
	ListValue
)

// String returns the kind's name.
func (k ValueKind) String() string {
	return [...]string{"none", "text", "integer", "boolean", "amount", "list"}[min(int(k), 5)]
}

// Value is the value of an argument: a string, an integer, a boolean, an amount
// or a list of strings. Its JSON form is the plain value.
type Value struct {
	Kind   ValueKind
	Text   string
	Int    int64
	Bool   bool
	Amount Amount
	List   []string
}

// Text returns a string value.
func Text(s string) Value { return Value{Kind: TextValue, Text: s} }

// Int returns an integer value.
func Int(n int64) Value { return Value{Kind: IntValue, Int: n} }

// Money returns an amount value.
func Money(decimal, unit string) Value {
	return Value{Kind: AmountValue, Amount: Amount{Decimal: decimal, Unit: unit}}
}

// List returns a value that is a list of strings.
func List(items ...string) Value { return Value{Kind: ListValue, List: items} }

// Equal reports whether two values are the same; amounts compare by number and
// unit, so 12.5 EUR equals 12.50 EUR.
func (v Value) Equal(w Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case TextValue:
		return v.Text == w.Text
	case IntValue:
		return v.Int == w.Int
	case BoolValue:
		return v.Bool == w.Bool
	case AmountValue:
		a, okA := v.Amount.Parts()
		b, okB := w.Amount.Parts()
		return okA && okB && a == b && v.Amount.Unit == w.Amount.Unit
	default:
		return slices.Equal(v.List, w.List)
	}
}

// String prints the value for a person.
func (v Value) String() string {
	switch v.Kind {
	case TextValue:
		return Quote(v.Text)
	case IntValue:
		return strconv.FormatInt(v.Int, 10)
	case BoolValue:
		return strconv.FormatBool(v.Bool)
	case AmountValue:
		return v.Amount.Decimal + " " + v.Amount.Unit
	default:
		items := make([]string, len(v.List))
		for i, s := range v.List {
			items[i] = Quote(s)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
}

// MarshalJSONTo writes the plain value.
func (v Value) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch v.Kind {
	case TextValue:
		return enc.WriteToken(jsontext.String(v.Text))
	case IntValue:
		return enc.WriteToken(jsontext.Int(v.Int))
	case BoolValue:
		return enc.WriteToken(jsontext.Bool(v.Bool))
	case AmountValue:
		return json.MarshalEncode(enc, v.Amount)
	case ListValue:
		return json.MarshalEncode(enc, v.List)
	default:
		return errors.New("value without a kind")
	}
}

// UnmarshalJSONFrom reads a plain value.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var err error
	switch dec.PeekKind() {
	case '"':
		v.Kind = TextValue
		err = json.UnmarshalDecode(dec, &v.Text)
	case '0':
		v.Kind = IntValue
		err = json.UnmarshalDecode(dec, &v.Int)
	case 't', 'f':
		v.Kind = BoolValue
		err = json.UnmarshalDecode(dec, &v.Bool)
	case '{':
		v.Kind = AmountValue
		err = json.UnmarshalDecode(dec, &v.Amount, json.RejectUnknownMembers(true))
		if err == nil && !v.Amount.Valid() {
			return Refuse("statement.value", "decimal", "an amount such as 12.50 of a unit", v.Amount.Decimal+" "+v.Amount.Unit)
		}
	case '[':
		v.Kind = ListValue
		err = json.UnmarshalDecode(dec, &v.List)
	default:
		return Refuse("statement.value", "", "a string, integer, boolean, amount or list of strings", "")
	}
	return err
}

// Canonical returns the value's canonical JSON, the bytes that commitments are
// made over.
func (v Value) Canonical() ([]byte, error) {
	switch v.Kind {
	case TextValue:
		return jsontext.AppendQuote(nil, v.Text)
	case IntValue:
		return strconv.AppendInt(nil, v.Int, 10), nil
	case BoolValue:
		return strconv.AppendBool(nil, v.Bool), nil
	case AmountValue:
		return appendMembers(nil, [][2]string{{`{"decimal":`, v.Amount.Decimal}, {`,"unit":`, v.Amount.Unit}})
	default:
		return json.Marshal(v)
	}
}

// appendMembers appends JSON strings, each after what stands before it, and the
// closing brace.
func appendMembers(doc []byte, members [][2]string) ([]byte, error) {
	for _, m := range members {
		var err error
		if doc, err = jsontext.AppendQuote(append(doc, m[0]...), m[1]); err != nil {
			return nil, err
		}
	}
	return append(doc, '}'), nil
}
