package verifier_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

func TestLoadTrust(t *testing.T) {
	w := world(t, "one")
	good := w.trust
	load(t, good)
	for _, test := range []struct {
		name, file, content, want string
	}{
		{"no policy", "log.policy", "", "no log.policy"},
		{"no log line", "log.policy", "quorum none\n", "no log line"},
		{"policy out of form", "log.policy", "log x\n", "line 1"},
		{"the log as its own witness", "log.policy", ownWitness(t, w, w.Keys.Ed25519.VKey().Key(), ledger.TypeEd25519Cosign), "witness w has a key of the log"},
		{"the log as its own witness, by the other key", "log.policy", ownWitness(t, w, w.Keys.MLDSA44.VKey().Key(), ledger.TypeMLDSA44), "witness w has a key of the log"},
		{"misnamed", "people.jsn", "[]", "unknown file"},
		{"misplaced", "spiffe/bundle.json", "{}", "unknown file"},
		{"odd domain", "spiffe/ACME/1.json", "{}", "unknown file"},
		{"too deep", "spiffe/acme.example/old/1.json", "{}", "unknown directory"},
		{"unknown directory", "jwks/x.json", "{}", "unknown directory"}, {"no provider", "oidc/x.json", "{}", "unknown file"},
		{"no bundle", "spiffe/acme.example/2.json", "{}", "authorities"},
		{"no pem", "spiffe/acme.example/2.pem", "x", "authorities"},
		{"genesis too short", "genesis", "abcd\n", "64 hex digits"},
		{"genesis no hex", "genesis", strings.Repeat("z", 64), "64 hex digits"},
		{"no vkey", "log.mldsa.vkey", "x", "verifier key"},
		{"another type of vkey", "log.mldsa.vkey", strings.TrimPrefix(strings.SplitN(string(good["log.policy"]), "\n", 2)[0], "log "), "want ML-DSA-44"},
		{"people no list", "people.json", "{}", "people.json"},
		{"people unknown member", "people.json", `[{"name":"a","kee":""}]`, "unknown object member"},
		{"people odd name", "people.json", `[{"name":"A","key":""}]`, "cannot be a person's name"},
		{"people odd key", "people.json", `[{"name":"a","key":"AAAA"}]`, "key of a"},
		{"one key of two people", "people.json", strings.Replace(string(good["people.json"]), `"key": "`+keyOf(w.Bob), `"key": "`+keyOf(w.Alice), 1), "one key is one person"},
		{"people twice", "people.json", `[{"name":"a","name":"b","key":""}]`, "duplicate"},
		{"server no keys", "server.json", `{"keys":[]}`, "no keys"},
		{"server odd key", "server.json", `{"keys":["AAAA"]}`, "key.algorithm"},
	} {
		content := []byte(test.content)
		if test.content == "" {
			content = nil
		}
		_, err := verifier.LoadTrust(dir(with(good, test.file, content)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// keyOf is a person's key as people.json has it.
func keyOf(h *register.Human) string { return base64.StdEncoding.EncodeToString(h.Public) }

// ownWitness is the policy with a witness of another name and this key.
func ownWitness(t *testing.T, w *fixture, key []byte, kind byte) string {
	t.Helper()
	vkey, err := ledger.NewVKey("witness.example", kind, key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(w.trust["log.policy"]), "quorum none\n", "witness w "+vkey.String()+"\nquorum w\n", 1)
}

func TestTrustFiles(t *testing.T) {
	w := world(t, "one")
	first, _, _ := strings.Cut(string(w.trust["README"]), "\n")
	if !strings.Contains(first, "the log's own opinion") || !strings.Contains(string(w.trust["README"]), "someone other than the") {
		t.Errorf("README begins %q", first)
	}
	vkey := w.Keys.Ed25519.VKey().String()
	files, err := verifier.TrustFiles(verifier.TrustSource{LogKey: vkey, Bundles: map[string][][]byte{
		"acme.example": {w.trust["spiffe/acme.example/1.json"], []byte("\n" + pemOf(w))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README", "log.policy", "spiffe/acme.example/1.json", "spiffe/acme.example/2.pem"} {
		if files[name] == nil {
			t.Errorf("no %s in %d files", name, len(files))
		}
	}
	for name, s := range map[string]verifier.TrustSource{
		"no key":     {},
		"odd domain": {LogKey: vkey, Bundles: map[string][][]byte{"../x": {w.trust["spiffe/acme.example/1.json"]}}},
		"odd bundle": {LogKey: vkey, Bundles: map[string][][]byte{"acme.example": {[]byte("{}")}}},
		"odd mldsa":  {LogKey: vkey, MLDSAKey: "x"},
		"odd person": {LogKey: vkey, People: []verifier.TrustPerson{{Name: "A"}}},
	} {
		if _, err := verifier.TrustFiles(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// pemOf is the SPIFFE bundle of a world as PEM.
func pemOf(w *fixture) string {
	var out bytes.Buffer
	for _, c := range w.CA.Roots() {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer takes everything
	}
	return out.String()
}

// TestKeyRotation: a person with two keys, roots in any of several versions.
func TestKeyRotation(t *testing.T) {
	w, other := world(t, "one"), world(t, "two")
	files := with(w.trust, "spiffe/acme.example/1.json", other.trust["spiffe/acme.example/1.json"])
	files = with(files, "spiffe/acme.example/2.pem", []byte(pemOf(w)))
	people := append(bytes.Clone(bytes.TrimSuffix(bytes.TrimSpace(w.trust["people.json"]), []byte("]"))), ',')
	people = append(people, bytes.TrimPrefix(other.trust["people.json"], []byte("["))...)
	files = with(files, "people.json", people)
	v := verifier.Verify(build(t, w.contents["human_directed"]), load(t, files), verifier.Options{})
	if v.ExitCode() != 0 {
		t.Errorf("exit code %d: %s", v.ExitCode(), v.Failure())
	}
}
