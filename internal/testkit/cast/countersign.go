package cast

import (
	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger/storetest"
)

// Countersignature is what a service saw of an action, which has the ID: the
// same as the agent.
func (c *Cast) Countersignature(by *Party, role attest.Role, of *attest.Action, id attest.ID) *attest.Countersignature {
	return &attest.Countersignature{
		Agent: of.Agent, At: c.Now(), By: by.ID, Credential: of.Credential, Log: storetest.Origin, Nonce: c.Random(), Of: id,
		Request: of.Request.Digest(), Role: role, Status: "done", Target: of.Target, V: 1,
	}
}
