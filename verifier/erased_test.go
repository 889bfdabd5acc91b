package verifier_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// TestErased: what was erased is said to be, with the erasure, and costs no
// verdict; without the erasure it is only not there.
func TestErased(t *testing.T) {
	w := register.NewWorld(t, "erased")
	approval, display := w.IDs["approval"], attest.DigestOf([]byte("what was shown"))
	at := w.Entries["human_directed"]
	before := w.Contents(t, at)
	e := &attest.Erasure{
		Basis: attest.ConsentWithdrawn, By: "carol", Log: register.Origin, Nonce: w.Nonce(), Reason: "asked for by alice", V: 1,
		Objects: []attest.ErasedObject{{Digest: display, Statements: []attest.ID{approval}}},
	}
	erasure := w.AddBy("erasure", w.Carol, e, w.By(w.Dave, e).JSON())
	trust := load(t, w.TrustFiles(t))

	v := verifier.Verify(build(t, without(w.Contents(t, at, erasure.Index), display)), trust, verifier.Options{})
	if v.ExitCode() != 0 || !has(v, "object.erased", verifier.Unknown) || has(v, "object.erasable", verifier.Unknown) {
		t.Errorf("with the erasure: exit code %d, %s", v.ExitCode(), v.Failure())
	}
	for _, want := range []string{"was erased by entry", "carol put it, on the basis consent_withdrawn", "asked for by alice"} {
		if said := strings.Join(v.Subjects[0].Incomplete, " "); !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	v = verifier.Verify(build(t, without(before, display)), trust, verifier.Options{})
	if v.ExitCode() != 0 || has(v, "object.erased", verifier.Unknown) || !has(v, "object.erasable", verifier.Unknown) {
		t.Errorf("without it: exit code %d, %s", v.ExitCode(), v.Failure())
	}
	again := w.Approval(w.Alice, w.Action(w.Payments, attest.Intent, w.IDs["standing warrant"], "3.00"))
	_, err := w.Submit(w.By(w.Alice, again), []byte("what was shown"))
	if f := attest.AsFault(err); f == nil || f.Code != "object.erased" {
		t.Errorf("brought again: %v", err)
	}
}
