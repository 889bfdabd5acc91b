package attest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// sealed is a signed action of the payments agent, with its signer.
func sealed(t testing.TB) (attest.Envelope, attest.Signer) {
	t.Helper()
	key := ecKey(t, elliptic.P256(), "agent")
	s := signerOf(t, attest.Party{ID: agent, Kind: attest.BySVID}, key)
	e, err := attest.Seal(payloadOf(t, actionDoc(t)), key, s.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	return e, s
}

func TestOpen(t *testing.T) {
	e, s := sealed(t)
	v, err := attest.Open(e, s)
	if err != nil {
		t.Fatal(err)
	}
	if v.IsZero() || !v.ID().Valid() || v.Signer().ID != agent || v.Statement().Kind() != attest.KindAction || !bytes.Equal(v.Envelope().Payload, e.Payload) {
		t.Errorf("%+v", v)
	}
	if !(attest.Verified{}).IsZero() {
		t.Error("the zero Verified is not zero")
	}
	again, err := attest.ParseEnvelope(e.JSON())
	if err != nil || !bytes.Equal(again.JSON(), e.JSON()) {
		t.Fatal(err)
	}
	if w, err := attest.Open(again, s); err != nil || w.ID() != v.ID() {
		t.Errorf("through JSON: %v", err)
	}
}

// The traps that DSSE and its usual libraries leave open.
func TestParseEnvelopeTraps(t *testing.T) {
	e, _ := sealed(t)
	doc := string(e.JSON())
	swap := func(old, new string) string {
		t.Helper()
		if !strings.Contains(doc, old) {
			t.Fatalf("no %q in the envelope", old)
		}
		return strings.Replace(doc, old, new, 1)
	}
	signature := doc[strings.Index(doc, `[{`)+1 : strings.Index(doc, `}]`)+1]
	sig64 := base64.StdEncoding.EncodeToString(e.Signature)
	cases := []struct{ name, doc, code string }{
		{"as it is", doc, ""},
		{"another payload type", swap("vnd.in-toto+json", "json"), "envelope.payload_type"},
		{"the payload type in another case", swap("vnd.in-toto", "vnd.In-Toto"), "envelope.payload_type"},
		{"two signatures", swap(signature, signature+","+signature), "envelope.signatures"},
		{"no signature", swap(signature, ""), "envelope.signatures"},
		{"an empty signature", swap(sig64, ""), "envelope.signatures"},
		{"a huge signature", swap(sig64, strings.Repeat("AAAA", 5462)), "envelope.signatures"},
		{"signatures are null", swap("["+signature+"]", "null"), "envelope.signatures"},
		{"a member twice", swap(`{"payload"`, `{"payload":"AAAA","payload"`), "envelope.form"},
		{"a signature's member twice", swap(`"sig":`, `"sig":"AAAA","sig":`), "envelope.form"},
		{"a member in another case", swap(`"payloadType"`, `"payloadtype"`), "envelope.form"},
		{"a member twice in another case", swap(`"payloadType"`, `"PAYLOADTYPE":"x","payloadType"`), "envelope.form"},
		{"a member more", swap(`{"payload"`, `{"a":1,"payload"`), "envelope.form"},
		{"a signature's member more", swap(`"sig":`, `"cert":"","sig":`), "envelope.form"},
		{"white space", swap(`{"payload"`, `{ "payload"`), "envelope.form"},
		{"a newline at the end", doc + "\n", "envelope.form"},
		{"another document after it", doc + doc, "envelope.form"},
		{"an escaped name", swap(`"sig":`, `"\u0073ig":`), "envelope.form"},
		{"members in another order", `{"payloadType":"application/vnd.in-toto+json",` + strings.Replace(doc[1:], `"payloadType":"application/vnd.in-toto+json",`, "", 1), "envelope.form"},
		{"a newline in base64", swap(sig64, sig64[:8]+`\n`+sig64[8:]), "envelope.form"},
		{"base64 with spare bits", swap(`"sig":"`+sig64, `"sig":"AB==`), "envelope.form"},
		{"URL base64", swap(sig64, "-_-_"), "envelope.form"},
		{"base64 without padding", swap(sig64, "AA"), "envelope.form"},
		{"no keyid", swap(`"keyid":"`+string(e.KeyID)+`",`, ""), "envelope.form"},
		{"an empty keyid", swap(string(e.KeyID), ""), "envelope.keyid"},
		{"a keyid without prefix", swap(string(e.KeyID), e.KeyID.Hex()), "envelope.keyid"},
		{"an upper-case keyid", swap(string(e.KeyID), "sha256:"+strings.ToUpper(e.KeyID.Hex())), "envelope.keyid"},
		{"an empty payload", swap(base64.StdEncoding.EncodeToString(e.Payload), ""), "envelope.size"},
		{"a payload too large", swap(base64.StdEncoding.EncodeToString(e.Payload), strings.Repeat("AAAA", attest.MaxPayload/3+1)), "envelope.size"},
		{"far too large", strings.Repeat(" ", attest.MaxEnvelope+1), "envelope.size"},
		{"a payload that is no string", swap(`"payload":"`, `"payload":[],"x":"`), "envelope.form"},
		{"nothing", "", "envelope.form"},
		{"null", "null", "envelope.payload_type"},
		{"an array", "[]", "envelope.form"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := attest.ParseEnvelope([]byte(tc.doc))
			wantCode(t, err, tc.code)
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	e, s := sealed(t)
	other := signerOf(t, s.Party, ecKey(t, elliptic.P256(), "other"))
	change := func(f func(*attest.Envelope, *attest.Signer)) (attest.Envelope, attest.Signer) {
		e2, s2 := e, s
		e2.Signature, e2.Payload = bytes.Clone(e.Signature), bytes.Clone(e.Payload)
		f(&e2, &s2)
		return e2, s2
	}
	cases := []struct {
		name, code string
		change     func(*attest.Envelope, *attest.Signer)
	}{
		{"another signer's name", "d0.signer", func(_ *attest.Envelope, s *attest.Signer) { s.ID = "spiffe://acme.example/agent/buyer" }},
		{"a person of that name", "d0.signer", func(_ *attest.Envelope, s *attest.Signer) { s.Kind = attest.ByPerson }},
		{"nobody", "d0.signer", func(_ *attest.Envelope, s *attest.Signer) { *s = attest.Signer{} }},
		{"another keyid", "envelope.keyid", func(e *attest.Envelope, _ *attest.Signer) { e.KeyID = digestOf("x") }},
		{"another key and its keyid", "envelope.signature", func(e *attest.Envelope, s *attest.Signer) { *s, e.KeyID = other, other.KeyID }},
		{"another key under the same keyid", "envelope.signature", func(_ *attest.Envelope, s *attest.Signer) { s.Key = other.Key }},
		{"a changed payload", "envelope.signature", func(e *attest.Envelope, _ *attest.Signer) {
			e.Payload = bytes.Replace(e.Payload, []byte(`"claim":"human"`), []byte(`"claim":"agent"`), 1)
		}},
		{"a changed signature", "envelope.signature", func(e *attest.Envelope, _ *attest.Signer) { e.Signature[len(e.Signature)-1] ^= 1 }},
		{"a signature with a tail", "envelope.signature", func(e *attest.Envelope, _ *attest.Signer) { e.Signature = append(e.Signature, 0) }},
		{"a signature of zeros", "envelope.signature", func(e *attest.Envelope, _ *attest.Signer) { e.Signature = []byte{0x30, 6, 2, 1, 0, 2, 1, 0} }},
		{"an empty signature", "envelope.signatures", func(e *attest.Envelope, _ *attest.Signer) { e.Signature = nil }},
		{"no key", "key.algorithm", func(_ *attest.Envelope, s *attest.Signer) { s.Key = nil }},
		{"a signature of the payload alone", "envelope.signature", func(e *attest.Envelope, _ *attest.Signer) {
			sum := sha256.Sum256(e.Payload)
			e.Signature, _ = ecdsa.SignASN1(rand.Reader, ecKey(t, elliptic.P256(), "agent"), sum[:])
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			e, s := change(tc.change)
			v, err := attest.Open(e, s)
			wantCode(t, err, tc.code)
			if !v.IsZero() {
				t.Error("a Verified came of it")
			}
		})
	}
}

// (r, n-s) is a signature too; the ID does not depend on which one it is, nor
// on the keyid, but on the signer's name and the payload.
func TestIDs(t *testing.T) {
	e, s := sealed(t)
	v, err := attest.Open(e, s)
	if err != nil {
		t.Fatal(err)
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(e.Signature, &parts); err != nil {
		t.Fatal(err)
	}
	parts.S.Sub(elliptic.P256().Params().N, parts.S)
	mirrored := e
	if mirrored.Signature, err = asn1.Marshal(parts); err != nil || bytes.Equal(mirrored.Signature, e.Signature) {
		t.Fatal(err)
	}
	w, err := attest.Open(mirrored, s)
	if err != nil || w.ID() != v.ID() {
		t.Errorf("(r, n-s): %v, %s and %s", err, w.ID(), v.ID())
	}
	p, err := attest.Parse(e)
	if err != nil {
		t.Fatal(err)
	}
	renamed := s
	renamed.ID = "spiffe://acme.example/agent/buyer"
	if err := p.VerifyEndorsement(renamed); err != nil || p.Envelope().ID(renamed.Name()) == v.ID() {
		t.Errorf("another name gives the same ID: %v", err)
	}
	rotated := signerOf(t, s.Party, ecKey(t, elliptic.P256(), "after rotation"))
	e2, err := attest.Seal(e.Payload, ecKey(t, elliptic.P256(), "after rotation"), rotated.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = attest.Open(e2, rotated); err != nil || w.ID() != v.ID() {
		t.Errorf("another key gives another ID: %v", err)
	}
}

func TestPartyNames(t *testing.T) {
	for want, p := range map[string]attest.Party{
		"spiffe://a/b":     {ID: "spiffe://a/b", Kind: attest.BySVID},
		"person:treasurer": {ID: "treasurer", Kind: attest.ByPerson},
		"server:a.example": {ID: "a.example", Kind: attest.ByServer},
	} {
		if p.Name() != want {
			t.Errorf("%s, want %s", p.Name(), want)
		}
	}
}

// A key ID that nobody has checked must not bring the process down.
func TestEnvelopeJSONOfHostileFields(t *testing.T) {
	e := attest.Envelope{KeyID: "\xff\"\\\n"}
	if _, err := attest.ParseEnvelope(e.JSON()); err == nil {
		t.Error("accepted")
	}
	if _, err := attest.Seal([]byte("{}"), edKey("x"), "sha256:x"); codeOf(err) != "envelope.keyid" {
		t.Errorf("sealed: %v", err)
	}
	if _, err := attest.Seal([]byte("{}"), "no key", digestOf("x")); codeOf(err) != "key.algorithm" {
		t.Errorf("sealed: %v", err)
	}
}

func FuzzParseEnvelope(f *testing.F) {
	e, _ := sealed(f)
	f.Add(e.JSON())
	f.Add(attest.Envelope{Payload: []byte("x"), KeyID: digestOf("x"), Signature: []byte{0}}.JSON())
	f.Add([]byte(`{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		e, err := attest.ParseEnvelope(doc)
		if err != nil {
			if attest.AsFault(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if !bytes.Equal(e.JSON(), doc) {
			t.Fatalf("written again as %s", e.JSON())
		}
	})
}
