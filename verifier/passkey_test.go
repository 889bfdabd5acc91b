package verifier_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// passkeyWorld is a log in which maria approves an action with a synchronised
// passkey.
func passkeyWorld(t *testing.T) (w *register.World, person *attest.Person, approved uint64) {
	t.Helper()
	w = register.NewWorld(t, "passkey")
	scalar := make([]byte, 32)
	scalar[31] = 7
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		t.Fatal(err)
	}
	page := authenticator.New(key, "acme.example", "https://deed.acme.example")
	page.Flags |= authenticator.BackupEligible | authenticator.BackedUp
	public, passkey, err := attest.NewPasskey(page.Create())
	if err != nil {
		t.Fatal(err)
	}
	person = &attest.Person{By: "carol", From: w.Now(), Key: public, Log: register.Origin, Name: "maria", Nonce: w.Nonce(), Passkey: &passkey, V: 1}
	by := func(s attest.Statement) attest.Envelope {
		payload, err := attest.Payload(s)
		if err != nil {
			t.Fatal(err)
		}
		challenge := attest.Challenge(payload)
		data, client, sig := page.Get(challenge[:])
		e, err := attest.SealAssertion(payload, person.Credential().Digest(), attest.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	w.AddBy("person maria", w.Carol, person, by(person).JSON())
	action := w.Action(w.Payments, attest.Intent, w.IDs["warrant without instruction"], "20.00")
	consent := w.Approval(w.Alice, action)
	consent.Person = "maria"
	action.Authority.Approvals = []attest.ID{w.Add("consent", by(consent), []byte("what was shown")).ID}
	return w, person, w.AddAs("approved", w.NewAgent(w.Payments.ID), newSession(w, action)).Index
}

func newSession(w *register.World, a *attest.Action) *attest.Action {
	a.Session = attest.Session{ID: w.Nonce()}
	return a
}

// knows adds a person's key to a trust directory.
func knows(t *testing.T, files map[string][]byte, p verifier.TrustPerson) map[string][]byte {
	t.Helper()
	var list []verifier.TrustPerson
	if err := json.Unmarshal(files["people.json"], &list); err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(append(list, p))
	if err != nil {
		t.Fatal(err)
	}
	files["people.json"] = doc
	return files
}

// TestPasskey: an auditor checks the assertion again, offline, and reads what the
// authenticator reported.
func TestPasskey(t *testing.T) {
	w, person, index := passkeyWorld(t)
	trust := load(t, knows(t, w.TrustFiles(t), verifier.TrustPerson{Key: person.Key, Name: "maria"}))
	contents := w.Contents(t, index)
	v := verifier.Verify(build(t, contents), trust, verifier.Options{})
	if v.ExitCode() != 0 {
		t.Fatal(v.Failure())
	}
	a := v.Subjects[0].Attribution
	if a.Agency != agency.HumanDirected || a.Key != agency.K4 || a.Binding != agency.B4 || a.Authorizing != "maria" {
		t.Errorf("%+v", a)
	}
	for _, want := range []string{"WebAuthn user verification", "user was present and verified", "which may be on several devices, backed up then; signature counter 7"} {
		if !strings.Contains(strings.Join(strings.Fields(verifier.Text(v)), " "), want) {
			t.Errorf("no %q in the verdict", want)
		}
	}
	if err := json.Unmarshal(verifier.JSON(v), new(any)); err != nil {
		t.Error(err)
	}

	another, err := attest.KeyOf(ed25519.NewKeyFromSeed(bytes.Repeat([]byte("k"), 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	other := load(t, knows(t, w.TrustFiles(t), verifier.TrustPerson{Key: another, Name: "maria"}))
	if v := verifier.Verify(build(t, contents), other, verifier.Options{}); v.ExitCode() != 1 {
		t.Errorf("another key of maria: exit code %d", v.ExitCode())
	}
	for i, o := range contents.Objects { // the passkey is evidence: without it nothing is shown
		if bytes.Equal(o, person.Credential()) {
			contents.Objects = append(contents.Objects[:i:i], contents.Objects[i+1:]...)
			break
		}
	}
	if v := verifier.Verify(build(t, contents), trust, verifier.Options{}); v.ExitCode() != 2 {
		t.Errorf("without the passkey: exit code %d", v.ExitCode())
	}
}
