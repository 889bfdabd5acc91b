package register_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/register"
)

// TestDeepChain: warrants that lie about their depth are logged as denied, and
// an action under more of them than a chain may have is denied too.
func TestDeepChain(t *testing.T) {
	w := register.NewWorld(t, "deep")
	parent, id := w.RootWarrant(attest.Party{ID: "alice", Kind: attest.ByPerson}, w.Orchestrator.ID, attest.HumanStanding, ""), attest.ID("")
	id = w.AddBy("deep 0", w.Alice, parent).ID
	for range attest.MaxChain + 1 {
		child := w.Child(parent, id, w.Orchestrator.ID, "5.00")
		child.Depth = 1
		parent, id = child, w.AddAs("deep", w.Orchestrator, child).ID
	}
	a := w.AddAction("under it", w.Orchestrator, w.Action(w.Orchestrator, attest.Intent, id, "1.00"))
	if a.Record.Decision.Effect != "deny" {
		t.Errorf("%+v", a.Record.Decision)
	}
}
