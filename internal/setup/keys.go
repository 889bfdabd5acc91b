package setup

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/deedlog/deed/ledger"
)

// The types of key that [NewKey] makes.
const (
	Ed25519 = "ed25519"
	P256    = "p256"
)

// NewKey makes a signing key: ed25519, or p256. The randomness is used for
// Ed25519; P-256 keys come from the Go runtime's own.
func NewKey(kind string, rand io.Reader) (crypto.Signer, error) {
	switch kind {
	case Ed25519:
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(rand, seed); err != nil {
			return nil, fmt.Errorf("making key: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	case P256:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
		if err != nil {
			return nil, fmt.Errorf("making key: %w", err)
		}
		return key, nil
	}
	return nil, fmt.Errorf("making key: unknown type %q, want %s or %s", kind, Ed25519, P256)
}

// WriteKey writes a private key as PEM (PKCS #8), readable by its owner alone.
// It never overwrites a file.
func WriteKey(path string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("writing key %s: %w", path, err)
	}
	return WriteNewFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), keyMode)
}

// ErrKeyForm is a file that is not a private key in the one form that is read.
var ErrKeyForm = errors.New("want one PEM block of type PRIVATE KEY (PKCS #8)")

// ReadKey reads a private key that [WriteKey] or a tool such as openssl wrote.
func ReadKey(path string) (crypto.Signer, error) {
	text, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("reading key %s: %w", path, ErrKeyForm)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", path, err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("reading key %s: %T cannot sign", path, parsed)
	}
	return key, nil
}

// keyMode is the mode of secret files.
const keyMode fs.FileMode = 0o600

// ErrOpenKey: others than the owner may read a private key.
var ErrOpenKey = errors.New("others may read the key")

// readSecret reads a file that nobody but its owner may read.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading key %s: %w (mode %04o, want 0600)", path, ErrOpenKey, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	return text, nil
}

// secrets are the keys of a running register.
type secrets struct {
	log    *ledger.Ed25519Key
	mldsa  *ledger.MLDSAKey
	server crypto.Signer
}

func newSecrets(origin string, rand io.Reader) (s secrets, err error) {
	if s.log, err = ledger.NewEd25519Key(rand, origin); err != nil {
		return s, fmt.Errorf("making log key: %w", err)
	}
	if s.mldsa, err = ledger.NewMLDSAKey(rand, origin); err != nil {
		return s, fmt.Errorf("making log key: %w", err)
	}
	s.server, err = NewKey(Ed25519, rand)
	return s, err
}

func (s secrets) write(k Keys) error {
	if err := WriteNewFile(k.Log, []byte(s.log.Private()+"\n"), keyMode); err != nil {
		return err
	}
	if err := WriteNewFile(k.LogMLDSA, []byte(s.mldsa.Private()+"\n"), keyMode); err != nil {
		return err
	}
	return WriteKey(k.Server, s.server)
}

// readSecrets reads the keys and checks that those of the log are named after
// the origin.
func readSecrets(k Keys, origin string) (s secrets, err error) {
	text, err := readSecret(k.Log)
	if err != nil {
		return s, err
	}
	if s.log, err = ledger.ParseEd25519Key(strings.TrimSpace(string(text))); err != nil {
		return s, fmt.Errorf("reading key %s: %w", k.Log, err)
	}
	if text, err = readSecret(k.LogMLDSA); err != nil {
		return s, err
	}
	if s.mldsa, err = ledger.ParseMLDSAKey(strings.TrimSpace(string(text))); err != nil {
		return s, fmt.Errorf("reading key %s: %w", k.LogMLDSA, err)
	}
	if s.log.Name() != origin || s.mldsa.VKey().Name() != origin {
		return s, fmt.Errorf("reading keys: they are of log %s and %s, the origin is %s", s.log.Name(), s.mldsa.VKey().Name(), origin)
	}
	s.server, err = ReadKey(k.Server)
	return s, err
}
