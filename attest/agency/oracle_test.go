package agency_test

import (
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// axis is one dimension of the reduced input: every value it can take.
type axis struct {
	name   string
	values []string
}

// The axes, in the order of the page's table.
var axes = []axis{
	{"sound", []string{"no", "yes"}},
	{"missing", []string{"nothing", "something"}},
	{"disagree", []string{"none", "some"}},
	{"binding", []string{"B0", "B1", "B2", "B3", "B4"}},
	{"key", []string{"K0", "K1", "K2", "K3", "K4"}},
	{"before", []string{"no", "yes"}},
	{"unexpired", []string{"no", "yes"}},
	{"bound", []string{"no", "yes"}},
	{"first use", []string{"no", "yes"}},
	{"requests", []string{"no", "yes"}},
	{"basis", []string{"none", "event_trigger", "human_instruction", "human_standing", "org_standing"}},
	{"trigger", []string{"none", "K0", "K1+ late", "K1+"}},
	{"accountable", []string{"nobody", "named"}},
}

// point is one value per axis, by its place in values.
type point [13]int

// eachPoint calls f with every combination, in lexicographic order.
func eachPoint(f func(point)) {
	var p point
	for {
		f(p)
		i := len(p) - 1
		for ; i >= 0 && p[i] == len(axes[i].values)-1; i-- {
			p[i] = 0
		}
		if i < 0 {
			return
		}
		p[i]++
	}
}

// String names every value, for a failing test.
func (p point) String() string {
	s := ""
	for i, v := range p {
		s += fmt.Sprintf("%s=%s ", axes[i].name, axes[i].values[v])
	}
	return s
}

func (p point) evidence() agency.Evidence {
	e := agency.Evidence{Sound: p[0] == 1}
	if p[1] == 1 {
		e.Missing = []string{"policy"}
	}
	if p[2] == 1 {
		e.Disagree = []string{"id:1", "id:2"}
	}
	e.Humans = []agency.Human{{
		Ref: "id:human", Kind: "instruction", Person: "alice",
		Binding: agency.Binding(p[3]), Key: agency.Key(p[4]),
		Before: p[5] == 1, Unexpired: p[6] == 1, Bound: p[7] == 1, FirstUse: p[8] == 1, Requests: p[9] == 1,
	}}
	e.Basis = []attest.Basis{"", attest.EventTrigger, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding}[p[10]]
	if p[11] > 0 {
		e.Trigger = &agency.Trigger{Ref: "id:trigger", Cause: attest.Schedule, Before: p[11] != 2}
		if p[11] > 1 {
			e.Trigger.Key = agency.K1
		}
	}
	if p[12] == 1 {
		e.Accountable = "carol"
	}
	return e
}

// oracle is the table once more, from the text of the design and in another
// shape: what one human evidence gives, as nested ifs.
func oracle(p point) (int, agency.Class) {
	const (
		basisEvent, basisInstruction, basisStanding, basisOrg = 1, 2, 3, 4
		triggerGood                                           = 3
	)
	sound, missing, disagree := p[0] == 1, p[1] == 1, p[2] == 1
	binding, key := p[3], p[4]
	before, unexpired, bound, first, requests := p[5] == 1, p[6] == 1, p[7] == 1, p[8] == 1, p[9] == 1
	basis, trigger, accountable := p[10], p[11], p[12] == 1

	if !sound {
		return 1, ""
	}
	if missing {
		return 2, "indeterminate"
	}
	if disagree {
		return 3, "conflicted"
	}
	if before && unexpired && bound {
		if binding == 4 {
			if first {
				if key == 3 || key == 4 {
					return 4, "human_directed"
				}
				if key == 2 { // a consent names the action, so it is an instruction that does
					return 5, "human_instructed"
				}
			}
		}
		if binding == 3 {
			if key == 2 || key == 3 || key == 4 {
				if requests {
					return 5, "human_instructed"
				}
				return 6, "human_tasked"
			}
		}
		if binding == 2 {
			if key == 2 || key == 3 || key == 4 {
				if basis == basisInstruction || basis == basisStanding {
					return 7, "human_delegated"
				}
			}
		}
	}
	if basis == basisOrg || basis == basisEvent {
		if trigger == triggerGood {
			if accountable {
				return 8, "autonomous"
			}
		}
	}
	return 9, "unattributed"
}
