package warrant

import "github.com/deedlog/deed/attest"

// Implies reports whether parent accepts every value that child accepts
// (docs/spec/warrants.md, "Containment"). It is sound always, and complete but
// for one thing: below a prefix or a domain there are taken to be more names
// than any list holds, although the longest ones have room for few or none.
func Implies(parent, child attest.Constraint) bool {
	return extentOf(child).within(extentOf(parent))
}

// within reports whether every value of e is in p.
func (e extent) within(p extent) bool {
	switch {
	case p.shape == everything:
		return true
	case e.shape == finite:
		return e.eachIn(p)
	case p.shape == finite:
		return e.listedIn(p)
	case e.shape != p.shape:
		return false
	}
	return e.withinAlike(p)
}

// eachIn reports whether every value of a finite e is in p.
func (e extent) eachIn(p extent) bool {
	for _, v := range e.values {
		if !p.has(v) {
			return false
		}
	}
	return true
}

// withinAlike compares two sets of one infinite shape.
func (e extent) withinAlike(p extent) bool {
	switch e.shape {
	case integers:
		return p.low <= e.low && e.high <= p.high
	case amounts:
		return e.text == p.text && e.high <= p.high
	case paths, hosts:
		return p.has(attest.Text(e.text))
	case lists:
		for s := range e.items {
			if !p.items[s] {
				return false
			}
		}
		return true
	}
	return false
}

// listedIn reports whether an interval stands in p value by value. One that is longer
// than the list soon comes to a value that is not there.
func (e extent) listedIn(p extent) bool {
	if e.shape != integers && e.shape != amounts {
		return false // infinitely many
	}
	for n := e.low; ; n++ {
		v := attest.Int(n)
		if e.shape == amounts {
			v = attest.Value{Kind: attest.AmountValue, Amount: attest.AmountOf(n, e.text)}
		}
		if !p.has(v) {
			return false
		}
		if n == e.high {
			return true
		}
	}
}
