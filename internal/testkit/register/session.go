package register

import "github.com/deedlog/deed/attest"

// Outcome is what an agent says came of its intent, which has the ID.
func (w *World) Outcome(a *Agent, intent attest.ID, status string) *attest.Action {
	o := w.ofSession(a, attest.Outcome)
	o.Intent, o.Outcome = intent, &attest.Result{Status: status}
	return o
}

// Heartbeat says that an agent's session lives.
func (w *World) Heartbeat(a *Agent, actions, open int64) *attest.Action {
	h := w.ofSession(a, attest.Heartbeat)
	h.Progress = &attest.Progress{Actions: actions, Open: open}
	return h
}

// Terminal closes an agent's session: as complete, or as interrupted where
// intents are open.
func (w *World) Terminal(a *Agent, actions int64, pending ...attest.ID) *attest.Action {
	t := w.ofSession(a, attest.Terminal)
	t.Progress = &attest.Progress{Actions: actions, Open: int64(len(pending)), Pending: pending, Status: "complete"}
	if len(pending) > 0 {
		t.Progress.Status = "interrupted"
	}
	return t
}

func (w *World) ofSession(a *Agent, phase attest.Phase) *attest.Action {
	return &attest.Action{
		Agent: a.ID, ClaimedAt: w.Now(), Initiator: attest.Initiator{Claim: "unknown"}, Log: Origin, Nonce: w.Nonce(), Phase: phase,
		Session: a.session, V: 1,
	}
}

// Countersignature is what a workload saw of an action, which has the ID: the
// same as the agent.
func (w *World) Countersignature(by *Agent, role attest.Role, of *attest.Action, id attest.ID) *attest.Countersignature {
	return &attest.Countersignature{
		Agent: of.Agent, At: w.Now(), By: by.ID, Credential: of.Credential, Log: Origin, Nonce: w.Nonce(), Of: id, Request: of.Request.Digest(),
		Role: role, Status: "done", Target: of.Target, V: 1,
	}
}
