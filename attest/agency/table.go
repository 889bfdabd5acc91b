package agency

import (
	"cmp"
	"slices"

	"github.com/deedlog/deed/attest"
)

// Attribute applies the table (docs/spec/attribution.md, "Class").
func Attribute(e Evidence) Attribution {
	a := row(e)
	a.Authority = e.Authority.known()
	a.Order = OrderNone
	if a.Row == 1 {
		return a // nothing else was established
	}
	a.Accountable = e.Accountable
	a.Basis = e.Basis
	a.Ratified = ratified(e)
	switch {
	case a.Binding > B0:
		a.Order = OrderBefore
	case len(a.Ratified) > 0:
		a.Order = OrderAfter
	}
	a.Flags = flags(e, a)
	return a
}

// row walks the nine rows; the first that matches decides. Rows 1 to 3 report
// no binding and no key: "at least nothing" is all that is known there.
func row(e Evidence) Attribution {
	switch {
	case !e.Sound:
		return Attribution{Row: 1, Agency: None}
	case len(e.Missing) > 0:
		return Attribution{Row: 2, Agency: Indeterminate, Missing: set(e.Missing)}
	case len(e.Disagree) > 0:
		return Attribution{Row: 3, Agency: Conflicted, Disagree: set(e.Disagree)}
	}
	if h := strongest(e.Humans, directs); h.Binding > B0 {
		return byHuman(4, HumanDirected, h, e)
	}
	if h := strongest(e.Humans, instructs); h.Binding > B0 {
		return byHuman(5, HumanInstructed, h, e)
	}
	if h := strongest(e.Humans, tasks); h.Binding > B0 {
		return byHuman(6, HumanTasked, h, e)
	}
	if h := strongest(e.Humans, delegates); h.Binding > B0 && e.Basis.Human() {
		return byHuman(7, HumanDelegated, h, e)
	}
	a := beside(strongest(e.Humans, usable))
	if !autonomous(e) {
		a.Row, a.Agency = 9, Unattributed
		return a
	}
	a.Row, a.Agency = 8, Autonomous
	a.Cause, a.TriggerKey = e.Trigger.Cause, e.Trigger.Key.known()
	a.Decisive = []attest.ID{e.Trigger.Ref}
	a.Hops = max(e.Hops, 0)
	return a
}

// usable holds the conditions of every row. A login names no agent, so only
// more than a login has to be bound; a consent to one action is good once.
func usable(h Human) bool {
	return h.Binding >= B1 && h.Person != "" && h.Before && h.Unexpired &&
		(h.Bound || h.Binding == B1) && (h.FirstUse || h.Binding < B4)
}

func directs(h Human) bool { return usable(h) && h.Binding == B4 && h.Key >= K3 }

// instructs takes a consent to the exact action as an instruction whose only
// request is that action: it comes here when its key is too weak for row 4.
func instructs(h Human) bool { return tasks(h) && (h.Requests || h.Binding == B4) }

func tasks(h Human) bool { return usable(h) && h.Binding >= B3 && h.Key >= K2 }

func delegates(h Human) bool { return usable(h) && h.Binding >= B2 && h.Key >= K2 }

// autonomous wants positive evidence: an order of the organisation, a recorded
// trigger and someone to answer for it.
func autonomous(e Evidence) bool {
	standing := e.Basis == attest.OrgStanding || e.Basis == attest.EventTrigger
	return standing && e.Accountable != "" && e.Trigger != nil &&
		e.Trigger.Before && e.Trigger.Key.known() >= K1 && knownCause(e.Trigger.Cause)
}

func byHuman(row int, class Class, h Human, e Evidence) Attribution {
	a := beside(h)
	a.Row, a.Agency, a.Authorizing = row, class, h.Person
	a.Decisive = []attest.ID{h.Ref}
	if h.Binding < B4 {
		a.Hops = max(e.Hops, 0) // a consent names the acting agent itself: no hop
	}
	return a
}

// beside reports an evidence that need not have decided anything.
func beside(h Human) Attribution {
	return Attribution{Binding: h.Binding, Key: h.Key, Human: h.Ref}
}

// strongest returns the evidence with the highest binding, then key, then the
// smallest reference, among those that ok accepts, or the zero Human.
func strongest(humans []Human, ok func(Human) bool) (best Human) {
	for _, h := range humans {
		h.Binding, h.Key = h.Binding.known(), h.Key.known()
		if ok(h) && stronger(h, best) { // than nothing, too: ok takes no B0
			best = h
		}
	}
	return best
}

func stronger(h, than Human) bool {
	return cmp.Or(
		cmp.Compare(than.Binding, h.Binding),
		cmp.Compare(than.Key, h.Key),
		cmp.Compare(h.Ref, than.Ref),
		cmp.Compare(h.Person, than.Person),
	) < 0
}

// A level that this version does not know is worth nothing.
func (b Binding) known() Binding {
	if b > B4 {
		return B0
	}
	return b // below B0 it is worth nothing as it is
}

func (k Key) known() Key {
	if k < K0 || k > K4 {
		return K0
	}
	return k
}

func (a Authority) known() Authority {
	switch a {
	case AuthorityWithin, AuthorityOutside, AuthorityNotEvaluated:
		return a
	case "":
		return AuthorityNotEvaluated
	}
	return AuthorityIndeterminate
}

func knownCause(c attest.Cause) bool {
	switch c {
	case attest.AgentSpawned, attest.Event, attest.Goal, attest.Schedule:
		return true
	}
	return false
}

// set returns the names sorted, each once.
func set(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
