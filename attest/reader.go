package attest

import (
	"strconv"
	"strings"
)

// reader reads documents whose members are known, in one pass: what it takes is
// in the strict profile and in the one form that its values are written in. It
// says only whether, and not why not: what it does not take goes to the decoder
// that serves every kind, which finds the fault or, of a form that is not used
// much, none.
type reader struct {
	scanner        // checks every byte that it passes over as CheckProfile does
	doc     string // the same bytes: texts are parts of it
	bad     bool   // from then on nothing is read
}

func newReader(doc []byte) *reader {
	return &reader{scanner: scanner{in: doc}, doc: string(doc)}
}

// exactly reads what can only be one thing.
func (r *reader) exactly(s string) {
	if r.bad || !strings.HasPrefix(r.doc[r.at:], s) {
		r.bad = true
		return
	}
	r.at += len(s)
}

// has reports whether the member comes next, and passes over its name.
func (r *reader) has(name string) bool {
	rest := r.doc[r.at:]
	if !strings.HasSuffix(r.doc[:r.at], "{") { // not the first
		if !strings.HasPrefix(rest, ",") {
			return false
		}
		rest = rest[1:]
	}
	n := len(name)
	if r.bad || len(rest) < n+3 || rest[0] != '"' || rest[1:n+1] != name || rest[n+1] != '"' || rest[n+2] != ':' {
		return false
	}
	r.at = len(r.doc) - len(rest) + n + 3
	return true
}

// need passes over the name of a member that must come next.
func (r *reader) need(name string) {
	if !r.has(name) {
		r.bad = true
	}
}

func (r *reader) text() string {
	if r.bad || r.peek() != '"' {
		r.bad = true
		return ""
	}
	start := r.at + 1
	if _, err := r.scanner.text(); err != nil {
		r.bad = true
		return ""
	}
	return unescape(r.doc[start : r.at-1])
}

// unescape reads the two escapes of the profile.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// needText reads a member that is always there.
func needText[T ~string](r *reader, name string, to *T) {
	r.need(name)
	*to = T(r.text())
}

// mayText reads a member that is left out when it is empty.
func mayText[T ~string](r *reader, name string, to *T) {
	if r.has(name) {
		*to = T(r.text())
		r.bad = r.bad || *to == ""
	}
}

func (r *reader) number() int64 {
	start := r.at
	if r.bad || r.integer() != nil {
		r.bad = true
		return 0
	}
	n, err := strconv.ParseInt(r.doc[start:r.at], 10, 64)
	r.bad = r.bad || err != nil
	return n
}

func needInt[T int | int64](r *reader, name string, to *T) {
	r.need(name)
	n := r.number()
	*to = T(n)
	r.bad = r.bad || int64(*to) != n
}

func (r *reader) truth() bool {
	yes := r.peek() == 't'
	r.bad = r.bad || r.boolean() != nil
	return yes
}

// list reads a list, one item at a time.
func list[T any](r *reader, item func(*reader, *T)) []T {
	r.exactly("[")
	out := []T{}
	for !r.bad && !r.take(']') {
		if len(out) > 0 {
			r.exactly(",")
		}
		out = append(out, *new(T))
		item(r, &out[len(out)-1])
	}
	return out
}

func textItem[T ~string](r *reader, to *T) { *to = T(r.text()) }

func valueItem(r *reader, v *Value) {
	switch r.peek() {
	case '"':
		v.Kind, v.Text = TextValue, r.text()
	case 't', 'f':
		v.Kind, v.Bool = BoolValue, r.truth()
	case '{':
		v.Kind = AmountValue
		r.exactly("{")
		needText(r, "decimal", &v.Amount.Decimal)
		needText(r, "unit", &v.Amount.Unit)
		r.exactly("}")
		r.bad = r.bad || !v.Amount.Valid()
	case '[':
		v.Kind, v.List = ListValue, list(r, textItem[string])
	default:
		v.Kind, v.Int = IntValue, r.number()
	}
}
