package cast

import (
	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger/storetest"
)

// Heartbeat says that a session lives, after a statement of it that has the ID.
func (c *Cast) Heartbeat(before *attest.Action, id attest.ID, actions, open int64) *attest.Action {
	return c.ofSession(before, id, attest.Heartbeat, attest.Progress{Actions: actions, Open: open})
}

// Terminal closes a session, after a statement of it that has the ID: as
// complete, or as interrupted where intents are open.
func (c *Cast) Terminal(before *attest.Action, id attest.ID, actions int64, pending ...attest.ID) *attest.Action {
	p := attest.Progress{Actions: actions, Open: int64(len(pending)), Pending: pending, Status: "complete"}
	if len(pending) > 0 {
		p.Status = "interrupted"
	}
	return c.ofSession(before, id, attest.Terminal, p)
}

func (c *Cast) ofSession(before *attest.Action, id attest.ID, phase attest.Phase, p attest.Progress) *attest.Action {
	return c.After(before, id, &attest.Action{
		Agent: before.Agent, ClaimedAt: c.Now(), Initiator: attest.Initiator{Claim: "unknown"}, Log: storetest.Origin, Nonce: c.Random(),
		Phase: phase, Progress: &p, V: 1,
	})
}
