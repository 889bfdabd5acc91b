package identity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/internal/spiffeca"
)

// publicOnly is a key that can be certified and cannot sign.
type publicOnly struct{ key crypto.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.key }
func (p publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
}

// rsaKey is a public key of exactly this many bits.
func rsaKey(bits uint) crypto.Signer {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return publicOnly{&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}}
}

func ecKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestVerify(t *testing.T) {
	for _, kind := range []spiffeca.KeyType{spiffeca.P256, spiffeca.P384, spiffeca.Ed25519} {
		for _, intermediate := range []bool{false, true} {
			ca := newCA(t, func(c *spiffeca.Config) { c.KeyType, c.Intermediate = kind, intermediate })
			svid := issue(t, ca)
			c := svidChain(t, svid)
			got, err := identity.Verify(c, caBundle(t, ca), epoch)
			if err != nil {
				t.Fatalf("%s, intermediate %v: %v", kind, intermediate, err)
			}
			leaf := svid.Certificates[0]
			want := identity.Signer{
				ID: agent, TrustDomain: domain, Key: leaf.PublicKey,
				KeyDigest: sha256.Sum256(leaf.RawSubjectPublicKeyInfo), Chain: c.Digest(),
				NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	}
}

// hierarchy is root, intermediate, leaf, and what is verified of it. Each
// mutation below changes one thing.
type hierarchy struct {
	editRoot, editInter, editLeaf func(*x509.Certificate)
	leafKey                       crypto.Signer
	trustDomain                   string
}

func (h hierarchy) verify(t testing.TB, at time.Time) error {
	t.Helper()
	nop := func(*x509.Certificate) {}
	for _, edit := range []*func(*x509.Certificate){&h.editRoot, &h.editInter, &h.editLeaf} {
		if *edit == nil {
			*edit = nop
		}
	}
	root := node{}.issue(t, with(asCA, h.editRoot))
	inter := root.issue(t, with(asCA, h.editInter))
	leaf := inter.issue(t, with(asLeaf, h.editLeaf))
	if h.leafKey != nil {
		leaf = inter.certify(t, h.leafKey, with(asLeaf, h.editLeaf))
	}
	if h.trustDomain == "" {
		h.trustDomain = domain
	}
	b, err := identity.ParseBundle(h.trustDomain, jwks(t, root))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := identity.Verify(chain(t, leaf, inter), b, at)
	if err != nil && !reflect.DeepEqual(signer, identity.Signer{}) {
		t.Error("a refused signer is not the zero value")
	}
	return err
}

// TestVerifyMutations starts from a hierarchy that verifies and breaks one
// rule at a time.
func TestVerifyMutations(t *testing.T) {
	usage := func(u x509.KeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.KeyUsage = u }
	}
	const sign = x509.KeyUsageDigitalSignature
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
	}
	if err := (hierarchy{}).verify(t, epoch); err != nil {
		t.Fatalf("the unbroken hierarchy: %v", err)
	}
	for _, test := range []struct {
		name, check, field string
		h                  hierarchy
	}{
		{"another trust domain", identity.CheckTrustDomain, "certificates[0].uri", hierarchy{trustDomain: "other.org"}},
		{"parent trust domain", identity.CheckTrustDomain, "certificates[0].uri", hierarchy{trustDomain: "org"}},
		{"leaf is a CA", identity.CheckLeaf, "certificates[0].basic_constraints", hierarchy{editLeaf: func(c *x509.Certificate) { c.IsCA = true }}},
		{"leaf without digitalSignature", identity.CheckLeaf, "certificates[0].key_usage", hierarchy{editLeaf: usage(x509.KeyUsageKeyEncipherment)}},
		{"leaf without key usage", identity.CheckLeaf, "certificates[0].key_usage", hierarchy{editLeaf: usage(0)}},
		{"leaf with keyCertSign", identity.CheckLeaf, "certificates[0].key_usage", hierarchy{editLeaf: usage(sign | x509.KeyUsageCertSign)}},
		{"leaf with cRLSign", identity.CheckLeaf, "certificates[0].key_usage", hierarchy{editLeaf: usage(sign | x509.KeyUsageCRLSign)}},
		{"leaf key P-521", identity.CheckKey, "certificates[0].public_key", hierarchy{leafKey: ecKey(t, elliptic.P521())}},
		{"leaf key P-224", identity.CheckKey, "certificates[0].public_key", hierarchy{leafKey: ecKey(t, elliptic.P224())}},
		{"leaf key RSA 2047", identity.CheckKey, "certificates[0].public_key", hierarchy{leafKey: rsaKey(2047)}},
		{"leaf key RSA 4097", identity.CheckKey, "certificates[0].public_key", hierarchy{leafKey: rsaKey(4097)}},
		{"intermediate is not a CA", identity.CheckChain, "certificates[1]", hierarchy{editInter: func(c *x509.Certificate) { c.IsCA, c.MaxPathLen = false, 0; c.KeyUsage = sign | x509.KeyUsageCertSign }}},
		{"intermediate without keyCertSign", identity.CheckChain, "certificates[1]", hierarchy{editInter: usage(x509.KeyUsageCRLSign)}},
		{"root allows no intermediate", identity.CheckChain, "certificates[0]", hierarchy{editRoot: func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true }}},
		{"name constraint on URIs", identity.CheckChain, "certificates[0]", hierarchy{editInter: func(c *x509.Certificate) { c.PermittedURIDomains = []string{"other.org"} }}},
		{"unknown critical extension", identity.CheckChain, "certificates[0]", hierarchy{editLeaf: critical}},
		{"unknown critical extension above", identity.CheckChain, "certificates[0]", hierarchy{editInter: critical}},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantFault(t, test.h.verify(t, epoch), test.check, test.field)
		})
	}
}

func TestVerifyKeysAllowed(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"P-256": ecKey(t, elliptic.P256()), "P-384": ecKey(t, elliptic.P384()),
		"RSA 2048": rsaKey(2048), "RSA 4096": rsaKey(4096),
	} {
		if err := (hierarchy{leafKey: key}).verify(t, epoch); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVerifyPath is about how the certificates fit together.
func TestVerifyPath(t *testing.T) {
	root := node{}.issue(t, asCA)
	upper := root.issue(t, asCA)
	inter := upper.issue(t, asCA)
	leaf := inter.issue(t, asLeaf)
	other := node{}.issue(t, asCA)
	// impostor has the root's name and another key.
	impostor := node{}.issue(t, with(asCA, func(c *x509.Certificate) { c.Subject = root.cert.Subject }))
	twin := root.issue(t, asCA)
	huge := root.certify(t, rsaKey(8193), asCA)
	for _, test := range []struct {
		name, check, field string
		chain              []node
		roots              []node
	}{
		{"whole", "", "", []node{leaf, inter, upper}, []node{root}},
		{"whole, among other roots", "", "", []node{leaf, inter, upper}, []node{other, impostor, root}},
		{"anchored lower", "", "", []node{leaf, inter}, []node{upper}},
		{"another root", identity.CheckChain, "certificates[2]", []node{leaf, inter, upper}, []node{other}},
		{"a root of the same name", identity.CheckChain, "certificates[0]", []node{leaf, inter, upper}, []node{impostor}},
		{"intermediate missing", identity.CheckChain, "certificates[0]", []node{leaf, upper}, []node{root}},
		{"last missing", identity.CheckChain, "certificates[1]", []node{leaf, inter}, []node{root}},
		{"out of order", identity.CheckChain, "certificates[2]", []node{leaf, upper, inter}, []node{root}},
		{"one left over", identity.CheckChain, "certificates[0]", []node{leaf, inter, upper, twin}, []node{root}},
		{"one twice", identity.CheckChain, "certificates[0]", []node{leaf, inter, upper, upper}, []node{root}},
		{"with its own anchor", identity.CheckChain, "certificates[2]", []node{leaf, inter, upper}, []node{upper}},
		{"left over below its own anchor", identity.CheckChain, "certificates[0]", []node{upper.issue(t, asLeaf), upper, inter}, []node{upper}},
		{"huge key left over", identity.CheckKey, "certificates[3].public_key", []node{leaf, inter, upper, huge}, []node{root}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := identity.Verify(chain(t, test.chain...), bundle(t, test.roots...), epoch)
			if test.check == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, test.check, test.field)
		})
	}
}

// Every byte of a certificate is covered by a signature or by the format.
func TestVerifyFlippedBytes(t *testing.T) {
	ca := newCA(t, func(c *spiffeca.Config) { c.Intermediate = true })
	good, b := svidChain(t, issue(t, ca)).DER(), caBundle(t, ca)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x10
		c, err := identity.ParseChain(bad)
		if err != nil {
			continue
		}
		if _, err := identity.Verify(c, b, epoch); err == nil {
			t.Errorf("byte %d of %d can be changed", i, len(good))
		}
	}
}

func TestVerifyTime(t *testing.T) {
	from, to := epoch.Add(-10*time.Minute), epoch.Add(10*time.Minute)
	window := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
	for name, h := range map[string]hierarchy{"root": {editRoot: window}, "intermediate": {editInter: window}, "leaf": {editLeaf: window}} {
		t.Run("bounded by the "+name, func(t *testing.T) {
			for _, at := range []time.Time{from, epoch, to, epoch.In(time.FixedZone("east", 3600))} {
				if err := h.verify(t, at); err != nil {
					t.Errorf("at %v: %v", at, err)
				}
			}
			wantFault(t, h.verify(t, from.Add(-time.Nanosecond)), identity.CheckNotYetValid, "at")
			wantFault(t, h.verify(t, to.Add(time.Nanosecond)), identity.CheckExpired, "at")
		})
	}
}

// An authority renewed with the same key gives a second path.
func TestVerifyRenewedRoot(t *testing.T) {
	old := node{}.issue(t, asCA)
	renewed := node{}.certify(t, old.key, with(asCA, func(c *x509.Certificate) {
		c.Subject = old.cert.Subject
		c.NotBefore, c.NotAfter = epoch, epoch.Add(5*time.Hour)
	}))
	leaf := old.issue(t, with(asLeaf, func(c *x509.Certificate) { c.NotAfter = epoch.Add(9 * time.Hour) }))
	for name, b := range map[string]*identity.Bundle{"old first": bundle(t, old, renewed), "new first": bundle(t, renewed, old)} {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				at       time.Duration
				from, to time.Duration
				check    string
			}{
				{-61 * time.Minute, 0, 0, identity.CheckNotYetValid},
				{-time.Minute, -time.Hour, time.Hour, ""},
				{time.Minute, 0, 5 * time.Hour, ""},
				{2 * time.Hour, 0, 5 * time.Hour, ""},
				{6 * time.Hour, 0, 0, identity.CheckExpired},
			} {
				got, err := identity.Verify(chain(t, leaf), b, epoch.Add(test.at))
				if test.check != "" {
					wantFault(t, err, test.check, "at")
					continue
				}
				if err != nil || !got.NotBefore.Equal(epoch.Add(test.from)) || !got.NotAfter.Equal(epoch.Add(test.to)) {
					t.Errorf("at %v: %v to %v, %v", test.at, got.NotBefore, got.NotAfter, err)
				}
			}
		})
	}
}

// A root that has left the bundle no longer vouches: history must be kept.
func TestVerifyNeedsHistory(t *testing.T) {
	ca := newCA(t, nil)
	c, before := svidChain(t, issue(t, ca)), caBundle(t, ca)
	if err := ca.RotateRoot(); err != nil {
		t.Fatal(err)
	}
	ca.DropOldRoots()
	if _, err := identity.Verify(c, before, epoch); err != nil {
		t.Errorf("with the bundle of that time: %v", err)
	}
	_, err := identity.Verify(c, caBundle(t, ca), epoch)
	wantFault(t, err, identity.CheckChain, "certificates[0]")
}

func TestVerifyMisuse(t *testing.T) {
	ca := newCA(t, nil)
	c, b := svidChain(t, issue(t, ca)), caBundle(t, ca)
	for name, call := range map[string]func() (identity.Signer, error){
		"zero time":  func() (identity.Signer, error) { return identity.Verify(c, b, time.Time{}) },
		"nil chain":  func() (identity.Signer, error) { return identity.Verify(nil, b, epoch) },
		"nil bundle": func() (identity.Signer, error) { return identity.Verify(c, nil, epoch) },
	} {
		var fault *identity.Error
		if _, err := call(); err == nil || errors.As(err, &fault) {
			t.Errorf("%s: got %v, want an error that is not a finding", name, err)
		}
	}
}

// A path that is valid at no time is refused without asking crypto/x509, which
// takes the zero time for "now" and would read the clock.
func TestVerifyNeverValid(t *testing.T) {
	zero := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Time{}, time.Time{} }
	for name, h := range map[string]hierarchy{
		"year one": {editRoot: zero, editInter: zero, editLeaf: zero},
		"never together": {
			editInter: func(c *x509.Certificate) { c.NotAfter = epoch.Add(-time.Second) },
			editLeaf:  func(c *x509.Certificate) { c.NotBefore = epoch },
		},
	} {
		err := h.verify(t, epoch)
		wantFault(t, err, identity.CheckChain, "certificates[0]")
		if want := "signer.chain: certificates[0]: expected a time at which the whole path is valid, found none"; err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	ca := newCA(b, func(c *spiffeca.Config) { c.Intermediate = true })
	c, bundle := svidChain(b, issue(b, ca)), caBundle(b, ca)
	cache := identity.NewCache(16)
	for name, verify := range map[string]func(*identity.Chain, *identity.Bundle, time.Time) (identity.Signer, error){
		"cold": identity.Verify, "cached": cache.Verify,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verify(c, bundle, epoch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse chain", func(b *testing.B) {
		der := c.DER()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := identity.ParseChain(der); err != nil {
				b.Fatal(err)
			}
		}
	})
}
