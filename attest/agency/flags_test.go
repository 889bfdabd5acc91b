package agency_test

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// TestClaims is the table of claims on the page, written out.
func TestClaims(t *testing.T) {
	directed := byHuman(attest.HumanInstruction, 0, human(agency.B4, agency.K3))
	instructed := byHuman(attest.HumanInstruction, 0, human(agency.B3, agency.K3))
	below := byHuman(attest.HumanInstruction, 1, human(agency.B3, agency.K3))
	delegated := byHuman(attest.HumanStanding, 0, human(agency.B2, agency.K3))
	recorded := byHuman(attest.OrgStanding, 0, human(agency.B3, agency.K1))
	for _, c := range []struct {
		name     string
		evidence agency.Evidence
		claims   []string // that contradict
	}{
		{"directed", directed, []string{"self", "agent", "schedule", "event"}},
		{"instructed", instructed, []string{"self", "agent", "schedule", "event"}},
		{"instructed below an agent", below, []string{"self", "schedule", "event"}},
		{"delegated", delegated, nil},
		{"autonomous by schedule", byTrigger(attest.Schedule), []string{"human", "event"}},
		{"autonomous by event", byTrigger(attest.Event), []string{"human", "schedule"}},
		{"autonomous by goal", byTrigger(attest.Goal), []string{"human", "schedule", "event"}},
		{"order without a trigger", byHuman(attest.OrgStanding, 0), []string{"human"}},
		{"order without a trigger, recorded instruction", recorded, nil},
		{"no warrant", byHuman("", 0), nil},
		{"unsound", agency.Evidence{}, nil},
	} {
		for _, claim := range []string{"human", "self", "agent", "schedule", "event", "unknown", "", "mood"} {
			c.evidence.Claim = claim
			got := slices.Contains(agency.Attribute(c.evidence).Flags, agency.FlagClaimContradicts)
			if want := slices.Contains(c.claims, claim); got != want {
				t.Errorf("%s, claim %q: flag %v, want %v", c.name, claim, got, want)
			}
		}
	}
}

func TestFlagsBesideTheRow(t *testing.T) {
	late := human(agency.B4, agency.K2)
	late.Before = false
	weak := late
	weak.Key = agency.K1
	task := human(agency.B3, agency.K2)
	task.Requests = false
	listed := byHuman("", 0)
	listed.Ratified = []string{"bob"}
	exceeded := byHuman(attest.HumanInstruction, 0, task)
	exceeded.HasRequests = true
	named := byHuman(attest.HumanInstruction, 0, human(agency.B3, agency.K2))
	named.HasRequests = true
	for _, c := range []struct {
		name     string
		evidence agency.Evidence
		order    agency.Order
		flags    []string
	}{
		{"late consent", byHuman("", 0, late), agency.OrderAfter, []string{"ratified_by"}},
		{"late record by the operator", byHuman("", 0, weak), agency.OrderNone, nil},
		{"listed by the verifier", listed, agency.OrderAfter, []string{"ratified_by"}},
		{"late consent beside a task", byHuman("", 0, late, task), agency.OrderBefore, []string{"ratified_by"}},
		{"task with requests", exceeded, agency.OrderBefore, []string{"exceeded_instruction"}},
		{"named request", named, agency.OrderBefore, nil},
	} {
		a := agency.Attribute(c.evidence)
		if a.Order != c.order || !slices.Equal(a.Flags, c.flags) {
			t.Errorf("%s: order %s flags %v, want %s %v", c.name, a.Order, a.Flags, c.order, c.flags)
		}
	}
}
