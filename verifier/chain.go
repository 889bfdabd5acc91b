package verifier

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// count carries the control hash over an entry that is not checked: what it says
// of the entries before it has to fit, as of any other.
func (r *replay) count() {
	said := r.entry.Control
	if !r.controlFits(said, r.control()) {
		r.fail("read.bounds", r.where, "control as the entries of this bundle left it", "something else")
		return
	}
	if r.entry.Kind.Control() {
		said = said.Next(r.index, r.bytes)
	}
	r.said(controlCell, said)
}

// control is the running hash that the entries so far left.
func (v *verification) control() (c admission.Control) {
	c = admission.StartControl()
	if last, ok := v.state[controlCell]; ok {
		_ = attest.Decode(last.value, &c) // written by the replay
	}
	return c
}

// hides reports whether the bundle has a control entry that is not read and that,
// by its kind, may change a part of what this entry's record says.
func (r *replay) hides(part func(kind attest.Kind, index uint64) bool) bool {
	return slices.ContainsFunc(r.items, func(i *item) bool {
		return i.included && i.entry.Kind.Control() && !i.checked && i.read == nil && i.index < r.index && part(i.entry.Kind, i.index)
	})
}

func (r *replay) hidesForce() bool {
	return r.hides(func(kind attest.Kind, index uint64) bool {
		return slices.ContainsFunc(r.record.Read.Force, func(p admission.Pin) bool { return takes(kind, p.Slot) && between(p, index) })
	})
}

func (r *replay) hidesKind(k attest.Kind) bool {
	return r.hides(func(kind attest.Kind, _ uint64) bool { return kind == k })
}

// complete: the bundle holds every control entry up to its checkpoint, so that
// what was declared compromised after its subjects is shown too. The last entry of
// the tree states how many there are.
func (v *verification) complete() bool {
	const check, expected = "control.complete", "every control entry up to the checkpoint, and the last entry"
	last := v.at(v.opened.Checkpoint().Size - 1)
	var n int64
	unread := 0
	for _, i := range v.items {
		if !i.included || !i.entry.Kind.Control() || last != nil && i == last {
			continue
		}
		n++
		if i.entry.Kind == attest.KindCompromise && i.logged == nil {
			unread++
		}
	}
	switch {
	case last == nil || !last.included:
		v.open(check, "", expected, "not the last entry")
	case n != last.entry.Control.Count || v.before(last) != last.entry.Control:
		v.open(check, "", expected, fmt.Sprintf("%d of %d", n, last.entry.Control.Count))
	case unread > 0 || last.entry.Kind == attest.KindCompromise && last.logged == nil:
		v.open(check, "", expected, "a compromise that is not read")
	default:
		v.add(Finding{Check: check, Status: pass})
		v.whole = true
	}
	return true
}

// before is the running hash over the bundle's control entries before one.
func (v *verification) before(last *item) admission.Control {
	c := admission.StartControl()
	for _, i := range v.items {
		if i.included && i.index < last.index && i.entry.Kind.Control() {
			c = c.Next(i.index, i.bytes)
		}
	}
	return c
}
