package vectors_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/testkit/pki"
)

// certifying is who signs and who certifies in certificates.json.
type certifying struct {
	t                    *testing.T
	file                 *certificateFile
	start                time.Time
	people, fulcio, time *pki.Issued // authorities
	maria, stamper       *pki.Issued
}

// certificatesBegin is when the authorities begin.
var certificatesBegin = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// makeCertificates is the file as the cases give it.
func makeCertificates(t *testing.T) *certificateFile {
	start := certificatesBegin
	w := &certifying{t: t, start: start, people: pki.Authority("people", start), fulcio: pki.Authority("fulcio", start), time: pki.Authority("time", start)}
	w.maria, w.stamper = w.leaf(p256("maria"), asItIs), stamperOf(w.time)
	w.file = &certificateFile{
		Message: []byte("DSSEv1 28 application/vnd.in-toto+json 5 hello"), CheckedAt: w.now().UnixMilli(),
		Email: "maria@acme.example", Identity: "maria@acme.example", Issuer: "https://accounts.acme.example",
		Roots: map[string]string{"people": string(w.people.PEM()), "fulcio": string(w.fulcio.PEM()), "time": string(w.time.PEM())},
	}
	for _, c := range [][]certificateCase{w.keys(), w.algorithms(), w.forms(), w.leaves(), w.paths()} {
		for _, v := range c {
			w.signature(v)
		}
	}
	w.others()
	w.proofs()
	w.tokens()
	w.answers()
	w.completions()
	w.sets()
	w.names()
	return w.file
}

// p256 is a key of the kind that most tools have.
func p256(seed string) *ecdsa.PrivateKey { return pki.Curve(elliptic.P256(), seed) }

// now is when everything is checked.
func (w *certifying) now() time.Time { return w.start.Add(3 * time.Hour) }

// gives wants a case to have the code that it is written down with.
func (w *certifying) gives(name, got, want string) {
	if got != want {
		w.t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// certificateCase is a CMS signature that is Maria's and right but for one thing.
type certificateCase struct {
	name, code string
	change     func(*pki.Signature)
}

func (w *certifying) signature(c certificateCase) {
	s := pki.Signature{Signer: w.maria, Content: w.file.Message}
	c.change(&s)
	v := w.file.read(signatureForm{Name: c.name, Roots: "people", DER: s.DER()})
	w.gives(c.name, v.Code, c.code)
	w.file.Signatures = append(w.file.Signatures, v)
}

// leaf is a certificate of Maria's by the authority of people.
func (w *certifying) leaf(key crypto.Signer, change func(*x509.Certificate)) *pki.Issued {
	return leafOf(w.people, key, change)
}

func leafOf(by *pki.Issued, key crypto.Signer, change func(*x509.Certificate)) *pki.Issued {
	c := x509.Certificate{
		Subject: pkix.Name{CommonName: "Maria"}, EmailAddresses: []string{"maria@acme.example"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	change(&c)
	return by.Issue(c, key)
}

// The places in a signature that is taken apart.
func signedDataOf(n *pki.Node) *pki.Node { return n.At(1, 0) }
func signerOf(n *pki.Node) *pki.Node     { return n.At(1, 0, 4, 0) }

// keys are the keys that may sign, and some that may not.
func (w *certifying) keys() []certificateCase {
	as := func(key crypto.Signer, hash crypto.Hash) func(*pki.Signature) {
		return func(s *pki.Signature) { s.Signer, s.Hash = w.leaf(key, asItIs), hash }
	}
	return []certificateCase{
		{"P-256 with SHA-512", "", func(*pki.Signature) {}},
		{"P-256 with SHA-256", "", as(p256("maria"), crypto.SHA256)},
		{"Ed25519", "", as(pki.Key("maria"), crypto.SHA512)},
		{"P-384 with SHA-384", "", as(pki.Curve(elliptic.P384(), "maria"), crypto.SHA384)},
		{"RSA of 3482 bits", "", as(pki.Mersenne(1279, 2203), crypto.SHA256)},
		{"P-521", "key.algorithm", as(pki.Curve(elliptic.P521(), "maria"), crypto.SHA512)},
		{"P-224", "key.algorithm", as(pki.Curve(elliptic.P224(), "maria"), crypto.SHA256)},
		{"RSA of 1886 bits", "key.algorithm", as(pki.Mersenne(607, 1279), crypto.SHA256)},
		{"RSA of 4484 bits", "key.algorithm", as(pki.Mersenne(2203, 2281), crypto.SHA256)},
		{"by another key", "envelope.signature", func(s *pki.Signature) {
			s.Signer = &pki.Issued{Certificate: w.maria.Certificate, Key: p256("thief")}
		}},
	}
}

// algorithms are what is named as the digest and as the way to sign.
func (w *certifying) algorithms() []certificateCase {
	ec, ed := w.maria, w.leaf(pki.Key("maria"), asItIs)
	by := func(key *pki.Issued, hash crypto.Hash, algorithm []int, more ...*pki.Node) func(*pki.Signature) {
		return func(s *pki.Signature) {
			s.Signer, s.Hash, s.Algorithm = key, hash, algorithm
			s.Spoil = func(n *pki.Node) { signerOf(n).At(4).Add(more...) }
		}
	}
	digest := func(more ...*pki.Node) func(*pki.Signature) {
		return func(s *pki.Signature) { s.Spoil = func(n *pki.Node) { signerOf(n).At(2).Add(more...) } }
	}
	text := &pki.Node{Tag: 4, Bytes: []byte("x")}
	rsa := w.leaf(pki.Mersenne(1279, 2203), asItIs)
	return append([]certificateCase{
		{"a digest with NULL", "", digest(pki.Null())},
		{"a digest with parameters", "cms.algorithm", digest(text)},
		{"a digest with NULL and more", "cms.algorithm", digest(pki.Null(), text)},
		{"SHA-1", "cms.algorithm", func(s *pki.Signature) { s.Signer, s.Hash = ed, crypto.SHA1 }},
		{"ECDSA with NULL", "", by(ec, crypto.SHA256, nil, pki.Null())},
		{"ECDSA with parameters", "cms.algorithm", by(ec, crypto.SHA256, nil, text)},
		{"ECDSA with another hash than the digest", "cms.algorithm", by(ec, crypto.SHA512, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2})},
		{"ECDSA that is called RSA", "cms.algorithm", by(ec, crypto.SHA256, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11})},
		{"RSA with its hash", "", by(rsa, crypto.SHA384, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, pki.Null())},
		{"RSA with parameters", "cms.algorithm", by(rsa, crypto.SHA256, nil, text)},
		{"RSA that is called ECDSA", "cms.algorithm", by(rsa, crypto.SHA256, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2})},
		{"Ed25519 with NULL", "cms.algorithm", by(ed, crypto.SHA512, nil, pki.Null())},
		{"Ed25519 with SHA-256", "cms.algorithm", by(ed, crypto.SHA256, nil)},
		{"Ed25519 that is called ECDSA", "cms.algorithm", by(ed, crypto.SHA512, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4})},
		{"an unknown algorithm", "cms.algorithm", by(w.maria, crypto.SHA512, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5})},
		{"an algorithm without a name", "cms.form", func(s *pki.Signature) {
			s.Spoil = func(n *pki.Node) { signerOf(n).At(4).Nodes = nil }
		}},
	}, w.pss()...)
}

// pss are the parameters of RSASSA-PSS.
func (w *certifying) pss() []certificateCase {
	by := func(salt int, spoil func(params *pki.Node)) func(*pki.Signature) {
		return func(s *pki.Signature) {
			key := pki.Mersenne(1279, 2203)
			key.Salt = salt
			s.Signer, s.Hash, s.PSS = w.leaf(key, asItIs), crypto.SHA256, true
			s.Spoil = func(n *pki.Node) { spoil(signerOf(n).At(4, 1)) }
		}
	}
	sha384 := []byte{0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2}
	return []certificateCase{
		{"PSS", "", by(32, func(*pki.Node) {})},
		{"PSS with the shortest salt", "", by(20, func(*pki.Node) {})},
		{"PSS with a salt too short", "cms.algorithm", by(19, func(*pki.Node) {})},
		{"PSS with a salt too long", "cms.algorithm", by(32, func(p *pki.Node) { p.At(2, 0).Bytes = []byte{2, 1} })},
		{"PSS with another salt than it says", "envelope.signature", by(32, func(p *pki.Node) { p.At(2, 0).Bytes = []byte{33} })},
		{"PSS by another hash", "cms.algorithm", by(32, func(p *pki.Node) { p.At(0, 0, 0).Bytes = sha384 })},
		{"PSS with a mask by another hash", "cms.algorithm", by(32, func(p *pki.Node) { p.At(1, 0, 1, 0).Bytes = sha384 })},
		{"PSS with another mask", "cms.algorithm", by(32, func(p *pki.Node) { p.At(1, 0, 0).Bytes[8] = 9 })},
		{"PSS with a trailer", "cms.algorithm", by(32, func(p *pki.Node) {
			p.Add(&pki.Node{Tag: 0xa3, Nodes: []*pki.Node{{Tag: 2, Bytes: []byte{1}}}})
		})},
		{"PSS with two hashes", "cms.algorithm", by(32, func(p *pki.Node) { p.At(0).Add(pki.Null()) })},
		{"PSS with two masks", "cms.algorithm", by(32, func(p *pki.Node) { p.At(1).Add(pki.Null()) })},
		{"PSS with two hashes of the mask", "cms.algorithm", by(32, func(p *pki.Node) { p.At(1, 0).Add(pki.Null()) })},
		{"PSS with two salts", "cms.algorithm", by(32, func(p *pki.Node) { p.At(2).Add(pki.Null()) })},
		{"PSS without parameters", "cms.algorithm", func(s *pki.Signature) {
			by(32, func(*pki.Node) {})(s)
			s.Spoil = func(n *pki.Node) { signerOf(n).At(4).Remove(1) }
		}},
		{"PSS with parameters twice", "cms.algorithm", func(s *pki.Signature) {
			by(32, func(*pki.Node) {})(s)
			s.Spoil = func(n *pki.Node) { signerOf(n).At(4).Add(pki.Null()) }
		}},
	}
}

// forms are what SignedData may look like.
func (w *certifying) forms() []certificateCase {
	spoil := func(change func(*pki.Node)) func(*pki.Signature) { return func(s *pki.Signature) { s.Spoil = change } }
	raw := func(change func([]byte) []byte) func(*pki.Signature) {
		return func(s *pki.Signature) { s.Raw = change }
	}
	attributes := func(change func([]pki.Attribute) []pki.Attribute) func(*pki.Signature) {
		return func(s *pki.Signature) { s.Attributes = change }
	}
	sha256 := &pki.Node{Tag: 0x30, Nodes: []*pki.Node{{Tag: 6, Bytes: []byte{0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}}}}
	unnamed := w.leaf(p256("unnamed"), func(c *x509.Certificate) { c.SubjectKeyId = []byte{} })
	return []certificateCase{
		{"by the subject key identifier", "", func(s *pki.Signature) { s.BySubjectKey = true }},
		{"with an unsigned attribute", "", func(s *pki.Signature) { s.Unsigned = []byte{0x30, 8, 6, 2, 0x2a, 3, 0x31, 2, 5, 0} }},
		{"with another signed attribute", "", attributes(func(a []pki.Attribute) []pki.Attribute {
			return append(a, pki.Attribute{OID: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}, Value: []byte("\x17\x0d260301090000Z")})
		})},
		{"several digests announced", "", spoil(func(n *pki.Node) { signedDataOf(n).At(1).Add(sha256) })},
		{"other digests announced first", "", spoil(func(n *pki.Node) { signedDataOf(n).At(1).Insert(0, sha256) })},
		{"another digest announced", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).At(1).Nodes = []*pki.Node{sha256} })},
		{"something announced that is no digest", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).At(1).Add(pki.Null()) })},
		{"nothing", "cms.form", raw(func([]byte) []byte { return nil })},
		{"bytes left over", "cms.form", raw(func(der []byte) []byte { return append(der, 0) })},
		{"a byte missing", "cms.form", raw(func(der []byte) []byte { return der[:len(der)-1] })},
		{"of indefinite length", "cms.form", raw(func(der []byte) []byte { return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0) })},
		{"a length in more bytes than it needs", "cms.form", raw(func(der []byte) []byte { return append([]byte{0x30, 0x83, 0}, der[2:]...) })},
		{"over 16,384 bytes", "cms.form", func(s *pki.Signature) { s.Unsigned = append([]byte{4, 0x82, 0x40, 0}, make([]byte, 1<<14)...) }},
		{"no SignedData", "cms.form", spoil(func(n *pki.Node) { n.At(0).Bytes[8] = 3 })},
		{"more in ContentInfo", "cms.form", spoil(func(n *pki.Node) { n.Add(pki.Null()) })},
		{"two SignedData", "cms.form", spoil(func(n *pki.Node) { n.At(1).Add(pki.Null()) })},
		{"SignedData of version 0", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).At(0).Bytes[0] = 0 })},
		{"SignedData of version 6", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).At(0).Bytes[0] = 6 })},
		{"more in SignedData", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).Add(pki.Null()) })},
		{"with CRLs", "cms.form", func(s *pki.Signature) { s.CRLs = true }},
		{"attached", "cms.form", func(s *pki.Signature) { s.Attached = true }},
		{"of another content type", "cms.form", func(s *pki.Signature) { s.ContentType = pki.OIDTSTInfo }},
		{"no signer", "cms.form", spoil(func(n *pki.Node) { signedDataOf(n).At(4).Nodes = nil })},
		{"two signers", "cms.form", func(s *pki.Signature) { s.Twice = true }},
		{"a signer of version 2", "cms.form", spoil(func(n *pki.Node) { signerOf(n).At(0).Bytes[0] = 2 })},
		{"a signer by serial number, called by its key", "cms.form", spoil(func(n *pki.Node) { signerOf(n).At(0).Bytes[0] = 3 })},
		{"an empty subject key identifier", "cms.form", func(s *pki.Signature) { s.Signer, s.BySubjectKey = unnamed, true }},
		{"a signer without a serial number", "cms.form", spoil(func(n *pki.Node) { signerOf(n).At(1).Remove(1) })},
		{"a signer by more than a serial number", "cms.form", spoil(func(n *pki.Node) { signerOf(n).At(1).Add(pki.Null()) })},
		{"more in the signer", "cms.form", spoil(func(n *pki.Node) { signerOf(n).Add(pki.Null()) })},
		{"no signed attributes", "cms.form", spoil(func(n *pki.Node) { signerOf(n).Remove(3) })},
		{"no content type", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute { return a[1:] })},
		{"another content type among the attributes", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute {
			a[0].Value = bytes.Clone(a[0].Value)
			a[0].Value[len(a[0].Value)-1] = 5
			return a
		})},
		{"two content types in one", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute {
			a[0].Value = append(bytes.Clone(a[0].Value), a[0].Value...)
			return a
		})},
		{"no digest", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute { return a[:1] })},
		{"a digest twice", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute { return append(a, a[1]) })},
		{"two digests in one", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute {
			a[1].Value = append(bytes.Clone(a[1].Value), a[1].Value...)
			return a
		})},
		{"more in an attribute", "cms.form", attributes(func(a []pki.Attribute) []pki.Attribute {
			a[1].More = []byte{5, 0}
			return a
		})},
		{"over other bytes", "cms.digest", func(s *pki.Signature) { s.Content = []byte("pay 10000") }},
	}
}

// leaves are the certificates that come with a signature, and whose they are.
func (w *certifying) leaves() []certificateCase {
	sends := func(list ...*pki.Issued) func(*pki.Signature) {
		return func(s *pki.Signature) {
			s.Certificates = []*x509.Certificate{}
			for _, c := range list {
				s.Certificates = append(s.Certificates, c.Certificate)
			}
		}
	}
	by := func(change func(*x509.Certificate)) func(*pki.Signature) {
		return func(s *pki.Signature) { s.Signer = w.leaf(p256("leaf"), change) }
	}
	usage := func(list ...x509.ExtKeyUsage) func(*pki.Signature) {
		return by(func(c *x509.Certificate) { c.ExtKeyUsage = list })
	}
	bob := w.leaf(p256("bob"), func(c *x509.Certificate) {
		c.Subject.CommonName, c.EmailAddresses = "Bob", []string{"bob@acme.example"}
	})
	sameNumber := leafOf(pki.Authority("strangers", w.start), pki.Key("bob"), func(c *x509.Certificate) { c.SerialNumber = w.maria.SerialNumber })
	eight := []*pki.Issued{w.maria}
	for range 7 {
		eight = append(eight, bob)
	}
	return []certificateCase{
		{"with another certificate of the authority", "", sends(bob, w.maria)},
		{"with a certificate of the same number", "", sends(sameNumber, w.maria)},
		{"with eight certificates", "", sends(eight...)},
		{"with nine certificates", "cms.certificate", sends(append(eight, bob)...)},
		{"without certificates", "cms.certificate", sends()},
		{"without its certificate", "cms.certificate", sends(bob)},
		{"with its certificate twice", "cms.certificate", sends(w.maria, w.maria)},
		{"no certificate in the certificates", "cms.certificate", func(s *pki.Signature) {
			s.Spoil = func(n *pki.Node) { signedDataOf(n).At(3).Nodes = []*pki.Node{pki.Null()} }
		}},
		{"two addresses", "", by(func(c *x509.Certificate) { c.EmailAddresses = []string{"m@acme.example", "maria@acme.example"} })},
		{"of another person", "certificate.subject", func(s *pki.Signature) { s.Signer = bob }},
		{"the address in other letters", "certificate.subject", by(func(c *x509.Certificate) { c.EmailAddresses[0] = "Maria@acme.example" })},
		{"the address in the name alone", "certificate.subject", by(func(c *x509.Certificate) { c.Subject.CommonName, c.EmailAddresses = "maria@acme.example", nil })},
		{"for clients of TLS", "", usage(x509.ExtKeyUsageClientAuth)},
		{"for anything", "", usage(x509.ExtKeyUsageAny)},
		{"without extended key usage", "", usage()},
		{"for servers", "certificate.usage", usage(x509.ExtKeyUsageServerAuth)},
		{"for contentCommitment", "", by(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })},
		{"for encryption", "certificate.usage", by(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })},
		{"an authority", "certificate.usage", by(func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		})},
		{"its last second", "", by(func(c *x509.Certificate) { c.NotAfter = w.now() })},
		{"ended", "certificate.expired", by(func(c *x509.Certificate) { c.NotAfter = w.now().Add(-time.Second) })},
		{"its first second", "", by(func(c *x509.Certificate) { c.NotBefore = w.now() })},
		{"not begun", "certificate.not_yet_valid", by(func(c *x509.Certificate) { c.NotBefore = w.now().Add(time.Second) })},
		{"with a critical extension that nobody knows", "certificate.chain", by(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
		})},
	}
}
