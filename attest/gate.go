package attest

import "strconv"

// Limits of gates (docs/spec/warrants.md, "Gates").
const (
	MaxGates     = 8  // of one warrant
	MaxApprovers = 16 // of one gate
	MaxApprovals = 8  // that an action may name, so that a gate may ask for
)

// WarrantGate asks for the approvals of people before an action under a warrant: M of
// Approvers must have approved exactly it.
type WarrantGate struct {
	Actions   []string `json:"actions"`          // of these; empty: of any
	Approvers []string `json:"approvers"`        // persons
	Display   bool     `json:"display"`          // what they were shown must have come with the approval
	M         int      `json:"m"`                // that many different ones
	MaxAge    int64    `json:"max_age,omitzero"` // ms between approval and action; 0: while the approval holds
	When      When     `json:"when"`
}

// When is the condition of a gate. Exactly one member is set.
type When struct {
	Above        *Threshold `json:"above,omitzero"`
	Always       bool       `json:"always,omitzero"`
	Irreversible bool       `json:"irreversible,omitzero"` // as the agent says
	OutsideHours *Hours     `json:"outside_hours,omitzero"`
}

// Threshold is an amount that an argument may have without approval.
type Threshold struct {
	Argument string `json:"argument"`
	Limit    Amount `json:"limit"`
}

// Hours are hours of some days of the week, in UTC: From is in, To is not.
type Hours struct {
	From     int   `json:"from"`     // minute of the day
	To       int   `json:"to"`       // minute of the day, after From, at most 1440
	Weekdays []int `json:"weekdays"` // 1 is Monday, 7 Sunday
}

const minutesOfDay = 24 * 60

// Contain reports whether a moment, in ms, is within the hours.
func (h Hours) Contain(ms int64) bool {
	minutes := ms / 60_000
	day, minute := minutes/minutesOfDay, int(minutes%minutesOfDay)
	weekday := int((day+3)%7) + 1 // day 0 was a Thursday
	for _, d := range h.Weekdays {
		if d == weekday {
			return h.From <= minute && minute < h.To
		}
	}
	return false
}

func (c *checker) gates(gates []WarrantGate) {
	c.that(len(gates) <= MaxGates, "gates", "at most 8", strconv.Itoa(len(gates)))
	for _, g := range gates {
		c.gate(g)
	}
}

func (c *checker) gate(g WarrantGate) {
	if len(g.Actions) > 0 {
		c.actions("gates.actions", g.Actions)
	}
	n := len(g.Approvers)
	c.that(n >= 1 && n <= MaxApprovers, "gates.approvers", "1 to 16", strconv.Itoa(n))
	for i, p := range g.Approvers {
		c.person("gates.approvers", p)
		c.that(i == 0 || g.Approvers[i-1] < p, "gates.approvers", "ascending, each once", p)
	}
	most := min(MaxApprovals, n)
	c.that(g.M >= 1 && g.M <= most, "gates.m", "1 to "+strconv.Itoa(most)+" of the approvers", strconv.Itoa(g.M))
	c.that(g.MaxAge >= 0 && g.MaxAge < maxInteger, "gates.max_age", "a positive number of ms", strconv.FormatInt(g.MaxAge, 10))
	c.when(g.When)
}

func (c *checker) when(w When) {
	set := 0
	for _, is := range [...]bool{w.Above != nil, w.Always, w.Irreversible, w.OutsideHours != nil} {
		if is {
			set++
		}
	}
	c.that(set == 1, "gates.when", "exactly one member", strconv.Itoa(set))
	if w.Above != nil {
		c.that(validArgument(w.Above.Argument), "gates.when.above.argument", "an argument name", w.Above.Argument)
		c.that(w.Above.Limit.Valid(), "gates.when.above.limit", "an amount", w.Above.Limit.Decimal)
	}
	if h := w.OutsideHours; h != nil {
		ok := h.From >= 0 && h.From < h.To && h.To <= minutesOfDay
		c.that(ok, "gates.when.outside_hours", "from before to, within 0 to 1440", strconv.Itoa(h.From)+" to "+strconv.Itoa(h.To))
		c.that(len(h.Weekdays) >= 1, "gates.when.outside_hours.weekdays", "1 to 7 days", "none")
		for i, d := range h.Weekdays {
			ok := d >= 1 && d <= 7 && (i == 0 || h.Weekdays[i-1] < d)
			c.that(ok, "gates.when.outside_hours.weekdays", "1 to 7, ascending, each once", strconv.Itoa(d))
		}
	}
}
