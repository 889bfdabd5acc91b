package verifier

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// A bundle may hold control entries that no subject relies on, so that what is
// in force is shown and not said. Which of them may change something about an
// entry depends on what that entry's record says was looked at.

// CouldBear reports whether a control entry of a kind, at an index, may change
// what the record of another entry says that the register held: by its kind alone.
func CouldBear(kind attest.Kind, index uint64, r *admission.Record) bool {
	switch {
	case kind == attest.KindCompromise, kind == attest.KindErasure:
		return true // also of what was logged before it
	case index >= r.Read.Size:
		return false
	case kind == attest.KindRevocation:
		return len(r.Read.Statements) > 0
	}
	return slices.ContainsFunc(r.Read.Force, func(p admission.Pin) bool {
		return takes(kind, p.Slot) && between(p, index)
	})
}

// Bears reports whether a control statement at an index changes what the record
// of another entry may say that the register held, if it was allowed.
func Bears(s attest.Statement, index uint64, r *admission.Record) bool {
	switch s := s.(type) {
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

// slotsOfKind are the slots that statements of a kind take, by their beginning.
var slotsOfKind = map[attest.Kind][]string{
	attest.KindGenesis:        {"genesis", "administrators", "administrator/", "key/"},
	attest.KindAdministrators: {"administrators", "administrator/", "key/"},
	attest.KindRoot:           {"root/"},
	attest.KindPerson:         {"person/", "key/"},
	attest.KindIssuer:         {"issuer/"},
	attest.KindPolicy:         {"policy"},
	attest.KindAgent:          {"agent/", "agents/"},
	attest.KindProvider:       {"provider/"},
	attest.KindAccount:        {"account/"},
}

// takes reports whether a statement of a kind may take a slot. One of a kind
// without slots takes none.
func takes(kind attest.Kind, slot admission.Slot) bool {
	return slices.ContainsFunc(slotsOfKind[kind], func(begin string) bool { return strings.HasPrefix(string(slot), begin) })
}
