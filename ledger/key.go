package ledger

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/mldsa"
)

// A Signer makes the Ed25519 signature of a log. It is a note.Signer that can
// tell its verifier key, so that the log checks each signature before it lets a
// checkpoint out. [Ed25519Key] is one; a key in a KMS can be another.
type Signer interface {
	Name() string                     // the origin
	KeyHash() uint32                  // key ID
	Sign(text []byte) ([]byte, error) // Ed25519 over the note text
	VKey() VKey                       // of type TypeEd25519
}

// A Cosigner makes an ML-DSA-44 cosignature. [MLDSAKey] is one.
type Cosigner interface {
	// Cosign returns timestamp || signature for a checkpoint, at a time that
	// is written in whole seconds.
	Cosign(c Checkpoint, at time.Time) ([]byte, error)
	VKey() VKey // of type TypeMLDSA44
}

// An Ed25519Key is a log's private key of type 0x01. Its text is the one of
// golang.org/x/mod/sumdb/note:
//
//	PRIVATE+KEY+<name>+<key ID>+base64(0x01 || 32-byte seed)
type Ed25519Key struct {
	vkey VKey
	priv ed25519.PrivateKey
}

// NewEd25519Key makes a key named after an origin from 32 bytes of rand.
func NewEd25519Key(rand io.Reader, name string) (*Ed25519Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("reading random seed: %w", err)
	}
	return ed25519Key(name, seed)
}

func ed25519Key(name string, seed []byte) (*Ed25519Key, error) {
	priv := ed25519.NewKeyFromSeed(seed)
	vkey, err := NewVKey(name, TypeEd25519, priv.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &Ed25519Key{vkey: vkey, priv: priv}, nil
}

// ParseEd25519Key parses the private key text. It accepts only what Private
// prints; errors do not repeat the text.
func ParseEd25519Key(text string) (*Ed25519Key, error) {
	name, seed, err := cutPrivate(text, TypeEd25519)
	if err != nil {
		return nil, err
	}
	k, err := ed25519Key(name, seed)
	if err != nil {
		return nil, err
	}
	if k.Private() != text {
		return nil, errors.New("parsing private key: key ID is wrong")
	}
	return k, nil
}

// Private returns the private key text. Keep it secret.
func (k *Ed25519Key) Private() string { return joinPrivate(k.vkey, k.priv.Seed()) }

// VKey returns the verifier key.
func (k *Ed25519Key) VKey() VKey { return k.vkey }

// Name returns the key name, which is the origin.
func (k *Ed25519Key) Name() string { return k.vkey.name }

// KeyHash returns the key ID.
func (k *Ed25519Key) KeyHash() uint32 { return k.vkey.KeyHash() }

// Sign signs the text of a note.
func (k *Ed25519Key) Sign(text []byte) ([]byte, error) { return ed25519.Sign(k.priv, text), nil }

// An MLDSAKey is a private ML-DSA-44 key of type 0x06. Its text is
//
//	PRIVATE+KEY+<name>+<key ID>+base64(0x06 || 32-byte seed)
type MLDSAKey struct {
	vkey VKey
	priv *mldsa.PrivateKey
}

// NewMLDSAKey makes a key from 32 bytes of rand. A log names it after its
// origin.
func NewMLDSAKey(rand io.Reader, name string) (*MLDSAKey, error) {
	seed := make([]byte, mldsa.PrivateKeySize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("reading random seed: %w", err)
	}
	return mldsaKey(name, seed)
}

func mldsaKey(name string, seed []byte) (*MLDSAKey, error) {
	priv, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		return nil, fmt.Errorf("expanding seed: %w", err)
	}
	vkey, err := NewVKey(name, TypeMLDSA44, priv.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	return &MLDSAKey{vkey: vkey, priv: priv}, nil
}

// ParseMLDSAKey parses the private key text. It accepts only what Private
// prints; errors do not repeat the text.
func ParseMLDSAKey(text string) (*MLDSAKey, error) {
	name, seed, err := cutPrivate(text, TypeMLDSA44)
	if err != nil {
		return nil, err
	}
	k, err := mldsaKey(name, seed)
	if err != nil {
		return nil, err
	}
	if k.Private() != text {
		return nil, errors.New("parsing private key: key ID is wrong")
	}
	return k, nil
}

// Private returns the private key text. Keep it secret.
func (k *MLDSAKey) Private() string { return joinPrivate(k.vkey, k.priv.Bytes()) }

// VKey returns the verifier key.
func (k *MLDSAKey) VKey() VKey { return k.vkey }

// Cosign cosigns a checkpoint. It is deterministic, so that the same head
// signed twice in one second gives the same text, and so needs no randomness.
func (k *MLDSAKey) Cosign(c Checkpoint, at time.Time) ([]byte, error) {
	seconds := at.Unix()
	if at.IsZero() || seconds < 0 {
		return nil, fmt.Errorf("cosigning checkpoint: %w", ErrClock)
	}
	if c.Origin == "" || len(c.Origin) > 255 {
		return nil, fmt.Errorf("cosigning checkpoint: origin of %d bytes", len(c.Origin))
	}
	sig, err := k.priv.SignDeterministic(subtreeMessage(k.vkey.name, c, uint64(seconds)), nil)
	if err != nil {
		return nil, fmt.Errorf("cosigning checkpoint: %w", err)
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(seconds)), sig...), nil
}

const privatePrefix = "PRIVATE+KEY+"

func joinPrivate(k VKey, seed []byte) string {
	return privatePrefix + k.name + "+" + k.id() + "+" + strict.EncodeToString(append([]byte{k.typ}, seed...))
}

func cutPrivate(text string, typ byte) (name string, seed []byte, err error) {
	rest, ok := strings.CutPrefix(text, privatePrefix)
	parts := strings.SplitN(rest, "+", 3)
	if !ok || len(parts) != 3 {
		return "", nil, errors.New("parsing private key: want PRIVATE+KEY+name+id+seed")
	}
	raw, err := decodeBase64(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != typ {
		return "", nil, fmt.Errorf("parsing private key: not a seed of type 0x%02x", typ)
	}
	return parts[0], raw[1:], nil
}
