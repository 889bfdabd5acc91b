package warrant

import (
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest"
)

// extent is the set of values that a constraint accepts, in normal form. The
// shapes are closed under intersection, which is why an all of anything has
// one: two cones of paths nest or are disjoint, and so do two of hosts; a path
// and a host have at most one text in common, for a host has no slash.
type extent struct {
	shape  shape
	values map[string]attest.Value // finite: by key
	low    int64                   // integers
	high   int64                   // integers, amounts (in parts)
	text   string                  // paths: prefix; hosts: suffix; amounts: unit
	items  map[string]bool         // lists: what they may hold, never empty
}

type shape uint8

const (
	finite     shape = iota // exactly these values, perhaps none
	everything              // every value
	integers                // low to high
	amounts                 // of a unit, at most high
	paths                   // a path and all below
	hosts                   // a domain and all below
	lists                   // over items
)

// extentOf returns the values that c accepts. A constraint out of form accepts
// none.
func extentOf(c attest.Constraint) extent {
	switch memberOf(c) {
	case memberAll:
		e := extent{shape: everything}
		for _, inner := range *c.All {
			e = e.meet(extentOf(inner))
		}
		return e
	case memberExact:
		return only(*c.Exact)
	case memberOneOf:
		return only(c.OneOf...)
	case memberIntRange:
		return extent{shape: integers, low: c.IntRange.Min, high: c.IntRange.Max}.unlessEmpty()
	case memberDecimalMax:
		if limit, _ := c.DecimalMax.Parts(); c.DecimalMax.Valid() {
			return extent{shape: amounts, high: limit, text: c.DecimalMax.Unit}
		}
	case memberPrefix:
		if attest.ValidPath(c.Prefix) {
			return extent{shape: paths, text: c.Prefix}
		}
	case memberDomainSuffix:
		if attest.ValidHost(c.DomainSuffix) {
			return extent{shape: hosts, text: c.DomainSuffix}
		}
	case memberSubset:
		items := make(map[string]bool, len(c.Subset))
		for _, s := range c.Subset {
			items[s] = true
		}
		return extent{shape: lists, items: items}
	}
	return only()
}

// only is the finite set of the values that are well formed.
func only(values ...attest.Value) extent {
	e := extent{shape: finite, values: make(map[string]attest.Value, len(values))}
	for _, v := range values {
		if wellFormed(v) {
			e.values[keyOf(v)] = v
		}
	}
	return e
}

// unlessEmpty turns an empty interval into the empty finite set.
func (e extent) unlessEmpty() extent {
	if e.low > e.high {
		return only()
	}
	return e
}

// has reports whether v, well formed, is in the set.
func (e extent) has(v attest.Value) bool {
	switch e.shape {
	case everything:
		return true
	case finite:
		_, ok := e.values[keyOf(v)]
		return ok
	case integers:
		return v.Kind == attest.IntValue && e.low <= v.Int && v.Int <= e.high
	case amounts:
		parts, _ := v.Amount.Parts()
		return v.Amount.Unit == e.text && parts <= e.high
	case paths:
		return pathUnder(v.Text, e.text)
	case hosts:
		return hostUnder(v.Text, e.text)
	}
	if v.Kind != attest.ListValue {
		return false
	}
	for _, s := range v.List {
		if !e.items[s] {
			return false
		}
	}
	return true
}

// meet is the intersection of two sets.
func (e extent) meet(f extent) extent {
	switch {
	case e.shape == everything:
		return f
	case f.shape == everything:
		return e
	case e.shape == finite:
		return e.keep(f)
	case f.shape == finite:
		return f.keep(e)
	case e.shape == paths && f.shape == hosts:
		return only(attest.Text(e.text)).keep(f)
	case e.shape == hosts && f.shape == paths:
		return only(attest.Text(f.text)).keep(e)
	case e.shape != f.shape:
		return only()
	}
	return e.meetAlike(f)
}

// keep is what is in both, of a finite e.
func (e extent) keep(f extent) extent {
	out := extent{shape: finite, values: make(map[string]attest.Value, len(e.values))}
	for key, v := range e.values {
		if f.has(v) {
			out.values[key] = v
		}
	}
	return out
}

// meetAlike is the intersection of two sets of one infinite shape.
func (e extent) meetAlike(f extent) extent {
	switch e.shape {
	case integers:
		return extent{shape: integers, low: max(e.low, f.low), high: min(e.high, f.high)}.unlessEmpty()
	case amounts:
		if e.text == f.text {
			return extent{shape: amounts, high: min(e.high, f.high), text: e.text}
		}
	case paths, hosts:
		if e.has(attest.Text(f.text)) {
			return f
		}
		if f.has(attest.Text(e.text)) {
			return e
		}
	case lists:
		items := make(map[string]bool)
		for s := range e.items {
			if f.items[s] {
				items[s] = true
			}
		}
		if len(items) == 0 {
			return only(attest.List()) // the empty list has no item outside
		}
		return extent{shape: lists, items: items}
	}
	return only()
}

// keyOf is equal for two values exactly when [attest.Value.Equal] is true.
func keyOf(v attest.Value) string {
	switch v.Kind {
	case attest.TextValue:
		return "t" + v.Text
	case attest.IntValue:
		return "i" + strconv.FormatInt(v.Int, 10)
	case attest.BoolValue:
		return "b" + strconv.FormatBool(v.Bool)
	case attest.AmountValue:
		parts, _ := v.Amount.Parts()
		return "a" + strconv.FormatInt(parts, 10) + " " + v.Amount.Unit
	}
	var b strings.Builder
	b.WriteByte('l')
	for _, s := range v.List {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	return b.String()
}
