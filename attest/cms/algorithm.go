package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // by their names in package crypto
	_ "crypto/sha512"
	"encoding/asn1"

	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// algorithmID is AlgorithmIdentifier: an OID and its parameters, as they stand.
type algorithmID struct {
	oid        asn1.ObjectIdentifier
	parameters []byte // empty: none
}

func (r *reader) algorithm() algorithmID {
	one := r.open(tag.SEQUENCE)
	return algorithmID{one.oid(), one.rest}
}

// bare reports whether there are no parameters, or NULL.
func (a algorithmID) bare() bool {
	return len(a.parameters) == 0 || bytes.Equal(a.parameters, []byte{5, 0})
}

// The hashes that are allowed.
var hashes = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

// hash is the hash that an algorithm is. Check: cms.algorithm.
func (a algorithmID) hash() (crypto.Hash, error) {
	for _, h := range hashes {
		if a.oid.Equal(h.oid) && a.bare() {
			return h.hash, nil
		}
	}
	return 0, refuse("cms.algorithm", "SHA-256, SHA-384 or SHA-512", a.oid.String())
}

// scheme is how a key signs.
type scheme int

const (
	pkcs1 scheme = iota
	pss
	ecdsaASN1
	pureEd25519
)

// The signature algorithms that are allowed. A hash of 0 is that of the digest.
var schemes = []struct {
	oid    asn1.ObjectIdentifier
	scheme scheme
	hash   crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, pkcs1, 0}, // rsaEncryption (RFC 3370)
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, pkcs1, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, pkcs1, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, pkcs1, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, pss, 0},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, ecdsaASN1, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, ecdsaASN1, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, ecdsaASN1, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 3, 101, 112}, pureEd25519, crypto.SHA512}, // RFC 8419
}

// verify checks a signature by an algorithm that goes with the key and with the
// digest. Checks: cms.algorithm, envelope.signature.
func (a algorithmID) verify(pub crypto.PublicKey, digest crypto.Hash, message, sig []byte) error {
	for _, s := range schemes {
		if !a.oid.Equal(s.oid) || s.hash != 0 && s.hash != digest {
			continue
		}
		ok, goes := false, false
		switch k := pub.(type) {
		case *rsa.PublicKey:
			ok, goes = a.verifyRSA(k, s.scheme, digest, message, sig)
		case *ecdsa.PublicKey:
			goes = s.scheme == ecdsaASN1 && a.bare()
			ok = ecdsa.VerifyASN1(k, sumOf(digest, message), sig)
		case ed25519.PublicKey:
			goes = s.scheme == pureEd25519 && len(a.parameters) == 0
			ok = ed25519.Verify(k, message, sig)
		}
		switch {
		case !goes:
			return refuse("cms.algorithm", "an algorithm that goes with the certificate's key", a.oid.String())
		case !ok:
			return refuse("envelope.signature", "a signature by the certificate's key", "another")
		}
		return nil
	}
	return refuse("cms.algorithm", "ECDSA, RSA or Ed25519 with the digest that is named", a.oid.String())
}

func (a algorithmID) verifyRSA(k *rsa.PublicKey, s scheme, digest crypto.Hash, message, sig []byte) (ok, goes bool) {
	switch s {
	case pkcs1:
		return rsa.VerifyPKCS1v15(k, digest, sumOf(digest, message), sig) == nil, a.bare()
	case pss:
		salt, goes := a.pssSalt(digest)
		return rsa.VerifyPSS(k, digest, sumOf(digest, message), sig, &rsa.PSSOptions{SaltLength: salt, Hash: digest}) == nil, goes
	}
	return false, false
}

func sumOf(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

// pssSalt reads RSASSA-PSS-params (RFC 4055 section 3.1): the digest, MGF1 with the
// same, a salt of at least 20 bytes. Defaults, which are SHA-1, are not taken; nor
// is a trailer, whose one value is the default.
//
//	SEQUENCE { [0] hash, [1] mask generation, [2] salt length }
func (a algorithmID) pssSalt(digest crypto.Hash) (salt int, ok bool) {
	oidMGF1 := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	in := newReader(a.parameters)
	params := in.open(tag.SEQUENCE)
	in.want(in.empty())
	hash, mask, length := params.open(tag0), params.open(tag1), params.open(tag2)
	params.want(params.empty())
	hash.want(hash.algorithm().is(digest))
	hash.want(hash.empty())
	generation := mask.algorithm()
	mask.want(generation.oid.Equal(oidMGF1))
	mask.want(mask.empty())
	inner := mask.inside(generation.parameters)
	inner.want(inner.algorithm().is(digest))
	inner.want(inner.empty())
	n := length.small(tag.INTEGER)
	length.want(n >= minSalt && n <= maxSalt)
	length.want(length.empty())
	return int(n), !in.failed()
}

// The bounds of a salt, in bytes: no key that is allowed has room for a longer one.
const minSalt, maxSalt = 20, 512

// is reports whether an algorithm is this hash.
func (a algorithmID) is(hash crypto.Hash) bool {
	h, err := a.hash()
	return err == nil && h == hash
}
