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
	// Argument is that whose value is not what was asked for, or "". Found is its
	// value, and Asked what was asked for.
	Argument, Found, Asked string
}

// Compared says what differs between the action and the instruction that its chain
// of warrants carries.
func (v *View) Compared() []Remark {
	if v.Instruction == nil {
		return []Remark{{Text: "none: the warrants carry none that reaches this agent", Differs: true}}
	}
	i := v.Instruction
	out := []Remark{{Text: fmt.Sprintf("%s of %s, entry %d", v.Instructed.ID(), i.Person, v.Instructed.Index)}}
	differs := func(text string) { out = append(out, Remark{Text: "differs: " + text, Differs: true}) }
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
		out = append(out, Remark{Text: "it carries " + ActionsWords(i) + " actions in all"})
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
			return []Remark{{Text: fmt.Sprintf("request %d names this action: %s", n, RequestWords(r))}}
		}
		remark := Remark{Text: fmt.Sprintf("differs from request %d, %s: %s", n, RequestWords(r), v.difference(err)), Differs: true}
		if f := attest.AsFault(err); f != nil {
			if name, ok := strings.CutPrefix(f.Field, "arguments."); ok {
				remark.Argument, remark.Found, remark.Asked = name, v.found(f), f.Expected
			}
		}
		if r.Action == act.Action {
			same = append(same, remark)
		} else {
			other = append(other, remark)
		}
	}
	switch {
	case len(same) > 0:
		return same
	case len(other) > 0:
		return other
	}
	return []Remark{{Text: "differs: it names no action; the agent chose this one", Differs: true}}
}

// difference says of a limit what it is and what the action has.
func (v *View) difference(err error) string {
	f := attest.AsFault(err)
	if f == nil {
		return err.Error()
	}
	return f.Field + " is " + v.found(f) + ", asked for was " + f.Expected
}

// found is what the action has where a limit does not hold.
func (v *View) found(f *attest.Fault) string {
	if name, ok := strings.CutPrefix(f.Field, "arguments."); ok {
		if value, ok := v.Action.Arguments()[name]; ok {
			return value.String()
		}
	}
	return f.Found
}
