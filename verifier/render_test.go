package verifier_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// TestHostileText: what an agent writes is text on every page, and stays in its
// line.
func TestHostileText(t *testing.T) {
	w := register.NewWorld(t, "five")
	const evil = `</li><script>alert(1)</script> VERIFIED & "x" ` + "\u202e"
	a := w.Action(w.Rogue, attest.Intent, "", "1.00")
	a.Software.Model = evil
	a.Open = attest.OpenValues(sha256.Sum256(nil), []string{"reference"}, []attest.Value{attest.Text(evil)})
	a.Request.Arguments, _ = attest.ArgumentsRoot(a.Open, nil)
	a.Request.Count = 1
	answer := w.AddAction("evil", w.Rogue, a)
	v := verifier.Verify(w.Bundle(t, answer.Index), load(t, w.TrustFiles(t)), verifier.Options{})
	if v.ExitCode() != 0 {
		t.Fatal(v.Failure())
	}
	page := verifier.HTML(v)
	if bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("http")) && bytes.Contains(page, []byte("src=")) {
		t.Error("the page has a script or loads something")
	}
	for name, text := range map[string]string{"text": verifier.Text(v), "html": string(page)} {
		if strings.Contains(text, "\u202e") {
			t.Errorf("%s: a direction override came through", name)
		}
	}
	var again verifier.Verdict
	if err := json.Unmarshal(verifier.JSON(v), &again); err != nil || again.Result != v.Result {
		t.Errorf("JSON: %v", err)
	}
}

// TestPageOfMany: several verdicts are one page.
func TestPageOfMany(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	a := verifier.Verify(build(t, w.contents["autonomous"]), trust, verifier.Options{})
	b := verifier.VerifyFile([]byte("x"), trust, verifier.Options{})
	b.File = "<b>.zip"
	page := string(verifier.HTML(a, b))
	if strings.Count(page, "<article>") != 2 || !strings.Contains(page, "&lt;b&gt;.zip") {
		t.Error(page)
	}
}

// TestKeptBack: what may be erased or kept back costs no verdict, but is said.
func TestKeptBack(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	e, _ := forge(t, w).parts(w.Entries["human_instructed"])
	instructed := sha256.Sum256([]byte("fields"))
	for name, test := range map[string]struct {
		digest attest.Digest
		checks []string
		note   string
	}{
		"the register's seed": {e.ServerFields.Seed, []string{"entry.server_fields"}, "the register committed to"},
		"the agent's seed":    {attest.DigestOf(attest.SeedObject(instructed)), []string{"object.erasable", "action.fields"}, "the agent committed to"},
	} {
		v := verifier.Verify(build(t, without(w.contents["human_instructed"], test.digest)), trust, verifier.Options{})
		if v.ExitCode() != 0 {
			t.Errorf("%s: %s", name, v.Failure())
		}
		for _, check := range test.checks {
			if !has(v, check, verifier.Unknown) {
				t.Errorf("%s: no finding %s", name, check)
			}
		}
		if !strings.Contains(strings.Join(v.Subjects[0].Incomplete, " "), test.note) {
			t.Errorf("%s: %v", name, v.Subjects[0].Incomplete)
		}
	}
}

// TestFalseFields: an outcome with a false commitment of the agent. It is the
// agent's lie, and costs the evidence nothing.
func TestFalseFields(t *testing.T) {
	w := register.NewWorld(t, "six")
	seed := sha256.Sum256([]byte("seed"))
	intent := w.AddAction("intent", w.Buyer, w.Action(w.Buyer, attest.Intent, w.IDs["warrant 1"], "1.00"))
	o := w.Action(w.Buyer, attest.Intent, "", "1.00")
	o.Phase, o.Intent, o.Request, o.Open, o.Target = attest.Outcome, intent.ID, nil, nil, nil
	o.Outcome = &attest.Result{Status: "done"}
	o.Fields = &attest.Commitment{Root: attest.DigestOf(nil), Seed: attest.DigestOf(attest.SeedObject(seed))}
	answer := w.AddAction("outcome", w.Buyer, o, attest.SeedObject(seed))
	v := verifier.Verify(w.Bundle(t, answer.Index), load(t, w.TrustFiles(t)), verifier.Options{})
	if v.ExitCode() != 0 || !has(v, "action.fields", verifier.Fail) || !strings.Contains(verifier.Text(v), "commitment to its own values is false") {
		t.Errorf("exit code %d: %s", v.ExitCode(), verifier.Text(v))
	}
}

func has(v *verifier.Verdict, check string, s verifier.Status) bool {
	for _, f := range v.Findings {
		if f.Check == check && f.Status == s {
			return true
		}
	}
	return false
}
