package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// askedJSON is one of deed approve --list as --json prints it.
type askedJSON struct {
	ID          attest.ID           `json:"id"`
	Index       uint64              `json:"index"`
	Received    int64               `json:"received_at"`
	Agent       string              `json:"agent"`
	Action      string              `json:"action"`
	Resource    attest.Resource     `json:"resource"`
	Arguments   []attest.NamedValue `json:"arguments"`
	Target      *attest.Target      `json:"target,omitzero"`
	Warrant     attest.ID           `json:"warrant"`
	Purpose     string              `json:"purpose"`
	Instruction attest.ID           `json:"instruction,omitzero"`
	Expires     int64               `json:"expires"` // of the warrant
	Request     attest.Digest       `json:"request"`
	Faults      []string            `json:"faults"`
	Determining []string            `json:"determining"`
	Approved    []consentJSON       `json:"approved"`
}

type consentJSON struct {
	ID      attest.ID `json:"id"`
	Person  string    `json:"person"`
	Expires int64     `json:"expires"`
}

func (a *approveCommand) printList(cmd *cobra.Command, list []asked, now int64) error {
	if a.json {
		out := make([]askedJSON, len(list))
		for i, one := range list {
			out[i] = one.json()
		}
		return printJSON(cmd.OutOrStdout(), out)
	}
	if len(list) == 0 {
		return printText(cmd.ErrOrStderr(), "nothing asks for an approval\n")
	}
	var b strings.Builder
	for i, one := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.words(now))
	}
	return printText(cmd.OutOrStdout(), b.String())
}

// words are one action of the list.
func (a asked) words(now int64) string {
	var b strings.Builder
	x, w := a.action, a.warrant
	fmt.Fprintf(&b, "%s\n", a.logged.ID())
	line := func(name, value string) { fmt.Fprintf(&b, "  %-10s %s\n", name, value) }
	line("agent", x.Agent)
	line("action", x.Request.Action+" on "+x.Request.Resource.Kind+" "+attest.Quote(x.Request.Resource.ID))
	line("with", valueWords(x))
	line("target", targetWords(x.Target))
	line("warrant", string(x.Authority.Warrant)+" "+attest.Quote(w.Task.Purpose))
	line("asked", fmt.Sprintf("%s ago, entry %d: %s", span(now-a.received), a.logged.Index, denialWords(a.logged)))
	line("ends", instant(w.Expires)+", in "+span(w.Expires-now)+", with the warrant")
	for _, c := range a.approved {
		line("approved", "by "+c.statement.Person+" until just before "+instant(c.statement.Expires)+": "+string(c.id))
	}
	return b.String()
}

// denialWords are why an action was denied: faults, and the rules of the policy.
func denialWords(l *admission.Logged) string {
	s := strings.Join(l.Record.Decision.Faults, ", ")
	if rules := l.Record.Decision.Determining; len(rules) > 0 {
		s += " by " + strings.Join(rules, ", ")
	}
	return s
}

func (a asked) json() askedJSON {
	x, d := a.action, a.logged.Record.Decision
	var p attest.Approval
	_ = approve(&p, x) // it is listed because this works
	out := askedJSON{
		ID: a.logged.ID(), Index: a.logged.Index, Received: a.received, Agent: x.Agent, Action: x.Request.Action,
		Resource: x.Request.Resource, Arguments: p.Arguments, Target: x.Target, Warrant: x.Authority.Warrant,
		Purpose: a.warrant.Task.Purpose, Instruction: a.warrant.Task.Instruction, Expires: a.warrant.Expires,
		Request: p.Request, Faults: d.Faults, Determining: d.Determining, Approved: []consentJSON{},
	}
	for _, c := range a.approved {
		out.Approved = append(out.Approved, consentJSON{c.id, c.statement.Person, c.statement.Expires})
	}
	return out
}
