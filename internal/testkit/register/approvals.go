package register

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
)

// NewApprovals makes a world of approvals and refusals: the people and warrants of
// [NewWorld], and actions that people answered, under the names of what became of
// them.
func NewApprovals(t testing.TB, seed string) *World {
	t.Helper()
	w := NewEmpty(t, seed)
	w.found()
	w.authorize()
	w.answer()
	return w
}

// Approve logs approvals of an action by people, which it then names.
func (w *World) Approve(name string, a *attest.Action, people ...*Human) {
	w.t.Helper()
	for _, h := range people {
		approval := w.AddBy(name+" by "+h.Name, h, w.Approval(h, a), []byte("what was shown"))
		a.Authority.Approvals = append(a.Authority.Approvals, approval.ID)
	}
	slices.Sort(a.Authority.Approvals)
}

// Refuse logs a person's refusal of an action.
func (w *World) Refuse(name string, a *attest.Action, h *Human) {
	w.t.Helper()
	w.AddBy(name, h, w.Refusal(h, a), []byte("what was shown"))
}

// answer logs actions that people approved and refused.
func (w *World) answer() {
	p := w.Payments
	taken := w.Action(p, attest.Intent, w.IDs["warrant 2"], "12000.00")
	w.Approve("taken approval", taken, w.Alice)
	w.Refuse("refusal", taken, w.Alice)
	w.AddAction("taken back", p, taken)

	changed := w.Action(p, attest.Intent, w.IDs["warrant 2"], "12001.00")
	w.Refuse("early refusal", changed, w.Alice)
	w.Approve("late approval", changed, w.Alice)
	w.AddAction("changed mind", p, changed)

	other := w.Action(p, attest.Intent, w.IDs["warrant 2"], "12002.00")
	w.Approve("approval", other, w.Alice)
	w.Refuse("somebody's refusal", other, w.Bob)
	w.AddAction("refused by somebody else", p, other)
}
