package identity_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/identity"
)

func pemOf(nodes ...node) []byte {
	var out []byte
	for _, n := range nodes {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.cert.Raw})...)
	}
	return out
}

func TestParseBundle(t *testing.T) {
	a, b := node{}.issue(t, asCA), node{}.issue(t, asCA)
	for _, test := range []struct {
		name     string
		doc      []byte
		roots    int
		sequence bool
	}{
		{"JWKS", jwks(t, a, b), 2, true},
		{"JWKS after blanks", append([]byte("\n \t"), jwks(t, a)...), 1, true},
		{"PEM", pemOf(a, b), 2, false},
		{"PEM with text", append([]byte("subject=CN = 1\n"), pemOf(a)...), 1, false},
		{"the same twice", pemOf(a, b, a), 2, false},
		{"JWKS with other uses", []byte(strings.Replace(string(jwks(t, a)), `[`, `[{"use":"jwt-svid","kty":"ML"},{"kty":"oct"},`, 1)), 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.ParseBundle(domain, test.doc)
			if err != nil {
				t.Fatal(err)
			}
			if got.Roots() != test.roots || got.TrustDomain() != domain {
				t.Errorf("%d roots of %q", got.Roots(), got.TrustDomain())
			}
			if n, ok := got.Sequence(); ok != test.sequence || (ok && n != 7) {
				t.Errorf("sequence %d, %v", n, ok)
			}
			if !bytes.Equal(got.Bytes(), test.doc) || got.Digest() != sha256.Sum256(test.doc) {
				t.Error("the bundle does not keep its bytes")
			}
		})
	}
}

func TestParseBundleRefuses(t *testing.T) {
	ca := node{}.issue(t, asCA)
	leaf := node{}.issue(t, asLeaf)
	noSign := node{}.issue(t, with(asCA, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }))
	huge := ca.certify(t, rsaKey(1<<15), asCA)
	good := string(jwks(t, ca))
	edit := func(old, new string) []byte {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in %s", old, good)
		}
		return []byte(strings.Replace(good, old, new, 1))
	}
	x5c := base64.StdEncoding.EncodeToString(ca.cert.Raw)
	many := make([]node, 65)
	for i := range many {
		many[i] = node{}.issue(t, asCA)
	}
	for _, test := range []struct {
		name, field string
		doc         []byte
	}{
		{"empty", "document", nil},
		{"blank", "document", []byte(" \n")},
		{"text", "document", []byte("hello")},
		{"over 1 MiB", "document", append(bytes.Repeat([]byte(" "), 1<<20), good...)},
		{"65 roots", "document", jwks(t, many...)},
		{"no keys", "document", []byte(`{"spiffe_sequence":1}`)},
		{"no authority", "document", []byte(`{"keys":[{"use":"jwt-svid"}]}`)},
		{"use in capitals", "document", edit(`"use"`, `"USE"`)},
		{"duplicate member", "document", edit(`"use":"x509-svid"`, `"use":"jwt-svid","use":"x509-svid"`)},
		{"duplicate keys", "document", edit(`{"keys"`, `{"keys":[],"keys"`)},
		{"negative sequence", "document", edit(`"spiffe_sequence":7`, `"spiffe_sequence":-7`)},
		{"fractional sequence", "document", edit(`"spiffe_sequence":7`, `"spiffe_sequence":7.5`)},
		{"trailing data", "document", []byte(good + "{}")},
		{"not UTF-8", "document", edit(`"x509-svid"`, "\"x509-svid\xff\"")},
		{"key is not the certificate's", "keys[0]", edit(`"x":"`, `"x":"AAAA`)},
		{"two certificates in x5c", "keys[0]", edit(x5c, x5c+`","`+x5c)},
		{"no x5c", "keys[0]", edit(`"x5c"`, `"x5d"`)},
		{"unreadable x5c", "keys[0]", edit(x5c, x5c[4:])},
		{"entry is not an object", "keys[0]", []byte(`{"keys":["x509-svid"]}`)},
		{"not a CA", "authorities[0]", pemOf(leaf)},
		{"second is not a CA", "authorities[1]", pemOf(ca, leaf)},
		{"may not sign certificates", "authorities[0].key_usage", pemOf(noSign)},
		{"huge key", "authorities[0].public_key", pemOf(huge)},
		{"PEM of another type", "blocks[0]", bytes.ReplaceAll(pemOf(ca), []byte("CERTIFICATE"), []byte("PUBLIC KEY"))},
		{"PEM block damaged", "document", slices.Concat(pemOf(ca), bytes.Replace(pemOf(ca), []byte("M"), []byte("!"), 1))},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := identity.ParseBundle(domain, test.doc)
			wantFault(t, err, identity.CheckBundle, test.field)
		})
	}
}

func TestParseBundleTrustDomain(t *testing.T) {
	doc := jwks(t, node{}.issue(t, asCA))
	if _, err := identity.ParseBundle(strings.Repeat("d", 255), doc); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "Example.org", "example.org/", "spiffe://example.org", "spiffe://example.org/a", "a b", strings.Repeat("d", 256)} {
		t.Run(fmt.Sprintf("%.30q", name), func(t *testing.T) {
			_, err := identity.ParseBundle(name, doc)
			wantFault(t, err, identity.CheckBundle, "trust_domain")
		})
	}
}

// FuzzParseBundle: whatever is accepted has 1 to 64 authorities, is kept byte
// for byte, and parses again to the same thing.
func FuzzParseBundle(f *testing.F) {
	a, b := node{}.issue(f, asCA), node{}.issue(f, asCA)
	f.Add(jwks(f, a, b))
	f.Add(pemOf(a, b))
	f.Add([]byte(`{"keys":[]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := identity.ParseBundle(domain, doc)
		if err != nil {
			return
		}
		if got.Roots() < 1 || got.Roots() > 64 || !bytes.Equal(got.Bytes(), doc) {
			t.Fatalf("%d roots, bytes kept: %v", got.Roots(), bytes.Equal(got.Bytes(), doc))
		}
		again, err := identity.ParseBundle(domain, got.Bytes())
		if err != nil || again.Roots() != got.Roots() || again.Digest() != got.Digest() {
			t.Fatalf("second parse differs: %v", err)
		}
	})
}
