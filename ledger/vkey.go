package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/mldsa"
)

// Signature types (c2sp.org/signed-note, "Signature types").
const (
	TypeEd25519       byte = 0x01 // signature of a log over the note text
	TypeEd25519Cosign byte = 0x04 // timestamped cosignature of a witness
	TypeMLDSA44       byte = 0x06 // timestamped ML-DSA-44 (sub)tree cosignature
)

// A VKey is a verifier key of one of the three types. Its text is
//
//	<name>+<key ID in 8 hex digits>+base64(type || public key)
type VKey struct {
	name string
	typ  byte
	key  []byte
}

// NewVKey makes a verifier key from raw public key bytes: 32 for Ed25519, 1312
// for ML-DSA-44.
func NewVKey(name string, typ byte, key []byte) (VKey, error) {
	if !validKeyName(name) {
		return VKey{}, fmt.Errorf("malformed key name %.80q", name)
	}
	want := ed25519.PublicKeySize
	switch typ {
	case TypeEd25519, TypeEd25519Cosign:
	case TypeMLDSA44:
		want = mldsa.MLDSA44PublicKeySize
		if len(name) > 255 { // the signed message has a length of one byte
			return VKey{}, fmt.Errorf("key name of %d bytes, the limit is 255", len(name))
		}
	default:
		return VKey{}, fmt.Errorf("unknown signature type 0x%02x", typ)
	}
	if len(key) != want {
		return VKey{}, fmt.Errorf("public key of %d bytes, want %d", len(key), want)
	}
	return VKey{name: name, typ: typ, key: key}, nil
}

// ParseVKey parses a verifier key. It accepts only what String prints.
func ParseVKey(text string) (VKey, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return VKey{}, fmt.Errorf("parsing verifier key %.80q: want name+id+key", text)
	}
	raw, err := decodeBase64(parts[2])
	if err != nil || len(raw) < 1 {
		return VKey{}, fmt.Errorf("parsing verifier key of %.80q: malformed key", parts[0])
	}
	k, err := NewVKey(parts[0], raw[0], raw[1:])
	if err != nil {
		return VKey{}, fmt.Errorf("parsing verifier key: %w", err)
	}
	if want := k.id(); parts[1] != want {
		return VKey{}, fmt.Errorf("parsing verifier key of %s: key ID %.8q, want %s", k.name, parts[1], want)
	}
	return k, nil
}

// String returns the text of the key.
func (k VKey) String() string {
	return k.name + "+" + k.id() + "+" + strict.EncodeToString(append([]byte{k.typ}, k.key...))
}

// Name returns the key name.
func (k VKey) Name() string { return k.name }

// Type returns the signature type.
func (k VKey) Type() byte { return k.typ }

// Key returns the raw public key. It must not be modified.
func (k VKey) Key() []byte { return k.key }

// KeyHash returns the key ID: SHA-256(name || 0x0A || type || key)[:4].
func (k VKey) KeyHash() uint32 { return keyID(k.name, k.typ, k.key) }

// Verify reports whether sig, without its key ID, is a signature over the text
// of a checkpoint. With Name and KeyHash it makes a VKey a note.Verifier.
func (k VKey) Verify(text, sig []byte) bool {
	c, err := ParseCheckpoint(string(text))
	return err == nil && k.verify(c, sig)
}

func (k VKey) verify(c Checkpoint, sig []byte) bool {
	switch k.typ {
	case TypeEd25519:
		return ed25519.Verify(k.key, []byte(c.String()), sig)
	case TypeEd25519Cosign:
		seconds, sig, ok := cutTimestamp(sig)
		return ok && ed25519.Verify(k.key, cosignatureMessage(c, seconds), sig)
	case TypeMLDSA44:
		seconds, sig, ok := cutTimestamp(sig)
		pk, err := mldsa.NewPublicKey(mldsa.MLDSA44(), k.key)
		return ok && err == nil && len(c.Origin) <= 255 &&
			mldsa.Verify(pk, subtreeMessage(k.name, c, seconds), sig, nil) == nil
	}
	return false
}

// id returns the key ID as it stands in the text.
func (k VKey) id() string {
	return fmt.Sprintf("%08x", k.KeyHash())
}

// label names the key in errors: an ML-DSA-44 key text would fill the screen.
func (k VKey) label() string { return k.name + "+" + k.id() }

func keyID(name string, typ byte, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{typ})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// cutTimestamp splits a timestamped_signature (c2sp.org/tlog-cosignature).
func cutTimestamp(b []byte) (seconds uint64, sig []byte, ok bool) {
	if len(b) < 8 {
		return 0, nil, false
	}
	seconds = binary.BigEndian.Uint64(b)
	return seconds, b[8:], seconds < 1<<63
}

// cosignatureMessage is the message of an Ed25519 cosignature
// (c2sp.org/tlog-cosignature, "Ed25519 signed message").
func cosignatureMessage(c Checkpoint, seconds uint64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(seconds, 10) + "\n" + c.String())
}

// subtreeMessage is the message of an ML-DSA-44 cosignature
// (c2sp.org/tlog-cosignature, "ML-DSA-44 signed message"):
//
//	struct {
//	    uint8 label[12] = "subtree/v1\n\0";
//	    opaque cosigner_name<1..2^8-1>;
//	    uint64 timestamp;
//	    opaque log_origin<1..2^8-1>;
//	    uint64 start;
//	    uint64 end;
//	    uint8 hash[32];
//	} cosigned_message;
func subtreeMessage(cosigner string, c Checkpoint, seconds uint64) []byte {
	b := []byte("subtree/v1\n\x00")
	b = append(append(b, byte(len(cosigner))), cosigner...)
	b = binary.BigEndian.AppendUint64(b, seconds)
	b = append(append(b, byte(len(c.Origin))), c.Origin...)
	b = binary.BigEndian.AppendUint64(b, 0) // start: a checkpoint is the whole tree
	b = binary.BigEndian.AppendUint64(b, c.Size)
	return append(b, c.Root[:]...)
}
