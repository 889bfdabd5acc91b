package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Checkpoint is the state of a log as its operator states it
// (c2sp.org/tlog-checkpoint). Its text has exactly three lines:
//
//	<origin>
//	<size in decimal>
//	<root hash in base64>
//
// Extension lines are refused: the ML-DSA-44 signature does not cover them.
type Checkpoint struct {
	Origin string // the log's unique identity, and the name of its keys
	Size   uint64
	Root   Hash
}

// String returns the checkpoint's text, the body of the signed note.
func (c Checkpoint) String() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.base64() + "\n"
}

// ParseCheckpoint parses the text of a checkpoint without signatures. It
// accepts only what String prints.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("parsing checkpoint: %d lines, want 3 and a final newline", len(lines)-1)
	}
	if !validKeyName(lines[0]) {
		return Checkpoint{}, fmt.Errorf("parsing checkpoint: malformed origin %.80q", lines[0])
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("parsing checkpoint size: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("parsing checkpoint root: %w", err)
	}
	if size == 0 && root != EmptyRoot {
		return Checkpoint{}, errors.New("parsing checkpoint: root of an empty tree is wrong")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// parseDecimal parses a number without sign or leading zeroes. It stays below
// 2^63, the bound that the C2SP formats share with common implementations.
func parseDecimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("malformed number %.24q", s)
	}
	return n, nil
}

// A SignedCheckpoint is a parsed checkpoint with signature lines that nobody
// has verified. [OpenCheckpoint] and [TrustPolicy.Open] verify.
type SignedCheckpoint struct {
	Checkpoint
	// Signatures are all lines in order, also of unknown keys.
	Signatures []Signature
}

// Bytes returns the signed note. For a value from [ParseSignedCheckpoint] these
// are the bytes that were parsed.
func (s SignedCheckpoint) Bytes() []byte { return joinNote(s.Checkpoint.String(), s.Signatures...) }

// ParseSignedCheckpoint parses a checkpoint with its signature lines and
// verifies nothing. It accepts only what Bytes prints.
func ParseSignedCheckpoint(text []byte) (SignedCheckpoint, error) {
	body, sigs, err := parseNote(text)
	if err != nil {
		return SignedCheckpoint{}, fmt.Errorf("parsing signed checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(body)
	if err != nil {
		return SignedCheckpoint{}, err
	}
	return SignedCheckpoint{Checkpoint: c, Signatures: sigs}, nil
}

// An OpenedCheckpoint is a checkpoint with a verified signature of the log.
// Only [OpenCheckpoint] and [TrustPolicy.Open] make one, and the proofs are
// verified against nothing else; the zero value proves nothing.
type OpenedCheckpoint struct {
	signed SignedCheckpoint
	ok     bool
}

// Checkpoint returns origin, size and root.
func (o OpenedCheckpoint) Checkpoint() Checkpoint { return o.signed.Checkpoint }

// Signatures returns all signature lines, of which only the log's was verified.
// A reader with a closed set of keys refuses the others by name and key ID.
func (o OpenedCheckpoint) Signatures() []Signature { return o.signed.Signatures }

// ErrSignature: a signature is missing or wrong. The text proves nothing.
var ErrSignature = errors.New("signature is missing or wrong")

// OpenCheckpoint parses a signed checkpoint and verifies the log's Ed25519
// signature by vkey (type 0x01), whose name must be the origin. Other signature
// lines are neither verified nor refused. A missing or wrong signature is
// [ErrSignature].
func OpenCheckpoint(text []byte, vkey string) (OpenedCheckpoint, error) {
	key, err := ParseVKey(vkey)
	if err != nil {
		return OpenedCheckpoint{}, err
	}
	if key.Type() != TypeEd25519 {
		return OpenedCheckpoint{}, fmt.Errorf("opening checkpoint: key of type 0x%02x, want 0x%02x", key.Type(), TypeEd25519)
	}
	return openCheckpoint(text, key)
}

func openCheckpoint(text []byte, key VKey) (OpenedCheckpoint, error) {
	s, err := ParseSignedCheckpoint(text)
	if err != nil {
		return OpenedCheckpoint{}, err
	}
	if key.Name() != s.Origin {
		return OpenedCheckpoint{}, fmt.Errorf("opening checkpoint: origin is %q, key is for %q", s.Origin, key.Name())
	}
	if _, err := s.verify(key); err != nil {
		return OpenedCheckpoint{}, fmt.Errorf("opening checkpoint: %w", err)
	}
	return OpenedCheckpoint{signed: s, ok: true}, nil
}

// verify checks the one line of the given key. A second line of the same key is
// refused: one of the two would go unchecked.
func (s SignedCheckpoint) verify(key VKey) (Signature, error) {
	var found []Signature
	for _, sig := range s.Signatures {
		if sig.Name == key.Name() && sig.KeyID == key.KeyHash() {
			found = append(found, sig)
		}
	}
	if len(found) != 1 {
		return Signature{}, fmt.Errorf("%w: %d lines of %s, want 1", ErrSignature, len(found), key.label())
	}
	if !key.verify(s.Checkpoint, found[0].Bytes) {
		return Signature{}, fmt.Errorf("%w: line of %s does not verify", ErrSignature, key.label())
	}
	return found[0], nil
}

// VerifyMLDSA verifies the ML-DSA-44 cosignature of a checkpoint (type 0x06,
// c2sp.org/tlog-cosignature) by vkey, the log's own or a witness's. A missing
// or wrong signature is [ErrSignature]. For the log's own, the caller compares
// the key's name with the origin.
func VerifyMLDSA(text []byte, vkey string) error {
	key, err := ParseVKey(vkey)
	if err != nil {
		return err
	}
	if key.Type() != TypeMLDSA44 {
		return fmt.Errorf("verifying cosignature: key of type 0x%02x, want 0x%02x", key.Type(), TypeMLDSA44)
	}
	s, err := ParseSignedCheckpoint(text)
	if err != nil {
		return err
	}
	_, err = s.verify(key)
	if err != nil {
		return fmt.Errorf("verifying cosignature: %w", err)
	}
	return nil
}
