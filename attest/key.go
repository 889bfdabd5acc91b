package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature"
)

// This is the one file that imports sigstore: its loaders and verifiers make and
// check signatures, our own code decides which keys and hashes are allowed.
// ECDSA, which nearly all statements have, is checked without it: it takes a
// second form of signature, r || s, which no document here may have, and a
// twentieth of the time for its wrapping.

// Key is a public key as it stands in a statement: the DER of its
// SubjectPublicKeyInfo, base64 in JSON.
type Key []byte

// Digest names the key: SHA-256 of its SubjectPublicKeyInfo.
func (k Key) Digest() Digest { return DigestOf(k) }

// Parse returns the public key. Allowed are Ed25519, ECDSA P-256 and P-384.
// Faults: key.algorithm.
func (k Key) Parse() (crypto.PublicKey, error) {
	pub, err := k.parseAny()
	if err != nil {
		return nil, err
	}
	if _, ok := pub.(*rsa.PublicKey); ok {
		return nil, Refuse("key.algorithm", "", "Ed25519, P-256 or P-384", "RSA")
	}
	if _, err := hashFor(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// KeyOf returns pub as a Key.
func KeyOf(pub crypto.PublicKey) (Key, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("encoding public key: %w", err)
	}
	return der, nil
}

// hashFor is the allow-list of signing keys and the hash that goes with each.
func hashFor(pub crypto.PublicKey) (crypto.Hash, error) {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize { // the verifier panics at another
			return crypto.Hash(0), nil
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return crypto.SHA256, nil
		case elliptic.P384():
			return crypto.SHA384, nil
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 && k.N.BitLen() <= 4096 {
			return crypto.SHA256, nil
		}
	}
	return 0, Refuse("key.algorithm", "", "Ed25519, P-256, P-384 or RSA of 2048 to 4096 bits", fmt.Sprintf("%T", pub))
}

// checkSignature verifies sig over a message. An ECDSA signature is ASN.1 DER,
// where s may be in either half.
func checkSignature(pub crypto.PublicKey, sig, message []byte) error {
	hash, err := hashFor(pub)
	if err != nil {
		return err
	}
	if k, ok := pub.(*ecdsa.PublicKey); ok {
		return checkECDSA(k, hash, sig, message)
	}
	verifier, err := signature.LoadVerifier(pub, hash)
	if err != nil {
		return Refuse("key.algorithm", "", "a supported key", err.Error())
	}
	if err := verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message)); err != nil {
		return Refuse("envelope.signature", "signatures", "a signature of the payload by the named key", err.Error())
	}
	return nil
}

// checkEnvelope verifies the signature of an envelope, of whose encoding sum is the
// SHA-256. A P-256 key, which nearly all have, needs no more of it.
func checkEnvelope(pub crypto.PublicKey, e Envelope, sum [sha256.Size]byte) error {
	if k, ok := pub.(*ecdsa.PublicKey); ok && k.Curve == elliptic.P256() {
		return checkDigest(k, sum[:], e.Signature)
	}
	return checkSignature(pub, e.Signature, e.pae())
}

func checkECDSA(k *ecdsa.PublicKey, hash crypto.Hash, sig, message []byte) error {
	if hash == crypto.SHA256 {
		sum := sha256.Sum256(message)
		return checkDigest(k, sum[:], sig)
	}
	sum := sha512.Sum384(message)
	return checkDigest(k, sum[:], sig)
}

func checkDigest(k *ecdsa.PublicKey, digest, sig []byte) error {
	if !ecdsa.VerifyASN1(k, digest, sig) {
		return Refuse("envelope.signature", "signatures", "a signature of the payload by the named key", "an ECDSA signature that does not verify")
	}
	return nil
}

// makeSignature signs a message.
func makeSignature(key crypto.PrivateKey, message []byte) ([]byte, error) {
	holder, ok := key.(crypto.Signer)
	if !ok {
		return nil, Refuse("key.algorithm", "", "a signing key", fmt.Sprintf("%T", key))
	}
	hash, err := hashFor(holder.Public())
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSigner(key, hash)
	if err != nil {
		return nil, fmt.Errorf("loading signing key: %w", err)
	}
	sig, err := signer.SignMessage(bytes.NewReader(message))
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return sig, nil
}
