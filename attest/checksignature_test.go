package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature"
)

// A curve with what goes with it.
type ecdsaCase struct {
	key  *ecdsa.PrivateKey
	hash crypto.Hash
}

func ecdsaCases(tb testing.TB) (list []ecdsaCase) {
	for _, c := range []struct {
		curve elliptic.Curve
		hash  crypto.Hash
	}{{elliptic.P256(), crypto.SHA256}, {elliptic.P384(), crypto.SHA384}} {
		scalar := make([]byte, (c.curve.Params().BitSize+7)/8)
		scalar[len(scalar)-1], scalar[3] = 7, 9
		key, err := ecdsa.ParseRawPrivateKey(c.curve, scalar)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, ecdsaCase{key, c.hash})
	}
	return list
}

func (c ecdsaCase) sign(tb testing.TB, message []byte) []byte {
	digest := sha512.Sum384(message)
	sum := digest[:]
	if c.hash == crypto.SHA256 {
		short := sha256.Sum256(message)
		sum = short[:]
	}
	sig, err := c.key.Sign(nil, sum, c.hash) // without randomness: the same each time
	if err != nil {
		tb.Fatal(err)
	}
	return sig
}

type point struct{ R, S *big.Int }

func marshal(tb testing.TB, p point) []byte {
	der, err := asn1.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

// twin is (r, n - s) of a signature.
func (c ecdsaCase) twin(tb testing.TB, sig []byte) []byte {
	var p point
	if _, err := asn1.Unmarshal(sig, &p); err != nil {
		tb.Fatal(err)
	}
	return marshal(tb, point{p.R, new(big.Int).Sub(c.key.Params().N, p.S)})
}

// raw is r || s of a signature.
func (c ecdsaCase) raw(tb testing.TB, sig []byte) []byte {
	var p point
	if _, err := asn1.Unmarshal(sig, &p); err != nil {
		tb.Fatal(err)
	}
	n := (c.key.Params().BitSize + 7) / 8
	return slices.Concat(p.R.FillBytes(make([]byte, n)), p.S.FillBytes(make([]byte, n)))
}

// TestECDSAForms: of the ways to write a signature the one that the
// specification names passes, whichever half s is in.
func TestECDSAForms(t *testing.T) {
	message := []byte("DSSEv1 and so on")
	for _, c := range ecdsaCases(t) {
		sig := c.sign(t, message)
		n := c.key.Params().N
		for _, tt := range []struct {
			name string
			sig  []byte
			ok   bool
		}{
			{"as signed", sig, true},
			{"its twin", c.twin(t, sig), true},
			{"r || s", c.raw(t, sig), false},
			{"with a tail", append(slices.Clone(sig), 0), false},
			{"none", nil, false},
			{"zeros", marshal(t, point{new(big.Int), new(big.Int)}), false},
			{"r is 0", marshal(t, point{new(big.Int), big.NewInt(1)}), false},
			{"n and n", marshal(t, point{n, n}), false},
			{"small", marshal(t, point{big.NewInt(1), big.NewInt(1)}), false},
			{"of another message", c.sign(t, []byte("another")), false},
		} {
			err := checkSignature(c.key.Public(), tt.sig, message)
			if f := AsFault(err); (err == nil) != tt.ok || err != nil && (f == nil || f.Code != "envelope.signature") {
				t.Errorf("%s, %s: %v", c.key.Params().Name, tt.name, err)
			}
		}
		//lint:ignore SA1019 no other function makes a key that is no point of the curve
		off := &ecdsa.PublicKey{Curve: c.key.Curve, X: big.NewInt(1), Y: big.NewInt(1)}
		if err := checkSignature(off, sig, message); err == nil {
			t.Errorf("%s: a key that is no point of the curve", c.key.Params().Name)
		}
	}
}

// FuzzCheckSignature holds the check of ECDSA signatures against sigstore's: the
// same passes, but for r || s, which sigstore takes where a signature is not DER.
func FuzzCheckSignature(f *testing.F) {
	cases := ecdsaCases(f)
	for i, c := range cases {
		for _, message := range []string{"", "DSSEv1 and so on"} {
			sig := c.sign(f, []byte(message))
			for _, s := range [][]byte{sig, c.twin(f, sig), c.raw(f, sig), append([]byte{0x30}, sig...), append(slices.Clone(sig), 0), nil} {
				f.Add(i == 0, []byte(message), s)
			}
		}
	}
	f.Fuzz(func(t *testing.T, first bool, message, sig []byte) {
		c := cases[1]
		if first {
			c = cases[0]
		}
		theirs, err := signature.LoadVerifier(c.key.Public(), c.hash)
		if err != nil {
			t.Fatal(err)
		}
		got := checkSignature(c.key.Public(), sig, message) == nil
		want := theirs.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message)) == nil
		if _, err := asn1.Unmarshal(sig, new(point)); err != nil {
			want = false // r || s
		}
		if got != want {
			t.Errorf("passes %v, with sigstore %v: %x", got, want, sig)
		}
	})
}
