package verifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// omitted is a world in which an agent ran a whole session, and a service and a
// gateway saw its one action.
type omitted struct {
	*register.World
	t      *testing.T
	trust  *verifier.Trust
	action *attest.Action
	id     attest.ID
}

// newOmitted logs intent, heartbeat, outcome and terminal under these names.
func newOmitted(t *testing.T) *omitted {
	t.Helper()
	o := &omitted{World: register.NewWorld(t, "omission"), t: t}
	a := o.NewAgent(o.Payments.ID) // in a session of its own
	o.action = o.Action(a, attest.Intent, o.IDs["standing warrant without trigger"], "1.00")
	o.action.Credential = &attest.Credential{Commitment: attest.CredentialCommitment([32]byte{1}, "oauth", "jti-7"), Kind: "oauth"}
	o.id = o.AddAction("intent", a, o.action).ID
	o.AddAction("beat", a, o.Heartbeat(a, 1, 1))
	o.AddAction("result", a, o.Outcome(a, o.id, "done"))
	o.AddAction("end", a, o.Terminal(a, 1))
	o.trust = load(t, o.TrustFiles(t))
	return o
}

func (o *omitted) see(name string, role attest.Role, spoil func(*attest.Countersignature)) {
	o.t.Helper()
	s := o.Countersignature(o.Cron, role, o.action, o.id)
	spoil(s)
	o.AddAs(name, o.Cron, s)
}

// about verifies the bundle about some entries, with others that come along.
func (o *omitted) about(subjects []string, along ...string) *verifier.Verdict {
	o.t.Helper()
	return verifier.Verify(build(o.t, o.ContentsWith(o.t, o.indexes(subjects), o.indexes(along)...)), o.trust, verifier.Options{})
}

func (o *omitted) indexes(names []string) []uint64 {
	o.t.Helper()
	out := []uint64{}
	for _, name := range names {
		index, ok := o.Entries[name]
		if !ok {
			o.t.Fatalf("no entry %s", name)
		}
		out = append(out, index)
	}
	return out
}

// statuses are the findings about completeness.
func statuses(v *verifier.Verdict) map[string]verifier.Status {
	out := map[string]verifier.Status{}
	for _, f := range v.Findings {
		if name, ok := strings.CutPrefix(f.Check, "complete."); ok {
			out[name] = f.Status
			if f.Required {
				out[name] = "required"
			}
		}
	}
	return out
}

// TestOmission: every sign of omission is found where the bundle has it, and none
// of them costs the verdict.
func TestOmission(t *testing.T) {
	o := newOmitted(t)
	o.see("service", attest.ServiceRole, func(*attest.Countersignature) {})
	o.see("gateway", attest.GatewayRole, func(s *attest.Countersignature) { s.Status = "refused" })
	o.see("alone", attest.ServiceRole, func(s *attest.Countersignature) { s.Of, s.Request = "", attest.DigestOf([]byte("another")) })
	o.see("by digest", attest.ServiceRole, func(s *attest.Countersignature) { s.Of = "" })
	liar := o.NewAgent("spiffe://" + register.Domain + "/agent/rogue")
	o.AddAction("lie/intent", liar, o.Action(liar, attest.Intent, "", "1.00"))
	o.AddAction("lie/beat", liar, o.Heartbeat(liar, 0, 0))
	o.AddAction("lie/outcome", liar, o.Outcome(liar, o.IDs["lie/intent"], "done"))
	const pass, fail, unknown = verifier.Pass, verifier.Fail, verifier.Unknown
	for name, c := range map[string]struct {
		subjects, along []string
		want            map[string]verifier.Status
		says            string
	}{
		"the intent alone": {[]string{"intent"}, nil, map[string]verifier.Status{"session": pass, "terminal": unknown, "outcome": unknown,
			"service": unknown, "gateway": unknown}, "whether the action took place is not shown"},
		"with its outcome": {[]string{"intent"}, []string{"result"}, map[string]verifier.Status{"session": unknown, "terminal": unknown,
			"outcome": pass, "service": unknown, "gateway": unknown}, "shows 2 of the 3 statements"},
		"with what others saw": {[]string{"intent"}, []string{"result", "service", "gateway"}, map[string]verifier.Status{"session": unknown,
			"terminal": unknown, "outcome": pass, "service": pass, "gateway": fail}, "otherwise than the agent about: status. Who is right is not shown"},
		"a whole session": {[]string{"intent", "beat", "result", "end"}, nil, map[string]verifier.Status{"session": pass, "counts": pass,
			"terminal": pass, "outcome": pass, "service": unknown, "gateway": unknown}, "Heartbeats of the session among them: 1."},
		"a session with a gap": {[]string{"intent", "end"}, nil, map[string]verifier.Status{"session": unknown, "counts": unknown,
			"terminal": pass, "outcome": unknown, "service": unknown, "gateway": unknown}, "shows 2 of the 4 statements"},
		"a false count": {[]string{"lie/intent", "lie/beat"}, nil, map[string]verifier.Status{"session": pass, "counts": fail,
			"terminal": unknown}, "counted its session otherwise"},
		"an outcome of what was denied": {[]string{"lie/intent"}, []string{"lie/outcome"}, map[string]verifier.Status{"session": unknown,
			"terminal": unknown, "outcome": fail}, "The log denied this intent, and the agent reported an outcome all the same: done"},
		"an orphan outcome": {[]string{"lie/outcome"}, nil, map[string]verifier.Status{"session": unknown, "terminal": unknown,
			"outcome": fail}, "The log denied this outcome"},
		"in the service only": {[]string{"alone"}, nil, map[string]verifier.Status{"agent": unknown}, "rests on the word of spiffe://acme.example/agent/cron alone, which says that it is the called service"},
		"by its digest": {[]string{"by digest", "intent"}, nil, map[string]verifier.Status{"agent": pass, "session": pass, "terminal": unknown,
			"outcome": unknown, "service": pass, "gateway": unknown}, "It says the same as the agent about: agent, request, target, credential."},
	} {
		v := o.about(c.subjects, c.along...)
		if got := statuses(v); v.ExitCode() != 0 || !same(got, c.want) {
			t.Errorf("%s: exit code %d, %s\ngot  %v\nwant %v", name, v.ExitCode(), v.Failure(), got, c.want)
		}
		flat := strings.Join(strings.Fields(verifier.Text(v)), " ")
		if !strings.Contains(flat, c.says) || !strings.Contains(flat, "never submitted leaves no trace") {
			t.Errorf("%s: no %q in\n%s", name, c.says, verifier.Text(v))
		}
	}
	golden(t, "countersigned", o.about([]string{"intent"}, "result", "service", "gateway"))
}

// TestSeenContested: what another saw is signed with a key that may have been in
// other hands, and that is said.
func TestSeenContested(t *testing.T) {
	o := newOmitted(t)
	o.see("service", attest.ServiceRole, func(*attest.Countersignature) {})
	compromise(o.World, "compromise", svidKey(t, o.Cron), 1)
	lines := strings.Join(o.about([]string{"intent"}, "service", "compromise").Subjects[0].Completeness.Lines, " ")
	if want := "carol declared in entry"; !strings.Contains(lines, want) {
		t.Errorf("no %q in %s", want, lines)
	}
}

func same(a, b map[string]verifier.Status) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// TestCompared: each thing that both say is compared, and what one leaves out is
// not.
func TestCompared(t *testing.T) {
	o := newOmitted(t)
	for name, c := range map[string]struct {
		spoil  func(*attest.Countersignature)
		differ []string
		same   []string
	}{
		"nothing": {func(*attest.Countersignature) {}, nil, []string{"agent", "request", "target", "credential", "status"}},
		"agent":   {func(s *attest.Countersignature) { s.Agent = o.Rogue.ID }, []string{"agent"}, nil},
		"request": {func(s *attest.Countersignature) { s.Request = attest.DigestOf(nil) }, []string{"request"}, nil},
		"target": {func(s *attest.Countersignature) {
			s.Target = &attest.Target{Endpoint: "x.example", Kind: "external", Protocol: "https"}
		}, []string{"target"}, nil},
		"credential": {func(s *attest.Countersignature) {
			s.Credential = &attest.Credential{Commitment: attest.DigestOf(nil), Kind: "oauth"}
		}, []string{"credential"}, nil},
		"status": {func(s *attest.Countersignature) { s.Status = "failed" }, []string{"status"}, nil},
		"left out": {func(s *attest.Countersignature) {
			s.Request, s.Target, s.Credential, s.Status = "", nil, nil, "unknown"
		}, nil, []string{"agent"}},
	} {
		o.see("seen "+name, attest.ServiceRole, c.spoil)
		v := o.about([]string{"intent"}, "result", "seen "+name)
		seen := v.Subjects[0].Completeness.Countersigned
		if len(seen) != 1 || len(seen[0].Differ)+len(c.differ) > 0 && !slices.Equal(seen[0].Differ, c.differ) ||
			c.same != nil && !slices.Equal(seen[0].Same, c.same) || (seen[0].Result == "disagree") != (len(c.differ) > 0) {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

// TestSeenOnce: what was seen once is not taken for two actions of one request.
func TestSeenOnce(t *testing.T) {
	o := newOmitted(t)
	o.see("by digest", attest.ServiceRole, func(s *attest.Countersignature) { s.Of = "" })
	again := o.NewAgent(o.Payments.ID)
	twin := o.Action(again, attest.Intent, o.IDs["standing warrant without trigger"], "1.00")
	twin.Request, twin.Open, twin.Sealed = o.action.Request, o.action.Open, o.action.Sealed
	o.AddAction("twin", again, twin)
	v := o.about([]string{"twin", "intent", "by digest"})
	if v.ExitCode() != 0 || statuses(v)["service"] != verifier.Unknown {
		t.Errorf("exit code %d, %s, %v", v.ExitCode(), v.Failure(), statuses(v))
	}
	flat := strings.Join(strings.Fields(verifier.Text(v)), " ")
	if strings.Count(flat, "It names the request and no statement: which action it saw") != 3 {
		t.Error(flat)
	}
	o.see("named", attest.ServiceRole, func(*attest.Countersignature) {})
	if v = o.about([]string{"intent"}, "named"); statuses(v)["service"] != verifier.Pass {
		t.Errorf("%v", statuses(v))
	}
}

// TestSeenAllTheSame: what the log denied and another saw done is said.
func TestSeenAllTheSame(t *testing.T) {
	o := newOmitted(t)
	rogue := o.NewAgent("spiffe://" + register.Domain + "/agent/rogue")
	denied := o.Action(rogue, attest.Intent, "", "1.00")
	answer := o.AddAction("denied", rogue, denied)
	o.AddAs("done", o.Cron, o.Countersignature(o.Cron, attest.ServiceRole, denied, answer.ID))
	v := o.about([]string{"denied"}, "done")
	if seen := v.Subjects[0].Completeness.Countersigned; len(seen) != 1 || !slices.Equal(seen[0].Differ, []string{"decision"}) || v.ExitCode() != 0 {
		t.Errorf("exit code %d, %+v", v.ExitCode(), seen)
	}
	// One that the log denied itself counts for nothing.
	stranger := o.NewAgent("spiffe://" + register.Domain + "/elsewhere/bank")
	o.AddAs("stranger", stranger, o.Countersignature(stranger, attest.GatewayRole, o.action, o.id))
	v = o.about([]string{"intent"}, "stranger")
	if seen := v.Subjects[0].Completeness.Countersigned; len(seen) != 0 || statuses(v)["gateway"] != verifier.Unknown {
		t.Errorf("a stranger's word is taken: %+v", seen)
	}
}

// TestCompanions: what says nothing of a subject does not come along with it.
func TestCompanions(t *testing.T) {
	o := newOmitted(t)
	o.see("service", attest.ServiceRole, func(*attest.Countersignature) {})
	for name, along := range map[string]string{"a heartbeat": "beat", "another's outcome": "outcome", "another's record": "human_tasked"} {
		v := o.about([]string{"intent"}, along)
		if _, checks := outcome(v); !slices.Equal(checks, []string{"bundle.closure"}) || v.ExitCode() != 1 {
			t.Errorf("%s: %v", name, checks)
		}
	}
	if v := o.about([]string{"outcome"}, "service"); v.ExitCode() != 1 {
		t.Error("a countersignature of another action comes along")
	}
}

// TestNothingSaid: where the verdict is not verified, nothing is said of omission.
func TestNothingSaid(t *testing.T) {
	o := newOmitted(t)
	bare := load(t, with(o.TrustFiles(t), "genesis", nil))
	v := verifier.Verify(build(t, o.Contents(t, o.Entries["intent"])), bare, verifier.Options{})
	if v.ExitCode() != 2 || v.Subjects[0].Completeness != nil {
		t.Errorf("exit code %d, %+v", v.ExitCode(), v.Subjects[0].Completeness)
	}
}
