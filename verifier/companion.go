package verifier

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// companions are the entries of a bundle that say something of a subject and that
// the subject, which is older, cannot name: countersignatures of it, its outcome,
// the terminal that lists it as open (docs/spec/bundle.md, "Closure"). What they
// rely on is in the bundle too.
func (v *verification) companions() (out []*item) {
	about := map[attest.ID]bool{}
	for _, index := range v.bundle.Subjects() {
		if i := v.at(index); i != nil {
			about[i.entry.Envelope] = true
		}
	}
	for _, i := range v.items {
		if i.record != nil && companion(i.record, about) {
			out = append(out, i)
		}
	}
	return out
}

// companion reports whether a record is of a statement about one of these: of an
// action, only those that ask for nothing themselves have no attribution.
func companion(r *admission.Record, about map[attest.ID]bool) bool {
	after := r.Kind == attest.KindCountersignature || r.Kind == attest.KindAction && r.Attribution == nil
	return after && slices.ContainsFunc(r.Read.Statements, func(s admission.Ref) bool { return about[s.ID] })
}
