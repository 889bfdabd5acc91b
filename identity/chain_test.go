package identity_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/deedlog/deed/identity"
)

func TestParseChain(t *testing.T) {
	root := node{}.issue(t, asCA)
	inter := root.issue(t, asCA)
	leaf := inter.issue(t, asLeaf)
	in := der(leaf, inter)
	c, err := identity.ParseChain(in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.DER(), in) || c.Digest() != sha256.Sum256(in) || c.Len() != 2 {
		t.Error("the chain does not keep its bytes")
	}
	if c.SPIFFEID() != agent || c.TrustDomain() != domain {
		t.Errorf("name %q in %q", c.SPIFFEID(), c.TrustDomain())
	}
	if c.KeyDigest() != sha256.Sum256(leaf.cert.RawSubjectPublicKeyInfo) {
		t.Error("key digest is not that of the leaf's SubjectPublicKeyInfo")
	}
	in[10]++
	if c.Digest() != sha256.Sum256(c.DER()) {
		t.Error("the chain shares its bytes with the caller")
	}
}

func TestParseChainRefuses(t *testing.T) {
	root := node{}.issue(t, asCA)
	inter := root.issue(t, asCA)
	leaf := inter.issue(t, asLeaf)
	selfSigned := node{}.issue(t, asLeaf)
	huge := root.certify(t, rsaKey(1<<15), with(asCA, func(c *x509.Certificate) { c.Subject = root.cert.Subject }))
	fat := inter.issue(t, with(asLeaf, func(c *x509.Certificate) {
		c.DNSNames = nil
		c.PolicyIdentifiers = nil
		c.CRLDistributionPoints = []string{strings.Repeat("x", 16<<10)}
	}))
	for _, test := range []struct {
		name, check, field string
		in                 []byte
	}{
		{"empty", identity.CheckEncoding, "chain", nil},
		{"over 16 KiB", identity.CheckEncoding, "chain", der(fat)},
		{"nine certificates", identity.CheckEncoding, "chain", der(leaf, inter, inter, inter, inter, inter, inter, inter, inter)},
		{"trailing byte", identity.CheckEncoding, "chain", append(der(leaf, inter), 0)},
		{"cut short", identity.CheckEncoding, "chain", der(leaf, inter)[:len(der(leaf, inter))-1]},
		{"not DER", identity.CheckEncoding, "chain", []byte("-----BEGIN CERTIFICATE-----")},
		{"with the root", identity.CheckChain, "certificates[2]", der(leaf, inter, root)},
		{"self-signed leaf", identity.CheckChain, "certificates[0]", der(selfSigned)},
		{"huge key under the root's name", identity.CheckKey, "certificates[1].public_key", der(leaf, huge)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := identity.ParseChain(test.in)
			wantFault(t, err, test.check, test.field)
		})
	}
}

// A rolled-over authority has the same name as its issuer, and is not a root.
func TestParseChainAllowsSelfIssued(t *testing.T) {
	root := node{}.issue(t, asCA)
	inter := root.issue(t, with(asCA, func(c *x509.Certificate) { c.Subject = root.cert.Subject }))
	leaf := inter.issue(t, asLeaf)
	if _, err := identity.Verify(chain(t, leaf, inter), bundle(t, root), epoch); err != nil {
		t.Error(err)
	}
}

func TestParseChainSPIFFEID(t *testing.T) {
	root := node{}.issue(t, asCA)
	long := "spiffe://example.org/" + strings.Repeat("a", 2048-len("spiffe://example.org/"))
	domain255 := strings.Repeat("d", 255)
	for _, test := range []struct {
		name string
		uris []string
		ok   bool
	}{
		{"plain", []string{agent}, true},
		{"2048 bytes", []string{long}, true},
		{"trust domain of 255 bytes", []string{"spiffe://" + domain255 + "/a"}, true},
		{"none", nil, false},
		{"two", []string{agent, agent}, false},
		{"second is not SPIFFE", []string{agent, "https://example.org/a"}, false},
		{"another scheme", []string{"https://example.org/a"}, false},
		{"no path", []string{"spiffe://example.org"}, false},
		{"root path", []string{"spiffe://example.org/"}, false},
		{"2049 bytes", []string{long + "a"}, false},
		{"trust domain of 256 bytes", []string{"spiffe://" + domain255 + "d/a"}, false},
		{"upper-case scheme", []string{"SPIFFE://example.org/agent/7"}, false},
		{"upper-case trust domain", []string{"spiffe://Example.org/agent/7"}, false},
		{"empty fragment", []string{agent + "#"}, false},
		{"query", []string{agent + "?a=b"}, false},
		{"trailing slash", []string{agent + "/"}, false},
		{"dot segment", []string{"spiffe://example.org/a/../b"}, false},
		{"percent", []string{"spiffe://example.org/%61"}, false},
		{"user", []string{"spiffe://me@example.org/a"}, false},
		{"port", []string{"spiffe://example.org:8080/a"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaf := root.issue(t, with(asLeaf, withURIs(test.uris...)))
			c, err := identity.ParseChain(der(leaf))
			if !test.ok {
				wantFault(t, err, identity.CheckSPIFFEID, "certificates[0].uri")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.SPIFFEID() != test.uris[0] {
				t.Errorf("name %q", c.SPIFFEID())
			}
		})
	}
}

// FuzzParseChain: whatever is accepted is kept byte for byte, parses again to
// the same thing, and never verifies under an authority that did not issue it.
func FuzzParseChain(f *testing.F) {
	root := node{}.issue(f, asCA)
	inter := root.issue(f, asCA)
	leaf := inter.issue(f, asLeaf)
	stranger := bundle(f, node{}.issue(f, asCA))
	f.Add(der(leaf, inter))
	f.Add(der(leaf))
	f.Add(der(leaf, inter, root))
	f.Add(append(der(leaf), 0))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := identity.ParseChain(in)
		if err != nil {
			return
		}
		if !bytes.Equal(c.DER(), in) {
			t.Fatal("bytes changed")
		}
		again, err := identity.ParseChain(c.DER())
		if err != nil || again.SPIFFEID() != c.SPIFFEID() || again.KeyDigest() != c.KeyDigest() {
			t.Fatalf("second parse differs: %v", err)
		}
		if _, err := identity.Verify(c, stranger, epoch); err == nil {
			t.Fatal("verified under a stranger")
		}
	})
}
