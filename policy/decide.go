package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// Decision is the answer to a request. All lists of names are sorted.
type Decision struct {
	// Allow is true when every link permits, the organisation permits and
	// nothing erred.
	Allow bool
	// Evaluated is false when the organisation's set could not judge the
	// request: none is in force, it does not declare the action, or it erred.
	Evaluated bool
	// Determining are the IDs of the policies that decided: for an allow every
	// permit that matched, else every forbid that did. It is empty when nothing
	// permitted and nothing forbade.
	Determining []string
	// Errors are the IDs of the policies that erred.
	Errors []string
	// Faults are the codes of what stands against the request: policy.none,
	// policy.action, policy.error, policy.denied, warrant.outside.
	Faults []string
	// Granted are, per link, the indexes of the grants that permit the action;
	// empty for a link that denies.
	Granted [][]int
}

// Decide asks every link of the chain and the organisation's set, which must
// all permit. Without a chain only the organisation decides; without a set
// nothing is allowed. A request that no statement could have made is
// policy.action. The same input gives the same decision.
func Decide(org *Set, chain []*Warrant, r Request) Decision {
	var out tally
	out.Granted = make([][]int, len(chain))
	if !r.wellFormed() {
		out.fault("policy.action")
		return out.sum()
	}
	q := newQuestion(r, org.remembered())
	out.organisation(org, q)
	if r.Warrant.Present && len(chain) == 0 {
		out.fault("warrant.outside") // a warrant is claimed and none permits
	}
	known := &view{question: q}
	if !out.together(chain, known) {
		out.each(chain, known)
	}
	return out.sum()
}

// tally collects the answers of the sets.
type tally struct {
	Decision
	permits, forbids []string
}

func (t *tally) fault(code string) { t.Faults = append(t.Faults, code) }

// organisation asks the organisation's set.
func (t *tally) organisation(org *Set, q *question) {
	switch {
	case org == nil:
		t.fault("policy.none")
		return
	case !org.takes(q):
		t.fault("policy.action")
		return
	}
	decision, why := org.policies.authorize(&view{question: q, logged: org.entities}, organisationFacts)
	if len(why.Errors) > 0 {
		t.failed(why.Errors)
		t.fault("policy.error")
		return
	}
	t.Evaluated = true
	if decision == cedar.Deny {
		t.fault("policy.denied")
	}
	t.matched(decision, why.Reasons)
}

// each asks every warrant by itself.
func (t *tally) each(chain []*Warrant, known *view) {
	for i, link := range chain {
		t.Granted[i] = t.link(link, known)
	}
}

// link asks one warrant and returns the grants that permit. Its policies cannot
// err, as they are compiled; if one does, the link denies.
func (t *tally) link(w *Warrant, known *view) []int {
	decision, why := w.policies.authorize(known, warrantFacts)
	if len(why.Errors) > 0 {
		t.failed(why.Errors)
		t.fault("warrant.outside")
		return nil
	}
	t.matched(decision, why.Reasons)
	if decision == cedar.Deny {
		t.fault("warrant.outside")
		return nil
	}
	granted := make([]int, 0, len(why.Reasons))
	for _, reason := range why.Reasons {
		granted = append(granted, w.grants[reason.PolicyID])
	}
	slices.Sort(granted)
	return granted
}

func (t *tally) failed(errs []cedar.DiagnosticError) {
	for _, e := range errs {
		t.Errors = append(t.Errors, string(e.PolicyID))
	}
}

func (t *tally) matched(decision cedar.Decision, reasons []cedar.DiagnosticReason) {
	names := &t.forbids
	if decision == cedar.Allow {
		names = &t.permits
	}
	*names = slices.Grow(*names, len(reasons))
	for _, reason := range reasons {
		*names = append(*names, string(reason.PolicyID))
	}
}

// sum draws the answers together.
func (t *tally) sum() Decision {
	d := t.Decision
	d.Allow = len(d.Faults) == 0
	d.Determining = t.forbids
	if d.Allow {
		d.Determining = t.permits
	}
	for _, names := range [...]*[]string{&d.Determining, &d.Errors, &d.Faults} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return d
}
