package verifier_test

import (
	"bytes"
	"testing"

	"github.com/deedlog/deed/verifier"
)

// FuzzOpen: what opens is written again as it was, and verifies without a fault
// of the verifier.
func FuzzOpen(f *testing.F) {
	w := world(f, "one")
	trust := load(f, w.trust)
	for _, name := range []string{"genesis", "root", "human_directed"} {
		f.Add(build(f, w.contents[name]).Bytes())
	}
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := verifier.Open(file)
		if err != nil {
			if v := verifier.VerifyFile(file, trust, verifier.Options{}); v.ExitCode() == 0 || v.Failure() == "" {
				t.Fatal("a file that does not open has no failure")
			}
			return
		}
		if !bytes.Equal(b.Bytes(), file) {
			t.Fatal("another file comes back")
		}
		v := verifier.Verify(b, trust, verifier.Options{})
		for _, finding := range v.Findings {
			if finding.Check == "internal" {
				t.Fatal(finding)
			}
		}
		verifier.Text(v)
		verifier.HTML(v)
		verifier.JSON(v)
	})
}

// FuzzManifest: a manifest that is taken is the only one of its members.
func FuzzManifest(f *testing.F) {
	w := world(f, "one")
	b := build(f, w.contents["genesis"])
	f.Add(verifier.ManifestOf(b))
	f.Add([]byte(`{"files":[],"format":"deed-bundle","left_out":[{"count":1,"subject":3}],"subjects":[3],"v":1}`))
	f.Add([]byte(`{"files":[],"format":"deed-bundle","left_out":[],"subjects":[3],"v":1}`))
	f.Add([]byte(`{"files":[],"format":"deed-bundle","subjects":[0],"v":1}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		again, err := verifier.RewriteManifest(doc)
		if err == nil && !bytes.Equal(again, doc) {
			t.Fatalf("%q comes back as %q", doc, again)
		}
	})
}

// FuzzLoadTrust: no directory panics.
func FuzzLoadTrust(f *testing.F) {
	files := world(f, "one").trust
	f.Add(files["log.policy"], files["log.mldsa.vkey"], files["genesis"], files["people.json"], files["server.json"], files["spiffe/acme.example/1.json"])
	f.Fuzz(func(t *testing.T, policy, mldsa, genesis, people, server, bundle []byte) {
		trust, err := verifier.LoadTrust(dir(map[string][]byte{
			"log.policy": policy, "log.mldsa.vkey": mldsa, "genesis": genesis, "people.json": people, "server.json": server,
			"spiffe/acme.example/1.json": bundle, "README": genesis,
		}))
		if (trust == nil) == (err == nil) {
			t.Fatal("a trust directory and an error, or neither")
		}
	})
}
