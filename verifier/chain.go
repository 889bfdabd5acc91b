package verifier

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// count carries the control hash over an entry that is not checked: what it says
// of the entries before it has to fit, as of any other. Where its statement is here,
// it is of the kind that the entry says.
func (r *replay) count() {
	switch {
	case r.read == nil:
	case r.read.Kind() == r.entry.Kind:
		r.pass("entry.kind", r.where)
	default:
		r.otherKind(r.read)
	}
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

// otherKind: an entry is of the kind of its statement. The control hash goes by the
// kind that the entry gives, which the register alone wrote.
func (r *replay) otherKind(s attest.Statement) bool {
	return r.fail("entry.kind", r.where, "an entry of the kind of its statement, "+string(s.Kind()), string(r.entry.Kind))
}

// control is the running hash that the entries so far left.
func (v *verification) control() (c admission.Control) {
	c = admission.StartControl()
	if last, ok := v.state[controlCell]; ok {
		_ = attest.Decode(last.value, &c) // written by the replay
	}
	return c
}

// leaf reports whether no more than entry and proof of a control entry is here, or
// it did not stand up to its checks: it may have ended anything before it.
func (i *item) leaf() bool { return i.entry.Kind.Control() && i.logged == nil && i.read == nil }

// hides reports whether the bundle has a control entry before this one of which it is
// not known what it says, at an index where it may have changed a part of the record.
func (r *replay) hides(part func(index uint64) bool) bool {
	return slices.ContainsFunc(r.items, func(i *item) bool {
		return i.included && i.index < r.index && i.leaf() && part(i.index)
	})
}

// hidesForce: one that came after what was in force may have taken its place.
func (r *replay) hidesForce() bool {
	return r.hides(func(index uint64) bool {
		return slices.ContainsFunc(r.record.Read.Force, func(p admission.Pin) bool { return between(p, index) })
	})
}

// hidesRevoked: one that came after a warrant may have revoked it.
func (r *replay) hidesRevoked() bool {
	return r.hides(func(index uint64) bool {
		return slices.ContainsFunc(r.record.Read.Statements, func(s admission.Ref) bool { return r.isWarrant(s.ID) && s.Entry < index })
	})
}

// hidesCompromised: any may have declared something so.
func (r *replay) hidesCompromised() bool { return r.hides(func(uint64) bool { return true }) }

// complete: the bundle holds every control entry up to its checkpoint, so that
// what was declared compromised after its subjects is shown too, and what each of
// them says. The last entry of the tree states how many there are.
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
		if i.unread() {
			unread++
		}
	}
	switch {
	case last == nil || !last.included:
		v.open(check, "", expected, "not the last entry")
	case n != last.entry.Control.Count || v.before(last) != last.entry.Control:
		v.open(check, "", expected, fmt.Sprintf("%d of %d", n, last.entry.Control.Count))
	case unread > 0 || last.unread():
		v.open(check, "", expected, fmt.Sprintf("%d of which it is not known what they say: not here, or it did not stand up to its checks", max(unread, 1)))
	default:
		v.add(Finding{Check: check, Status: pass})
		v.whole = true
	}
	return true
}

// unread reports whether a control entry may be a compromise that is not known here.
func (i *item) unread() bool {
	_, compromise := i.read.(*attest.Compromise)
	return i.leaf() || compromise && i.logged == nil
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
