package cms_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"testing"
	"time"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/testkit/pki"
)

const provider = "https://accounts.acme.example"

// keyless is a signature by a certificate of Fulcio, and all around it.
type keyless struct {
	fulcio, time  *pki.Issued
	leaf, stamper *pki.Issued
	proof         cms.Proof
	who           cms.Keyless
	at            time.Time
}

// newKeyless is right as it comes: issued at noon, signed a minute later, checked
// ten years after that.
func newKeyless() *keyless {
	k := &keyless{fulcio: pki.Authority("fulcio", start), time: pki.Authority("time", start), who: cms.Keyless{Identity: email, Issuer: provider}, at: noon.AddDate(10, 0, 0)}
	k.stamper = k.time.Stamper()
	k.issue(k.fulcio.Keyless(email, provider, noon))
	return k
}

func (k *keyless) issue(leaf *pki.Issued) {
	k.leaf = leaf
	sig, err := leaf.Key.Sign(nil, message, noHash{})
	if err != nil {
		panic(err)
	}
	k.proof = cms.Proof{Certificates: leaf.Raw, Signature: sig}
	k.stamp(pki.Token{})
}

// stamp puts another token in; what is not set is right.
func (k *keyless) stamp(t pki.Token) {
	if t.Signer == nil {
		t.Signer = k.stamper
	}
	if t.Stamped == nil {
		t.Stamped = k.proof.Signature
	}
	if t.Time.IsZero() {
		t.Time = noon.Add(time.Minute)
	}
	k.proof.Token = t.DER()
}

func (k *keyless) verify(t *testing.T) (cms.Facts, error) {
	return k.who.Verify(k.proof, message, rootsOf(t, k.fulcio), rootsOf(t, k.time), k.at)
}

func TestKeyless(t *testing.T) {
	k := newKeyless()
	f, err := k.verify(t)
	if err != nil || !f.SignedBy.Equal(noon.Add(time.Minute)) || f.Authority.Subject.CommonName != "stamps of time" || !f.NotAfter.IsZero() {
		t.Errorf("%+v %v", f, err)
	}
	k.stamp(pki.Token{Accuracy: 2, V1: true})
	if f, err := k.verify(t); err != nil || f.Accuracy != 2*time.Second {
		t.Errorf("%+v %v", f, err)
	}
	workload := newKeyless()
	workload.who.Identity = "https://github.com/acme/x/.github/workflows/w.yml@refs/heads/main"
	workload.issue(workload.fulcio.Keyless(workload.who.Identity, provider, noon))
	if _, err := workload.verify(t); err != nil {
		t.Error(err)
	}
}

// TestKeylessRefusals: one thing wrong, and the check that it is.
func TestKeylessRefusals(t *testing.T) {
	leaf := func(k *keyless, change func(*x509.Certificate)) {
		c := x509.Certificate{NotBefore: noon, NotAfter: noon.Add(10 * time.Minute), EmailAddresses: []string{email},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: []pkix.Extension{pki.Provider(provider)}}
		change(&c)
		k.issue(k.fulcio.Issue(c, pki.Key("leaf")))
	}
	for _, c := range []struct {
		name, want string
		spoil      func(*keyless)
	}{
		{"the older extension alone", "", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.ExtraExtensions[0] = pki.OldProvider(provider) })
		}},
		{"both extensions", "", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, pki.OldProvider(provider)) })
		}},
		{"two extensions that differ", "fulcio.issuer", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) {
				c.ExtraExtensions = append(c.ExtraExtensions, pki.OldProvider("https://x.example"))
			})
		}},
		{"no provider", "fulcio.issuer", func(k *keyless) { leaf(k, func(c *x509.Certificate) { c.ExtraExtensions = nil }) }},
		{"another provider", "fulcio.issuer", func(k *keyless) { k.issue(k.fulcio.Keyless(email, provider+".evil", noon)) }},
		{"another identity", "certificate.subject", func(k *keyless) { k.issue(k.fulcio.Keyless("bob@acme.example", provider, noon)) }},
		{"two names", "certificate.subject", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.URIs = []*url.URL{{Scheme: "https", Host: "x.example"}} })
		}},
		{"a host besides", "certificate.subject", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.DNSNames = []string{"x.example"} })
		}},
		{"for e-mail", "certificate.usage", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
		}},
		{"for encryption", "certificate.usage", func(k *keyless) {
			leaf(k, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
		}},
		{"of another authority", "certificate.chain", func(k *keyless) { k.issue(pki.Authority("x", start).Keyless(email, provider, noon)) }},
		{"over other bytes", "envelope.signature", func(k *keyless) {
			sig, err := k.leaf.Key.Sign(nil, []byte("pay 10000"), noHash{})
			if err != nil {
				t.Fatal(err)
			}
			k.proof.Signature = sig
			k.stamp(pki.Token{})
		}},
		{"no certificate", "fulcio.certificate", func(k *keyless) { k.proof.Certificates = nil }},
		{"bytes after the certificate", "fulcio.certificate", func(k *keyless) { k.proof.Certificates = append(bytes.Clone(k.proof.Certificates), 0) }},

		{"no token", "tsa.form", func(k *keyless) { k.proof.Token = nil }},
		{"a token of the payload", "tsa.imprint", func(k *keyless) { k.stamp(pki.Token{Stamped: message}) }},
		{"before the certificate", "certificate.not_yet_valid", func(k *keyless) { k.stamp(pki.Token{Time: noon.Add(-time.Second)}) }},
		{"after the certificate", "certificate.expired", func(k *keyless) { k.stamp(pki.Token{Time: noon.Add(10*time.Minute + time.Second)}) }},
		{"in its first second, give or take one", "", func(k *keyless) { k.stamp(pki.Token{Time: noon, Accuracy: 1}) }},
		{"perhaps not before the certificate", "certificate.not_yet_valid", func(k *keyless) { k.stamp(pki.Token{Time: noon.Add(-time.Second), Accuracy: 2}) }},
		{"perhaps after the certificate", "certificate.expired", func(k *keyless) { k.stamp(pki.Token{Time: noon.Add(10 * time.Minute), Accuracy: 1}) }},
		{"a time to come", "tsa.later", func(k *keyless) { k.at = noon.Add(-time.Second) }},
		{"a time less than a minute to come", "", func(k *keyless) { k.at = noon.Add(time.Second) }},
		{"of another time-stamping authority", "tsa.chain", func(k *keyless) { k.stamp(pki.Token{Signer: pki.Authority("x", start).Stamper()}) }},
		{"after the authority of time", "tsa.expired", func(k *keyless) { k.stamp(pki.Token{Time: start.AddDate(2, 0, 0)}) }},
		{"before the authority of time", "tsa.not_yet_valid", func(k *keyless) { k.stamp(pki.Token{Time: start.AddDate(0, 0, -1)}) }},
		{"a stamper for something else", "tsa.usage", func(k *keyless) { k.stamp(pki.Token{Signer: k.time.Person("x", email)}) }},
		{"a stamper whose usage is not critical", "tsa.usage", func(k *keyless) {
			k.stamp(pki.Token{Signer: k.time.Issue(x509.Certificate{ExtraExtensions: []pkix.Extension{pki.StampsAlone(false)}}, pki.Key("x"))})
		}},
		{"a stamper that may not sign", "tsa.usage", func(k *keyless) {
			k.stamp(pki.Token{Signer: k.time.Issue(x509.Certificate{KeyUsage: x509.KeyUsageKeyEncipherment, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}, pki.Key("x"))})
		}},
		{"a detached token", "tsa.form", func(k *keyless) { k.stamp(pki.Token{Sign: func(s *pki.Signature) { s.Attached = false }}) }},
		{"a token of other content", "tsa.form", func(k *keyless) { k.stamp(pki.Token{Sign: func(s *pki.Signature) { s.ContentType = pki.OIDData }}) }},
		{"a token by another key", "tsa.form", func(k *keyless) {
			k.stamp(pki.Token{Sign: func(s *pki.Signature) {
				s.Signer = &pki.Issued{Certificate: k.stamper.Certificate, Key: pki.Key("thief")}
			}})
		}},
		{"a token that names no certificate", "tsa.form", func(k *keyless) {
			k.stamp(pki.Token{Sign: func(s *pki.Signature) { s.Attributes = nil }})
		}},
		{"a token that names another certificate", "tsa.form", func(k *keyless) {
			other := k.time.Stamper()
			k.stamp(pki.Token{Sign: func(s *pki.Signature) {
				s.Signer = k.time.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "again"}, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}, other.Key)
				s.Certificates = []*x509.Certificate{s.Signer.Certificate}
			}})
		}},
		{"a token with bytes left over", "tsa.form", func(k *keyless) { k.stamp(pki.Token{Info: func(b []byte) []byte { return append(b, 5, 0) }}) }},
		{"a token without content", "tsa.form", func(k *keyless) { k.stamp(pki.Token{Info: func([]byte) []byte { return nil }}) }},
	} {
		k := newKeyless()
		c.spoil(k)
		if _, err := k.verify(t); checkOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	k := newKeyless()
	if _, err := k.who.Verify(k.proof, message, nil, rootsOf(t, k.time), k.at); checkOf(err) != "certificate.chain" {
		t.Errorf("no authorities: %v", err)
	}
	if _, err := k.who.Verify(k.proof, message, rootsOf(t, k.fulcio), nil, k.at); checkOf(err) != "tsa.chain" {
		t.Errorf("no authorities of time: %v", err)
	}
	if _, err := k.who.Verify(k.proof, message, rootsOf(t, k.fulcio), rootsOf(t, k.time), time.Time{}); checkOf(err) != "cms: the time is zero" {
		t.Errorf("no time: %v", err)
	}
}

// TestTokenOf: an answer that grants no token has none.
func TestTokenOf(t *testing.T) {
	k := newKeyless()
	if again, err := cms.TokenOf(k.proof.Token); err != nil || !bytes.Equal(again, k.proof.Token) {
		t.Error(err)
	}
	for name, der := range map[string][]byte{"nothing": nil, "rejected": {0x30, 5, 0x30, 3, 2, 1, 2}, "granted, and empty": {0x30, 5, 0x30, 3, 2, 1, 0}} {
		if _, err := cms.TokenOf(der); checkOf(err) != "tsa.form" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
