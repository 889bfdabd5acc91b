package cms_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// TestCompleteToken: a token gets the certificate that it names by name and hash,
// and no other, and is then as one that had it.
func TestCompleteToken(t *testing.T) {
	k := newKeyless()
	whole := k.proof.Token
	k.stamp(pki.Token{Sign: func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }})
	bare := k.proof.Token
	if _, err := k.verify(t); checkOf(err) != "tsa.form" {
		t.Fatalf("a token without its certificate: %v", err)
	}
	namesake := *k.stamper.Certificate // the same issuer and serial number, another certificate
	namesake.Raw = k.fulcio.Certificate.Raw
	renewed := k.time.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "again"}, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}, k.stamper.Key)
	for name, c := range map[string]struct {
		token []byte
		known []*x509.Certificate
		want  []byte
	}{
		"its own":               {bare, []*x509.Certificate{&namesake, renewed.Certificate, k.stamper.Certificate}, whole},
		"it has one, and stays": {whole, []*x509.Certificate{renewed.Certificate}, whole},
	} {
		if got, err := cms.CompleteToken(c.token, c.known); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v\n%x", name, err, got)
		}
	}
	if _, err := cms.CompleteToken(bare, []*x509.Certificate{&namesake, renewed.Certificate}); checkOf(err) != "tsa.form" {
		t.Errorf("only others: %v", err)
	}
	for name, der := range map[string][]byte{"nothing": nil, "no token": {0x30, 0}, "bytes after it": append(bytes.Clone(bare), 0), "cut": bare[:len(bare)-1]} {
		if _, err := cms.CompleteToken(der, nil); checkOf(err) != "tsa.form" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
