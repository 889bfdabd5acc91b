// Package pki is what people sign with in tests: authorities of X.509, Fulcio and
// time stamps, signatures in CMS, tokens of RFC 3161, and SSH keys, those in
// security keys too. Everything comes from fixed seeds, so that the bytes are the
// same in every run; keys are Ed25519 unless a test puts another in.
//
// It writes what packages attest/cms and attest/sshsig read, and shares no code
// with them. Every part can be spoiled before it is written.
package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net/url"
	"time"
)

// Issued is a certificate with its key.
type Issued struct {
	*x509.Certificate
	Key crypto.Signer
	by  *Issued
}

// Authority makes a self-signed authority, valid for a year from a time.
func Authority(name string, from time.Time) *Issued {
	a := &Issued{Key: Key("authority " + name)}
	a.by = a
	a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
	})
	return a
}

// SelfSigned makes a certificate that its own key signed.
func SelfSigned(t x509.Certificate, key crypto.Signer) *Issued {
	out := &Issued{Key: key}
	out.by = out
	t.BasicConstraintsValid = true
	out.issue(&t)
	return out
}

// Issue makes a certificate for a key. What the template leaves out is filled in:
// number, one day from the authority's start, digitalSignature.
func (a *Issued) Issue(t x509.Certificate, key crypto.Signer) *Issued {
	out := &Issued{Key: key, by: a}
	if t.NotBefore.IsZero() {
		t.NotBefore = a.NotBefore
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = t.NotBefore.AddDate(0, 0, 30)
	}
	if t.KeyUsage == 0 {
		t.KeyUsage = x509.KeyUsageDigitalSignature
	}
	t.BasicConstraintsValid = true
	out.issue(&t)
	return out
}

func (i *Issued) issue(t *x509.Certificate) {
	if t.SerialNumber == nil {
		sum := sha256.Sum256([]byte(t.Subject.String() + t.NotBefore.String()))
		t.SerialNumber = new(big.Int).SetBytes(sum[:8])
	}
	if t.SubjectKeyId == nil { // or it changes with the version of the library
		der, err := x509.MarshalPKIXPublicKey(i.Key.Public())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(der)
		t.SubjectKeyId = sum[:20]
	}
	parent := t
	if i.by != i {
		parent = i.by.Certificate
	}
	der, err := x509.CreateCertificate(nil, t, parent, i.Key.Public(), i.by.Key)
	if err != nil {
		panic(err) // of a template of a test
	}
	if i.Certificate, err = x509.ParseCertificate(der); err != nil {
		panic(err)
	}
}

// PEM is the certificate as a set of authorities has it.
func (i *Issued) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Raw})
}

// Person issues a certificate of e-mail for an address.
func (a *Issued) Person(name, email string) *Issued {
	return a.Issue(x509.Certificate{
		Subject: pkix.Name{CommonName: name, Country: []string{"DE"}, SerialNumber: "PNODE-" + name}, EmailAddresses: []string{email},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}, Key("person "+name+email))
}

var (
	oidProvider   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
	oidProviderV1 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
)

// Provider is Fulcio's extension that names the OpenID provider, and OldProvider
// the one before it.
func Provider(issuer string) pkix.Extension {
	der, err := asn1.MarshalWithParams(issuer, "utf8")
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: oidProvider, Value: der}
}

// OldProvider is the extension as Fulcio wrote it first.
func OldProvider(issuer string) pkix.Extension {
	return pkix.Extension{Id: oidProviderV1, Value: []byte(issuer)}
}

// Keyless issues a certificate as Fulcio does: for ten minutes, for an address or
// a URI.
func (a *Issued) Keyless(identity, issuer string, from time.Time) *Issued {
	t := x509.Certificate{
		SerialNumber: big.NewInt(from.Unix()), NotBefore: from, NotAfter: from.Add(10 * time.Minute),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: []pkix.Extension{Provider(issuer)},
	}
	if u, err := url.Parse(identity); err == nil && u.Scheme != "" {
		t.URIs = []*url.URL{u}
	} else {
		t.EmailAddresses = []string{identity}
	}
	return a.Issue(t, Key("keyless "+identity+from.String()))
}

// Stamper issues a certificate of a time-stamping authority.
func (a *Issued) Stamper() *Issued {
	return a.Issue(x509.Certificate{
		Subject: pkix.Name{CommonName: "stamps of " + a.Subject.CommonName}, NotAfter: a.NotAfter,
		ExtraExtensions: []pkix.Extension{StampsAlone(true)},
	}, Key("stamper"+a.Subject.CommonName))
}

// StampsAlone is the extended key usage of time stamps.
func StampsAlone(critical bool) pkix.Extension {
	return UsedFor(critical, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8})
}

// UsedFor is an extended key usage.
func UsedFor(critical bool, usages ...asn1.ObjectIdentifier) pkix.Extension {
	der, err := asn1.Marshal(usages)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: der}
}
