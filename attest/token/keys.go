package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
)

// Limits of a JWKS.
const (
	MaxKeys     = 256 << 10 // bytes
	maxKeyCount = 64
)

// Keys are the signature keys of a provider at one time: a JWKS (RFC 7517). It is
// immutable.
type Keys struct{ list []key }

type key struct {
	id, algorithm string // the algorithm is "" where the JWKS leaves it open
	public        any
	thumbprint    string
}

// jwk is what is looked at beside the key itself.
type jwk struct {
	Algorithm string         `json:"alg"`
	ID        string         `json:"kid"`
	Private   jsontext.Value `json:"d"`
	Use       string         `json:"use"`
}

// ParseKeys reads a JWKS. Keys for other uses, symmetric ones, those without a
// kid and those of kinds that are not allowed are left out; that a private key is
// in it, that two keys have one kid, or that no key is left, is an error.
func ParseKeys(doc []byte) (*Keys, error) {
	if len(doc) > MaxKeys {
		return nil, fmt.Errorf("reading JWKS: %d bytes, at most %d", len(doc), MaxKeys)
	}
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(doc, &set); err != nil {
		return nil, fmt.Errorf("reading JWKS: %v", err)
	}
	if len(set.Keys) > maxKeyCount {
		return nil, fmt.Errorf("reading JWKS: %d keys, at most %d", len(set.Keys), maxKeyCount)
	}
	k := &Keys{}
	for _, one := range set.Keys {
		if err := k.add(one); err != nil {
			return nil, fmt.Errorf("reading JWKS: %w", err)
		}
	}
	if len(k.list) == 0 {
		return nil, errors.New("reading JWKS: no signature key with a kid, of an algorithm that is allowed")
	}
	return k, nil
}

func (k *Keys) add(doc jsontext.Value) error {
	var j jwk
	if err := json.Unmarshal(doc, &j); err != nil {
		return fmt.Errorf("a key that is no object of text members: %v", err)
	}
	if j.Private != nil {
		return errors.New("a private key is in it")
	}
	if j.ID == "" || len(j.ID) > maxClaim || j.Use != "" && j.Use != "sig" {
		return nil
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(doc); err != nil || !allowed(parsed.Key) {
		return nil // a secret, or of a kind that this version does not use
	}
	if slices.ContainsFunc(k.list, func(other key) bool { return other.id == j.ID }) {
		return fmt.Errorf("two keys have the kid %q", j.ID)
	}
	k.list = append(k.list, key{j.ID, j.Algorithm, parsed.Key, KeyThumbprint(parsed.Key)})
	return nil
}

// allowed reports whether a key is of a kind and size that tokens may be signed
// with.
func allowed(public any) bool {
	switch p := public.(type) {
	case *rsa.PublicKey:
		bits := p.N.BitLen()
		return bits >= 2048 && bits <= 8192 && p.E >= 3
	case *ecdsa.PublicKey:
		return p.Curve == elliptic.P256() || p.Curve == elliptic.P384()
	case ed25519.PublicKey:
		return true
	}
	return false
}

// find returns the key with exactly this kid, for an algorithm. Faults:
// token.key.
func (k *Keys) find(id, algorithm string) (any, error) {
	for _, one := range k.list {
		if one.id != id {
			continue
		}
		if !fits(one.public, algorithm) || one.algorithm != "" && one.algorithm != algorithm {
			return nil, attest.Refuse("token.algorithm", "alg", "the algorithm of the key "+id, algorithm)
		}
		return one.public, nil
	}
	return nil, attest.Refuse("token.key", "kid", "a key that was logged as the provider's", id)
}

func fits(public any, algorithm string) bool {
	switch p := public.(type) {
	case *rsa.PublicKey:
		return algorithm == "RS256" || algorithm == "PS256"
	case *ecdsa.PublicKey:
		return algorithm == "ES256" && p.Curve == elliptic.P256() || algorithm == "ES384" && p.Curve == elliptic.P384()
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// Names lists the keys, ascending: kid, algorithm and thumbprint (RFC 7638). Two
// documents with the same names are the same keys.
func (k *Keys) Names() []string {
	out := make([]string, len(k.list))
	for i, one := range k.list {
		out[i] = fmt.Sprintf("%q %s %s", one.id, one.algorithm, one.thumbprint)
	}
	slices.Sort(out)
	return out
}
