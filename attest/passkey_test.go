package attest_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	rpID   = "acme.example"
	webURL = "https://deed.acme.example"
)

// personDoc registers a passkey.
func personDoc(t testing.TB, a *authenticator.Authenticator) *attest.Person {
	t.Helper()
	key, p, err := attest.NewPasskey(a.Create())
	if err != nil {
		t.Fatal(err)
	}
	return &attest.Person{By: "alice", From: moment, Key: key, Log: origin, Name: "treasurer", Nonce: nonce("passkey"), Passkey: &p, V: 1}
}

// answer is what the authenticator signs of a payload, as an envelope.
func answer(t testing.TB, a *authenticator.Authenticator, keyID attest.Digest, payload []byte) attest.Envelope {
	t.Helper()
	challenge := attest.Challenge(payload)
	data, client, sig := a.Get(challenge[:])
	e, err := attest.SealAssertion(payload, keyID, attest.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ownInstruction is an instruction that the person signs.
func ownInstruction() *attest.Instruction {
	i := instructionDoc()
	i.Person, i.RecordedBy = "treasurer", ""
	return i
}

func passkeyKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"ES256": ecKey(t, elliptic.P256(), "passkey"), "EdDSA": edKey("passkey"), "RS256": rsaKey}
}

func TestPasskeySigns(t *testing.T) {
	for name, key := range passkeyKeys(t) {
		a := authenticator.New(key, rpID, webURL)
		person := personDoc(t, a)
		if again, err := attest.ParsePayload(payloadOf(t, person)); err != nil || !bytes.Equal(again.(*attest.Person).Credential(), person.Credential()) {
			t.Errorf("%s: %v", name, err)
		}
		signer, err := person.Credential().Signer("treasurer")
		if err != nil || !signer.IsPasskey() || signer.KeyID != person.Credential().Digest() || signer.KeySum != person.Key.Digest() {
			t.Fatalf("%s: %+v %v", name, signer, err)
		}
		e := answer(t, a, signer.KeyID, payloadOf(t, ownInstruction()))
		v, err := attest.Open(e, signer)
		if err != nil || v.Passkey() == nil || v.Passkey().Counter != 7 {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := attest.ParseEnvelope(e.JSON()); err != nil || !bytes.Equal(again.Signature, e.Signature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key and a passkey are never taken for each other, whatever the bytes say.
func TestPasskeyIsNoKey(t *testing.T) {
	key := edKey("passkey")
	a := authenticator.New(key, rpID, webURL)
	person := personDoc(t, a)
	passkey, err := person.Credential().Signer("treasurer")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := attest.KeySigner(attest.ByPerson, "treasurer", person.Key)
	if err != nil {
		t.Fatal(err)
	}
	payload := payloadOf(t, ownInstruction())
	sealed, err := attest.Seal(payload, key, passkey.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = attest.Open(sealed, passkey)
	wantCode(t, err, "passkey.form")
	_, err = attest.Open(answer(t, a, plain.KeyID, payload), plain)
	wantCode(t, err, "envelope.signature")
	_, err = attest.Open(answer(t, a, plain.KeyID, payload), passkey)
	wantCode(t, err, "envelope.keyid")

	raw := answer(t, a, passkey.KeyID, payload)
	for name, tag := range map[string]string{"no tag": "", "another tag": "deed/passkey/v2\x00", "a statement's": "deed/envelope/v1\x00"} {
		pae := "DSSEv1 28 application/vnd.in-toto+json " + strconv.Itoa(len(payload)) + " " + string(payload)
		challenge := sha256.Sum256([]byte(tag + pae))
		data, client, sig := a.Get(challenge[:])
		e, err := attest.SealAssertion(payload, passkey.KeyID, attest.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := attest.Open(e, passkey); codeOf(err) != "passkey.challenge" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, sig := range map[string]string{
		"a space": string(raw.Signature) + " ", "a member more": `{"a":1,` + string(raw.Signature[1:]), "nothing": "{}",
		"unpadded": string(bytes.Replace(raw.Signature, []byte("="), nil, 1)),
	} {
		e := raw
		e.Signature = []byte(sig)
		if _, err := attest.Open(e, passkey); codeOf(err) != "passkey.form" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an authenticator signed, kind by kind, is of no other kind and no other
// log.
func TestPasskeyIsOfOneStatement(t *testing.T) {
	a := authenticator.New(edKey("passkey"), rpID, webURL)
	signer, err := personDoc(t, a).Credential().Signer("treasurer")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := ownInstruction()
	elsewhere.Log = "other.example/log"
	payloads := [][]byte{payloadOf(t, ownInstruction()), payloadOf(t, approvalDoc()), payloadOf(t, elsewhere)}
	for i := range payloads {
		for j, payload := range payloads {
			e := answer(t, a, signer.KeyID, payloads[i])
			e.Payload = payload
			_, err := attest.Open(e, signer)
			if want := map[bool]string{true: "", false: "passkey.challenge"}[i == j]; codeOf(err) != want {
				t.Errorf("%d for %d: %v", i, j, err)
			}
		}
	}
}

func TestPasskeyMembers(t *testing.T) {
	p384, err := attest.KeyOf(ecKey(t, elliptic.P384(), "x").Public())
	if err != nil {
		t.Fatal(err)
	}
	origins := func(list ...string) func(*attest.Person) { return func(p *attest.Person) { p.Passkey.Origins = list } }
	cases := []struct {
		name, code string
		spoil      func(*attest.Person)
	}{
		{"right", "", func(*attest.Person) {}},
		{"more origins", "", origins("https://a.acme.example", "https://acme.example:8443", webURL)},
		{"this machine", "", func(p *attest.Person) {
			p.Passkey.RPID, p.Passkey.Origins = "localhost", []string{"http://localhost:8080"}
		}},
		{"no credential", "statement.field", func(p *attest.Person) { p.Passkey.Credential = nil }},
		{"a credential too long", "statement.field", func(p *attest.Person) { p.Passkey.Credential = make([]byte, 1024) }},
		{"no relying party", "statement.field", func(p *attest.Person) { p.Passkey.RPID = "" }},
		{"no origins", "statement.field", origins()},
		{"out of order", "statement.field", origins(webURL, "https://a.acme.example")},
		{"twice", "statement.field", origins(webURL, webURL)},
		{"not https", "statement.field", origins("http://acme.example")},
		{"another host", "statement.field", origins("https://evil.example")},
		{"a host that ends alike", "statement.field", origins("https://evilacme.example")},
		{"a path", "statement.field", origins("https://acme.example/")},
		{"a user", "statement.field", origins("https://u@acme.example")},
		{"upper case", "statement.field", origins("https://ACME.example")},
		{"the usual port", "statement.field", origins("https://acme.example:443")},
		{"no port", "statement.field", origins("https://acme.example:")},
		{"an odd port", "statement.field", origins("https://acme.example:08443")},
		{"an app", "statement.field", origins("android:apk-key-hash:x")},
		{"P-384", "key.algorithm", func(p *attest.Person) { p.Key = p384 }},
		{"no key", "statement.field", func(p *attest.Person) { p.Key = nil }},
		{"a key with a tail", "key.algorithm", func(p *attest.Person) { p.Key = append(p.Key[:len(p.Key):len(p.Key)], 0) }},
	}
	for _, tc := range cases {
		person := personDoc(t, authenticator.New(edKey("passkey"), rpID, webURL))
		tc.spoil(person)
		if _, err := attest.Payload(person); codeOf(err) != tc.code {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.code)
		}
		if _, err := person.Credential().Signer("treasurer"); codeOf(err) != tc.code {
			t.Errorf("%s, as an object: %v, want %q", tc.name, err, tc.code)
		}
	}
	rsaKey, err := attest.KeyOf(passkeyKeys(t)["RS256"].Public())
	if err != nil {
		t.Fatal(err)
	}
	person := personDoc(t, authenticator.New(edKey("passkey"), rpID, webURL))
	person.Key, person.Passkey = rsaKey, nil
	_, err = attest.Payload(person)
	wantCode(t, err, "key.algorithm") // RSA is for authenticators alone
}

func TestPasskeyRequest(t *testing.T) {
	a := authenticator.New(edKey("passkey"), rpID, webURL)
	person := personDoc(t, a)
	payload := payloadOf(t, ownInstruction())
	r, err := person.Credential().Request(payload)
	if err != nil {
		t.Fatal(err)
	}
	challenge := attest.Challenge(payload)
	if r.Challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) || r.RPID != rpID || r.UserVerification != "required" || len(r.AllowCredentials) != 1 {
		t.Errorf("%+v", r)
	}
	_, err = attest.PersonKey(person.Key).Request(payload)
	wantCode(t, err, "key.algorithm")
	_, _, err = attest.NewPasskey(nil, a.ClientData("webauthn.create", nil))
	wantCode(t, err, "passkey.registration")
}

type passkeyVector struct {
	Name      string         `json:"name"`
	Code      string         `json:"code,omitzero"` // of the refusal
	Challenge string         `json:"challenge"`     // base64url
	Envelope  jsontext.Value `json:"envelope"`
}

type passkeyVectors struct {
	Tag    string          `json:"tag"`    // before the PAE
	Signer string          `json:"signer"` // whose passkey it is
	Object jsontext.Value  `json:"object"` // that the keyid names
	Cases  []passkeyVector `json:"cases"`
}

// One instruction signed as it should be, and once for each way in which it
// should not.
func TestPasskeyVectors(t *testing.T) {
	page := authenticator.New(ecKey(t, elliptic.P256(), "vector passkey"), rpID, webURL)
	object := personDoc(t, page).Credential()
	signer, err := object.Signer("treasurer")
	if err != nil {
		t.Fatal(err)
	}
	payload := payloadOf(t, ownInstruction())
	challenge := attest.Challenge(payload)
	out := passkeyVectors{Tag: "deed/passkey/v1\x00", Signer: "treasurer", Object: jsontext.Value(object)}
	for _, c := range passkeySpoilt() {
		a := *page
		c.spoil(&a)
		e := answer(t, &a, signer.KeyID, payload)
		_, err := attest.Open(e, signer)
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		out.Cases = append(out.Cases, passkeyVector{c.name, c.code, base64.RawURLEncoding.EncodeToString(challenge[:]), e.JSON()})
	}
	golden(t, "passkeys.json", out)
}

type spoilt struct {
	name, code string
	spoil      func(*authenticator.Authenticator)
}

func passkeySpoilt() []spoilt {
	client := func(change func(*authenticator.ClientData)) func(*authenticator.Authenticator) {
		return func(a *authenticator.Authenticator) { a.Client = change }
	}
	flags := func(f byte, extensions ...byte) func(*authenticator.Authenticator) {
		return func(a *authenticator.Authenticator) { a.Flags, a.Extensions = f, extensions }
	}
	spelt := func(spell func(string) string) func(*authenticator.Authenticator) {
		return func(a *authenticator.Authenticator) {
			a.Spell = func(doc []byte) []byte { return []byte(spell(string(doc))) }
		}
	}
	const both = authenticator.UserPresent | authenticator.UserVerified
	yes := true
	extended := func(size int) func(*authenticator.Authenticator) { // authenticator data of so many bytes
		const head = 37 + 6
		return flags(both|authenticator.ExtensionData, append([]byte{0xa1, 0x61, 'x', 0x59, byte((size - head) >> 8), byte(size - head)}, make([]byte, size-head)...)...)
	}
	return []spoilt{
		{"right", "", flags(both)},
		{"with an extension", "", flags(both|authenticator.ExtensionData, 0xa1, 0x61, 'x', 0xf5)},
		{"with a member of a later browser", "", client(func(c *authenticator.ClientData) { c.Extra = "x" })},
		{"client data too large", "passkey.client_data", client(func(c *authenticator.ClientData) { c.Extra = string(make([]byte, 180)) })},
		{"a space before", "passkey.client_data", spelt(func(doc string) string { return " " + doc })},
		{"a line after", "passkey.client_data", spelt(func(doc string) string { return doc + "\n" })},
		{"two objects", "passkey.client_data", spelt(func(doc string) string { return doc + "{}" })},
		{"a name twice", "passkey.client_data", spelt(func(doc string) string { return doc[:len(doc)-1] + `,"x":1,"x":2}` })},
		{"a name without a value", "passkey.client_data", spelt(func(doc string) string { return doc[:len(doc)-1] + `,"x"}` })},
		{"a name that is a number", "passkey.client_data", spelt(func(doc string) string { return doc[:len(doc)-1] + `,1:2}` })},
		{"a comma at the end", "passkey.client_data", spelt(func(doc string) string { return doc[:len(doc)-1] + ",}" })},
		{"a frame that is a text", "passkey.client_data", spelt(func(doc string) string { return strings.Replace(doc, `"crossOrigin":false`, `"crossOrigin":"no"`, 1) })},
		{"a type that is a number", "passkey.client_data", spelt(func(doc string) string { return strings.Replace(doc, `"webauthn.get"`, `1`, 1) })},
		{"a registration", "passkey.type", client(func(c *authenticator.ClientData) { c.Type = "webauthn.create" })},
		{"another challenge", "passkey.challenge", client(func(c *authenticator.ClientData) { c.Challenge = "AAAA" + c.Challenge[4:] })},
		{"another origin", "passkey.origin", client(func(c *authenticator.ClientData) { c.Origin = "https://acme.example" })},
		{"in a frame", "passkey.cross_origin", client(func(c *authenticator.ClientData) { c.CrossOrigin = &yes })},
		{"below another page", "passkey.cross_origin", client(func(c *authenticator.ClientData) { c.TopOrigin = "https://top.example" })},
		{"another relying party", "passkey.rp", func(a *authenticator.Authenticator) { a.RPID = "deed.acme.example" }},
		{"bytes left over", "passkey.authenticator_data", flags(both, 0)},
		{"with a new credential", "passkey.authenticator_data", flags(both | authenticator.AttestedData)},
		{"with an extension in 512 bytes", "", extended(512)},
		{"with an extension in 513 bytes", "passkey.authenticator_data", extended(513)},
		{"backed up and not eligible", "passkey.backup", flags(both | authenticator.BackedUp)},
		{"eligible and not registered so", "passkey.backup", flags(both | authenticator.BackupEligible)},
		{"another key", "envelope.signature", func(a *authenticator.Authenticator) { a.Key = edKey("another") }},
		{"nobody there", "passkey.presence", flags(authenticator.UserVerified)},
		{"nobody verified", "passkey.verification", flags(authenticator.UserPresent)},
	}
}

// FuzzPersonKey: an object is one key or one passkey, and a passkey has one
// spelling.
func FuzzPersonKey(f *testing.F) {
	a := authenticator.New(edKey("passkey"), rpID, webURL)
	person := personDoc(f, a)
	f.Add([]byte(person.Credential()))
	f.Add([]byte(person.Key))
	f.Add([]byte(`{"key":"","passkey":{"credential":"","origins":[],"rp_id":""}}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		k := attest.PersonKey(object)
		s, err := k.Signer("treasurer")
		if err != nil {
			if attest.AsFault(err) == nil {
				t.Errorf("an error that is no fault: %v", err)
			}
			return
		}
		if s.IsPasskey() != k.IsPasskey() || (s.Form() == attest.KeyForm) != (s.KeyID == s.KeySum) || s.KeyID != attest.DigestOf(object) {
			t.Errorf("%+v", s)
		}
	})
}
