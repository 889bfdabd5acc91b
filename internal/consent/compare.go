package consent

import (
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// Remark is one thing that comparing an action with its instruction found.
type Remark struct {
	Text    string
	Differs bool // the action is not what was asked for, or nobody can say so
}

// Compared says what differs between the action and the instruction that its chain
// of warrants carries.
func (v *View) Compared() []Remark {
	if v.Instruction == nil {
		return []Remark{{"none: the warrants carry none that reaches this agent", true}}
	}
	i := v.Instruction
	out := []Remark{{fmt.Sprintf("%s of %s, entry %d", v.Instructed.ID(), i.Person, v.Instructed.Index), false}}
	differs := func(text string) { out = append(out, Remark{"differs: " + text, true}) }
	if i.RecordedBy != "" {
		differs(i.Person + " did not sign it; " + i.RecordedBy + " recorded it")
	}
	if !v.Instructed.Allowed() {
		differs("the log denied it")
	}
	if v.Now >= i.Expires {
		differs("it held until just before " + Instant(i.Expires))
	}
	if holder := v.Chain.Root().Holder.SPIFFEID; holder != i.Addressee {
		differs("it asks " + i.Addressee + ", the first warrant is held by " + holder)
	}
	if i.MaxActions > 0 {
		out = append(out, Remark{"it carries " + ActionsWords(i) + " actions in all", false})
	}
	return append(out, v.requests()...)
}

// requests compare the action with the typed requests: with those of the same
// action, or with all where none is.
func (v *View) requests() []Remark {
	act := warrant.ActOf(v.Action)
	var same, other []Remark
	for n, r := range v.Instruction.Requests {
		err := warrant.Permits(r.Grant(), act)
		if err == nil {
			return []Remark{{fmt.Sprintf("request %d names this action: %s", n, RequestWords(r)), false}}
		}
		text := fmt.Sprintf("differs from request %d, %s: %s", n, RequestWords(r), v.difference(err))
		if r.Action == act.Action {
			same = append(same, Remark{text, true})
		} else {
			other = append(other, Remark{text, true})
		}
	}
	switch {
	case len(same) > 0:
		return same
	case len(other) > 0:
		return other
	}
	return []Remark{{"differs: it names no action; the agent chose this one", true}}
}

// difference says of a limit what it is and what the action has.
func (v *View) difference(err error) string {
	f := attest.AsFault(err)
	if f == nil {
		return err.Error()
	}
	found := f.Found
	if name, ok := strings.CutPrefix(f.Field, "arguments."); ok {
		if value, ok := v.Action.Arguments()[name]; ok {
			found = value.String()
		}
	}
	return f.Field + " is " + found + ", asked for was " + f.Expected
}
