package warrant

import (
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

// maxCount bounds a counter: it is written as an integer of the strict profile.
const maxCount = 1<<53 - 1

// Spent counts what was used of one grant of one warrant, by all below it.
type Spent struct {
	Sum  int64 `json:"sum"`  // of the budget's argument, in ten-thousandths of its unit
	Uses int64 `json:"uses"` // intents and records that were allowed
}

// Debit applies rule D7: one more use of the grants of a path, root first, each
// with its counters. It returns the counters after the use and changes nothing
// in place. The argument that a budget limits must be opened and of the
// budget's unit. The fault, d7.spent, is the first from the root down.
func (c Chain) Debit(path []int, spent []Spent, open map[string]attest.Value) ([]Spent, *attest.Fault) {
	if f := c.checkPath(path, "d7.spent"); f != nil {
		return nil, f
	}
	if len(spent) != len(path) {
		return nil, faultOf("d7.spent", "spent", strconv.Itoa(len(path))+" counters", strconv.Itoa(len(spent)))
	}
	after := slices.Clone(spent)
	for i, l := range c.links {
		if f := after[i].use(l.Warrant.Grants[path[i]], open); f != nil {
			f.Field = at(i, "grants."+strconv.Itoa(path[i])+"."+f.Field)
			return nil, f
		}
	}
	return after, nil
}

// use counts one use of a grant.
func (s *Spent) use(g attest.Grant, open map[string]attest.Value) *attest.Fault {
	most := int64(maxCount)
	if g.MaxUses > 0 {
		most = min(most, g.MaxUses)
	}
	if s.Uses < 0 || s.Uses >= most {
		return faultOf("d7.spent", "max_uses", "fewer than "+strconv.FormatInt(most, 10)+" uses before", strconv.FormatInt(s.Uses, 10))
	}
	if g.Budget != nil {
		if f := s.pay(*g.Budget, open); f != nil {
			return f
		}
	}
	s.Uses++
	return nil
}

// pay adds an amount to the sum unless it would pass the limit.
func (s *Spent) pay(b attest.Budget, open map[string]attest.Value) *attest.Fault {
	paid := open[b.Argument].Amount // of no unit, where it is no amount or not open
	parts, ok := paid.Parts()
	if !ok || paid.Unit != b.Limit.Unit {
		return faultOf("d7.spent", "budget.argument", "an opened amount of "+b.Limit.Unit+" named "+b.Argument, "none")
	}
	limit, _ := b.Limit.Parts() // nothing, out of form
	limit = min(limit, maxCount)
	if s.Sum < 0 || parts > limit-s.Sum { // a verifier's counters are what a record says
		left := max(0, limit-max(0, s.Sum))
		return faultOf("d7.spent", "budget.limit", "at most "+attest.AmountOf(left, b.Limit.Unit).Decimal+" "+b.Limit.Unit+" left", "more")
	}
	s.Sum += parts
	return nil
}
