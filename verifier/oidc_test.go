package verifier_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// delegated is a world of the delegated model, whose register logged these keys
// of the provider, and a trust directory with the provider's real ones.
func delegated(t testing.TB, keys *idp.Provider) *fixture {
	t.Helper()
	f := keep(t, register.NewDelegated(t, "tokens", keys))
	f.trust = withKeys(f.trust, idp.JWKS(register.IdP()))
	return f
}

func withKeys(files map[string][]byte, jwks ...[]byte) map[string][]byte {
	files = with(files, "oidc/acme/issuer", []byte(register.Issuer+"\n"))
	for i, doc := range jwks {
		files = with(files, "oidc/acme/"+string(rune('1'+i))+".json", doc)
	}
	return files
}

func withoutKeys(files map[string][]byte) map[string][]byte {
	return with(with(files, "oidc/acme/issuer", nil), "oidc/acme/1.json", nil)
}

// TestTokens: with the reader's own keys of the provider, what rests on tokens is
// shown.
func TestTokens(t *testing.T) {
	w := delegated(t, nil)
	trust := load(t, w.trust)
	for name, class := range map[string]string{"token delegated": "human_delegated", "token instructed": "human_instructed"} {
		v := verifier.Verify(build(t, w.contents[name]), trust, verifier.Options{})
		a := v.Subjects[0].Attribution
		if v.ExitCode() != 0 || len(v.OperatorTrusted) > 0 || string(a.Agency) != class || a.Authorizing != "alice" || a.Key != 2 {
			t.Errorf("%s: exit code %d, %s, %+v", name, v.ExitCode(), v.Failure(), a)
		}
		golden(t, name, v)
	}
	for _, name := range []string{"all", "provider", "jwks", "account", "token login", "token scope", "token withheld"} {
		v := verifier.Verify(build(t, w.contents[name]), trust, verifier.Options{})
		if v.ExitCode() != 0 || strings.Contains(verifier.Text(v), "no words for") {
			t.Errorf("%s: exit code %d, %s", name, v.ExitCode(), v.Failure())
		}
	}
	other := idp.New(register.Issuer, "the keys before")
	rotated := load(t, withKeys(w.trust, idp.JWKS(other), idp.JWKS(register.IdP())))
	if v := verifier.Verify(build(t, w.contents["token delegated"]), rotated, verifier.Options{}); v.ExitCode() != 0 {
		t.Errorf("with two versions: %s", v.Failure())
	}
}

// TestTokenOperator: without keys of the reader's own nothing is shown; on the
// operator's word, no more than the operator's word.
func TestTokenOperator(t *testing.T) {
	w := delegated(t, nil)
	trust := load(t, withoutKeys(w.trust))
	for _, name := range []string{"token delegated", "token instructed"} {
		b := build(t, w.contents[name])
		v := verifier.Verify(b, trust, verifier.Options{})
		if status, checks := outcome(v); status != unknown || strings.Join(checks, " ") != "root.corroborated" || len(v.Subjects[0].Shows) > 0 {
			t.Errorf("%s: %s %v, shows %v", name, status, checks, v.Subjects[0].Shows)
		}
		v = verifier.Verify(b, trust, verifier.Options{AcceptLedgerRoots: true})
		a := v.Subjects[0].Attribution
		if v.ExitCode() != 0 || strings.Join(v.OperatorTrusted, " ") != "the keys of the identity provider "+register.Issuer {
			t.Errorf("%s: exit code %d, trusts %v", name, v.ExitCode(), v.OperatorTrusted)
		}
		if a.Agency != "unattributed" || a.Key != 1 || a.Authorizing != "" {
			t.Errorf("%s: on the operator's word it is %+v", name, a)
		}
		golden(t, name+" operator trusted", v)
	}
	// Keys that the reader has make nobody's word of it.
	v := verifier.Verify(build(t, w.contents["token delegated"]), load(t, w.trust), verifier.Options{AcceptLedgerRoots: true})
	if len(v.OperatorTrusted) > 0 || v.Subjects[0].Attribution.Agency != "human_delegated" {
		t.Errorf("%v, %+v", v.OperatorTrusted, v.Subjects[0].Attribution)
	}
}

// TestTokenForgedKeys: an operator who logs keys of his own for the provider, and
// makes people's tokens with them, is found out by the provider's.
func TestTokenForgedKeys(t *testing.T) {
	w := delegated(t, idp.New(register.Issuer, "the operator's own keys"))
	for _, options := range []verifier.Options{{}, {AcceptLedgerRoots: true}} {
		v := verifier.Verify(build(t, w.contents["token delegated"]), load(t, w.trust), options)
		if status, checks := outcome(v); status != fail || strings.Join(checks, " ") != "root.corroborated" || len(v.Subjects[0].Shows) > 0 {
			t.Errorf("%s %v, shows %v", status, checks, v.Subjects[0].Shows)
		}
	}
	// The keys of another provider are none of this one's.
	files := with(withKeys(w.trust, idp.JWKS(idp.New("", "the operator's own keys"))), "oidc/acme/issuer", []byte("https://login.other.example\n"))
	v := verifier.Verify(build(t, w.contents["token delegated"]), load(t, files), verifier.Options{})
	if status, _ := outcome(v); status != unknown {
		t.Errorf("with another provider's keys: %s", status)
	}
}

// TestTokenSealed: a bundle that was made before a token ended says nothing of
// what rests on it, and nothing false.
func TestTokenSealed(t *testing.T) {
	w := delegated(t, nil)
	v := verifier.Verify(build(t, without(w.contents["token delegated"], tokenIn(w.contents["token scope"]))), load(t, w.trust), verifier.Options{})
	status, checks := outcome(v)
	if status != unknown || checks[0] != "token.sealed" || v.ExitCode() != 2 {
		t.Errorf("%s %v", status, checks)
	}
	blind(t, v, w.IDs["token scope"])
	if text := verifier.Text(v); !strings.Contains(text, "gives out from 2026-09-23") {
		t.Error(text)
	}
	golden(t, "token sealed", v)
}

// tokenIn is the token among the objects of a bundle.
func tokenIn(c verifier.Contents) (object attest.Digest) {
	for _, o := range c.Objects {
		if strings.Count(string(o), ".") == 2 && strings.HasPrefix(string(o), "ey") {
			object = attest.DigestOf(o)
		}
	}
	return object
}

// TestTokenSealedPin: a record that is believed for want of a token may name roots
// that nobody was proven with. They bring the verifier nowhere.
func TestTokenSealedPin(t *testing.T) {
	w := delegated(t, nil)
	f := forge(t, w).edit("token delegated", func(_ *admission.Entry, r *admission.Record) {
		r.Read.Force = append(r.Read.Force, admission.Pin{Slot: admission.NamedRootSlot(attest.NamedRoot{Type: attest.RootX509, Name: "none"})})
		slices.SortFunc(r.Read.Force, func(a, b admission.Pin) int { return strings.Compare(string(a.Slot), string(b.Slot)) })
	})
	delete(f.objects, tokenIn(w.contents["token scope"]))
	v := verifier.Verify(build(t, f.bundle("token delegated")), load(t, w.trust), verifier.Options{})
	refuted(t, v, "a root that is not there", 0)
	blind(t, v, w.IDs["token scope"])
}

// blind wants a subject that is there, of which nothing is shown that rests on a
// token: the finding is undecided for want of it, and nothing is false.
func blind(t *testing.T, v *verifier.Verdict, token attest.ID) {
	t.Helper()
	s := v.Subjects[0]
	a := s.Attribution
	if !s.Established || len(s.Shows) > 0 || a.Agency != "indeterminate" || a.Authority != "indeterminate" || a.Authorizing != "" || a.Accountable != "" || a.Key != 0 ||
		!slices.Equal(a.Missing, []string{string(token)}) {
		t.Errorf("established %v, shows %v, %+v", s.Established, s.Shows, a)
	}
	for _, said := range append(s.WouldShow, s.Summary) {
		if strings.Contains(said, "human_") || strings.Contains(said, "alice") {
			t.Errorf("it says %q", said)
		}
	}
	for _, f := range v.Findings {
		if f.Status == verifier.Fail {
			t.Errorf("false: %s", f)
		}
	}
}

// TestTokenErased: a token that was erased leaves its statement, and what the log
// found with it, in the log. What rests on it could not be checked, and is never
// false; what came after it was erased rests on nothing.
func TestTokenErased(t *testing.T) {
	w := register.NewDelegated(t, "tokens", nil)
	scope, warrant := w.IDs["token scope"], w.IDs["delegated warrant"]
	l, err := w.Logged(scope)
	if err != nil {
		t.Fatal(err)
	}
	e := &attest.Erasure{
		Basis: attest.ConsentWithdrawn, By: "carol", Log: register.Origin, Nonce: w.Nonce(), Reason: "asked for by alice", V: 1,
		Objects: []attest.ErasedObject{{Digest: l.Verified.Statement().(*attest.Token).Object, Statements: []attest.ID{scope}}},
	}
	erasure := w.AddBy("erasure", w.Carol, e, w.By(w.Dave, e).JSON())
	after := w.AddAction("after", w.Payments, w.Action(w.Payments, attest.Record, warrant, "21.00"))
	trust := load(t, withKeys(w.TrustFiles(t), idp.JWKS(register.IdP())))

	before := verifier.Verify(w.Bundle(t, w.Entries["token delegated"], erasure.Index), trust, verifier.Options{})
	status, checks := outcome(before)
	if status != unknown || checks[0] != "token.erased" || before.ExitCode() != 2 {
		t.Errorf("before: %s %v", status, checks)
	}
	blind(t, before, scope)
	if text := verifier.Text(before); !strings.Contains(text, "The token was erased by entry") || !strings.Contains(text, "asked for by alice") {
		t.Error(text)
	}
	if s := before.Subjects[1]; !s.Established || s.Kind != attest.KindErasure {
		t.Errorf("the erasure is established: %v", s.Established)
	}
	golden(t, "token erased", before)

	later := verifier.Verify(w.Bundle(t, after.Index, erasure.Index), trust, verifier.Options{})
	blindFinding := func(f verifier.Finding) bool {
		return f.Check == "token.erased" && slices.Contains(f.Where, "entry "+strconv.FormatUint(after.Index, 10))
	}
	if a := after.Record.Attribution; a.Agency != "indeterminate" || later.ExitCode() != 2 || slices.ContainsFunc(later.Findings, blindFinding) {
		t.Errorf("after: exit code %d, %+v, %s", later.ExitCode(), a, later.Failure())
	}
	options := verifier.Options{AcceptLedgerRoots: true}
	if v := verifier.Verify(w.Bundle(t, w.Entries["token delegated"], erasure.Index), load(t, w.TrustFiles(t)), options); v.ExitCode() != 2 {
		t.Errorf("on the operator's word: exit code %d", v.ExitCode())
	}
}

func TestTrustProviders(t *testing.T) {
	w := world(t, "one")
	jwks := string(idp.JWKS(register.IdP()))
	const issuer = register.Issuer + "\n"
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"right":                      {map[string]string{"oidc/a/issuer": issuer, "oidc/a/1.json": jwks}, ""},
		"two providers":              {map[string]string{"oidc/a/issuer": issuer, "oidc/a/1.json": jwks, "oidc/b/issuer": "https://b.example", "oidc/b/7.json": jwks}, ""},
		"keys of nobody":             {map[string]string{"oidc/a/1.json": jwks}, "no issuer beside it"},
		"no keys":                    {map[string]string{"oidc/a/issuer": issuer}, "no keys of " + register.Issuer},
		"an issuer that is none":     {map[string]string{"oidc/a/issuer": "acme\n", "oidc/a/1.json": jwks}, "want one line with an https URL"},
		"two lines":                  {map[string]string{"oidc/a/issuer": issuer + issuer, "oidc/a/1.json": jwks}, "want one line with an https URL"},
		"the same provider twice":    {map[string]string{"oidc/a/issuer": issuer, "oidc/a/1.json": jwks, "oidc/b/issuer": issuer, "oidc/b/1.json": jwks}, "in two directories"},
		"keys that are none":         {map[string]string{"oidc/a/issuer": issuer, "oidc/a/1.json": "{}"}, "no signature key"},
		"a file that is not known":   {map[string]string{"oidc/a/issuer": issuer, "oidc/a/jwks": jwks}, "unknown file"},
		"a directory within":         {map[string]string{"oidc/a/b/issuer": issuer}, "unknown directory"},
		"a name that is not allowed": {map[string]string{"oidc/A/issuer": issuer, "oidc/A/1.json": jwks}, "unknown file"},
	} {
		t.Run(name, func(t *testing.T) {
			files := w.trust
			for file, text := range tc.files {
				files = with(files, file, []byte(text))
			}
			_, err := verifier.LoadTrust(dir(files))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestTrustFilesProviders: what is written of providers is read again.
func TestTrustFilesProviders(t *testing.T) {
	w := world(t, "one")
	jwks := idp.JWKS(register.IdP())
	files, err := verifier.TrustFiles(verifier.TrustSource{LogKey: w.Keys.Ed25519.VKey().String(), Providers: map[string][][]byte{
		"https://login.acme.example": {jwks, jwks}, "https://login.acme.example/Realms/a": {jwks}, "https://login.acme.example/realms/a": {jwks}, "http://127.0.0.1:9": {jwks},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"oidc/login.acme.example/issuer", "oidc/login.acme.example/2.json", "oidc/login.acme.example_realms_a/1.json",
		"oidc/login.acme.example_realms_a-2/1.json", "oidc/127.0.0.1_9/issuer"} {
		if files[name] == nil {
			t.Errorf("no %s", name)
		}
	}
}

// TestTokenContested: keys of a provider that are declared compromised later contest
// what rests on a token that they signed.
func TestTokenContested(t *testing.T) {
	w := register.NewDelegated(t, "tokens", nil)
	compromise(w, "lost", attest.CompromisedThing{ID: string(w.IDs["jwks"]), Kind: attest.RootEntry}, w.Now()-3_600_000)
	trust := load(t, withKeys(w.TrustFiles(t), idp.JWKS(register.IdP())))
	v := verifier.Verify(w.Bundle(t, w.Entries["token delegated"], w.Entries["lost"]), trust, verifier.Options{})
	contested := v.Subjects[0].Contested
	if v.ExitCode() != 0 || len(contested) != 1 || !slices.Equal(contested[0].Entries, []uint64{w.Entries["token scope"]}) ||
		contested[0].Attribution.Agency != "indeterminate" {
		t.Errorf("exit code %d, %s, contested %+v", v.ExitCode(), v.Failure(), contested)
	}
}
