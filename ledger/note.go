package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSignatures caps the signature lines of a checkpoint. C2SP asks for at
// least 16; a trust policy may name 32 witnesses, each with a key of both types.
const maxSignatures = 100

// maxNote caps a signed checkpoint in bytes: 100 ML-DSA-44 lines fit.
const maxNote = 512 << 10

// A Signature is one signature line of a checkpoint, not verified
// (c2sp.org/signed-note, "Signatures"):
//
//	— <key name> base64(32-bit key ID || signature)
type Signature struct {
	Name  string // key name
	KeyID uint32
	// Bytes is the signature without the key ID. For the types 0x04 and 0x06
	// it starts with a 64-bit timestamp.
	Bytes []byte
}

// String returns the signature line without its newline.
func (s Signature) String() string {
	raw := append(binary.BigEndian.AppendUint32(nil, s.KeyID), s.Bytes...)
	return "— " + s.Name + " " + strict.EncodeToString(raw)
}

// parseNote splits a signed note into its text and signature lines. It is
// strict: joinNote of the result gives the same bytes.
func parseNote(note []byte) (text string, sigs []Signature, err error) {
	if err := checkNoteBytes(note); err != nil {
		return "", nil, err
	}
	split := strings.LastIndex(string(note), "\n\n")
	if split < 0 {
		return "", nil, errors.New("no empty line before the signatures")
	}
	text = string(note[:split+1])
	lines := strings.Split(string(note[split+2:]), "\n")
	if lines[len(lines)-1] != "" || len(lines) < 2 {
		return "", nil, errors.New("no signature line, or no final newline")
	}
	if len(lines)-1 > maxSignatures {
		return "", nil, fmt.Errorf("%d signatures, the limit is %d", len(lines)-1, maxSignatures)
	}
	for _, line := range lines[:len(lines)-1] {
		sig, err := parseSignature(line)
		if err != nil {
			return "", nil, err
		}
		sigs = append(sigs, sig)
	}
	return text, sigs, nil
}

func checkNoteBytes(note []byte) error {
	if len(note) > maxNote {
		return fmt.Errorf("%d bytes, the limit is %d", len(note), maxNote)
	}
	if !utf8.Valid(note) {
		return errors.New("not UTF-8")
	}
	for _, c := range note {
		if c < 0x20 && c != '\n' {
			return errors.New("control character")
		}
	}
	return nil
}

func parseSignature(line string) (Signature, error) {
	rest, ok := strings.CutPrefix(line, "— ")
	name, b64, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || !validKeyName(name) {
		return Signature{}, fmt.Errorf("malformed signature line %.80q", line)
	}
	raw, err := decodeBase64(b64)
	if err != nil {
		return Signature{}, fmt.Errorf("decoding signature of %s: %w", name, err)
	}
	if len(raw) < 5 {
		return Signature{}, fmt.Errorf("signature of %s has %d bytes", name, len(raw))
	}
	return Signature{Name: name, KeyID: binary.BigEndian.Uint32(raw), Bytes: raw[4:]}, nil
}

func joinNote(text string, sigs ...Signature) []byte {
	b := append([]byte(text), '\n')
	for _, s := range sigs {
		b = append(append(b, s.String()...), '\n')
	}
	return b
}

// validKeyName implements the rule for key names of c2sp.org/signed-note.
func validKeyName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.Contains(name, "+") &&
		strings.IndexFunc(name, unicode.IsSpace) < 0 &&
		strings.IndexFunc(name, func(r rune) bool { return r < 0x20 }) < 0
}
