package verifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// approvals is the world of approvals and refusals, made once.
func approvals(t testing.TB) *fixture {
	t.Helper()
	fixtures.Lock()
	defer fixtures.Unlock()
	const seed = "approvals"
	if fixtures.made == nil {
		fixtures.made = map[string]*fixture{}
	}
	if fixtures.made[seed] == nil {
		fixtures.made[seed] = keep(t, register.NewApprovals(t, seed))
	}
	return fixtures.made[seed]
}

// TestApprovalsVerified: the bundle about every entry verifies, and one of an
// action that was refused has the refusal, with its reason.
func TestApprovalsVerified(t *testing.T) {
	w := approvals(t)
	trust := load(t, w.trust)
	for name, c := range w.contents {
		if v := verifier.Verify(build(t, c), trust, verifier.Options{}); v.ExitCode() != 0 {
			t.Errorf("%s: %s", name, v.Failure())
		}
	}
	text := verifier.Text(verifier.Verify(build(t, w.contents["taken back"]), trust, verifier.Options{}))
	for _, line := range []string{"DENIED by the log", "approval.refused", ", refusal\n", `reason: "not before the goods are here"`} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not said:\n%s", line, text)
		}
	}
}

// refusalFaults are what an operator may say of refusals, and the check that says
// otherwise. The bundle holds the refusals.
var refusalFaults = map[string]fault{
	"a refusal is left out": {"read.bounds", fail, answers("taken back", func(f *forgery, r *admission.Record) { r.Read.Refused = nil }, "refusal")},
	"an older refusal is left out": {"read.bounds", fail, answers("changed mind", func(f *forgery, r *admission.Record) {
		r.Read.Refused = nil
	}, "early refusal")},
	"an approval for a refusal": {"read.bounds", fail, answers("taken back", func(f *forgery, r *admission.Record) {
		r.Read.Refused[0].ID, r.Read.Refused[0].Entry = f.IDs["taken approval by alice"], f.Entries["taken approval by alice"]
	}, "refusal")},
	"somebody else's refusal": {"read.bounds", fail, answers("refused by somebody else", func(f *forgery, r *admission.Record) {
		r.Read.Refused = []admission.Refused{{Entry: f.Entries["somebody's refusal"], ID: f.IDs["somebody's refusal"], Person: "alice"}}
	}, "somebody's refusal")},
	"a refusal of another action": {"read.bounds", fail, answers("refused by somebody else", func(f *forgery, r *admission.Record) {
		r.Read.Refused = []admission.Refused{{Entry: f.Entries["refusal"], ID: f.IDs["refusal"], Person: "alice"}}
	}, "refusal")},
	"a refusal at another entry": {"reference.logged", fail, answers("taken back", func(f *forgery, r *admission.Record) {
		r.Read.Refused[0].Entry = f.Entries["taken approval by alice"]
	}, "refusal")},
	"a refusal that is not there": {"reference.logged", unknown, answers("taken back", func(f *forgery, r *admission.Record) {
		r.Read.Refused[0].ID = r.ID[:len(r.ID)-4] + "0000"
	}, "refusal")},
	"a refusal that counts for nothing": {"record.recomputed", fail, answers("taken back", func(f *forgery, r *admission.Record) {
		r.Decision.Effect, r.Decision.Faults = admission.Allow, []string{}
	}, "refusal")},
}

func answers(subject string, change func(*forgery, *admission.Record), also ...string) func(*testing.T, *fixture) (verifier.Contents, map[string][]byte) {
	return func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		f := forge(t, w)
		f.edit(subject, func(_ *admission.Entry, r *admission.Record) { change(f, r) })
		return f.bundle(append([]string{subject}, also...)...), w.trust
	}
}

// TestRefusalFindings: each lie about a refusal is found by one check.
func TestRefusalFindings(t *testing.T) {
	w := approvals(t)
	for name, f := range refusalFaults {
		c, files := f.make(t, w)
		v := verifier.Verify(build(t, c), load(t, files), verifier.Options{})
		if status, checks := outcome(v); status != f.status || !slices.Equal(checks, []string{f.check}) {
			t.Errorf("%s: %s of %v, want %s of %s:\n%s", name, status, checks, f.status, f.check, verifier.Text(v))
		}
	}
}
