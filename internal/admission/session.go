package admission

import "github.com/deedlog/deed/attest"

// sameSession returns a statement of the agent and session of another, or nil.
func sameSession(l *Logged, a *attest.Action) *attest.Action {
	b := statementOf[*attest.Action](l)
	if b == nil || b.Agent != a.Agent || b.Session.ID != a.Session.ID {
		return nil
	}
	return b
}

// parallel: what the action says that it was fanned out of is of its own
// session. That is all that the name does: seq and prev order the session.
func (c *check) parallel(x *act) error {
	id := x.action.Session.ParallelOf
	if id == "" {
		return nil
	}
	logged, err := c.logged(id, "session.parallel_of")
	if err != nil {
		return err
	}
	if b := sameSession(logged, x.action); b == nil || !b.Phase.Asks() {
		c.deny("session.parallel")
	}
	return nil
}

// terminal: what it lists as open are allowed intents of its own session.
func (c *check) terminal(a *attest.Action) error {
	for _, id := range a.Progress.Pending {
		logged, err := c.logged(id, "progress.pending")
		if err != nil {
			return err
		}
		if i := sameSession(logged, a); i == nil || i.Phase != attest.Intent || !logged.Allowed() {
			c.deny("session.pending")
		}
	}
	return nil
}

// closes reports whether a session is over after this statement: an allowed
// terminal ends it, and nothing opens it again.
func (o *outcomeOf) closes(a *attest.Action, e Effect) bool {
	return a.Phase == attest.Terminal && e == Allow || o.read.Session != nil && o.read.Session.Closed
}
