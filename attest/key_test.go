package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/deedlog/deed/attest"
)

// rsaOf is an RSA key of a size, of no use but to be judged by it.
func rsaOf(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}

func TestKeyAllowList(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name           string
		key            crypto.PublicKey
		register, sign bool // as a registered key; as an SVID's key
	}{
		{"Ed25519", edKey("x").Public(), true, true},
		{"P-256", ecKey(t, elliptic.P256(), "x").Public(), true, true},
		{"P-384", ecKey(t, elliptic.P384(), "x").Public(), true, true},
		{"RSA 2048", rsaOf(2048), false, true},
		{"RSA 4096", rsaOf(4096), false, true},
		{"RSA 1024", rsaOf(1024), false, false},
		{"RSA 2047", rsaOf(2047), false, false},
		{"RSA 4097", rsaOf(4097), false, false},
		{"P-224", p224.Public(), false, false},
		{"P-521", p521.Public(), false, false},
	}
	e, s := sealed(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			key, err := attest.KeyOf(tc.key)
			if err != nil {
				t.Fatal(err)
			}
			_, err = key.Parse()
			if tc.register != (err == nil) || !tc.register && codeOf(err) != "key.algorithm" {
				t.Errorf("registered: %v", err)
			}
			s.Key = tc.key
			_, err = attest.Open(e, s) // no key here made the signature
			if want := map[bool]string{false: "key.algorithm", true: "envelope.signature"}[tc.sign]; codeOf(err) != want {
				t.Errorf("signing: %v, want %q", err, want)
			}
		})
	}
	for _, odd := range []crypto.PublicKey{nil, "text", ed25519.PublicKey(nil), ed25519.PublicKey(make([]byte, 31)), &ecdsa.PublicKey{}} {
		s.Key = odd
		_, err := attest.Open(e, s)
		wantCode(t, err, "key.algorithm")
	}
}

func TestKeyHasOneSpelling(t *testing.T) {
	key := publicKey(t, edKey("x"))
	for name, bad := range map[string]attest.Key{"empty": nil, "a tail": append(key[:len(key):len(key)], 0), "cut": key[:len(key)-1], "text": attest.Key("x")} {
		if _, err := bad.Parse(); codeOf(err) != "key.algorithm" {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := attest.KeySigner(attest.ByPerson, "treasurer", key)
	if err != nil || s.Name() != "person:treasurer" || s.KeyID != key.Digest() || s.KeySum != key.Digest() {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := attest.KeySigner(attest.ByPerson, "treasurer", nil); err == nil {
		t.Error("a signer without a key")
	}
}

func TestSealWithEveryAllowedKey(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]crypto.Signer{"Ed25519": edKey("x"), "P-256": ecKey(t, elliptic.P256(), "x"), "P-384": ecKey(t, elliptic.P384(), "x"), "RSA": rsaKey}
	payload := payloadOf(t, actionDoc(t))
	for name, key := range keys {
		s := signerOf(t, attest.Party{ID: agent, Kind: attest.BySVID}, key)
		e, err := attest.Seal(payload, key, s.KeyID)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := attest.Open(e, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
