package policy

import (
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// together asks all warrants of a chain in one go, which spares Cedar most of the
// preparation. It is the answer only if every link permits and nothing forbids or
// errs: otherwise it is false, nothing is noted, and each has to be asked by
// itself.
func (t *tally) together(chain []*Warrant, known *view) bool {
	if len(chain) == 0 {
		return false
	}
	asked, needs := make(several, 0, len(chain)), facts(0)
	for depth, w := range chain {
		if w.depth != depth {
			return false // an ID could be that of two links
		}
		chosen := w.policies.candidates(known.question)
		asked, needs = append(asked, chosen), needs|chosen.needs()
	}
	decision, why := cedar.Authorize(asked, known, known.ask(needs&warrantFacts))
	if decision == cedar.Deny || len(why.Errors) > 0 {
		return false
	}
	granted := make([][]int, len(chain))
	for _, reason := range why.Reasons {
		for i, w := range chain {
			if n, ok := w.grants[reason.PolicyID]; ok {
				granted[i] = append(granted[i], n)
			}
		}
	}
	for _, numbers := range granted {
		if len(numbers) == 0 {
			return false
		}
		slices.Sort(numbers)
	}
	t.Granted = granted
	t.matched(decision, why.Reasons)
	return true
}

// several are candidates from as many indexes.
type several []candidates

// All iterates over the policies of each in turn.
func (s several) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, c := range s {
			for i := c.chosen.next(0); i >= 0; i = c.chosen.next(i + 1) {
				if p := &c.from.policies[i]; !yield(p.id, p.rest) {
					return
				}
			}
		}
	}
}
