package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"
	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

var testCheckpoint = ledger.Checkpoint{Origin: storetest.Origin, Size: 42, Root: ledger.HashLeaf([]byte("root"))}

// signed is testCheckpoint with both signatures of the log, and more.
func signed(t testing.TB, more ...ledger.Signature) []byte {
	t.Helper()
	ed, pq := storetest.Keys(t)
	sig, err := ed.Sign([]byte(testCheckpoint.String()))
	if err != nil {
		t.Fatal(err)
	}
	cosig, err := pq.Cosign(testCheckpoint, time.Unix(1_700_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	sigs := []ledger.Signature{
		{Name: ed.Name(), KeyID: ed.KeyHash(), Bytes: sig},
		{Name: pq.VKey().Name(), KeyID: pq.VKey().KeyHash(), Bytes: cosig},
	}
	return ledger.SignedCheckpoint{Checkpoint: testCheckpoint, Signatures: append(sigs, more...)}.Bytes()
}

func TestOpenCheckpoint(t *testing.T) {
	ed, pq := storetest.Keys(t)
	unknown := ledger.Signature{Name: "witness.example", KeyID: 7, Bytes: []byte("whatever")}
	text := signed(t, unknown)
	c, err := ledger.OpenCheckpoint(text, ed.VKey().String())
	if err != nil {
		t.Fatal(err)
	}
	if c.Checkpoint() != testCheckpoint || len(c.Signatures()) != 3 || c.Signatures()[2].Name != "witness.example" {
		t.Errorf("opened %+v with %d signatures", c.Checkpoint(), len(c.Signatures()))
	}
	if err := ledger.VerifyMLDSA(text, pq.VKey().String()); err != nil {
		t.Error(err)
	}
	// The oracle: x/mod.
	v, err := note.NewVerifier(ed.VKey().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(text, note.VerifierList(v, pq.VKey()))
	if err != nil || n.Text != testCheckpoint.String() || len(n.Sigs) != 2 {
		t.Errorf("note.Open = %+v, %v", n, err)
	}
}

// TestSubtreeMessage builds the message of a cosignature from the text of
// c2sp.org/tlog-cosignature, and verifies by that.
func TestSubtreeMessage(t *testing.T) {
	_, pq := storetest.Keys(t)
	sig, err := pq.Cosign(testCheckpoint, time.Unix(1_700_000_000, 999))
	if err != nil {
		t.Fatal(err)
	}
	var m bytes.Buffer
	m.WriteString("subtree/v1\n\x00")
	m.WriteString("\x10log.example/2026")
	binary.Write(&m, binary.BigEndian, uint64(1_700_000_000))
	m.WriteString("\x10log.example/2026")
	binary.Write(&m, binary.BigEndian, []uint64{0, 42})
	m.Write(testCheckpoint.Root[:])
	pk, err := mldsa.NewPublicKey(mldsa.MLDSA44(), pq.VKey().Key())
	if err != nil {
		t.Fatal(err)
	}
	if len(sig) != 8+2420 || binary.BigEndian.Uint64(sig) != 1_700_000_000 {
		t.Errorf("signature of %d bytes", len(sig))
	}
	if err := mldsa.Verify(pk, m.Bytes(), sig[8:], nil); err != nil {
		t.Error(err)
	}
}

func TestCheckpointSignatureMutations(t *testing.T) {
	ed, pq := storetest.Keys(t)
	text := string(signed(t))
	lines := strings.Split(text, "\n")
	join := func(l ...string) string { return strings.Join(l, "\n") }
	body, edLine, pqLine := lines[:4], lines[4], lines[5]
	flip := func(line string) string { // flips a bit of the last signature byte but two
		head, b64, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		raw, _ := base64.StdEncoding.DecodeString(b64)
		raw[len(raw)-3] ^= 1
		return "— " + head + " " + base64.StdEncoding.EncodeToString(raw)
	}
	withBody := func(sigs ...string) string { return join(append(append(append([]string{}, body...), sigs...), "")...) }
	tests := []struct {
		name     string
		text     string
		ed, mlds bool // verify
	}{
		{"as signed", withBody(edLine, pqLine), true, true},
		{"other order", withBody(pqLine, edLine), true, true},
		{"without ML-DSA", withBody(edLine), true, false},
		{"without Ed25519", withBody(pqLine), false, true},
		{"Ed25519 flipped", withBody(flip(edLine), pqLine), false, true},
		{"ML-DSA flipped", withBody(edLine, flip(pqLine)), true, false},
		{"Ed25519 twice", withBody(edLine, edLine, pqLine), false, true},
		{"Ed25519 flipped, then right", withBody(flip(edLine), edLine, pqLine), false, true},
		{"size changed", strings.Replace(withBody(edLine, pqLine), "\n42\n", "\n43\n", 1), false, false},
		{"root changed", strings.Replace(withBody(edLine, pqLine), body[2], ledger.EmptyRoot.String()[:43]+"=", 1), false, false},
		{"origin changed", strings.Replace(withBody(edLine, pqLine), "log.example/2026\n", "log.example/2027\n", 1), false, false},
	}
	for _, tt := range tests {
		if _, err := ledger.OpenCheckpoint([]byte(tt.text), ed.VKey().String()); (err == nil) != tt.ed {
			t.Errorf("%s: OpenCheckpoint: %v", tt.name, err)
		}
		if err := ledger.VerifyMLDSA([]byte(tt.text), pq.VKey().String()); (err == nil) != tt.mlds {
			t.Errorf("%s: VerifyMLDSA: %v", tt.name, err)
		}
	}
	if _, err := ledger.OpenCheckpoint([]byte(text), pq.VKey().String()); err == nil {
		t.Error("OpenCheckpoint took an ML-DSA-44 key")
	}
	if err := ledger.VerifyMLDSA([]byte(text), ed.VKey().String()); err == nil {
		t.Error("VerifyMLDSA took an Ed25519 key")
	}
}

func TestParseCheckpointStrict(t *testing.T) {
	root := base64.StdEncoding.EncodeToString(make([]byte, 32))
	empty := "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	good := []string{"a\n0\n" + empty + "\n", "a.example/b\n9223372036854775807\n" + root + "\n"}
	bad := map[string]string{
		"no final newline": "a\n1\n" + root, "extension line": "a\n1\n" + root + "\nmore\n", "empty line": "a\n1\n" + root + "\n\n",
		"no origin": "\n1\n" + root + "\n", "space in origin": "a b\n1\n" + root + "\n", "plus in origin": "a+b\n1\n" + root + "\n",
		"leading zero": "a\n01\n" + root + "\n", "sign": "a\n+1\n" + root + "\n", "negative": "a\n-1\n" + root + "\n",
		"2^63": "a\n9223372036854775808\n" + root + "\n", "hexadecimal": "a\n0x1\n" + root + "\n", "no size": "a\n\n" + root + "\n",
		"short root": "a\n1\nAAAA\n", "trailing bits": "a\n1\n" + root[:42] + "B=\n", "carriage return": "a\n1\n" + root[:20] + "\r" + root[20:] + "\n",
		"empty tree with a root": "a\n0\n" + root + "\n",
	}
	for _, text := range good {
		if c, err := ledger.ParseCheckpoint(text); err != nil || c.String() != text {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, text := range bad {
		if _, err := ledger.ParseCheckpoint(text); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

func TestVKey(t *testing.T) {
	// The example of c2sp.org/signed-note.
	const example = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	k, err := ledger.ParseVKey(example)
	if err != nil || k.String() != example || k.Type() != ledger.TypeEd25519 || k.KeyHash() != 0x530d903a {
		t.Errorf("ParseVKey = %v, %v", k, err)
	}
	bad := map[string]string{
		"upper-case ID": strings.Replace(example, "530d903a", "530D903A", 1), "other ID": strings.Replace(example, "530d", "530e", 1),
		"other name": "x" + example, "no key": "example.com/foo+530d903a+", "two parts": "example.com/foo+530d903a",
		"type 0x02": "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "newline": example + "\n",
	}
	for name, text := range bad {
		if _, err := ledger.ParseVKey(text); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

func TestPrivateKeys(t *testing.T) {
	ed, pq := storetest.Keys(t)
	back, err := ledger.ParseEd25519Key(ed.Private())
	if err != nil || back.VKey().String() != ed.VKey().String() {
		t.Errorf("Ed25519: %v", err)
	}
	signer, err := note.NewSigner(ed.Private())
	if err != nil || signer.KeyHash() != ed.KeyHash() {
		t.Errorf("x/mod does not take the private key: %v", err)
	}
	backPQ, err := ledger.ParseMLDSAKey(pq.Private())
	if err != nil || backPQ.VKey().String() != pq.VKey().String() {
		t.Errorf("ML-DSA: %v", err)
	}
	for _, text := range []string{"", ed.Private() + "\n", pq.Private(), strings.Replace(ed.Private(), "PRIVATE", "private", 1), strings.Replace(ed.Private(), "2026", "2027", 1)} {
		if _, err := ledger.ParseEd25519Key(text); err == nil {
			t.Error("ParseEd25519Key took a wrong text")
		} else if len(text) > 60 && strings.Contains(err.Error(), text[50:60]) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
	if _, err := ledger.ParseMLDSAKey(ed.Private()); err == nil {
		t.Error("ParseMLDSAKey took an Ed25519 key")
	}
	if _, err := ledger.NewEd25519Key(strings.NewReader("short"), "a"); err == nil {
		t.Error("NewEd25519Key took too little randomness")
	}
	if _, err := pq.Cosign(testCheckpoint, time.Time{}); !errors.Is(err, ledger.ErrClock) {
		t.Errorf("Cosign at the zero time = %v", err)
	}
}

// witness makes a type 0x04 cosignature by torchwood, the oracle.
func witness(t testing.TB, name string, seed byte) (ledger.VKey, ledger.Signature) {
	t.Helper()
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
	s, err := torchwood.NewCosignatureSigner(name, priv)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.ParseVKey(s.Verifier().String())
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign([]byte(testCheckpoint.String()))
	if err != nil {
		t.Fatal(err)
	}
	return key, ledger.Signature{Name: name, KeyID: s.KeyHash(), Bytes: sig}
}

func asCorrupt(err error, bad **ledger.Corrupt) bool { return errors.As(err, bad) }
