package verifier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// TestGoldenApprovals: the renderings of actions that gates are of, byte for byte.
func TestGoldenApprovals(t *testing.T) {
	w := approvals(t)
	trust := load(t, w.trust)
	for _, name := range []string{"gates met", "gate refused", "one of two", "gates do not apply", "taken back"} {
		golden(t, name, verifier.Verify(build(t, w.contents[name]), trust, verifier.Options{}))
	}
}

// gateFaults are what an operator may say of actions that gates are of.
var gateFaults = map[string]fault{
	"an action that had too few approvals is allowed": {"record.recomputed", fail, answers("one of two", func(_ *forgery, r *admission.Record) {
		r.Decision.Effect, r.Decision.Faults = admission.Allow, []string{}
	})},
	"an action that had enough is denied": {"record.recomputed", fail, answers("gates met", func(_ *forgery, r *admission.Record) {
		r.Decision.Effect, r.Decision.Faults = admission.Deny, []string{"gate.approvals"}
	})},
	"the refusal of an approver is left out": {"read.bounds", fail, answers("gate refused", func(_ *forgery, r *admission.Record) {
		r.Read.Refused, r.Decision.Faults = nil, []string{"gate.approvals"}
	}, "refusal of an approver")},
	"an approval that was used is unused": {"read.bounds", fail, func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		f := forge(t, w)
		f.edit("gates met", func(_ *admission.Entry, r *admission.Record) {
			r.Read.Used = []admission.Ref{{Entry: f.Entries["gated warrant 1"], ID: f.IDs["approval of two by bob"]}}
		})
		return f.bundle("gates met"), w.trust
	}},
}

// TestGateFindings: each of them is found by one check.
func TestGateFindings(t *testing.T) {
	w := approvals(t)
	for name, f := range gateFaults {
		c, files := f.make(t, w)
		v := verifier.Verify(build(t, c), load(t, files), verifier.Options{})
		if status, checks := outcome(v); status != f.status || !slices.Equal(checks, []string{f.check}) {
			t.Errorf("%s: %s of %v, want %s of %s:\n%s", name, status, checks, f.status, f.check, verifier.Text(v))
		}
	}
}

// TestGateDisplay: where a gate asks for what people were shown, and it was erased or is
// kept back, whether it was open could not be checked; not so of a gate that does not
// ask, or that stayed closed all the same, or of an action that no subject relies on.
func TestGateDisplay(t *testing.T) {
	w := approvals(t)
	trust := load(t, w.trust)
	shown := attest.DigestOf([]byte("what was shown"))
	for name, want := range map[string]int{"gates met": 2, "one of two": 0, "gate refused": 0} {
		c := without(w.contents[name], shown)
		v := verifier.Verify(build(t, c), trust, verifier.Options{})
		_, checks := outcome(v)
		if v.ExitCode() != want || want == 2 && !slices.Equal(checks, []string{"gate.display"}) {
			t.Errorf("%s: exit code %d, %v", name, v.ExitCode(), checks)
		}
		if want == 0 {
			continue
		}
		said := strings.Join(v.Subjects[0].WouldShow, " ")
		if !strings.Contains(said, "that of alice and bob is not in this bundle: whether the gate was open is not shown") || strings.Contains(said, "as theirs, by approvals that had neither expired nor been used: the gate was open") {
			t.Errorf("it says %s", said)
		}
	}
	// On the session's way to another subject it is only said.
	c := w.ContentsWith(t, []uint64{w.Entries["gate refused"]}, w.Entries["gates met"])
	v := verifier.Verify(build(t, without(c, shown)), trust, verifier.Options{})
	if v.ExitCode() != 0 || !has(v, "gate.display", verifier.Unknown) {
		t.Errorf("along with another: exit code %d, %s", v.ExitCode(), v.Failure())
	}
}

// rate is the finding on the approvals of a bundle.
func rate(t *testing.T, v *verifier.Verdict) verifier.Finding {
	t.Helper()
	var found []verifier.Finding
	for _, f := range v.Findings {
		if f.Check == "approval.rate" {
			found = append(found, f)
		}
	}
	if len(found) != 1 || found[0].Required {
		t.Fatalf("findings on the rate of approvals: %+v", found)
	}
	return found[0]
}

// TestApprovalRate: a person who approves six actions in a minute may not have read
// them. It is said, of the bundle and of whoever relies on it, and costs nothing.
func TestApprovalRate(t *testing.T) {
	w := register.NewWorld(t, "rate")
	warrant := w.AddBy("warrant", w.Alice, w.RootWarrant(attest.Party{ID: "alice", Kind: attest.ByPerson}, w.Payments.ID, attest.HumanStanding, "")).ID
	var subjects []uint64
	approve := func(n int, apart time.Duration) *attest.Action {
		var last *attest.Action
		for i := range n {
			last = w.Action(w.Payments, attest.Intent, warrant, "5.00")
			w.Approve(fmt.Sprint("approval ", n, " ", i), last, w.Alice)
			subjects = append(subjects, w.Entries[fmt.Sprint("approval ", n, " ", i, " by alice")])
			w.Clock.Move(apart - time.Second) // adding one takes a second
		}
		return last
	}
	trust := load(t, w.TrustFiles(t))
	approve(12, 12*time.Second) // five in 60 s, the sixth just too late
	v := verifier.Verify(w.Bundle(t, subjects...), trust, verifier.Options{})
	if f := rate(t, v); f.Status != pass || v.ExitCode() != 0 {
		t.Errorf("5 a minute: %s, exit code %d", f, v.ExitCode())
	}
	w.Clock.Move(time.Hour)
	a := approve(6, 11*time.Second)
	answer := w.AddAction("hasty", w.Payments, a)
	v = verifier.Verify(w.Bundle(t, append(slices.Clone(subjects), answer.Index)...), trust, verifier.Options{})
	f := rate(t, v)
	if f.Status != fail || f.Found != "6 of alice" || v.ExitCode() != 0 || v.Result != verifier.Verified {
		t.Errorf("6 a minute: %s, exit code %d", f, v.ExitCode())
	}
	// Nothing that is verified is called false because of it.
	const noted = "Does not hold, and not required"
	if text, html := verifier.Text(v), string(verifier.HTML(v)); !strings.Contains(text, "\n"+noted+"\n") ||
		strings.Contains(text, "\nFalse") || !strings.Contains(html, noted) || strings.Contains(html, "False, and") {
		t.Errorf("an optional finding is not told from a required one:\n%s", text)
	}
	last := v.Subjects[len(v.Subjects)-1]
	if words := "This does not show that alice read what they approved: among the entries of this bundle are 6 approvals of theirs within one minute."; !slices.Contains(last.DoesNotShow, words) {
		t.Errorf("of the action it is said: %s", strings.Join(last.DoesNotShow, "\n"))
	}
	alone := verifier.Verify(w.Bundle(t, answer.Index), trust, verifier.Options{})
	if f := rate(t, alone); f.Status != pass {
		t.Errorf("the bundle about the action has one approval: %s", f)
	}
}
