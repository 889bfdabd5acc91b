package verifier

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
)

// withLater adds to an attribution what later entries of the bundle say: that it is
// contested, and that a human consented afterwards. Neither changes the row.
func (v *verification) withLater(i *item, believed *agency.Attribution, contested bool) *agency.Attribution {
	if believed == nil {
		return nil
	}
	a := *believed
	a.Flags = slices.Clone(a.Flags)
	if contested {
		a.Flags = append(a.Flags, agency.FlagContested)
	}
	if ratified := v.ratified(i); len(ratified) > 0 && a.Row > 1 {
		a.Flags = append(a.Flags, agency.FlagRatifiedBy)
		a.Ratified = append(slices.Clone(a.Ratified), ratified...)
		slices.Sort(a.Ratified)
		a.Ratified = slices.Compact(a.Ratified)
		if a.Binding == 0 {
			a.Order = agency.OrderAfter
		}
	}
	slices.Sort(a.Flags)
	a.Flags = slices.Compact(a.Flags)
	return &a
}

// ratified lists the approvals of exactly this action that were logged after it.
func (v *verification) ratified(i *item) (ids []string) {
	a, ok := i.statement().(*attest.Action)
	if !ok || a.Request == nil || a.Authority == nil {
		return nil
	}
	for _, later := range v.items {
		consent, ok := later.statement().(*attest.Approval)
		if ok && later.index > i.index && later.logged.Allowed() && admission.Exactly(consent, a) {
			ids = append(ids, string(later.logged.ID()))
		}
	}
	return ids
}
