package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
)

const (
	minRSA       = 2048 // bits, leaf and issuers
	maxLeafRSA   = 4096 // bits
	maxIssuerRSA = 8192 // bits; bounds what a hostile chain can make us compute
)

// checkLeafKey allows ECDSA P-256 and P-384, Ed25519, and RSA of 2048 to 4096
// bits to sign statements.
func checkLeafKey(key crypto.PublicKey) *Error {
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = k.Curve == elliptic.P256() || k.Curve == elliptic.P384()
	case ed25519.PublicKey:
		ok = true
	case *rsa.PublicKey:
		ok = rsaWithin(k, maxLeafRSA)
	}
	if ok {
		return nil
	}
	return &Error{
		Check: CheckKey, Field: "certificates[0].public_key",
		Expected: "ECDSA P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits", Found: keyName(key),
	}
}

// checkIssuerKey is wider than [checkLeafKey]: what an authority uses is not
// ours to choose. It is called before any signature is checked with the key.
func checkIssuerKey(key crypto.PublicKey, check, field string) *Error {
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521()
	case ed25519.PublicKey:
		ok = true
	case *rsa.PublicKey:
		ok = rsaWithin(k, maxIssuerRSA)
	}
	if ok {
		return nil
	}
	return &Error{
		Check: check, Field: field + ".public_key",
		Expected: "ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits", Found: keyName(key),
	}
}

func rsaWithin(k *rsa.PublicKey, most int) bool {
	bits := k.N.BitLen()
	return bits >= minRSA && bits <= most
}

func keyName(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA of %d bits", k.N.BitLen())
	}
	return "an unknown algorithm"
}
