package attest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

func TestCommitmentsHide(t *testing.T) {
	a, b := seedOf("a"), seedOf("b")
	if attest.Salt(a, "x") == attest.Salt(b, "x") || attest.Salt(a, "x") == attest.Salt(a, "y") {
		t.Error("salts repeat")
	}
	salt := attest.Salt(a, "x")
	seen := map[[32]byte]string{}
	for name, value := range map[string]string{"ab": "c", "a": "bc", "abc": "", "": "abc"} {
		c := attest.CommitField(salt, name, []byte(value))
		if other, twice := seen[c]; twice {
			t.Errorf("%q and %q run together", name, other)
		}
		seen[c] = name
	}
}

func TestRootOf(t *testing.T) {
	x, y := [32]byte{1}, [32]byte{2}
	given := [][32]byte{y, x}
	if attest.RootOf(given) != attest.RootOf([][32]byte{x, y}) || given[0] != y {
		t.Error("the order matters, or the argument was sorted")
	}
	roots := []attest.Digest{attest.RootOf(nil), attest.RootOf([][32]byte{x}), attest.RootOf([][32]byte{x, x}), attest.RootOf([][32]byte{x, y})}
	slices.Sort(roots)
	if len(slices.Compact(roots)) != 4 {
		t.Error("sets of different size have one root")
	}
}

// change spoils opened and sealed arguments.
type change func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed)

func badArguments() map[string]change {
	return map[string]change{
		"not in order": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			slices.Reverse(o)
			return o, s
		},
		"open twice": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			o[1] = o[0]
			return o, s
		},
		"open and sealed": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			s[0].Name = "a"
			return o, s
		},
		"a salt too short": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			o[0].Salt = "00"
			return o, s
		},
		"an upper-case salt": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			o[0].Salt = strings.Repeat("A", 64)
			return o, s
		},
		"no name": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			o[0].Name = ""
			return o, s
		},
		"no value": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			o[0].Value = attest.Value{}
			return o, s
		},
		"no commitment": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			s[0].Commitment = ""
			return o, s
		},
		"a name out of form": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			s[0].Name = "c d"
			return o, s
		},
		"sealed twice": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			return o, append(s, s[0])
		},
		"sealed not in order": func(o []attest.Opening, s []attest.Sealed) ([]attest.Opening, []attest.Sealed) {
			return o, append(s, attest.Sealed{Commitment: s[0].Commitment, Name: "bb"})
		},
	}
}

func TestArgumentsRoot(t *testing.T) {
	seed := seedOf("arguments")
	open := attest.OpenValues(seed, []string{"b", "a"}, []attest.Value{attest.Int(2), attest.Text("x")})
	salt := attest.Salt(seed, "c")
	c := attest.CommitField(salt, "c", []byte("true"))
	sealed := []attest.Sealed{{Commitment: hex.EncodeToString(c[:]), Name: "c"}}
	root, err := attest.ArgumentsRoot(open, sealed)
	want := attest.Commit(seed, []attest.Field{{Name: "c", Value: []byte("true")}, {Name: "a", Value: []byte(`"x"`)}, {Name: "b", Value: []byte("2")}})
	if err != nil || root != want {
		t.Fatalf("%s, %v, want %s", root, err, want)
	}
	for name, change := range badArguments() {
		t.Run(name, func(t *testing.T) {
			_, err := attest.ArgumentsRoot(change(slices.Clone(open), slices.Clone(sealed)))
			wantCode(t, err, "action.open")
		})
	}
}

func TestConstraintWords(t *testing.T) {
	want := []string{
		`exactly "INV/1"`, `one of ["a", -3, true, 1.50 EUR, ["x", "y"]]`, `from -5 to 5`, `at most 5000.00 EUR`, `"INV/2026" or below`,
		`a host under bank.example`, `a subset of ["a", "b"]`, `any value`, `"INV" or below and "INV/2026" or below`,
	}
	for i, c := range constraints() {
		if c.String() != want[i] {
			t.Errorf("%s, want %s", c, want[i])
		}
	}
}

// TestMac holds salts and commitments against crypto/hmac, for names and values on
// both sides of every buffer.
func TestMac(t *testing.T) {
	sum := func(key [32]byte, message []byte) (out [32]byte) {
		m := hmac.New(sha256.New, key[:])
		m.Write(message)
		return [32]byte(m.Sum(nil))
	}
	for n := range 600 {
		key, name, value := sha256.Sum256([]byte{byte(n), byte(n >> 8)}), strings.Repeat("n", n%70), bytes.Repeat([]byte{byte(n)}, n)
		if got, want := attest.Salt(key, name), sum(key, []byte("deed/salt/v1\x00"+name)); got != want {
			t.Fatalf("salt of %q is %x, want %x", name, got, want)
		}
		message := append(binary.BigEndian.AppendUint32(nil, uint32(len(name))), name...)
		message = append(binary.BigEndian.AppendUint32(message, uint32(len(value))), value...)
		if got, want := attest.CommitField(key, name, value), sum(key, message); got != want {
			t.Fatalf("commitment to %d bytes is %x, want %x", n, got, want)
		}
	}
}

// TestCredentialCommitment: the commitment is the root over id and kind as the
// page has it, and tells kinds, IDs and seeds apart.
func TestCredentialCommitment(t *testing.T) {
	seed := seedOf("credential")
	got := attest.CredentialCommitment(seed, "oauth", "jti-1")
	field := func(name, text string) [32]byte {
		salt := hmac.New(sha256.New, seed[:])
		salt.Write([]byte("deed/salt/v1\x00" + name))
		m := hmac.New(sha256.New, salt.Sum(nil))
		for _, part := range []string{name, `"` + text + `"`} {
			m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
			m.Write([]byte(part))
		}
		return [32]byte(m.Sum(nil))
	}
	if want := attest.RootOf([][32]byte{field("id", "jti-1"), field("kind", "oauth")}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	others := []attest.Digest{got, attest.CredentialCommitment(seed, "api_key", "jti-1"),
		attest.CredentialCommitment(seed, "oauth", "jti-2"), attest.CredentialCommitment(seedOf("other"), "oauth", "jti-1")}
	slices.Sort(others)
	if len(slices.Compact(others)) != 4 {
		t.Error("two credentials have one commitment")
	}
}
