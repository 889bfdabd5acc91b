package people

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/consent"
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
	Gates       []gateJSON          `json:"gates"`
	Approved    []consentJSON       `json:"approved"`
	Refused     []refusedJSON       `json:"refused"`
}

// gateJSON is how a gate stands: how many of whom are wanted, and who answered.
type gateJSON struct {
	Wanted   int      `json:"wanted"`
	Asked    []string `json:"asked"`
	Approved []string `json:"approved"`
	Refused  []string `json:"refused"`
}

type consentJSON struct {
	ID      attest.ID `json:"id"`
	Person  string    `json:"person"`
	Expires int64     `json:"expires"`
}

type refusedJSON struct {
	ID     attest.ID `json:"id"`
	Person string    `json:"person"`
	At     int64     `json:"at"`
	Reason string    `json:"reason,omitzero"`
}

func (a *approveCommand) printList(cmd *cobra.Command, list []consent.Asked, now int64) error {
	if a.JSON {
		out := make([]askedJSON, len(list))
		for i, one := range list {
			out[i] = askedJSONOf(one, now)
		}
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	if len(list) == 0 {
		return console.Print(cmd.ErrOrStderr(), "nothing asks for an approval\n")
	}
	var b strings.Builder
	for i, one := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(askedWords(one, now))
	}
	return console.Print(cmd.OutOrStdout(), b.String())
}

// askedWords are one action of the list.
func askedWords(a consent.Asked, now int64) string {
	var b strings.Builder
	x, w := a.Action, a.Warrant
	fmt.Fprintf(&b, "%s\n", a.Logged.ID())
	line := func(name, value string) { fmt.Fprintf(&b, "  %-10s %s\n", name, value) }
	line("agent", x.Agent)
	line("action", x.Request.Action+" on "+x.Request.Resource.Kind+" "+attest.Quote(x.Request.Resource.ID))
	line("with", consent.ValueWords(x))
	line("target", consent.TargetWords(x.Target))
	line("warrant", string(x.Authority.Warrant)+" "+attest.Quote(w.Task.Purpose))
	line("asked", fmt.Sprintf("%s ago, entry %d: %s", consent.Span(now-a.Received), a.Logged.Index, consent.DenialWords(a.Logged)))
	line("ends", console.Instant(w.Expires)+", in "+consent.Span(w.Expires-now)+", with the warrant")
	gates := a.Standing(now)
	for _, g := range gates {
		line("gate", g.Words())
	}
	for _, c := range a.Approved {
		words := c.Words()
		if !consent.Asks(gates, c.Statement.Person) {
			words += ", which no gate asks for"
		}
		line("approved", words)
	}
	for _, r := range a.Refused {
		line("refused", r.Words())
	}
	return b.String()
}

func askedJSONOf(a consent.Asked, now int64) askedJSON {
	x, d := a.Action, a.Logged.Record.Decision
	var p attest.Approval
	_ = consent.Copy(&p, x) // it is listed because this works
	out := askedJSON{
		ID: a.Logged.ID(), Index: a.Logged.Index, Received: a.Received, Agent: x.Agent, Action: x.Request.Action,
		Resource: x.Request.Resource, Arguments: p.Arguments, Target: x.Target, Warrant: x.Authority.Warrant,
		Purpose: a.Warrant.Task.Purpose, Instruction: a.Warrant.Task.Instruction, Expires: a.Warrant.Expires,
		Request: p.Request, Faults: d.Faults, Determining: d.Determining, Gates: []gateJSON{}, Approved: []consentJSON{}, Refused: []refusedJSON{},
	}
	for _, g := range a.Standing(now) {
		out.Gates = append(out.Gates, gateJSON{g.Gate.M, g.Gate.Approvers, append([]string{}, g.Approved...), append([]string{}, g.Refused...)})
	}
	for _, c := range a.Approved {
		out.Approved = append(out.Approved, consentJSON{c.ID, c.Statement.Person, c.Statement.Expires})
	}
	for _, r := range a.Refused {
		out.Refused = append(out.Refused, refusedJSON{r.ID, r.Statement.Person, r.Statement.At, r.Statement.Reason})
	}
	return out
}
