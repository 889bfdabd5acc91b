package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/consent"
)

// row is a name with its value.
type row struct {
	Name, Value string
	Code        bool // an identifier
	Warn        bool
}

// moment is a time as people read it.
func moment(ms int64) string {
	if ms == 0 {
		return "an unknown time"
	}
	return time.UnixMilli(ms).UTC().Format("2 January 2006, 15:04") + " UTC"
}

// ago says how long ago something was.
func ago(ms int64) string {
	if ms < 60_000 {
		return "just now"
	}
	return length(ms) + " ago"
}

// length is a length of time, to the minute below a day.
func length(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	count := func(n int64, one string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %ss", n, one)
	}
	switch {
	case d >= 48*time.Hour:
		return count(int64(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		text := count(int64(d/time.Hour), "hour")
		if m := int64(d/time.Minute) % 60; m > 0 {
			text += " " + count(m, "minute")
		}
		return text
	}
	return count(max(1, int64(d/time.Minute)), "minute")
}

// resourceWords name a resource: the kind, which is one of ours, and what it is.
func resourceWords(r attest.Resource) string {
	return strings.ReplaceAll(r.Kind, "_", " ") + " " + r.ID
}

// agentWords is the last part of an agent's SPIFFE ID.
func agentWords(id string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 && i+1 < len(id) {
		return id[i+1:]
	}
	return id
}

// argumentRows are the arguments of an action in plain.
func argumentRows(a *attest.Action) (rows []row) {
	for _, o := range a.Open {
		rows = append(rows, row{Name: o.Name, Value: valueWords(o.Value)})
	}
	return rows
}

// valueWords is a value as people read it; text stays quoted, so that it cannot pass
// for words of ours.
func valueWords(v attest.Value) string { return v.String() }

// grantRows are the limits of a grant.
func grantRows(g attest.Grant) []row {
	rows := []row{{Name: "Allows", Value: strings.Join(g.Actions, ", ") + " on " + strings.ReplaceAll(g.Resource.Kind, "_", " ") + " " + g.Resource.Match.String()}}
	for _, a := range g.Arguments {
		rows = append(rows, row{Name: "Limit of " + a.Name, Value: a.Constraint.String()})
	}
	if g.MaxUses > 0 {
		rows = append(rows, row{Name: "Uses", Value: fmt.Sprintf("at most %d", g.MaxUses)})
	}
	if g.Budget != nil {
		rows = append(rows, row{Name: "In all", Value: g.Budget.Argument + " at most " + g.Budget.Limit.Decimal + " " + g.Budget.Limit.Unit})
	}
	return rows
}

// gateRows are the gates that ask for approvals, and how they stand.
func gateRows(v *consent.View) (rows []row) {
	for _, s := range v.Standing() {
		rows = append(rows, row{Name: "So far", Value: s.Words(), Warn: len(s.Refused) > 0},
			row{Name: "The gate", Value: warrant.DescribeGate(s.Gate)})
	}
	return rows
}

// basisWords say why a root warrant was issued.
func basisWords(b attest.Basis) string {
	switch b {
	case attest.HumanInstruction:
		return "an instruction"
	case attest.HumanStanding:
		return "a standing order"
	case attest.OrgStanding:
		return "a standing order of the organisation, by the service"
	case attest.EventTrigger:
		return "an event, seen by the service"
	}
	return string(b)
}

// approvalRows are what an approval was of.
func approvalRows(s *attest.Approval) []row {
	rows := []row{{Name: "Action", Value: s.Action + " on " + resourceWords(s.Resource)}, {Name: "Agent", Value: s.Agent, Code: true}}
	for _, a := range s.Arguments {
		rows = append(rows, row{Name: a.Name, Value: valueWords(a.Value)})
	}
	return append(rows, row{Name: "Shown", Value: string(s.Display), Code: true})
}

// refusalRows are what a refusal was of.
func refusalRows(s *attest.Refusal) []row {
	rows := []row{{Name: "Action", Value: s.Action + " on " + resourceWords(s.Resource)}, {Name: "Agent", Value: s.Agent, Code: true}}
	for _, a := range s.Arguments {
		rows = append(rows, row{Name: a.Name, Value: valueWords(a.Value)})
	}
	if s.Reason != "" {
		rows = append(rows, row{Name: "Because", Value: attest.Quote(s.Reason)})
	}
	return append(rows, row{Name: "Shown", Value: string(s.Display), Code: true})
}

// instructionRows are what an instruction asks.
func instructionRows(s *attest.Instruction) []row {
	rows := []row{{Name: "Asks", Value: s.Addressee, Code: true}}
	for _, r := range s.Requests {
		rows = append(rows, row{Name: "For", Value: consent.RequestWords(r)})
	}
	if len(s.Requests) == 0 {
		rows = append(rows, row{Name: "For", Value: "no action by name: what is done is the agent's choice", Warn: true})
	}
	return append(rows, row{Name: "Actions", Value: consent.ActionsWords(s)}, row{Name: "Holds until", Value: moment(s.Expires)})
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
