package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"math/big"
)

// Key is an Ed25519 key of a seed.
func Key(seed string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

// Curve is a key on a curve of a seed. Its signatures are those of RFC 6979.
func Curve(c elliptic.Curve, seed string) *ecdsa.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	raw := make([]byte, (c.Params().BitSize+7)/8)
	n := min(len(raw), len(sum)) - 1 // below the order
	copy(raw[len(raw)-n:], sum[:n])
	key, err := ecdsa.ParseRawPrivateKey(c, raw)
	if err != nil {
		panic(err)
	}
	return key
}

// RSA is an RSA key that is no secret: its primes are those of Mersenne, so that it
// has any size and every run has the same. Salt is how long that of a PSS signature
// is.
type RSA struct {
	public rsa.PublicKey
	d      *big.Int
	Salt   int
}

// Mersenne is the key with the primes 2^p - 1 and 2^q - 1, of p + q bits.
func Mersenne(p, q uint) *RSA {
	one := big.NewInt(1)
	prime := func(n uint) *big.Int { return new(big.Int).Sub(new(big.Int).Lsh(one, n), one) }
	a, b := prime(p), prime(q)
	k := &RSA{public: rsa.PublicKey{N: new(big.Int).Mul(a, b), E: 65537}, Salt: 32}
	phi := new(big.Int).Mul(a.Sub(a, one), b.Sub(b, one))
	if k.d = new(big.Int).ModInverse(big.NewInt(int64(k.public.E)), phi); k.d == nil {
		panic("these primes have no key with this exponent")
	}
	return k
}

// Public implements crypto.Signer.
func (k *RSA) Public() crypto.PublicKey { return &k.public }

// Sign implements crypto.Signer, by PKCS #1 v1.5 or by PSS with a salt of zeros.
func (k *RSA) Sign(_ io.Reader, digest []byte, by crypto.SignerOpts) ([]byte, error) {
	size := k.public.Size()
	var padded []byte
	if _, pss := by.(*rsa.PSSOptions); pss {
		padded = k.pss(by.HashFunc(), digest)
	} else {
		prefix, known := prefixes[by.HashFunc()]
		if !known {
			return nil, errors.New("pki: a hash that RSA has no prefix for here")
		}
		tail := join([]byte{0}, prefix, digest)
		padded = []byte{0, 1}
		for len(padded) < size-len(tail) {
			padded = append(padded, 0xff)
		}
		padded = append(padded, tail...)
	}
	m := new(big.Int).SetBytes(padded)
	return m.Exp(m, k.d, k.public.N).FillBytes(make([]byte, size)), nil
}

// prefixes are DigestInfo up to the digest (RFC 8017 section 9.2, note 1).
var prefixes = map[crypto.Hash][]byte{
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// pss is EMSA-PSS-ENCODE (RFC 8017 section 9.1.1), with MGF1 of the same hash.
func (k *RSA) pss(hash crypto.Hash, digest []byte) []byte {
	bits := k.public.N.BitLen() - 1
	size := (bits + 7) / 8
	salt := make([]byte, k.Salt)
	h := sum(hash, make([]byte, 8), digest, salt)
	db := make([]byte, size-len(h)-1)
	db[len(db)-len(salt)-1] = 1
	for i, counter := 0, byte(0); i < len(db); counter++ {
		for _, b := range sum(hash, h, []byte{0, 0, 0, counter}) {
			if i < len(db) {
				db[i] ^= b
				i++
			}
		}
	}
	db[0] &= 0xff >> (8*size - bits)
	return join(db, h, []byte{0xbc})
}

func sum(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
