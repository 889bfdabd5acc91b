package cms_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"testing"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// noHash signs the message itself.
type noHash struct{}

// HashFunc implements crypto.SignerOpts.
func (noHash) HashFunc() crypto.Hash { return 0 }

// known reports whether an error has one of the checks that are documented.
func known(err error) bool { return err == nil || checkOf(err) != err.Error() }

// FuzzSubject: no bytes are a signature over what nobody signed, and none panic.
func FuzzSubject(f *testing.F) {
	ca := pki.Authority("people", start)
	roots := rootsOf(f, ca)
	f.Add(pki.Signature{Signer: ca.Person("Maria", email), Content: message}.DER())
	for _, name := range []string{"p256", "rsa", "pss", "keyid", "cades", "attached", "noattr", "stream"} {
		f.Add(read(f, name+".der"))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		s := cms.Subject{Email: email}
		if _, err := s.Verify(der, message, roots, noon); !known(err) {
			t.Errorf("an error without a check: %v", err)
		}
		if _, err := s.Verify(der, []byte("nobody signed this"), roots, noon); err == nil || !known(err) {
			t.Errorf("over other bytes: %v", err)
		}
	})
}

// FuzzToken: a token that is read is of the bytes that were stamped, by a key that
// stamped them.
func FuzzToken(f *testing.F) {
	tsa := pki.Authority("time", start)
	roots := rootsOf(f, tsa)
	stamper := tsa.Stamper()
	f.Add(pki.Token{Signer: stamper, Stamped: message, Time: noon}.DER())
	f.Add(pki.Token{Signer: stamper, Stamped: message, Time: noon, Sign: func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }}.DER())
	f.Add(pki.Token{Signer: tsa.Stamper(), Stamped: message, Time: noon, Accuracy: 3, V1: true}.DER())
	if token, err := cms.TokenOf(read(f, "response.tsr")); err == nil {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if _, err := cms.TokenOf(der); !known(err) {
			t.Errorf("an error without a check: %v", err)
		}
		whole, err := cms.CompleteToken(der, []*x509.Certificate{stamper.Certificate})
		if !known(err) {
			t.Errorf("an error without a check: %v", err)
		}
		if again, err2 := cms.CompleteToken(whole, nil); err == nil && (err2 != nil || !bytes.Equal(again, whole)) {
			t.Errorf("completed, and no token: %v", err2)
		}
		token, err := cms.ParseToken(der)
		if !known(err) {
			t.Errorf("an error without a check: %v", err)
		}
		if err != nil {
			return
		}
		if err := token.Prove([]byte("nobody stamped this"), roots); err == nil || !known(err) {
			t.Errorf("of other bytes: %v", err)
		}
	})
}

// FuzzRoots: what is read as authorities may all sign certificates.
func FuzzRoots(f *testing.F) {
	f.Add(pki.Authority("people", start).PEM())
	f.Add(read(f, "roots.pem"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := cms.ParseRoots(doc)
		if !known(err) {
			t.Errorf("an error without a check: %v", err)
		}
		if err != nil {
			return
		}
		for _, c := range r.Certificates() {
			if !c.IsCA {
				t.Errorf("%s is no authority", c.Subject)
			}
		}
	})
}
