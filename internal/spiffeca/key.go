package spiffeca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"io"
)

// KeyType names the kind of keys that a CA makes.
type KeyType string

// The key types.
const (
	P256    KeyType = "p256" // the default, as SPIRE's
	P384    KeyType = "p384"
	Ed25519 KeyType = "ed25519"
)

func newKey(kind KeyType, rand io.Reader) (crypto.Signer, error) {
	switch kind {
	case P256:
		return newECDSA(elliptic.P256(), rand)
	case P384:
		return newECDSA(elliptic.P384(), rand)
	case Ed25519:
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(rand, seed); err != nil {
			return nil, fmt.Errorf("reading key seed: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	return nil, fmt.Errorf("making key: unknown type %q", kind)
}

// newECDSA draws scalars until one is in range, nearly always the first. A
// reader of constant bytes ends after a few tries instead of never.
func newECDSA(curve elliptic.Curve, rand io.Reader) (crypto.Signer, error) {
	scalar := make([]byte, (curve.Params().BitSize+7)/8)
	var err error
	for range 64 {
		if _, err = io.ReadFull(rand, scalar); err != nil {
			return nil, fmt.Errorf("reading key scalar: %w", err)
		}
		var key *ecdsa.PrivateKey
		if key, err = ecdsa.ParseRawPrivateKey(curve, scalar); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("making key: %w", err)
}
