package auditor_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// TestExportChooses: of more countersignatures than a bundle takes, one of each signer
// comes first and what says otherwise than the agent before what agrees; how many are
// left out is said, and the outcome is among none of them.
func TestExportChooses(t *testing.T) {
	w := register.NewWorld(t, "companions")
	a := w.NewAgent(w.Payments.ID)
	action := w.Action(a, attest.Intent, w.IDs["standing warrant without trigger"], "1.00")
	intent := w.AddAction("intent", a, action)
	see := func(name string, by *register.Agent, status string) uint64 {
		s := w.Countersignature(by, attest.GatewayRole, action, intent.ID)
		s.Status = status
		return w.AddAs(name, by, s).Index
	}
	first := see("first of cron", w.Cron, "done")
	for n := range 34 {
		see("again of cron "+strconv.Itoa(n), w.Cron, "done")
	}
	outcome := w.AddAction("done", a, w.Outcome(a, intent.ID, "done"))
	otherwise := see("otherwise of cron", w.Cron, "failed")
	last := see("buyer's", w.Buyer, "done")
	stranger := w.NewAgent("spiffe://" + register.Domain + "/elsewhere/bank")
	denied := see("denied", stranger, "failed")
	w.AddAction("the last entry", w.Rogue, w.Action(w.Rogue, attest.Intent, "", "1.00"))

	c, trust := serve(t, &evidence{w: w}), load(t, w.TrustFiles(t))
	b, err := c.Export(t.Context(), strconv.FormatUint(intent.Index, 10))
	if err != nil {
		t.Fatal(err)
	}
	has := func(i uint64) bool { return slices.Contains(b.Indexes(), i) }
	if !has(outcome.Index) || !has(otherwise) || !has(last) || !has(first) || has(denied) || has(w.Entries["again of cron 33"]) {
		t.Errorf("entries %v", b.Indexes())
	}
	if got := b.LeftOut(intent.Index); got != 37-32 {
		t.Errorf("%d are left out", got)
	}
	v := verifier.Verify(b, trust, verifier.Options{})
	said := v.Subjects[0].Completeness
	if v.ExitCode() != 0 || said.LeftOut != 5 || len(said.Countersigned) != 32 ||
		!strings.Contains(strings.Join(said.Lines, " "), "further countersignatures of this action are not in it, at least 5.") {
		t.Errorf("exit code %d, %s, %+v", v.ExitCode(), v.Failure(), said)
	}
	again, err := c.Export(t.Context(), strconv.FormatUint(intent.Index, 10))
	if err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
		t.Errorf("another export is another bundle: %v", err)
	}
}
