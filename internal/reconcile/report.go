package reconcile

import "github.com/deedlog/deed/attest"

// Report is what a comparison finds. A list holds at most as many items as were
// asked for; its count is of all.
type Report struct {
	Actions     int64           `json:"actions"` // of the register, in the window and at the endpoint, or with a line
	Ambiguous   List[Ambiguous] `json:"ambiguous"`
	Denied      List[Match]     `json:"denied"`   // what the register denied, and the service has all the same
	Hashed      int64           `json:"hashed"`   // lines whose digest the service's log keeps a hash of only
	Lines       int64           `json:"lines"`    // that were read, without empty ones
	LogOnly     List[Action]    `json:"log_only"` // allowed, and the service has no line of it
	Malformed   List[Malformed] `json:"malformed"`
	Matched     List[Match]     `json:"matched"`
	MatchedBy   MatchedBy       `json:"matched_by"` // lines
	Outside     int64           `json:"outside"`    // lines of another time or path
	Repeated    List[Match]     `json:"repeated"`   // of the matched, with more calls than one action makes
	ServiceOnly List[Line]      `json:"service_only"`
	Skipped     int64           `json:"skipped"` // lines that are no calls

	without int64 // of those in the log only, which no line can be of but one of any
	ofAny   int64 // of the ambiguous lines, which may be of any action
}

// List is a list with the count of all that belongs to it.
type List[T any] struct {
	Count int64 `json:"count"`
	Items []T   `json:"items"`
}

func (l *List[T]) add(item T, most int) {
	if l.Count++; len(l.Items) < most {
		l.Items = append(l.Items, item)
	}
}

// Match is an action with the lines that are about it.
type Match struct {
	Action
	First Line  `json:"first"`
	Lines int64 `json:"lines"`
}

// MatchedBy counts lines by what joined them.
type MatchedBy struct {
	Credential int64 `json:"credential"`
	Digest     int64 `json:"digest"`
}

// Ambiguous is a line that several actions may have made.
type Ambiguous struct {
	Line
	Actions []attest.ID `json:"actions"` // some of them; none where it may be any
}

// Malformed is a line that is not in the form of its log.
type Malformed struct {
	Number int64  `json:"line"`
	Reason string `json:"reason"`
}

func (r *Report) malformed(number int64, err error, most int) {
	r.Malformed.add(Malformed{number, clean(err.Error())}, most)
}

func (r *Report) joinedBy(what string) {
	if what == "digest" {
		r.MatchedBy.Digest++
	} else {
		r.MatchedBy.Credential++
	}
}

// Report sums up what was read.
func (j *Join) Report() *Report {
	out := j.report
	most := j.options.List
	for _, a := range j.actions {
		inside := j.options.inside(a.At) && (j.options.Endpoint == "" || a.Endpoint == j.options.Endpoint)
		if inside || a.lines > 0 { // of another time or endpoint, the service has it all the same
			out.Actions++
		}
		match := Match{Action: a.Action, First: a.first, Lines: a.lines}
		switch {
		case a.lines > 0 && !a.Allowed:
			out.Denied.add(match, most)
		case a.lines > 0:
			out.Matched.add(match, most)
			if a.lines > j.options.Calls {
				out.Repeated.add(match, most)
			}
		case a.Allowed && inside:
			out.LogOnly.add(a.Action, most)
			if !a.ambiguous {
				out.without++
			}
		}
	}
	out.Ambiguous.Items = some(out.Ambiguous.Items)
	out.Denied.Items = some(out.Denied.Items)
	out.LogOnly.Items = some(out.LogOnly.Items)
	out.Malformed.Items = some(out.Malformed.Items)
	out.Matched.Items = some(out.Matched.Items)
	out.Repeated.Items = some(out.Repeated.Items)
	out.ServiceOnly.Items = some(out.ServiceOnly.Items)
	return &out
}

// some is a list that is written as [] where it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Result is the comparison in one word: "agree"; "differ", where one of the two
// has what the other has not, or the service has what was denied; or "unclear",
// where nothing differs and not every line could be told: one that several actions
// may have made, several that name one action, one that is malformed. An ambiguous
// line is of one action: where there are fewer of them than actions that they may be
// of, one of these has none. Where no line is in the form of such a log, it may be
// another kind of log, and nothing was compared.
func (r *Report) Result() string {
	switch {
	case r.Lines > 0 && r.Malformed.Count == r.Lines:
		return "unclear"
	case r.ServiceOnly.Count+r.Denied.Count > 0, r.without > r.ofAny, r.LogOnly.Count > r.Ambiguous.Count:
		return "differ"
	case r.Ambiguous.Count+r.Malformed.Count+r.Repeated.Count > 0:
		return "unclear"
	}
	return "agree"
}
