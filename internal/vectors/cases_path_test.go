package vectors_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"time"

	"github.com/deedlog/deed/internal/testkit/pki"
)

// below is an authority below another. Those of one name and key are one authority.
func below(by *pki.Issued, name string, key crypto.Signer, change func(*x509.Certificate)) *pki.Issued {
	c := x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	change(&c)
	return by.Issue(c, key)
}

func asItIs(*x509.Certificate) {}

// through signs with a leaf below the first of some authorities, which are sent
// along.
func through(sent ...*pki.Issued) func(*pki.Signature) {
	return func(s *pki.Signature) {
		s.Signer = leafOf(sent[0], p256("leaf"), func(c *x509.Certificate) { c.NotBefore = certificatesBegin })
		s.Certificates = []*x509.Certificate{s.Signer.Certificate}
		for _, c := range sent {
			s.Certificates = append(s.Certificates, c.Certificate)
		}
	}
}

// paths are what leads from a leaf to the authority of the set, or does not.
func (w *certifying) paths() []certificateCase {
	strangers := pki.Authority("strangers", w.start)
	sub := func(change func(*x509.Certificate)) func(*pki.Signature) {
		return through(below(w.people, "sub", pki.Key("sub"), change))
	}
	with := func(key crypto.Signer) func(*pki.Signature) { return through(below(w.people, "sub", key, asItIs)) }
	short := below(w.people, "short", pki.Key("short"), func(c *x509.Certificate) { c.MaxPathLenZero = true })
	long := below(w.people, "long", pki.Key("long"), func(c *x509.Certificate) { c.MaxPathLen = 1 })
	impostor := pki.SelfSigned(x509.Certificate{Subject: w.people.Subject, SubjectKeyId: w.people.SubjectKeyId, IsCA: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: w.start, NotAfter: w.people.NotAfter}, pki.Key("impostor"))
	return append(w.ends(), []certificateCase{
		{"below an authority that is sent along", "", sub(asItIs)},
		{"below an authority that is not sent", "certificate.chain", func(s *pki.Signature) {
			sub(asItIs)(s)
			s.Certificates = s.Certificates[:1]
		}},
		{"below two authorities", "", through(below(long, "sub", pki.Key("sub"), asItIs), long)},
		{"below one authority more than the first allows", "certificate.chain", through(below(short, "sub", pki.Key("sub"), asItIs), short)},
		{"of another authority", "certificate.chain", func(s *pki.Signature) { s.Signer = leafOf(strangers, p256("leaf"), asItIs) }},
		{"of another authority, which is sent along", "certificate.chain", through(strangers)},
		{"of another authority of the same name", "certificate.chain", func(s *pki.Signature) { s.Signer = leafOf(impostor, p256("leaf"), asItIs) }},
		{"below an authority that another signed under this name", "certificate.chain", through(below(impostor, "sub", pki.Key("sub"), asItIs))},
		{"signed by itself", "certificate.chain", func(s *pki.Signature) {
			s.Signer = pki.SelfSigned(x509.Certificate{
				Subject: pkix.Name{CommonName: "Maria"}, EmailAddresses: []string{"maria@acme.example"}, NotBefore: w.start, NotAfter: w.people.NotAfter,
				KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
			}, p256("leaf"))
		}},
		{"below two authorities that certify each other", "certificate.chain", through(
			below(below(strangers, "one", pki.Key("one"), asItIs), "other", pki.Key("other"), asItIs),
			below(below(strangers, "other", pki.Key("other"), asItIs), "one", pki.Key("one"), asItIs))},
		{"below somebody who is no authority", "certificate.chain", sub(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })},
		{"below an authority that may not sign certificates", "certificate.chain", sub(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })},
		{"below an authority for e-mail", "", sub(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })},
		{"below an authority for servers", "certificate.usage", sub(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })},
		{"below an authority for addresses of this host", "", sub(func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedEmailAddresses = true, []string{"acme.example"}
		})},
		{"below an authority for addresses of another host", "certificate.chain", sub(func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedEmailAddresses = true, []string{"other.example"}
		})},
		{"below an authority for all addresses but these", "certificate.chain", sub(func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.ExcludedEmailAddresses = true, []string{"acme.example"}
		})},
		{"below an authority with a critical extension that nobody knows", "certificate.chain", sub(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
		})},
		{"below an authority with P-521", "", with(pki.Curve(elliptic.P521(), "sub"))},
		{"below an authority with P-224", "certificate.chain", with(pki.Curve(elliptic.P224(), "sub"))},
		{"below an authority with RSA of 4484 bits", "", with(pki.Mersenne(2203, 2281))},
		{"below an authority with RSA of 1886 bits", "certificate.chain", with(pki.Mersenne(607, 1279))},
	}...)
}

// ends are paths that last for a time.
func (w *certifying) ends() []certificateCase {
	sub := func(from, to time.Time) *pki.Issued {
		return below(w.people, "sub", pki.Key("sub"), func(c *x509.Certificate) {
			if c.NotAfter = to; !from.IsZero() {
				c.NotBefore = from
			}
		})
	}
	soon, later := sub(time.Time{}, w.now().Add(time.Hour)), sub(time.Time{}, w.now().Add(2*time.Hour))
	return []certificateCase{
		{"below an authority that ends first", "", through(soon)},
		{"below an authority with two certificates", "", through(soon, later)},
		{"below an authority with two certificates, in another order", "", through(later, soon)},
		{"below an authority that has ended", "certificate.chain", through(sub(time.Time{}, w.now().Add(-time.Second)))},
		{"below an authority that has not begun", "certificate.chain", through(sub(w.now().Add(time.Second), w.people.NotAfter))},
	}
}

// others are signatures by another name, or with another set.
func (w *certifying) others() {
	sub := below(w.people, "sub", pki.Key("sub"), asItIs)
	ended := pki.SelfSigned(x509.Certificate{Subject: pkix.Name{CommonName: "ended"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: w.start, NotAfter: w.now().Add(-time.Second)}, pki.Key("ended"))
	w.file.Roots["sub"], w.file.Roots["ended"] = string(sub.PEM()), string(ended.PEM())
	for _, c := range []struct {
		name, code, roots string
		subject           []byte
		signer            *pki.Issued
	}{
		{"by the whole name", "", "people", w.maria.RawSubject, w.maria},
		{"by another whole name", "certificate.subject", "people", w.people.RawSubject, w.maria},
		{"below an authority that is in the set", "", "sub", nil, leafOf(sub, p256("leaf"), asItIs)},
		{"of the authority above the one in the set", "certificate.chain", "sub", nil, w.maria},
		{"of an authority in the set that has ended", "certificate.chain", "ended", nil, leafOf(ended, p256("leaf"), func(c *x509.Certificate) { c.NotAfter = w.people.NotAfter })},
		{"with a set that is not there", "certificate.chain", "nowhere", nil, w.maria},
	} {
		der := pki.Signature{Signer: c.signer, Content: w.file.Message}.DER()
		v := w.file.read(signatureForm{Name: c.name, Subject: c.subject, Roots: c.roots, DER: der})
		w.gives(c.name, v.Code, c.code)
		w.file.Signatures = append(w.file.Signatures, v)
	}
}

// sets are sets of authorities.
func (w *certifying) sets() {
	self := func(key crypto.Signer, change func(*x509.Certificate)) string {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "a"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: w.start, NotAfter: w.people.NotAfter}
		change(&c)
		return string(pki.SelfSigned(c, key).PEM())
	}
	people := string(w.people.PEM())
	const begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"
	for _, v := range []setForm{
		{"Ed25519", "", people, 0},
		{"several, with white space between", "", "\n" + people + "\r\n\n" + people, 0},
		{"P-256", "", self(pki.Curve(elliptic.P256(), "a"), asItIs), 0},
		{"P-384", "", self(pki.Curve(elliptic.P384(), "a"), asItIs), 0},
		{"P-521", "", self(pki.Curve(elliptic.P521(), "a"), asItIs), 0},
		{"RSA of 3482 bits", "", self(pki.Mersenne(1279, 2203), asItIs), 0},
		{"RSA of 4484 bits", "", self(pki.Mersenne(2203, 2281), asItIs), 0},
		{"without key usage", "", self(pki.Key("a"), func(c *x509.Certificate) { c.KeyUsage = 0 }), 0},
		{"64 authorities", "", people, 64},
		{"65 authorities", "roots.form", people, 65},
		{"over 512 KiB", "roots.form", people + strings.Repeat(" ", 8193-len(people)), 64},
		{"nothing", "roots.form", "", 0},
		{"white space", "roots.form", " \n", 0},
		{"text before", "roots.form", "x\n" + people, 0},
		{"text after", "roots.form", people + "x", 0},
		{"cut off", "roots.form", people[:len(people)-len(end)], 0},
		{"a header", "roots.form", begin + "a: b\n\n" + people[len(begin):], 0},
		{"no certificate", "roots.form", begin + "AQ==\n" + end, 0},
		{"a leaf", "roots.form", string(w.maria.PEM()), 0},
		{"a leaf that may sign certificates", "roots.form", self(pki.Key("a"), func(c *x509.Certificate) { c.IsCA = false }), 0},
		{"an authority that may not sign certificates", "roots.form", self(pki.Key("a"), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), 0},
		{"P-224", "roots.form", self(pki.Curve(elliptic.P224(), "a"), asItIs), 0},
		{"RSA of 1886 bits", "roots.form", self(pki.Mersenne(607, 1279), asItIs), 0},
		{"RSA of 8676 bits", "roots.form", self(pki.Mersenne(4253, 4423), asItIs), 0},
	} {
		got := w.file.parse(v)
		w.gives(v.Name, got.Code, v.Code)
		w.file.Sets = append(w.file.Sets, got)
	}
}

// names are distinguished names.
func (w *certifying) names() {
	right := w.maria.RawSubject
	for _, v := range []nameForm{
		{"right", right, true},
		{"nothing", nil, false},
		{"no parts", []byte{0x30, 0}, false},
		{"bytes left over", append(bytes.Clone(right), 0), false},
		{"cut off", right[:len(right)-1], false},
		{"a set", append([]byte{0x31}, right[1:]...), false},
	} {
		got := w.file.called(v)
		if got.Valid != v.Valid {
			w.t.Errorf("%s: %v", v.Name, got.Valid)
		}
		w.file.Names = append(w.file.Names, got)
	}
}
