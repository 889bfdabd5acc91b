package docs_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// exampleSeed is the private key of the page's examples: 32 bytes of 01.
var exampleSeed = [32]byte([]byte(strings.Repeat("\x01", 32)))

// TestBytesExample writes the worked examples of docs/spec/bytes.md and takes
// each value both ways: from package attest, and by hand as the page says.
func TestBytesExample(t *testing.T) {
	generated(t, "spec/bytes.md", "envelope", envelopeExample(t))
	generated(t, "spec/bytes.md", "commitments", commitmentExample(t))
	generated(t, "spec/admission.md", "control", controlExample(t))
}

func envelopeExample(t *testing.T) string {
	key := ed25519.NewKeyFromSeed(exampleSeed[:])
	spki, err := attest.KeyOf(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := attest.Payload(&attest.Revocation{
		By: attest.Party{ID: "treasurer", Kind: attest.ByPerson}, Log: "log.acme.example/2026",
		Nonce: strings.Repeat("0f", 16), Reason: "task done", V: 1,
		Warrant: attest.IDFrom(sha256.Sum256([]byte("a warrant"))),
	})
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := attest.Seal(payload, key, spki.Digest())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.KeySigner(attest.ByPerson, "treasurer", spki)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := attest.Open(envelope, signer)
	if err != nil {
		t.Fatal(err)
	}
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(attest.PayloadType), attest.PayloadType, len(payload), payload)
	paeSum := sha256.Sum256([]byte(pae))
	id := attest.IDFrom(sha256.Sum256([]byte("deed/envelope/v1\x00" + string(paeSum[:]) + "person:treasurer")))
	if id != verified.ID() {
		t.Errorf("id by hand is %s, by package attest %s", id, verified.ID())
	}
	if !ed25519.Verify(key.Public().(ed25519.PublicKey), []byte(pae), envelope.Signature) {
		t.Error("the signature is not over the encoding that the page shows")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The private key is 32 bytes of 01 (Ed25519). Its SubjectPublicKeyInfo:\n\n```\n%x\n```\n\n", []byte(spki))
	fmt.Fprintf(&b, "The payload, %d bytes:\n\n```json\n%s\n```\n\n", len(payload), payload)
	fmt.Fprintf(&b, "What is signed starts `%s` and ends with the payload.\n\n", strings.TrimSuffix(pae, string(payload)))
	fmt.Fprintf(&b, "| value | |\n|---|---|\n| SHA-256 of the encoding | `%x` |\n| keyid | `%s` |\n| signature, hex | `%x` |\n| signer name | `person:treasurer` |\n| statement ID | `%s` |\n\n",
		paeSum, envelope.KeyID, envelope.Signature, id)
	fmt.Fprintf(&b, "The envelope in JSON, one line of %d bytes, its object name `%s`:\n\n```json\n%s\n```\n",
		len(envelope.JSON()), attest.DigestOf(envelope.JSON()), envelope.JSON())
	return b.String()
}

func commitmentExample(t *testing.T) string {
	names := []string{"amount", "reference"}
	values := []attest.Value{attest.Money("1999.00", "EUR"), attest.Text("INV/2026/09/0117")}
	open := attest.OpenValues(exampleSeed, names, values)
	root, err := attest.ArgumentsRoot(open, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The seed is 32 bytes of 01.\n\n| argument | value as committed | salt | commitment |\n|---|---|---|---|\n")
	var second [32]byte
	for i, o := range open {
		value, err := o.Value.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		salt := attest.Salt(exampleSeed, o.Name)
		second = attest.CommitField(salt, o.Name, value)
		fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | `%x` |\n", o.Name, value, o.Salt, second)
		if hex.EncodeToString(salt[:]) != o.Salt || !o.Value.Equal(values[i]) {
			t.Errorf("opening of %s is not that of its seed", o.Name)
		}
	}
	sealed := []attest.Sealed{{Commitment: hex.EncodeToString(second[:]), Name: "reference"}}
	if again, err := attest.ArgumentsRoot(open[:1], sealed); err != nil || again != root {
		t.Errorf("root with a sealed argument is %s, %v, want %s", again, err, root)
	}
	request := attest.ActionRequest{Action: "payments.transfer", Arguments: root, Count: 2,
		Resource: attest.Resource{ID: "iban/DE/nordlicht", Kind: "bank_account"}}
	preimage := fmt.Sprintf(`{"action":"payments.transfer","argumentsDigest":"%s","resourceId":"iban/DE/nordlicht","resourceKind":"bank_account"}`, root.Hex())
	if got := attest.DigestOf([]byte(preimage)); got != request.Digest() {
		t.Errorf("request digest by hand is %s, by package attest %s", got, request.Digest())
	}
	fmt.Fprintf(&b, "\nThe arguments root is `%s`. It is the same whether `reference` is opened or sealed.\n\n", root)
	fmt.Fprintf(&b, "The request digest of a transfer with these arguments is the SHA-256 of\n\n```json\n%s\n```\n\nthat is `%s`.\n", preimage, request.Digest())
	return b.String()
}

func controlExample(t *testing.T) string {
	entry := []byte("the bytes of entry 0")
	start := admission.StartControl()
	next := start.Next(0, entry)
	leaf := sha256.Sum256(append([]byte{0}, entry...))
	preimage := append([]byte("deed/control/v1\x00"), make([]byte, 32+8)...)
	sum := sha256.Sum256(append(preimage, leaf[:]...))
	if attest.DigestFrom(sum) != next.Hash || next.Count != 1 {
		t.Errorf("control hash by hand is %x, by package admission %s", sum, next.Hash)
	}
	return fmt.Sprintf("| | count | hash |\n|---|---:|---|\n| before entry 0 | %d | `%s` |\n| after a control entry of the bytes `%s` | %d | `%s` |\n",
		start.Count, start.Hash, entry, next.Count, next.Hash)
}
