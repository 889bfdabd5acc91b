package identity_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/internal/spiffeca"
)

const (
	domain = "example.org"
	agent  = "spiffe://example.org/agent/7"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// node is a certificate of a test hierarchy with its key. The zero node issues
// self-signed certificates.
type node struct {
	cert *x509.Certificate
	key  crypto.Signer
}

var serial int64

// issue certifies a new Ed25519 key. Every certificate has a name and a serial
// of its own, and is valid for an hour on each side of epoch.
func (n node) issue(t testing.TB, edit func(*x509.Certificate)) node {
	t.Helper()
	serial++
	seed := make([]byte, ed25519.SeedSize)
	big.NewInt(serial).FillBytes(seed)
	key := ed25519.NewKeyFromSeed(seed)
	return n.certify(t, key, edit)
}

// certify is issue for a key that exists; only its public half is used.
func (n node) certify(t testing.TB, key crypto.Signer, edit func(*x509.Certificate)) node {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               pkix.Name{CommonName: big.NewInt(serial).String()},
		NotBefore:             epoch.Add(-time.Hour),
		NotAfter:              epoch.Add(time.Hour),
		BasicConstraintsValid: true,
	}
	edit(tmpl)
	parent := n
	if parent.cert == nil {
		parent = node{tmpl, key}
	}
	der, err := x509.CreateCertificate(nil, tmpl, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return node{cert, key}
}

func asCA(c *x509.Certificate) {
	c.IsCA, c.MaxPathLen = true, -1
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
}

func asLeaf(c *x509.Certificate) {
	c.KeyUsage = x509.KeyUsageDigitalSignature
	withURIs(agent)(c)
}

// with applies edits in order.
func with(edits ...func(*x509.Certificate)) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, edit := range edits {
			edit(c)
		}
	}
}

// withURIs puts exact bytes into the certificate, valid or not.
func withURIs(uris ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		names := []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: []byte("agent.example.org")}}
		for _, uri := range uris {
			names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)})
		}
		der, err := asn1.Marshal(names)
		if err != nil {
			panic(err)
		}
		c.URIs = nil
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: der}}
	}
}

func der(nodes ...node) []byte {
	var out []byte
	for _, n := range nodes {
		out = append(out, n.cert.Raw...)
	}
	return out
}

func chain(t testing.TB, nodes ...node) *identity.Chain {
	t.Helper()
	c, err := identity.ParseChain(der(nodes...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func svidChain(t testing.TB, svid *x509svid.SVID) *identity.Chain {
	t.Helper()
	raw, _, err := svid.MarshalRaw()
	if err != nil {
		t.Fatal(err)
	}
	c, err := identity.ParseChain(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// jwks is the bundle document of these authorities.
func jwks(t testing.TB, roots ...node) []byte {
	t.Helper()
	b := spiffebundle.New(spiffeid.RequireTrustDomainFromString(domain))
	for _, r := range roots {
		b.AddX509Authority(r.cert)
	}
	b.SetSequenceNumber(7)
	doc, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func bundle(t testing.TB, roots ...node) *identity.Bundle {
	t.Helper()
	b, err := identity.ParseBundle(domain, jwks(t, roots...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newCA(t testing.TB, edit func(*spiffeca.Config)) *spiffeca.CA {
	t.Helper()
	cfg := spiffeca.Config{TrustDomain: domain, Now: func() time.Time { return epoch }}
	if edit != nil {
		edit(&cfg)
	}
	ca, err := spiffeca.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func caBundle(t testing.TB, ca *spiffeca.CA) *identity.Bundle {
	t.Helper()
	b, err := identity.ParseBundle(ca.TrustDomain(), ca.BundleDocument())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func issue(t testing.TB, ca *spiffeca.CA) *x509svid.SVID {
	t.Helper()
	svid, err := ca.Issue(agent)
	if err != nil {
		t.Fatal(err)
	}
	return svid
}

// wantFault fails unless err is an *Error of this check and field.
func wantFault(t testing.TB, err error, check, field string) {
	t.Helper()
	var fault *identity.Error
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want %s at %s", err, check, field)
	}
	if fault.Check != check || fault.Field != field {
		t.Errorf("got %v, want %s at %s", fault, check, field)
	}
	if fault.Expected == "" || fault.Found == "" {
		t.Errorf("%v does not say what it expected and found", fault)
	}
}
