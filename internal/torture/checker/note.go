package checker

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/mldsa"
)

// Signature types (c2sp.org/signed-note).
const (
	typeEd25519 = 0x01
	typeMLDSA44 = 0x06
)

// vkey is a key of the log: <name>+<hex key ID>+base64(type || key).
type vkey struct {
	name string
	id   []byte
	typ  byte
	key  []byte
}

func parseVKey(text string) (vkey, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), "+")
	id, key, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(key)
	if err != nil || len(raw) < 2 {
		return vkey{}, fmt.Errorf("malformed key of %q", name)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	if hex.EncodeToString(sum[:4]) != id {
		return vkey{}, fmt.Errorf("key ID of %q is %s, want %x", name, id, sum[:4])
	}
	return vkey{name: name, id: sum[:4], typ: raw[0], key: raw[1:]}, nil
}

// checkpoint is a verified checkpoint of the log.
type checkpoint struct {
	size uint64
	root Hash
	time uint64 // of the ML-DSA-44 line in Unix seconds, 0 without that key
}

// errNote: the text is no checkpoint of this log.
var errNote = errors.New("not a checkpoint of this log")

// open verifies the line of every key over the text.
func (c *Checker) open(text []byte) (checkpoint, error) {
	if known, ok := c.notes[string(text)]; ok {
		return known, nil
	}
	body, lines, ok := bytes.Cut(text, []byte("\n\n"))
	fields := strings.Split(string(body), "\n")
	if !ok || len(fields) != 3 || fields[0] != c.keys[0].name || !bytes.HasSuffix(lines, []byte("\n")) {
		return checkpoint{}, fmt.Errorf("%w: %.200q", errNote, text)
	}
	size, err := strconv.ParseUint(fields[1], 10, 63)
	root, err2 := base64.StdEncoding.Strict().DecodeString(fields[2])
	if err != nil || err2 != nil || len(root) != sha256.Size || strconv.FormatUint(size, 10) != fields[1] {
		return checkpoint{}, fmt.Errorf("%w: %.200q", errNote, text)
	}
	out := checkpoint{size: size, root: Hash(root)}
	for _, key := range c.keys {
		if err := key.verify(&out, string(body)+"\n", string(lines)); err != nil {
			return checkpoint{}, fmt.Errorf("checkpoint of size %d: %w", size, err)
		}
	}
	c.notes[string(text)] = out
	return out, nil
}

// verify wants one good line of the key.
func (k vkey) verify(c *checkpoint, body, lines string) error {
	found := 0
	for line := range strings.Lines(lines) {
		b64, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+k.name+" ")
		sig, err := base64.StdEncoding.Strict().DecodeString(b64)
		if !ok || err != nil || !bytes.HasPrefix(sig, k.id) {
			continue
		}
		if found++; !k.good(c, body, sig[4:]) {
			return fmt.Errorf("the signature of key %x is wrong", k.id)
		}
	}
	if found != 1 {
		return fmt.Errorf("%d lines of key %x, want 1", found, k.id)
	}
	return nil
}

func (k vkey) good(c *checkpoint, body string, sig []byte) bool {
	switch {
	case k.typ == typeEd25519 && len(k.key) == ed25519.PublicKeySize:
		return ed25519.Verify(k.key, []byte(body), sig)
	case k.typ == typeMLDSA44 && len(sig) > 8:
		public, err := mldsa.NewPublicKey(mldsa.MLDSA44(), k.key)
		if err != nil {
			return false
		}
		c.time = binary.BigEndian.Uint64(sig)
		return mldsa.Verify(public, wholeTree(k.name, *c), sig[8:], nil) == nil
	}
	return false
}

// wholeTree is the subtree message of c2sp.org/tlog-cosignature for all of the
// tree, the cosigner being the log.
func wholeTree(origin string, c checkpoint) []byte {
	b := []byte("subtree/v1\n\x00")
	b = append(append(b, byte(len(origin))), origin...)
	b = binary.BigEndian.AppendUint64(b, c.time)
	b = append(append(b, byte(len(origin))), origin...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, c.size)
	return append(b, c.root[:]...)
}
