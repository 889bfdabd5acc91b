package warrant

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
)

// GateApplies reports whether a gate asks for approvals of an action at a time in
// ms (docs/spec/warrants.md, "Gates"). What it looks at and cannot see, because the
// argument is sealed, missing or no amount of the unit, applies. undoable is whether
// somebody else than the agent says that such an action can be undone.
func GateApplies(g attest.WarrantGate, a *attest.Action, undoable bool, at int64) bool {
	if !gateOf(g, a, undoable) {
		return false
	}
	if h := g.When.OutsideHours; h != nil {
		return !h.Contain(at)
	}
	return true
}

// GateMayApply is GateApplies for a time that is not known yet.
func GateMayApply(g attest.WarrantGate, a *attest.Action, undoable bool) bool {
	return gateOf(g, a, undoable)
}

// gateOf reports whether a gate is of an action, at some time at least.
func gateOf(g attest.WarrantGate, a *attest.Action, undoable bool) bool {
	if a.Request == nil || len(g.Actions) > 0 && !slices.Contains(g.Actions, a.Request.Action) {
		return false
	}
	switch {
	case g.When.Irreversible:
		return !a.Request.Reversible || !undoable // an agent does not get around it by saying so
	case g.When.Above != nil:
		return above(*g.When.Above, a.Open)
	}
	return true // always, outside hours, or a condition that this version does not know
}

// above reports whether an argument is more than a threshold, or is not shown to be
// less.
func above(t attest.Threshold, open []attest.Opening) bool {
	limit, _ := t.Limit.Parts() // of the form of an amount, as what is open
	for _, o := range open {
		if o.Name == t.Argument && o.Value.Amount.Unit == t.Limit.Unit {
			parts, _ := o.Value.Amount.Parts()
			return parts > limit
		}
	}
	return true
}

// keeps reports whether the gate of a child is one of the parent's, at least as
// strict: as many approvers or more, of no others, at no greater age.
func keeps(parent, child attest.WarrantGate) bool {
	for _, p := range child.Approvers {
		if !slices.Contains(parent.Approvers, p) {
			return false
		}
	}
	fresh := parent.MaxAge == 0 || child.MaxAge > 0 && child.MaxAge <= parent.MaxAge
	return child.M >= parent.M && child.M <= len(child.Approvers) && fresh && (child.Display || !parent.Display) &&
		slices.Equal(parent.Actions, child.Actions) && sameWhen(parent.When, child.When)
}

// sameWhen compares conditions by what they say, number for number.
func sameWhen(a, b attest.When) bool {
	x, err := attest.Encode(a)
	y, _ := attest.Encode(b) // nothing, out of form
	return err == nil && string(x) == string(y)
}

// gates checks that the child repeats every gate of the parent, or a stricter one;
// it may have more (D6).
func (r *report) gates(i int, parent, child *attest.Warrant) {
	for n, g := range parent.Gates {
		kept := slices.ContainsFunc(child.Gates, func(own attest.WarrantGate) bool { return keeps(g, own) })
		r.unless(kept, "d6.gates", i, "gates", "gate "+strconv.Itoa(n)+" of the parent, or a stricter one", "without "+DescribeGate(g))
	}
}

// DescribeGate says a gate in words, such as: payments.transfer, if amount is above
// 1000.00 EUR or is not shown: 2 of alice, bob, carol must approve exactly that
// action.
func DescribeGate(g attest.WarrantGate) string {
	s := "any action"
	if len(g.Actions) > 0 {
		s = strings.Join(g.Actions, ", ")
	}
	return s + describeWhen(g.When) + ": " + describeApprovers(g)
}

func describeWhen(w attest.When) string {
	switch {
	case w.Above != nil:
		return ", if " + w.Above.Argument + " is above " + w.Above.Limit.Decimal + " " + w.Above.Limit.Unit + " or is not shown"
	case w.Irreversible:
		return ", unless the policy in force and the agent say that it can be undone"
	case w.OutsideHours != nil:
		h := *w.OutsideHours
		return ", except from " + clock(h.From) + " until before " + clock(h.To) + " UTC on " + describeDays(h.Weekdays)
	}
	return ""
}

func describeApprovers(g attest.WarrantGate) string {
	s := strconv.Itoa(g.M) + " of " + strings.Join(g.Approvers, ", ") + " must approve exactly that action"
	if g.Display {
		s += "; what they were shown must come with the approval"
	}
	if g.MaxAge > 0 {
		s += "; at most " + (time.Duration(g.MaxAge) * time.Millisecond).String() + " before it"
	}
	return s
}

func clock(minute int) string {
	two := func(n int) string { return strconv.Itoa(100 + n)[1:] }
	return two(minute/60) + ":" + two(minute%60)
}

var days = [...]string{"", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

func describeDays(weekdays []int) string {
	names := make([]string, len(weekdays))
	for i, d := range weekdays {
		names[i] = days[min(max(d, 0), 7)]
	}
	return strings.Join(names, ", ")
}
