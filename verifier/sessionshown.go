package verifier

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
)

// SessionShown is how much of an agent's session a bundle shows.
type SessionShown struct {
	Ended      string `json:"ended,omitzero"` // complete | interrupted, as the agent says
	Heartbeats int    `json:"heartbeats"`
	ID         string `json:"id"`
	Last       int64  `json:"last"`  // seq of the last statement shown
	Shown      int64  `json:"shown"` // of the Last + 1 statements up to it
}

// session is the part of a session that a bundle shows, in its order.
type session struct {
	SessionShown
	items    []*item
	terminal *item // that the log allowed
}

// sessionOf collects what the bundle shows of the session of an action. Forks are
// beside it.
func (v *verification) sessionOf(a *attest.Action) *session {
	s := &session{SessionShown: SessionShown{ID: a.Session.ID}}
	for _, i := range v.items {
		b, ok := i.statement().(*attest.Action)
		if !ok || b.Agent != a.Agent || b.Session.ID != a.Session.ID || slices.Contains(i.record.Decision.Faults, "session.fork") {
			continue
		}
		s.items = append(s.items, i)
		s.Shown, s.Last = s.Shown+1, max(s.Last, b.Session.Seq)
		switch {
		case b.Phase == attest.Heartbeat:
			s.Heartbeats++
		case b.Phase == attest.Terminal && i.logged.Allowed():
			s.terminal, s.Ended = i, b.Progress.Status
		}
	}
	return s
}

func (s *session) whole() bool { return s.Shown == s.Last+1 }

// shown finds whether a bundle leaves out statements of the session, and what it
// shows of its end.
func (o *omission) shown() {
	s := o.session
	if s.Shown == 0 {
		return // a fork alone
	}
	o.out.Session = &s.SessionShown
	if s.whole() {
		o.find("complete.session", pass, "", "")
		o.say("The bundle shows all statements of the agent's session up to number %d, from 0.", s.Last)
	} else {
		o.find("complete.session", unknown, "every statement of the session up to the last one shown", fmt.Sprintf("%d of %d", s.Shown, s.Last+1))
		o.say("The bundle shows %d of the %d statements of the agent's session up to number %d, from 0. What the others say is not shown.", s.Shown, s.Last+1, s.Last)
	}
	if s.Heartbeats > 0 {
		o.say("Heartbeats of the session among them: %d.", s.Heartbeats)
	}
	o.end()
	o.counts()
}

func (o *omission) end() {
	const check, expected = "complete.terminal", "the terminal of the session"
	t := o.session.terminal
	if t == nil {
		o.find(check, unknown, expected, "none in this bundle")
		o.say("No end of the session is in this bundle: whether it went on is not shown.")
		o.lacks("a terminal of the session")
		return
	}
	p := t.statement().(*attest.Action).Progress
	o.find(check, pass, "", "")
	o.say("The agent closed the session as %s (%s). It counts actions: %d, and of them without an outcome: %d. The log denies what comes after.", p.Status, entryName(t.index), p.Actions, p.Open)
}

// counts compares what the agent counted with its session, where all of it up to
// there is shown.
func (o *omission) counts() {
	const check, expected = "complete.counts", "the agent's counts, as its session has it"
	var actions int64
	open := map[attest.ID]bool{}
	for n, i := range o.session.items {
		a := i.statement().(*attest.Action)
		switch p := a.Progress; {
		case p == nil:
		case a.Session.Seq != int64(n):
			o.find(check, unknown, expected, "not every statement before "+entryName(i.index))
			return
		case p.Actions != actions || p.Open != int64(len(open)):
			o.find(check, fail, expected, fmt.Sprintf("%d actions and %d open in %s, which has %d and %d", p.Actions, p.Open, entryName(i.index), actions, len(open)))
			o.say("The agent counted its session otherwise (%s) than its statements show. Why is not shown.", entryName(i.index))
			return
		default:
			o.find(check, pass, "", "")
		}
		if a.Phase.Asks() {
			actions++
		}
		switch {
		case !i.logged.Allowed():
		case a.Phase == attest.Intent:
			open[i.logged.ID()] = true
		case a.Phase == attest.Outcome:
			delete(open, a.Intent)
		}
	}
}
