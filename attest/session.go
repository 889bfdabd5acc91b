package attest

import "strconv"

// Session orders the statements of one agent: seq counts from 0 without gaps,
// prev is the statement before. ParallelOf says which statement of the session
// fanned out into this one; it informs, and orders nothing.
type Session struct {
	ID         string `json:"id"` // 16 random bytes in hex
	ParallelOf ID     `json:"parallel_of,omitzero"`
	Prev       ID     `json:"prev,omitzero"`
	Seq        int64  `json:"seq"`
}

// Progress is what the agent says of its own session in a heartbeat or a
// terminal. From it one can tell that something is missing, and not what.
type Progress struct {
	Actions int64  `json:"actions"`           // intents and records of the session so far
	Open    int64  `json:"open"`              // intents of it without an outcome
	Pending []ID   `json:"pending,omitempty"` // some of those, in a terminal
	Status  string `json:"status,omitzero"`   // of a terminal: complete | interrupted
}

// OfSession reports whether statements of the phase are about the session
// itself: they carry no request.
func (p Phase) OfSession() bool { return p == Heartbeat || p == Terminal }

// Asks reports whether statements of the phase carry a request and are
// authorised.
func (p Phase) Asks() bool { return p == Intent || p == Record }

func (c *checker) session(s Session) {
	c.random("session.id", s.ID)
	if s.Seq < 0 {
		c.that(false, "session.seq", "0 or more", strconv.FormatInt(s.Seq, 10))
	}
	c.that((s.Seq == 0) == (s.Prev == ""), "session.prev", "from seq 1 on", string(s.Prev))
	c.optionalID("session.prev", s.Prev)
	c.that(s.ParallelOf == "" || s.Seq > 0, "session.parallel_of", "from seq 1 on", string(s.ParallelOf))
	c.optionalID("session.parallel_of", s.ParallelOf)
}

// validateProgress checks what a heartbeat or a terminal says against itself.
func (a *Action) validateProgress(c *checker) {
	c.that((a.Progress != nil) == a.Phase.OfSession(), "progress", "in a heartbeat or terminal and only there", string(a.Phase))
	p := a.Progress
	if p == nil {
		return
	}
	c.that(a.Target == nil && a.Credential == nil, "target", "of an action", string(a.Phase))
	c.that(p.Actions >= 0 && p.Actions <= a.Session.Seq, "progress.actions", "at most one for each statement before", strconv.FormatInt(p.Actions, 10))
	c.that(p.Open >= 0 && p.Open <= p.Actions, "progress.open", "at most the actions", strconv.FormatInt(p.Open, 10))
	c.ids("progress.pending", p.Pending, maxItems)
	c.that(int64(len(p.Pending)) <= p.Open, "progress.pending", "no more than are open", strconv.Itoa(len(p.Pending)))
	if a.Phase == Heartbeat {
		c.that(p.Status == "" && len(p.Pending) == 0, "progress.status", "in a terminal", p.Status)
		return
	}
	c.oneOf("progress.status", p.Status, "complete", "interrupted")
	c.that(p.Status != "complete" || p.Open == 0, "progress.open", "0 in a session that is complete", strconv.FormatInt(p.Open, 10))
}
