package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	idPrefix     = "id:"
	digestPrefix = "sha256:"
	hexDigest    = 2 * sha256.Size
)

// ID names a signed statement: "id:" and 64 lower-case hex digits
// (docs/spec/bytes.md, "Names"). Every reference between statements is an ID.
type ID string

// Digest names exact bytes: "sha256:" and 64 lower-case hex digits.
type Digest string

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest { return DigestFrom(sha256.Sum256(b)) }

// DigestFrom writes a SHA-256 value as a Digest.
func DigestFrom(sum [32]byte) Digest {
	var b [len(digestPrefix) + hexDigest]byte
	hex.Encode(b[copy(b[:], digestPrefix):], sum[:])
	return Digest(b[:])
}

// IDFrom writes a SHA-256 value as an ID.
func IDFrom(sum [32]byte) ID {
	var b [len(idPrefix) + hexDigest]byte
	hex.Encode(b[copy(b[:], idPrefix):], sum[:])
	return ID(b[:])
}

// Hex returns the 64 hex digits of d, without the prefix.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }

// Sum returns the 32 bytes of d; ok is false when d is not well formed.
func (d Digest) Sum() (sum [32]byte, ok bool) { return unhex(string(d), digestPrefix) }

// Valid reports whether d is well formed.
func (d Digest) Valid() bool { _, ok := hexAfter(string(d), digestPrefix); return ok }

// Sum returns the 32 bytes of id; ok is false when id is not well formed.
func (id ID) Sum() (sum [32]byte, ok bool) { return unhex(string(id), idPrefix) }

// Valid reports whether id is well formed.
func (id ID) Valid() bool { _, ok := hexAfter(string(id), idPrefix); return ok }

// hexAfter returns what follows the prefix: 64 lower-case hex digits. Upper case is
// refused so that one value has one spelling.
func hexAfter(s, prefix string) (digits string, ok bool) {
	digits, ok = strings.CutPrefix(s, prefix)
	return digits, ok && len(digits) == hexDigest && lowerHex(digits)
}

// unhex parses prefix and 64 lower-case hex digits.
func unhex(s, prefix string) (sum [32]byte, ok bool) {
	digits, ok := hexAfter(s, prefix)
	if !ok {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(digits))
	return sum, err == nil
}

func lowerHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}
