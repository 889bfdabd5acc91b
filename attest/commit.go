package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// Domain tags of the commitment scheme (docs/spec/bytes.md, "Commitments").
const (
	saltTag = "deed/salt/v1\x00"
	rootTag = "deed/fields/v1\x00"
)

// Field is one named value under a commitment. Value is the canonical JSON of
// the value.
type Field struct {
	Name  string
	Value []byte
}

// Salt derives the salt of one field from the seed:
// HMAC-SHA-256(seed, "deed/salt/v1\0" || name).
func Salt(seed [32]byte, name string) [32]byte {
	return mac(seed, append([]byte(saltTag), name...))
}

// CommitField is the commitment to one value: HMAC-SHA-256(salt, be32(len name)
// || name || be32(len value) || value).
func CommitField(salt [32]byte, name string, value []byte) [32]byte {
	message := make([]byte, 0, 256)
	message = append(binary.BigEndian.AppendUint32(message, uint32(len(name))), name...)
	message = append(binary.BigEndian.AppendUint32(message, uint32(len(value))), value...)
	return mac(salt, message)
}

// mac is HMAC-SHA-256 (RFC 2104) under a key of half a block. Commitments are
// short and many: crypto/hmac makes two hashes for each, on the heap.
func mac(key [32]byte, message []byte) [32]byte {
	inner := sha256.Sum256(append(padded(make([]byte, 0, 384), key, 0x36), message...))
	outer := make([]byte, 0, sha256.BlockSize+sha256.Size)
	return sha256.Sum256(append(padded(outer, key, 0x5c), inner[:]...))
}

// padded appends a block of the key, filled up with zeros, and a pad.
func padded(b []byte, key [32]byte, pad byte) []byte {
	for _, k := range key {
		b = append(b, k^pad)
	}
	for range sha256.BlockSize - len(key) {
		b = append(b, pad)
	}
	return b
}

// RootOf is the commitment to a set of fields: SHA-256("deed/fields/v1\0" ||
// be32(count) || the commitments in ascending order).
func RootOf(commitments [][32]byte) Digest {
	sorted := slices.Clone(commitments)
	slices.SortFunc(sorted, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	doc := make([]byte, 0, len(rootTag)+4+len(sorted)*sha256.Size)
	doc = binary.BigEndian.AppendUint32(append(doc, rootTag...), uint32(len(sorted)))
	for _, c := range sorted {
		doc = append(doc, c[:]...)
	}
	return DigestOf(doc)
}

// Commit is the root over fields with salts derived from one seed.
func Commit(seed [32]byte, fields []Field) Digest {
	cs := make([][32]byte, len(fields))
	for i, f := range fields {
		cs[i] = CommitField(Salt(seed, f.Name), f.Name, f.Value)
	}
	return RootOf(cs)
}

// Opening shows the value of one committed argument, with its salt.
type Opening struct {
	Name  string `json:"name"`
	Salt  string `json:"salt"` // 64 hex digits
	Value Value  `json:"value"`
}

// Sealed names an argument whose value stays private.
type Sealed struct {
	Commitment string `json:"commitment"` // 64 hex digits
	Name       string `json:"name"`
}

// OpenValues makes the openings of named values under a seed, in order of name.
func OpenValues(seed [32]byte, names []string, values []Value) []Opening {
	out := make([]Opening, len(names))
	for i, name := range names {
		salt := Salt(seed, name)
		out[i] = Opening{Name: name, Salt: hex.EncodeToString(salt[:]), Value: values[i]}
	}
	slices.SortFunc(out, func(a, b Opening) int { return cmpString(a.Name, b.Name) })
	return out
}

// ArgumentsRoot recomputes the root over opened and sealed arguments. Both
// lists are in ascending order of name and no name stands twice.
// Faults: action.open.
func ArgumentsRoot(open []Opening, sealed []Sealed) (Digest, error) {
	cs := make([][32]byte, 0, len(open)+len(sealed))
	for i, o := range open {
		salt, err := hex32(o.Salt, "open.salt")
		if err != nil {
			return "", err
		}
		value, err := o.Value.Canonical()
		if err != nil || !validArgument(o.Name) || i > 0 && open[i-1].Name >= o.Name {
			return "", Refuse("action.open", "open", "distinct argument names in ascending order", o.Name)
		}
		cs = append(cs, CommitField(salt, o.Name, value))
	}
	for i, s := range sealed {
		c, err := hex32(s.Commitment, "sealed.commitment")
		if err != nil {
			return "", err
		}
		if opened(open, s.Name) || !validArgument(s.Name) || i > 0 && sealed[i-1].Name >= s.Name {
			return "", Refuse("action.open", "sealed", "distinct argument names in ascending order", s.Name)
		}
		cs = append(cs, c)
	}
	return RootOf(cs), nil
}

// opened reports whether openings, in order, have one of the name.
func opened(open []Opening, name string) bool {
	_, found := slices.BinarySearchFunc(open, name, func(o Opening, name string) int { return cmpString(o.Name, name) })
	return found
}

func hex32(s, field string) (out [32]byte, err error) {
	if len(s) != hexDigest || !lowerHex(s) {
		return out, Refuse("action.open", field, "64 lower-case hex digits", s)
	}
	_, err = hex.Decode(out[:], []byte(s))
	return out, err
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// CredentialCommitment is the commitment of [Credential]: a root over the kind
// and the ID of the credential that was used at the target, both of them text,
// under a seed of the agent (docs/spec/bytes.md, "Credentials"). Whoever gets the
// seed finds the same ID in the target's own log.
func CredentialCommitment(seed [32]byte, kind, id string) Digest {
	return Commit(seed, TextFields([][2]string{{"id", id}, {"kind", kind}}))
}
