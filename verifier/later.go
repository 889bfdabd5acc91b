package verifier

import (
	"fmt"
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

// ratified lists the approvals of exactly this action that were logged after it,
// and of which nothing is declared compromised that shows whose they are.
func (v *verification) ratified(i *item) (ids []string) {
	for _, later := range v.consents(i) {
		if len(v.doubts(later)) == 0 {
			ids = append(ids, string(later.logged.ID()))
		}
	}
	return ids
}

// uncounted says of consent from after an action why it does not count.
func (v *verification) uncounted(i *item) (lines []string) {
	for _, later := range v.consents(i) {
		if by := v.doubts(later); len(by) > 0 {
			lines = append(lines, fmt.Sprintf("%s, from after the action, approves exactly this action. It is not counted: %s declares that what shows who signed it may have been in other hands by then.",
				capital(entryName(later.index)), entryName(by[0].index)))
		}
	}
	return lines
}

// consents are the approvals of exactly this action that were logged after it.
func (v *verification) consents(i *item) (out []*item) {
	a, ok := i.statement().(*attest.Action)
	if !ok || a.Request == nil || a.Authority == nil {
		return nil
	}
	for _, later := range v.items {
		consent, ok := later.statement().(*attest.Approval)
		if ok && later.index > i.index && later.logged.Allowed() && admission.Exactly(consent, a) {
			out = append(out, later)
		}
	}
	return out
}

// doubts are the declarations that contest who signed an entry: the key, the root
// that proved it, or what was in force about either. The warrant that an approval
// names is not among it: that is the action's own.
func (v *verification) doubts(i *item) (out []*item) {
	vouch := []*item{i}
	for _, p := range i.record.Read.Force {
		vouch = append(vouch, v.relied(v.byID[p.ID], "")...)
	}
	for _, c := range v.items {
		s, ok := c.statement().(*attest.Compromise)
		if ok && c.logged.Allowed() && len(v.resting(vouch, i, c, s)) > 0 {
			out = append(out, c)
		}
	}
	return out
}
