package verifier

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// An entry is in a bundle in one of three ways.
//
//	checked   a subject relies on it, or it bears on one that is: all checks are made
//	read      a control entry that bears on none: what it says is read, to know that
//	leaf      a control entry of which no more than entry and proof is here, or the
//	          last entry of the tree: the control hash goes on over it
//
// What a control entry is, its statement says, and not the entry, which the register
// alone wrote: of a leaf nothing is known of what it could have ended.
// (docs/spec/bundle.md, "Closure")

// closure: every entry is a subject, is named by one or bears on one, directly or
// not, or is a control entry or the last; every object is named by an entry. What
// is missing is found where it is needed.
func (v *verification) closure() bool {
	v.nameItems()
	v.reach()
	if !v.recorded() {
		return false // what they lead to is not known
	}
	objects := map[attest.Digest]bool{}
	ok := true
	for _, i := range v.items {
		for _, d := range i.objects() {
			objects[d] = true
		}
		if !i.checked && !i.governs(v.bundle) && !i.last() {
			ok = v.fail("bundle.closure", entryName(i.index), "only entries that a subject relies on, and control entries", "another")
		}
	}
	for d := range v.bundle.objects {
		if !objects[d] {
			ok = v.fail("bundle.closure", objectPrefix+d.Hex(), "only objects that an entry names", "one that none does")
		}
	}
	if ok {
		v.pass("bundle.closure")
	}
	return ok
}

// recorded: every entry that is checked has its record here.
func (v *verification) recorded() bool {
	ok := true
	for _, i := range v.items {
		if i.checked && i.record == nil {
			ok = v.unknown("object.present", entryName(i.index), "the record "+string(i.entry.Admission), "none")
		}
	}
	return ok
}

// nameItems makes the entries known by the names of their statements.
func (v *verification) nameItems() {
	for _, i := range v.items {
		if _, ok := v.byID[i.entry.Envelope]; !ok {
			v.byID[i.entry.Envelope] = i
		}
	}
}

// reach marks the entries that are checked: the subjects, what they name, what
// bears on either, and what those name. Each that is marked is asked once of each
// control entry, however they are arranged.
func (v *verification) reach() {
	var next []*item
	for _, s := range v.bundle.Subjects() {
		next = append(next, v.follow(v.at(s))...)
	}
	for _, i := range v.companions() {
		next = append(next, v.follow(i)...)
	}
	for ; len(next) > 0; next = next[1:] {
		for _, i := range v.items {
			if !i.checked && i.governs(v.bundle) && v.bears(i, next[0]) {
				next = append(next, v.follow(i)...)
			}
		}
	}
}

// follow marks an entry and those that its record leads to, and returns those that
// were not marked yet.
func (v *verification) follow(first *item) (marked []*item) {
	for next := []*item{first}; len(next) > 0; next = next[1:] {
		i := next[0]
		if i == nil || i.checked {
			continue
		}
		i.checked = true
		marked = append(marked, i)
		if i.record == nil {
			continue
		}
		for _, id := range i.record.Names() {
			next = append(next, v.byID[id])
		}
		next = append(next, v.walked(i)...)
	}
	return marked
}

// walked lists the entries that a record points to besides, as far as they are in
// the bundle: where its session, its pools and its approvals stood.
func (v *verification) walked(i *item) (out []*item) {
	read := i.record.Read
	if read.Session != nil {
		out = append(out, v.byID[read.Session.ID])
	}
	if read.Outcome != nil {
		out = append(out, v.byID[read.Outcome.ID])
	}
	for _, s := range read.Spent {
		if s.Entry != 0 {
			out = append(out, v.at(s.Entry))
		}
	}
	for _, refs := range [][]admission.Ref{read.Revoked, read.Used} {
		for _, ref := range refs {
			out = append(out, v.at(ref.Entry))
		}
	}
	for _, m := range read.Compromised {
		out = append(out, v.at(m.Entry))
	}
	return out
}

// governs reports whether an entry is a control entry, as it says or as its statement
// does: one that hides it is gone through too, and is false (entry.kind).
func (i *item) governs(b *Bundle) bool {
	i.readStatement(b)
	return i.entry.Kind.Control() || i.read != nil && i.read.Kind().Control()
}

// bears reports whether a control entry that is read bears on one that is checked.
func (v *verification) bears(i, on *item) bool {
	return i.read != nil && on.record != nil && Bears(i.read, i.index, on.record)
}

// readStatement reads what an entry says as far as the digests lead to it: entry,
// record, envelope. Nobody's signature is checked, and the kind that the entry gives
// is not taken for its own.
func (i *item) readStatement(b *Bundle) {
	if i.tried || i.record == nil {
		return
	}
	i.tried = true
	e, err := attest.ParseEnvelope(b.Object(i.record.Envelope))
	if err != nil {
		return
	}
	s, err := attest.ParsePayload(e.Payload)
	if err == nil && e.ID(s.SignedBy().Name()) == i.entry.Envelope {
		i.read = s
	}
}

// at is the entry with an index, or nil.
func (v *verification) at(index uint64) *item {
	n, ok := slices.BinarySearchFunc(v.items, index, func(i *item, n uint64) int { return compareIndex(i.index, n) })
	if !ok {
		return nil
	}
	return v.items[n]
}

// last reports whether it is the last entry of the tree that its proof leads to.
func (i *item) last() bool {
	s, err := ledger.ParseSignedCheckpoint(i.proof.Checkpoint)
	return err == nil && i.index == s.Size-1
}

func compareIndex(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// objects lists what an entry may have in a bundle.
func (i *item) objects() []attest.Digest {
	if i.record == nil {
		return nil
	}
	if !i.checked {
		return []attest.Digest{i.entry.Admission, i.record.Envelope}
	}
	out := []attest.Digest{i.entry.Admission, i.entry.ServerFields.Seed, i.record.Envelope, i.record.Signer.KeyID}
	for _, e := range i.record.Endorsements {
		out = append(out, e.Envelope)
	}
	return append(out, i.record.Objects...)
}
