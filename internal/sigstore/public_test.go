package sigstore_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/sigstore"
)

// Who signs the releases of cosign, and when one was signed.
var (
	releaser = cms.Keyless{Identity: "keyless@projectsigstore.iam.gserviceaccount.com", Issuer: "https://accounts.google.com"}
	signedAt = time.Date(2026, 8, 6, 1, 3, 47, 0, time.UTC)
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func publicRoot(t testing.TB) *sigstore.TrustedRoot {
	t.Helper()
	root, err := sigstore.ParseTrustedRoot(file(t, "trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// rootsOf are authorities under Deed's own rules.
func rootsOf(t testing.TB, list []sigstore.Authority, at time.Time, want int) *cms.Roots {
	t.Helper()
	doc, err := sigstore.PEM(list, at)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := cms.ParseRoots(doc)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(roots.Certificates()); n != want {
		t.Errorf("%d authorities, want %d", n, want)
	}
	return roots
}

// release is what cosign wrote of its own release, and what it signed.
func release(t testing.TB) (p cms.Proof, message []byte) {
	t.Helper()
	b, err := sigstore.ParseBundle(file(t, "cosign_checksums.txt.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := cms.TokenOf(b.Timestamps[0])
	if err != nil {
		t.Fatal(err)
	}
	return cms.Proof{Certificates: b.Certificates, Signature: b.Signature, Token: token}, file(t, "cosign_checksums.txt")
}

func checkOf(err error) string {
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return e.Check
	}
	return ""
}

// TestPublicInstance: what sigstore's public instance certified and stamped holds
// under the rules of Deed, and for nobody else.
func TestPublicInstance(t *testing.T) {
	root := publicRoot(t)
	fulcio, tsa := rootsOf(t, root.Fulcio, signedAt, 2), rootsOf(t, root.TSA, signedAt, 1)
	proof, message := release(t)

	bare := proof
	if _, err := releaser.Verify(bare, message, fulcio, tsa, signedAt); checkOf(err) != "tsa.form" {
		t.Errorf("a token without its certificate: %v", err)
	}
	var err error
	if proof.Token, err = cms.CompleteToken(proof.Token, root.Stampers()); err != nil {
		t.Fatal(err)
	}
	facts, err := releaser.Verify(proof, message, fulcio, tsa, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	if !facts.SignedBy.Equal(signedAt) || facts.Accuracy != time.Second || facts.Authority.Subject.CommonName != "sigstore-tsa" {
		t.Errorf("signed by %s, within %s, by %s", facts.SignedBy, facts.Accuracy, facts.Authority.Subject)
	}

	later := signedAt.AddDate(5, 0, 0)
	if _, err := releaser.Verify(proof, message, fulcio, tsa, later); err != nil {
		t.Errorf("five years later: %v", err)
	}
	if _, err := releaser.Verify(proof, append(message, '\n'), fulcio, tsa, signedAt); checkOf(err) != "envelope.signature" {
		t.Errorf("other bytes: %v", err)
	}
	other := cms.Keyless{Identity: releaser.Identity, Issuer: "https://accounts.example"}
	if _, err := other.Verify(proof, message, fulcio, tsa, signedAt); checkOf(err) != "fulcio.issuer" {
		t.Errorf("another provider: %v", err)
	}
	other = cms.Keyless{Identity: "maria@acme.example", Issuer: releaser.Issuer}
	if _, err := other.Verify(proof, message, fulcio, tsa, signedAt); checkOf(err) != "certificate.subject" {
		t.Errorf("somebody else: %v", err)
	}
	if _, err := releaser.Verify(proof, message, tsa, tsa, signedAt); checkOf(err) != "certificate.chain" {
		t.Errorf("authorities of time for those of people: %v", err)
	}
	if _, err := releaser.Verify(proof, message, fulcio, fulcio, signedAt); checkOf(err) != "tsa.chain" {
		t.Errorf("authorities of people for those of time: %v", err)
	}
}

// TestAuthoritiesInTime: an authority counts from when until when the trusted root
// says, and not for as long as its certificate lasts.
func TestAuthoritiesInTime(t *testing.T) {
	root := publicRoot(t)
	rootsOf(t, root.Fulcio, time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC), 3) // old and new
	rootsOf(t, root.Fulcio, time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	rootsOf(t, root.Fulcio, time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), 2) // the old one lasts until 2031
	if doc, err := sigstore.PEM(root.TSA, time.Date(2025, 7, 3, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Errorf("before there was any: %s", doc)
	}
	if list := root.Stampers(); len(list) != 1 || list[0].IsCA || list[0].ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping {
		t.Errorf("%d stampers", len(list))
	}
}
