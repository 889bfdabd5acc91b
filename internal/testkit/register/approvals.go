package register

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/policy"
)

// NewApprovals makes a world of approvals and refusals: the people and warrants of
// [NewWorld], and actions that people answered, under the names of what became of
// them.
func NewApprovals(t testing.TB, seed string) *World {
	t.Helper()
	w := NewEmpty(t, seed)
	w.found(cast.Undoable(policy.Default()))
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

// Gates are two for the warrants of [NewApprovals]: transfers above 1,000 EUR take two
// of three people, and what cannot be undone takes alice.
func Gates() []attest.WarrantGate {
	limit := attest.Amount{Decimal: "1000.00", Unit: "EUR"}
	return []attest.WarrantGate{
		{Actions: []string{"payments.transfer"}, Approvers: []string{"alice", "bob", "carol"}, Display: true, M: 2, MaxAge: hour / 2,
			When: attest.When{Above: &attest.Threshold{Argument: "amount", Limit: limit}}},
		{Approvers: []string{"alice"}, M: 1, When: attest.When{Irreversible: true}},
	}
}

// gated logs a chain of warrants with gates, and actions under it.
func (w *World) gated() {
	p := w.Payments
	root := w.RootWarrant(attest.Party{ID: "alice", Kind: attest.ByPerson}, w.Orchestrator.ID, attest.HumanStanding, "")
	root.Gates = Gates()
	w.AddBy("gated warrant 0", w.Alice, root)
	leaf := w.Child(root, w.IDs["gated warrant 0"], p.ID, "25000.00")
	leaf.Gates = Gates()
	leaf.Gates[0].Approvers = []string{"alice", "bob"}
	w.AddAs("gated warrant 1", w.Orchestrator, leaf)
	action := func(amount string, reversible bool) *attest.Action {
		a := w.Action(p, attest.Intent, w.IDs["gated warrant 1"], amount)
		a.Request.Reversible = reversible
		return a
	}
	w.AddAction("gates do not apply", p, action("999.00", true))
	w.AddAction("gate not met", p, action("998.00", false))
	one := action("2000.00", true)
	w.Approve("lone approval", one, w.Bob)
	w.AddAction("one of two", p, one)
	open := action("2001.00", false)
	w.Approve("approval of two", open, w.Alice, w.Bob)
	w.AddAction("gates met", p, open)
	refused := action("997.00", false)
	w.Refuse("refusal of an approver", refused, w.Alice)
	w.Approve("approval of another", refused, w.Bob)
	w.AddAction("gate refused", p, refused)
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

	w.gated()

	other := w.Action(p, attest.Intent, w.IDs["warrant 2"], "12002.00")
	w.Approve("approval", other, w.Alice)
	w.Refuse("somebody's refusal", other, w.Bob)
	w.AddAction("refused by somebody else", p, other)
}
