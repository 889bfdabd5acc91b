package agency_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// nearMisses flips exactly one condition of rows 4 to 8.
func nearMisses() []vector {
	flips := []struct {
		name string
		flip func(*agency.Human)
	}{
		{"logged after the action", func(h *agency.Human) { h.Before = false }},
		{"expired", func(h *agency.Human) { h.Unexpired = false }},
		{"bound to another agent", func(h *agency.Human) { h.Bound = false }},
		{"used before", func(h *agency.Human) { h.FirstUse = false }},
		{"without the request", func(h *agency.Human) { h.Requests = false }},
		{"of nobody", func(h *agency.Human) { h.Person = "" }},
		{"of an unknown binding", func(h *agency.Human) { h.Binding = 5 }},
		{"of an unknown key", func(h *agency.Human) { h.Key = 5 }},
	}
	var out []vector
	for _, base := range []struct {
		row     int
		binding agency.Binding
		basis   attest.Basis
	}{{4, agency.B4, attest.HumanInstruction}, {5, agency.B3, attest.HumanInstruction}, {6, agency.B3, attest.HumanInstruction}, {7, agency.B2, attest.HumanStanding}} {
		build := func(key agency.Key, flip func(*agency.Human)) agency.Evidence {
			h := human(base.binding, key)
			h.Requests = base.row == 5
			flip(&h)
			return byHuman(base.basis, 0, h)
		}
		for key := agency.K0; key <= agency.K4; key++ {
			out = append(out, vector{Name: fmt.Sprintf("near row %d key K%d", base.row, key), Evidence: build(key, func(*agency.Human) {})})
		}
		for _, f := range flips {
			out = append(out, vector{Name: fmt.Sprintf("near row %d %s", base.row, f.name), Evidence: build(agency.K3, f.flip)})
		}
		for b := agency.B0; b < base.binding; b++ {
			out = append(out, vector{Name: fmt.Sprintf("near row %d binding B%d", base.row, b), Evidence: build(agency.K3, func(h *agency.Human) { h.Binding = b })})
		}
	}
	for _, basis := range []attest.Basis{"", attest.EventTrigger, attest.HumanInstruction, attest.OrgStanding} {
		out = append(out, vector{Name: "near row 7 basis " + string(basis), Evidence: byHuman(basis, 0, human(agency.B2, agency.K3))})
	}
	return append(out, nearAutonomous()...)
}

func nearAutonomous() []vector {
	build := func(name string, flip func(*agency.Evidence)) vector {
		e := byTrigger(attest.Schedule)
		flip(&e)
		return vector{Name: "near row 8 " + name, Evidence: e}
	}
	return []vector{
		build("no warrant", func(e *agency.Evidence) { e.Basis = "" }),
		build("basis event_trigger", func(e *agency.Evidence) { e.Basis = attest.EventTrigger }),
		build("basis human_instruction", func(e *agency.Evidence) { e.Basis = attest.HumanInstruction }),
		build("basis human_standing", func(e *agency.Evidence) { e.Basis = attest.HumanStanding }),
		build("no trigger", func(e *agency.Evidence) { e.Trigger = nil }),
		build("trigger key K0", func(e *agency.Evidence) { e.Trigger.Key = agency.K0 }),
		build("trigger logged after the action", func(e *agency.Evidence) { e.Trigger.Before = false }),
		build("trigger of an unknown cause", func(e *agency.Evidence) { e.Trigger.Cause = "mood" }),
		build("nobody accountable", func(e *agency.Evidence) { e.Accountable = "" }),
		build("a login beside it", func(e *agency.Evidence) { e.Humans = []agency.Human{human(agency.B1, agency.K2)} }),
		build("a scope beside it", func(e *agency.Evidence) { e.Humans = []agency.Human{human(agency.B2, agency.K3)} }),
		build("a recorded instruction beside it", func(e *agency.Evidence) { e.Humans = []agency.Human{human(agency.B3, agency.K1)} }),
		build("an instruction beside it", func(e *agency.Evidence) { e.Humans = []agency.Human{human(agency.B3, agency.K2)} }),
	}
}

// others hold the axes beside the class: causes, authority, flags, ties.
func others() []vector {
	var out []vector
	for _, c := range []attest.Cause{attest.AgentSpawned, attest.Event, attest.Goal} {
		out = append(out, vector{Name: "cause " + string(c), Evidence: byTrigger(c)})
	}
	rows := rowVectors()
	for _, a := range []agency.Authority{agency.AuthorityOutside, agency.AuthorityNotEvaluated, agency.AuthorityIndeterminate, "", "perhaps"} {
		e := rows[3].Evidence
		e.Authority = a
		out = append(out, vector{Name: fmt.Sprintf("authority %q", a), Evidence: e})
	}
	for _, v := range rows {
		for _, claim := range []string{"human", "agent", "schedule", "event", "self", "mood"} {
			e := v.Evidence
			e.Claim = claim
			out = append(out, vector{Name: v.Name + " claim " + claim, Evidence: e})
		}
	}
	below := byHuman(attest.HumanInstruction, 1, human(agency.B3, agency.K3))
	below.Claim = "agent"
	idle := byHuman(attest.OrgStanding, 0)
	idle.Claim = "human"
	exceeded := rows[5].Evidence
	exceeded.HasRequests = true
	var weak []vector
	late := human(agency.B4, agency.K4)
	late.Before, late.Ref = false, ref("e")
	ratified := byTrigger(attest.Event)
	ratified.Humans = []agency.Human{late}
	ratified.Ratified = []string{"bob", "bob", "alice"}
	dup := rows[1].Evidence
	dup.Missing = []string{"policy", "instruction", "policy"}
	for name, spoil := range map[string]func(*agency.Human){
		"of nobody": func(h *agency.Human) { h.Person = "" }, "bound to another agent": func(h *agency.Human) { h.Bound = false },
		"key K1": func(h *agency.Human) { h.Key = agency.K1 },
	} {
		h := late
		spoil(&h)
		e := byTrigger(attest.Event)
		e.Humans = []agency.Human{h}
		weak = append(weak, vector{Name: "not ratified after the action " + name, Evidence: e})
	}
	slices.SortFunc(weak, func(a, b vector) int { return strings.Compare(a.Name, b.Name) })
	login := human(agency.B1, agency.K2)
	login.Bound = false
	negative := human(agency.B1, agency.Key(-1))
	out = append(append(out, weak...),
		vector{Name: "a login that names no agent", Evidence: byHuman(attest.HumanInstruction, 0, login)},
		vector{Name: "a login of a negative key", Evidence: byHuman(attest.HumanInstruction, 0, negative)},
		vector{Name: "claim agent below an agent", Evidence: below},
		vector{Name: "claim human under an order of the organisation without a trigger", Evidence: idle},
		vector{Name: "exceeded instruction", Evidence: exceeded},
		vector{Name: "ratified after the action", Evidence: ratified},
		vector{Name: "missing twice", Evidence: dup},
		vector{Name: "the zero evidence", Evidence: agency.Evidence{}})
	return append(out, ties()...)
}

func ties() []vector {
	second := func(b agency.Binding, k agency.Key, r string, person string) agency.Human {
		h := human(b, k)
		h.Ref, h.Person = ref(r), person
		return h
	}
	unnamed := second(agency.B3, agency.K4, "0", "bob")
	unnamed.Requests = false
	return []vector{
		{Name: "tie higher key", Evidence: byHuman(attest.HumanInstruction, 0, human(agency.B3, agency.K2), second(agency.B3, agency.K3, "f", "bob"))},
		{Name: "tie smaller reference", Evidence: byHuman(attest.HumanInstruction, 0, human(agency.B3, agency.K3), second(agency.B3, agency.K3, "9", "bob"))},
		{Name: "tie the row before the key", Evidence: byHuman(attest.HumanInstruction, 0, human(agency.B3, agency.K2), unnamed)},
		{Name: "tie consent over instruction", Evidence: byHuman(attest.HumanInstruction, 2, human(agency.B3, agency.K4), second(agency.B4, agency.K3, "f", "bob"))},
		{Name: "tie weak consent over strong instruction", Evidence: byHuman(attest.HumanInstruction, 2, human(agency.B3, agency.K4), second(agency.B4, agency.K2, "f", "bob"))},
	}
}

// cellsInWords holds an attribution for every cell that can be reached, and one
// for every other sentence.
func cellsInWords() []vector {
	var out []vector
	add := func(name string, a agency.Attribution) { out = append(out, vector{Name: name, Attribution: a}) }
	rows := rowVectors()
	for row := 1; row <= 9; row++ {
		a := agency.Attribute(rows[row-1].Evidence)
		for b := agency.B0; b <= agency.B4; b++ {
			for k := agency.K0; k <= agency.K4; k++ {
				if enumerate().cells[cell{a.Agency, b, k}] {
					c := a
					c.Binding, c.Key = b, k
					add(fmt.Sprintf("row %d B%d K%d", row, b, k), c)
				}
			}
		}
	}
	for _, v := range others() {
		if a := agency.Attribute(v.Evidence); len(a.Flags) > 0 || v.Evidence.Claim == "unknown" {
			add(v.Name, a)
		}
	}
	for hops := range 3 {
		a := agency.Attribute(rows[4].Evidence)
		a.Hops = hops
		add(fmt.Sprintf("hops %d", hops), a)
	}
	for _, basis := range []attest.Basis{"", attest.EventTrigger, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding} {
		a := agency.Attribute(rows[6].Evidence)
		a.Basis = basis
		add("basis "+string(basis), a)
	}
	for k := agency.K1; k <= agency.K4; k++ {
		a := agency.Attribute(rows[7].Evidence)
		a.TriggerKey = k
		add(fmt.Sprintf("trigger key K%d", k), a)
	}
	a := agency.Attribute(rows[8].Evidence)
	a.Accountable, a.Agency, a.Flags = "", "perhaps", []string{agency.FlagContested, "perhaps"}
	add("a later version of the table", a)
	return out
}
