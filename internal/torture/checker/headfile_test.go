package checker

import (
	"bytes"
	"crypto/sha256"
	"os"
	"slices"
	"testing"
)

// save writes a head file of one text, in one slot or the other.
func save(t *testing.T, path string, serial uint64, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, headFile(serial, text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func headFile(serial uint64, text []byte) []byte {
	fixed := append(append([]byte(headMagic), u64(serial)...), u64(uint64(len(text)))...)
	sum := sha256.Sum256(append(bytes.Clone(fixed), text...))
	file := make([]byte, 2*headSlot)
	copy(file[serial%2*headSlot:], slices.Concat(fixed, sum[:], text))
	return file
}

func TestHeadFile(t *testing.T) {
	both := headFile(4, []byte("old"))
	copy(both[headSlot:], headFile(5, []byte("new"))[headSlot:])
	want := func(text string) {
		t.Helper()
		if got, err := HeadText(both); string(got) != text || (err == nil) != (text != "") {
			t.Errorf("found %q, %v, want %q", got, err, text)
		}
	}
	want("new")
	both[headSlot+headHeader] ^= 1
	want("old")
	both[headFixed] ^= 1
	want("")
	if _, err := HeadText(both[1:]); err == nil {
		t.Error("a shorter file passes")
	}
}
