package attest

import (
	"bytes"
	"crypto/hmac"
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
	m := hmac.New(sha256.New, seed[:])
	m.Write([]byte(saltTag))
	m.Write([]byte(name))
	return [32]byte(m.Sum(nil))
}

// CommitField is the commitment to one value: HMAC-SHA-256(salt, be32(len name)
// || name || be32(len value) || value).
func CommitField(salt [32]byte, name string, value []byte) [32]byte {
	m := hmac.New(sha256.New, salt[:])
	var n [4]byte
	for _, part := range [][]byte{[]byte(name), value} {
		binary.BigEndian.PutUint32(n[:], uint32(len(part)))
		m.Write(n[:])
		m.Write(part)
	}
	return [32]byte(m.Sum(nil))
}

// RootOf is the commitment to a set of fields: SHA-256("deed/fields/v1\0" ||
// be32(count) || the commitments in ascending order).
func RootOf(commitments [][32]byte) Digest {
	sorted := slices.Clone(commitments)
	slices.SortFunc(sorted, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte(rootTag))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(sorted))))
	for _, c := range sorted {
		h.Write(c[:])
	}
	return DigestFrom([32]byte(h.Sum(nil)))
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
	names := make(map[string]bool, len(open)+len(sealed))
	var cs [][32]byte
	for i, o := range open {
		salt, err := hex32(o.Salt, "open.salt")
		if err != nil {
			return "", err
		}
		value, err := o.Value.Canonical()
		if err != nil || names[o.Name] || !validArgument(o.Name) || i > 0 && open[i-1].Name >= o.Name {
			return "", Refuse("action.open", "open", "distinct argument names in ascending order", o.Name)
		}
		names[o.Name] = true
		cs = append(cs, CommitField(salt, o.Name, value))
	}
	for i, s := range sealed {
		c, err := hex32(s.Commitment, "sealed.commitment")
		if err != nil {
			return "", err
		}
		if names[s.Name] || !validArgument(s.Name) || i > 0 && sealed[i-1].Name >= s.Name {
			return "", Refuse("action.open", "sealed", "distinct argument names in ascending order", s.Name)
		}
		names[s.Name] = true
		cs = append(cs, c)
	}
	return RootOf(cs), nil
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
