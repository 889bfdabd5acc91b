// Package idp is an identity provider for tests: it signs tokens of every type
// with keys made of a seed, the same ones to the last byte each time. It serves
// nothing.
package idp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/deedlog/deed/attest"
)

// Provider signs tokens. Its fields may be changed: the next token is signed so.
type Provider struct {
	Issuer string
	KeyID  string
	Key    crypto.Signer // Ed25519 or P-256
}

// New makes a provider with an Ed25519 key.
func New(issuer, seed string) *Provider {
	sum := sha256.Sum256([]byte(seed))
	return &Provider{Issuer: issuer, KeyID: "key-1", Key: ed25519.NewKeyFromSeed(sum[:])}
}

// P256 is a provider with an ECDSA key.
func P256(issuer, seed string) *Provider {
	sum := sha256.Sum256([]byte(seed))
	sum[0] = 0 // below the order for sure
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	if err != nil {
		panic(err)
	}
	return &Provider{Issuer: issuer, KeyID: "key-1", Key: key}
}

// Algorithm is what the provider signs with.
func (p *Provider) Algorithm() string {
	if _, ok := p.Key.(ed25519.PrivateKey); ok {
		return "EdDSA"
	}
	return "ES256"
}

// JWK is the provider's public key.
func (p *Provider) JWK() map[string]any {
	out := map[string]any{"kid": p.KeyID, "use": "sig", "alg": p.Algorithm()}
	switch key := p.Key.Public().(type) {
	case ed25519.PublicKey:
		out["kty"], out["crv"], out["x"] = "OKP", "Ed25519", encode(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		out["kty"], out["crv"], out["x"], out["y"] = "EC", "P-256", encode(point[1:33]), encode(point[33:])
	}
	return out
}

// JWKS is a document with the keys of some providers.
func JWKS(of ...*Provider) []byte {
	keys := []any{}
	for _, p := range of {
		keys = append(keys, p.JWK())
	}
	return mustJSON(map[string]any{"keys": keys})
}

// Types are the typ of each type of token.
var Types = map[attest.TokenType]string{
	attest.AccessToken: "at+jwt", attest.IDJAG: "oauth-id-jag+jwt", attest.IDToken: "JWT",
	attest.Introspection: "token-introspection+jwt", attest.TxnToken: "txntoken+jwt",
}

// Token signs claims as a token of a type.
func (p *Provider) Token(t attest.TokenType, claims map[string]any) []byte {
	return p.Sign(map[string]any{"alg": p.Algorithm(), "kid": p.KeyID, "typ": Types[t]}, mustJSON(claims))
}

// Sign signs a payload under any header.
func (p *Provider) Sign(header map[string]any, payload []byte) []byte {
	return p.SignRaw(mustJSON(header), payload)
}

// SignRaw signs a payload under a header in any spelling.
func (p *Provider) SignRaw(header, payload []byte) []byte {
	input := encode(header) + "." + encode(payload)
	return []byte(input + "." + encode(p.sign([]byte(input))))
}

func (p *Provider) sign(input []byte) []byte {
	if key, ok := p.Key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, input)
	}
	sum := sha256.Sum256(input)
	key := p.Key.(*ecdsa.PrivateKey)
	der, err := key.Sign(nil, sum[:], crypto.SHA256) // without randomness: RFC 6979
	if err != nil {
		panic(err)
	}
	return fixed(der)
}

// fixed writes r and s of an ECDSA signature in 32 bytes each.
func fixed(der []byte) []byte {
	out := make([]byte, 64)
	r := der[4 : 4+der[3]]
	s := der[6+der[3]:]
	for i, n := range [][]byte{r, s} {
		for len(n) > 32 {
			n = n[1:] // the sign of a DER integer
		}
		copy(out[32*(i+1)-len(n):32*(i+1)], n)
	}
	return out
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func mustJSON(v any) []byte {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return doc
}
