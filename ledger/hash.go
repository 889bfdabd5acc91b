package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// A Hash is a SHA-256 digest: a leaf hash, a node hash, a root, the digest of
// an object, or the identity of a submission.
type Hash [sha256.Size]byte

// EmptyRoot is the root hash of a tree without leaves: SHA-256 of the empty
// string (RFC 6962, section 2.1).
var EmptyRoot = Hash(sha256.Sum256(nil))

// String returns h in lower-case hexadecimal, the form that names objects and
// identities. Checkpoints and proofs use base64 instead.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

func (h Hash) base64() string { return base64.StdEncoding.EncodeToString(h[:]) }

// RFC 6962, section 2.1: the prefixes that separate leaves from nodes.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// HashLeaf returns the leaf hash of an entry, SHA-256(0x00 || entry).
func HashLeaf(entry []byte) (h Hash) {
	d := sha256.New()
	d.Write([]byte{leafPrefix})
	d.Write(entry)
	d.Sum(h[:0])
	return h
}

// hashNode returns SHA-256(0x01 || left || right). It works on the stack: a
// proof takes dozens of these, and the library's form allocates twice for each.
func hashNode(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// strict refuses base64 with non-zero trailing bits, so that a text has one
// encoding only. Callers refuse the line breaks that it would skip.
var strict = base64.StdEncoding.Strict()

// decodeBase64 decodes s and insists that s is the one encoding of the result.
func decodeBase64(s string) ([]byte, error) {
	b, err := strict.DecodeString(s)
	if err != nil {
		return nil, err
	}
	if base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return nil, fmt.Errorf("base64 text holds line breaks")
	}
	return b, nil
}

// parseHash decodes one hash in base64.
func parseHash(s string) (Hash, error) {
	b, err := decodeBase64(s)
	if err != nil {
		return Hash{}, fmt.Errorf("parsing hash %.64q: %w", s, err)
	}
	if len(b) != sha256.Size {
		return Hash{}, fmt.Errorf("parsing hash %.64q: %d bytes, want %d", s, len(b), sha256.Size)
	}
	return Hash(b), nil
}
