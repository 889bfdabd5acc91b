package attest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The vectors that other languages test themselves by lie at the repository's
// root; go test ./attest -update writes them.
var update = flag.Bool("update", false, "write the golden vectors")

const vectors = "../testdata/vectors"

// golden compares v with a file of vectors, or writes it.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	want, err := json.Marshal(v, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	path := filepath.Join(vectors, filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code gives; if that is meant, run with -update", name)
	}
}

type profileVector struct {
	Name     string `json:"name"`
	Document []byte `json:"document"` // base64
	Code     string `json:"code,omitzero"`
}

func TestProfileVectors(t *testing.T) {
	accept, refuse := []profileVector{}, []profileVector{}
	for _, tc := range profileCases() {
		switch v := (profileVector{tc.name, []byte(tc.doc), tc.code}); {
		case len(tc.doc) > 4096: // too long to be a vector: the limit is in the name of the test
		case tc.code == "":
			accept = append(accept, v)
		default:
			refuse = append(refuse, v)
		}
	}
	golden(t, "profile/accept.json", accept)
	golden(t, "profile/refuse.json", refuse)
}

type fieldVector struct {
	Name       string `json:"name"`
	Value      string `json:"value"` // canonical JSON, as text
	Salt       string `json:"salt"`
	Commitment string `json:"commitment"`
}

type commitmentVector struct {
	Name   string        `json:"name"`
	Seed   string        `json:"seed"`
	Fields []fieldVector `json:"fields"`
	Root   attest.Digest `json:"root"`
}

type commitmentVectors struct {
	SaltTag string             `json:"salt_tag"` // before the name, under the seed
	RootTag string             `json:"root_tag"` // before the count and the commitments
	Cases   []commitmentVector `json:"cases"`
}

// The tags are written out here a second time: a vector made with the code's
// own constants could not show that they changed.
func TestCommitmentVectors(t *testing.T) {
	out := commitmentVectors{SaltTag: "deed/salt/v1\x00", RootTag: "deed/fields/v1\x00"}
	add := func(name string, seed [32]byte, fields ...attest.Field) {
		v := commitmentVector{Name: name, Seed: hex.EncodeToString(seed[:]), Fields: []fieldVector{}, Root: attest.Commit(seed, fields)}
		for _, f := range fields {
			salt := attest.Salt(seed, f.Name)
			c := attest.CommitField(salt, f.Name, f.Value)
			v.Fields = append(v.Fields, fieldVector{f.Name, string(f.Value), hex.EncodeToString(salt[:]), hex.EncodeToString(c[:])})
		}
		out.Cases = append(out.Cases, v)
	}
	add("no fields", [32]byte{})
	add("one field", seedOf("one"), attest.Field{Name: "amount", Value: []byte(`{"decimal":"12.50","unit":"EUR"}`)})
	add("a zero seed, an empty text", [32]byte{}, attest.Field{Name: "a", Value: []byte(`""`)})
	var all []attest.Field
	for i, v := range values {
		doc, err := v.v.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, attest.Field{Name: "field-" + strconv.Itoa(i), Value: doc})
	}
	add("every kind of value", seedOf("every"), all...)
	golden(t, "commitments.json", out)
}

type envelopeVector struct {
	Name      string         `json:"name"`
	Signer    attest.Party   `json:"signer"`
	Key       attest.Key     `json:"key"`     // SubjectPublicKeyInfo
	Payload   []byte         `json:"payload"` // base64
	PAESHA256 string         `json:"pae_sha256"`
	ID        attest.ID      `json:"id"`
	Envelope  jsontext.Value `json:"envelope"`
}

// One envelope of every kind, signed with Ed25519, whose signatures are the
// same each time.
func TestEnvelopeVectors(t *testing.T) {
	out := []envelopeVector{}
	docs := documents(t)
	for _, kind := range attest.Kinds() {
		s := docs[string(kind)]
		key := edKey("vector " + string(kind))
		by := signerOf(t, s.SignedBy(), key)
		e, err := attest.Seal(payloadOf(t, s), key, by.KeyID)
		if err != nil {
			t.Fatal(err)
		}
		v, err := attest.Open(e, by)
		if err != nil {
			t.Fatal(err)
		}
		pae := sha256.Sum256([]byte("DSSEv1 28 application/vnd.in-toto+json " + strconv.Itoa(len(e.Payload)) + " " + string(e.Payload)))
		id := sha256.Sum256([]byte("deed/envelope/v1\x00" + string(pae[:]) + by.Name()))
		if v.ID() != attest.IDFrom(id) {
			t.Errorf("%s: ID %s is not the one by definition", kind, v.ID())
		}
		out = append(out, envelopeVector{string(kind), by.Party, publicKey(t, key), e.Payload, hex.EncodeToString(pae[:]), v.ID(), e.JSON()})
	}
	golden(t, "envelopes.json", out)
}
