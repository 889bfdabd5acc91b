package register_test

import (
	"fmt"
	"testing"

	"github.com/deedlog/deed/internal/testkit/register"
)

// TestApprovals says what became of the actions that people answered.
func TestApprovals(t *testing.T) {
	w := register.NewApprovals(t, "approvals")
	for name, want := range map[string]string{
		"taken back": "[approval.refused] human_tasked", "gates do not apply": "[] human_delegated", "gate not met": "[gate.approvals] human_delegated",
		"one of two": "[gate.approvals] human_directed", "gates met": "[] human_directed", "gate refused": "[gate.approvals gate.refused] human_directed",
		"changed mind": "[] human_directed", "refused by somebody else": "[] human_directed",
	} {
		logged, err := w.Logged(w.IDs[name])
		if err != nil || logged == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(logged.Record.Decision.Faults, " ", logged.Record.Attribution.Agency); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestWorld says what the world is for: actions of every class.
func TestWorld(t *testing.T) {
	w := register.NewWorld(t, "world")
	for name, want := range map[string]struct{ class, fault string }{
		"human_directed": {"human_directed", ""}, "human_instructed": {"human_instructed", ""}, "human_tasked": {"human_tasked", ""},
		"human_delegated": {"human_delegated", ""}, "autonomous": {"autonomous", ""}, "unattributed": {"unattributed", ""},
		"conflicted": {"conflicted", ""}, "indeterminate": {"indeterminate", ""},
		"outside": {"human_tasked", "d7.spent"}, "no warrant": {"unattributed", "policy.denied"},
		"fork": {"unattributed", "session.fork"}, "revoked": {"human_instructed", "warrant.revoked"},
	} {
		logged, err := w.Logged(w.IDs[name])
		if err != nil || logged == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := logged.Record
		has := want.fault == "" && len(r.Decision.Faults) == 0
		for _, f := range r.Decision.Faults {
			has = has || f == want.fault
		}
		if string(r.Attribution.Agency) != want.class || !has {
			t.Errorf("%s: class %s, faults %v", name, r.Attribution.Agency, r.Decision.Faults)
		}
	}
}
