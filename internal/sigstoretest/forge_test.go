package sigstoretest

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/sigstore"
)

// forge REQUEST BUNDLE ENVELOPE makes an envelope of a bundle as deed sign does, and
// checks nothing.
func forge(ts *testscript.TestScript, _ bool, args []string) {
	var request struct {
		Credential, Payload []byte
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &request, json.MatchCaseInsensitiveNames(true)))
	signer, err := attest.PersonKey(request.Credential).Signer("person")
	ts.Check(err)
	root, err := sigstore.ParseTrustedRoot([]byte(ts.ReadFile("trusted_root.json")))
	ts.Check(err)
	b, err := sigstore.ParseBundle([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	token, err := attest.TSAToken(b.Timestamps[0], root.Stampers()...)
	ts.Check(err)
	e, err := attest.SealFulcio(request.Payload, signer.KeyID, attest.FulcioProof{Certificates: b.Certificates, Signature: b.Signature, TSAToken: token})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), e.JSON(), 0o600))
}

// stamp asks an authority for a time stamp that has its certificate.
func stamp(t *testing.T, url string, signature []byte) []byte {
	t.Helper()
	request, err := timestamp.CreateRequest(bytes.NewReader(signature), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(url, "application/timestamp-query", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", r.Status, err, answer)
	}
	token, err := attest.TSAToken(answer)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestStampedTooLate: a signature of sigstore's public instance that is stamped today
// for the first time may have been made by whoever has the key of a certificate that
// ended long ago.
func TestStampedTooLate(t *testing.T) {
	dir := filepath.Join("..", "sigstore", "testdata")
	read := func(name string) []byte {
		doc, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	b, err := sigstore.ParseBundle(read("cosign_checksums.txt.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	people, err := setup.Authorities(attest.RootFulcio, read("trusted_root.json"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fulcio, err := cms.ParseRoots(people)
	if err != nil {
		t.Fatal(err)
	}
	url, chain := startTSA(t, build(t))
	tsa, err := cms.ParseRoots(authoritiesOf(t, chain))
	if err != nil {
		t.Fatal(err)
	}
	who := cms.Keyless{Identity: "keyless@projectsigstore.iam.gserviceaccount.com", Issuer: "https://accounts.google.com"}
	proof := cms.Proof{Certificates: b.Certificates, Signature: b.Signature, Token: stamp(t, url, b.Signature)}
	_, err = who.Verify(proof, read("cosign_checksums.txt"), fulcio, tsa, time.Now())
	if e, ok := errors.AsType[*cms.Error](err); !ok || e.Check != "certificate.expired" {
		t.Errorf("stamped after the certificate: %v", err)
	}
}
