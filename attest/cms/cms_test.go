package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/testkit/pki"
)

const (
	vectors = "../../testdata/vectors/signatures/cms"
	email   = "maria@acme.example"
)

var (
	message = []byte("DSSEv1 28 application/vnd.in-toto+json 5 hello")
	start   = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	noon    = start.Add(3 * time.Hour)
)

func checkOf(err error) string {
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return e.Check
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rootsOf(t testing.TB, authorities ...*pki.Issued) *cms.Roots {
	t.Helper()
	var doc []byte
	for _, a := range authorities {
		doc = append(doc, a.PEM()...)
	}
	r, err := cms.ParseRoots(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOpenSSL reads what openssl cms wrote (testdata/vectors/signatures/make.sh):
// an issuing authority comes with the signature, the root is known.
func TestOpenSSL(t *testing.T) {
	roots, err := cms.ParseRoots(read(t, "roots.pem"))
	if err != nil {
		t.Fatal(err)
	}
	at := roots.Certificates()[0].NotBefore.Add(time.Hour)
	for name, want := range map[string]string{
		"p256": "", "p384": "", "rsa": "", "pss": "", "keyid": "", "cades": "",
		"sha1": "cms.algorithm", "attached": "cms.form", "nocerts": "cms.certificate", "noattr": "cms.form", "stream": "cms.form",
	} {
		der := read(t, name+".der")
		facts, err := cms.Subject{Email: email}.Verify(der, read(t, "message"), roots, at)
		if checkOf(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if want != "" {
			continue
		}
		if facts.NotAfter != facts.Leaf.NotAfter || facts.Leaf.Subject.SerialNumber != "PNODE-123" {
			t.Errorf("%s: %+v", name, facts)
		}
		if _, err := (cms.Subject{DN: facts.Leaf.RawSubject}).Verify(der, message, roots, at); err != nil {
			t.Errorf("%s by its whole name: %v", name, err)
		}
		if _, err := (cms.Subject{Email: email}).Verify(der, []byte("another"), roots, at); checkOf(err) != "cms.digest" {
			t.Errorf("%s over other bytes: %v", name, err)
		}
		if _, err := (cms.Subject{Email: email}).Verify(der, message, roots, at.AddDate(3, 0, 0)); checkOf(err) != "certificate.expired" {
			t.Errorf("%s in three years: %v", name, err)
		}
	}
	token, err := cms.TokenOf(read(t, "response.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := cms.ParseToken(token)
	if err != nil || stamp.Accuracy != time.Second {
		t.Fatalf("%+v %v", stamp, err)
	}
	if err := stamp.Prove(message, roots); err != nil {
		t.Error(err)
	}
	if err := stamp.Prove([]byte("another"), roots); checkOf(err) != "tsa.imprint" {
		t.Error(err)
	}
}

// TestKeys: every algorithm, and the two ways to name a signer.
func TestKeys(t *testing.T) {
	ca := pki.Authority("people", start)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"Ed25519": pki.Key("maria"), "P-256": p256, "P-384": p384, "RSA": big} {
		leaf := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "Maria"}, EmailAddresses: []string{email}, SubjectKeyId: []byte{1}}, key)
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			for _, bySubjectKey := range []bool{false, true} {
				der := pki.Signature{Signer: leaf, Content: message, Hash: hash, BySubjectKey: bySubjectKey, Unsigned: []byte{5, 0}}.DER()
				want := ""
				if name == "Ed25519" && hash != crypto.SHA512 {
					want = "cms.algorithm" // RFC 8419
				}
				if _, err := (cms.Subject{Email: email}).Verify(der, message, rootsOf(t, ca), noon); checkOf(err) != want {
					t.Errorf("%s with %v: %v", name, hash, err)
				}
			}
		}
	}
}

// TestRefusals: one thing wrong, and the check that it is.
func TestRefusals(t *testing.T) {
	ca, other := pki.Authority("people", start), pki.Authority("strangers", start)
	maria := ca.Person("Maria", email)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(change func(*x509.Certificate)) *pki.Issued {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "Maria"}, EmailAddresses: []string{email}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
		change(&c)
		return ca.Issue(c, pki.Key("leaf"))
	}
	subCA := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "sub"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, pki.Key("sub"))
	below := subCA.Person("Maria", email)
	webCA := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "web"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, pki.Key("web"))
	noCA := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "sub"}}, pki.Key("sub"))
	forged := *noCA
	forged.Key = pki.Key("sub")
	faked := (&forged).Person("Maria", email)
	at := noon
	for _, c := range []struct {
		name, want string
		sig        pki.Signature
		at         time.Time
	}{
		{"right", "", pki.Signature{Signer: maria}, at},
		{"two addresses", "", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.EmailAddresses = []string{"m@acme.example", email} })}, at},
		{"for clients of TLS", "", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })}, at},
		{"for anything", "", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })}, at},
		{"without extended key usage", "", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.ExtKeyUsage = nil })}, at},
		{"for contentCommitment", "", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })}, at},
		{"below an authority that is sent along", "", pki.Signature{Signer: below, Certificates: []*x509.Certificate{subCA.Certificate, below.Certificate}}, at},

		{"the authority below is not sent", "certificate.chain", pki.Signature{Signer: below}, at},
		{"of another authority", "certificate.chain", pki.Signature{Signer: other.Person("Maria", email)}, at},
		{"of another authority, which is sent along", "certificate.chain", pki.Signature{Signer: other.Person("Maria", email), Certificates: []*x509.Certificate{other.Person("Maria", email).Certificate, other.Certificate}}, at},
		{"by one who is no authority", "certificate.chain", pki.Signature{Signer: faked, Certificates: []*x509.Certificate{faked.Certificate, noCA.Certificate}}, at},
		{"of another person", "certificate.subject", pki.Signature{Signer: ca.Person("Bob", "bob@acme.example")}, at},
		{"in other letters", "certificate.subject", pki.Signature{Signer: ca.Person("Maria", "Maria@acme.example")}, at},
		{"the address in the name alone", "certificate.subject", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.Subject.CommonName, c.EmailAddresses = email, nil })}, at},
		{"before it is valid", "certificate.not_yet_valid", pki.Signature{Signer: maria}, start.Add(-time.Second)},
		{"after it is valid", "certificate.expired", pki.Signature{Signer: maria}, start.AddDate(0, 0, 31)},
		{"for servers", "certificate.usage", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })}, at},
		{"of an authority for servers", "certificate.usage", pki.Signature{Signer: webCA.Person("Maria", email), Certificates: []*x509.Certificate{webCA.Person("Maria", email).Certificate, webCA.Certificate}}, at},
		{"for encryption", "certificate.usage", pki.Signature{Signer: leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}, at},
		{"an authority itself", "certificate.usage", pki.Signature{Signer: leaf(func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		})}, at},
		{"RSA of 1024 bits", "key.algorithm", pki.Signature{Signer: ca.Issue(x509.Certificate{EmailAddresses: []string{email}}, small), Hash: crypto.SHA256}, at},

		{"by another key", "envelope.signature", pki.Signature{Signer: &pki.Issued{Certificate: maria.Certificate, Key: pki.Key("thief")}}, at},
		{"over other bytes", "cms.digest", pki.Signature{Signer: maria, Content: []byte("pay 10000")}, at},
		{"an algorithm of another key", "cms.algorithm", pki.Signature{Signer: maria, Algorithm: []int{1, 2, 840, 113549, 1, 1, 11}, Hash: crypto.SHA256}, at},
		{"an unknown algorithm", "cms.algorithm", pki.Signature{Signer: maria, Algorithm: []int{1, 2, 840, 113549, 1, 1, 5}}, at},
		{"SHA-1", "cms.algorithm", pki.Signature{Signer: maria, Hash: crypto.SHA1}, at},
		{"attached", "cms.form", pki.Signature{Signer: maria, Attached: true}, at},
		{"of another type", "cms.form", pki.Signature{Signer: maria, ContentType: pki.OIDTSTInfo}, at},
		{"two signers", "cms.form", pki.Signature{Signer: maria, Twice: true}, at},
		{"with CRLs", "cms.form", pki.Signature{Signer: maria, CRLs: true}, at},
		{"without its certificate", "cms.certificate", pki.Signature{Signer: maria, Certificates: []*x509.Certificate{ca.Certificate}}, at},
		{"its certificate twice", "cms.certificate", pki.Signature{Signer: maria, Certificates: []*x509.Certificate{maria.Certificate, maria.Certificate}}, at},
		{"nine certificates", "cms.certificate", pki.Signature{Signer: maria, Certificates: append([]*x509.Certificate{maria.Certificate}, nine(ca)...)}, at},
		{"no content type", "cms.form", pki.Signature{Signer: maria, Attributes: func(a []pki.Attribute) []pki.Attribute { return a[1:] }}, at},
		{"no digest", "cms.form", pki.Signature{Signer: maria, Attributes: func(a []pki.Attribute) []pki.Attribute { return a[:1] }}, at},
		{"a digest twice", "cms.form", pki.Signature{Signer: maria, Attributes: func(a []pki.Attribute) []pki.Attribute { return append(a, a[1]) }}, at},
		{"two digests in one", "cms.form", pki.Signature{Signer: maria, Attributes: func(a []pki.Attribute) []pki.Attribute {
			a[1].Value = append(bytes.Clone(a[1].Value), a[1].Value...)
			return a
		}}, at},
	} {
		if c.sig.Content == nil {
			c.sig.Content = message
		}
		if _, err := (cms.Subject{Email: email}).Verify(c.sig.DER(), message, rootsOf(t, ca), c.at); checkOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func nine(ca *pki.Issued) (out []*x509.Certificate) {
	for range 8 {
		out = append(out, ca.Certificate)
	}
	return out
}

// TestTrust: nothing leads to no set, and only who asks for no path gets none.
func TestTrust(t *testing.T) {
	ca := pki.Authority("people", start)
	der := pki.Signature{Signer: ca.Person("Maria", email), Content: message}.DER()
	s := cms.Subject{Email: email}
	for name, c := range map[string]struct {
		roots *cms.Roots
		at    time.Time
		want  string
	}{
		"nil": {nil, noon, "certificate.chain"}, "empty": {&cms.Roots{}, noon, "certificate.chain"}, "none of several": {cms.NewRoots(), noon, "certificate.chain"},
		"two versions": {cms.NewRoots(rootsOf(t, pki.Authority("old", start)), rootsOf(t, ca)), noon, ""},
		"no time":      {rootsOf(t, ca), time.Time{}, "cms: the time is zero"}, "not asked": {cms.Unproven(), time.Time{}, ""},
	} {
		if _, err := s.Verify(der, message, c.roots, c.at); checkOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (cms.Subject{}).Verify(der, message, rootsOf(t, ca), noon); checkOf(err) != "certificate.subject" {
		t.Errorf("no subject: %v", err)
	}
	// An intermediate in the set ends the path.
	sub := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "sub"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, pki.Key("sub"))
	below := pki.Signature{Signer: sub.Person("Maria", email), Content: message}.DER()
	if _, err := s.Verify(below, message, rootsOf(t, sub), noon); err != nil {
		t.Error(err)
	}
}

// A subject is told by what a certificate is known by.
func TestSubject(t *testing.T) {
	dn := pki.Authority("people", start).Person("Maria", email).RawSubject
	for want, s := range map[string]cms.Subject{
		email: {Email: email, DN: dn}, "SERIALNUMBER=PNODE-Maria,CN=Maria,C=DE": {DN: dn}, "an empty name": {DN: []byte{0x30, 0}},
		"a name out of form": {DN: append(dn[:len(dn):len(dn)], 0)},
	} {
		if s.String() != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
}

func TestRoots(t *testing.T) {
	ca := pki.Authority("people", start)
	text := string(ca.PEM())
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := ca.Issue(x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign}, small)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})
	for name, doc := range map[string]string{
		"nothing": "", "white space": " \n", "text before": "x\n" + text, "text after": text + "x", "text between": text + "x\n" + text,
		"a leaf": string(ca.Person("Maria", email).PEM()), "a weak authority": string(weak.PEM()), "a key": text + string(key),
		"no certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})),
		"cut off":        text[:len(text)-20], "a header": "-----BEGIN CERTIFICATE-----\na: b\n\n" + text[28:],
	} {
		if _, err := cms.ParseRoots([]byte(doc)); checkOf(err) != "roots.form" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := cms.ParseRoots([]byte("\n" + text + "\r\n\n" + text)); err != nil || len(r.Certificates()) != 2 {
		t.Error(err)
	}
	if _, err := cms.ParseRoots(bytes.Repeat(ca.PEM(), 65)); checkOf(err) != "roots.form" {
		t.Error(err)
	}
}

// TestLive has the openssl of this machine sign and check, where there is one.
// What it wrote once is checked by TestOpenSSL everywhere.
func TestLive(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("no openssl here")
		return
	}
	dir := t.TempDir()
	ca := pki.Authority("people", time.Now().Add(-time.Hour).UTC().Truncate(time.Second))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := ca.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "Maria"}, EmailAddresses: []string{email}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	own := pki.Signature{Signer: leaf, Content: message, Hash: crypto.SHA256}.DER()
	for name, doc := range map[string][]byte{
		"m": message, "leaf.pem": leaf.PEM(), "ca.pem": ca.PEM(), "own.der": own,
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), doc, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(program, append([]string{"cms"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl cms %v: %v: %s", args, err, out)
		}
	}
	run("-sign", "-binary", "-in", "m", "-signer", "leaf.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "openssl.der")
	made, err := os.ReadFile(filepath.Join(dir, "openssl.der"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (cms.Subject{Email: email}).Verify(made, message, rootsOf(t, ca), time.Now()); err != nil {
		t.Error(err)
	}
	run("-verify", "-binary", "-inform", "DER", "-in", "own.der", "-content", "m", "-CAfile", "ca.pem", "-out", "again")
}
