package verifier

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// A bundle may hold control entries that no subject relies on, so that what is
// in force is shown and not said. Which of them may change something about an
// entry depends on what that entry's record says was looked at.

// Bears reports whether a control statement at an index changes what the record
// of another entry may say that the register held, if it was allowed.
func Bears(s attest.Statement, index uint64, r *admission.Record) bool {
	switch s := s.(type) {
	case nil:
		return false // it is not known
	case *attest.Compromise:
		return true
	case *attest.Erasure:
		return slices.ContainsFunc(r.Objects, s.Names)
	case *attest.Revocation:
		return index < r.Read.Size && slices.ContainsFunc(r.Read.Statements, func(ref admission.Ref) bool { return ref.ID == s.Warrant })
	}
	slots := admission.Slots(s)
	return index < r.Read.Size && slices.ContainsFunc(r.Read.Force, func(p admission.Pin) bool {
		return slices.Contains(slots, p.Slot) && between(p, index)
	})
}

// between reports whether an entry comes after the one that a slot points to.
func between(p admission.Pin, index uint64) bool { return p.ID == "" || index > p.Entry }
