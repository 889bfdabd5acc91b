package verifier

import (
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
)

// Completeness is what a bundle tells about what was not logged: the signs of it,
// and never that there is nothing (docs/spec/verdict.md, "Completeness").
type Completeness struct {
	Countersigned []Countersigned `json:"countersigned"`
	LeftOut       int             `json:"left_out,omitzero"` // countersignatures, as whoever made the bundle says
	Lines         []string        `json:"lines"`             // fixed sentences
	Session       *SessionShown   `json:"session,omitzero"`
	Stronger      string          `json:"stronger,omitzero"`
}

// omissionTitle stands above what is said about omission, in every rendering.
const omissionTitle = "What can be told of what was not logged"

// noTrace ends what is said about omission.
const noTrace = "An action that was never submitted leaves no trace here. Where the service that was called keeps a log of its own, comparing it (deed reconcile) can show one; no such comparison is part of a bundle."

// omission is the search for signs of omission about one subject. None of its
// findings is required: what is missing here may be elsewhere.
type omission struct {
	*verification
	*item
	session *session
	lacking []string
	out     Completeness
}

// omissions looks at every subject that stood up to its checks.
func (v *verification) omissions() {
	if v.bundle == nil {
		return
	}
	v.completeness = map[uint64]*Completeness{}
	for _, index := range v.bundle.Subjects() {
		o := &omission{verification: v, item: v.at(index), out: Completeness{Countersigned: []Countersigned{}, Lines: []string{}}}
		switch s := o.item.statement().(type) {
		case *attest.Action:
			o.ofAction(s)
		case *attest.Countersignature:
			o.ofCountersignature(s)
		default:
			continue
		}
		o.say("%s", noTrace)
		if len(o.lacking) > 0 {
			o.out.Stronger = "Stronger would have been: " + strings.Join(o.lacking, "; ") + "."
		}
		v.completeness[index] = &o.out
	}
}

func (o *omission) ofAction(a *attest.Action) {
	o.session = o.sessionOf(a)
	o.shown()
	switch {
	case a.Phase == attest.Outcome:
		o.orphan(a)
	case a.Phase.Asks():
		status := o.outcome(a)
		o.countersigned(attest.ServiceRole, status)
		o.countersigned(attest.GatewayRole, status)
		o.leftOut()
	}
}

// outcome finds what came of an action: of an intent, its outcome in the bundle.
func (o *omission) outcome(a *attest.Action) (status string) {
	const check, expected = "complete.outcome", "the outcome of the intent"
	if a.Phase == attest.Record {
		return a.Outcome.Status
	}
	for _, i := range o.items {
		later, ok := i.statement().(*attest.Action)
		if !ok || later.Phase != attest.Outcome || later.Intent != o.logged.ID() {
			continue
		}
		if !o.logged.Allowed() {
			o.find(check, fail, "no outcome of an intent that the log denied", entryName(i.index))
			o.say("The log denied this intent, and the agent reported an outcome all the same: %s, as it says (%s).", later.Outcome.Status, entryName(i.index))
			return later.Outcome.Status
		}
		if i.logged.Allowed() {
			o.find(check, pass, "", "")
			o.say("The agent reported the outcome of this intent: %s, as it says (%s).", later.Outcome.Status, entryName(i.index))
			return later.Outcome.Status
		}
	}
	if o.logged.Allowed() {
		o.find(check, unknown, expected, "none in this bundle")
		o.say("No outcome of this intent is in this bundle: whether the action took place is not shown.")
		o.lacks("the outcome of the intent")
	}
	return ""
}

// orphan: an outcome that the log denied is of no intent that waits for one.
func (o *omission) orphan(a *attest.Action) {
	if o.logged.Allowed() {
		o.find("complete.outcome", pass, "", "")
		return
	}
	o.find("complete.outcome", fail, "an outcome of an allowed intent that has no other", strings.Join(o.record.Decision.Faults, ", "))
	o.say("The log denied this outcome: it is of no allowed intent of this session that waits for one. That something took place without leave is what the agent says, and not shown: %s.", a.Outcome.Status)
}

func (o *omission) find(check string, s Status, expected, found string) {
	o.add(Finding{Check: check, Status: s, Expected: expected, Found: printable(found), Where: places(entryName(o.index))})
}

func (o *omission) say(format string, args ...any) {
	o.out.Lines = append(o.out.Lines, fmt.Sprintf(format, args...))
}

func (o *omission) lacks(what string) { o.lacking = append(o.lacking, what) }
