package admission

import (
	"strings"

	"github.com/deedlog/deed/attest"
)

// registration is what the register knows of a workload: its own registration,
// else that of the longest path above it.
type registration struct {
	statement *attest.Agent // nil: not registered
	id        attest.ID
	suspended bool // its own, or any above it
}

// active reports whether the workload is registered and not suspended.
func (r registration) active() bool {
	return r.statement != nil && r.statement.Status == "registered" && !r.suspended
}

// maxSegments bounds the path of a workload that is looked up: each one is a slot
// in the record, which has a limit itself.
const maxSegments = 24

// registration looks a workload up, with every path above it: a suspended path
// stops all below it, however they are registered.
func (c *check) registration(id string) (found registration, err error) {
	slot, root := AgentSlot(id, false), len("spiffe://"+attest.TrustDomain(id))
	if n := strings.Count(id[root:], "/"); n > maxSegments {
		return found, attest.Refuse("signer.spiffe_id", "keyid", number(maxSegments)+" path segments at most", number(int64(n)))
	}
	for {
		logged, err := c.current(slot)
		if err != nil {
			return found, err
		}
		if a := statementOf[*attest.Agent](logged); a != nil {
			if found.statement == nil {
				found.statement, found.id = a, logged.ID()
			}
			found.suspended = found.suspended || a.Status == "suspended"
		}
		cut := strings.LastIndexByte(id, '/')
		if cut <= root {
			return found, nil
		}
		id = id[:cut]
		slot = AgentSlot(id, true)
	}
}
