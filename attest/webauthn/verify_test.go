package webauthn_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest/webauthn"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

func checkOf(err error) string {
	if e, ok := errors.AsType[*webauthn.Error](err); ok {
		return e.Check
	}
	if err != nil {
		return "not a check: " + err.Error()
	}
	return ""
}

func newKey(t testing.TB, alg string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "RS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const (
	rpID   = "acme.example"
	origin = "https://deed.acme.example:8443"
)

var challenge = sha256.Sum256([]byte("a statement"))

// registered makes an authenticator, and the credential as a registration gives
// it.
func registered(t testing.TB, alg string) (*authenticator.Authenticator, webauthn.Credential) {
	t.Helper()
	a := authenticator.New(newKey(t, alg), rpID, origin)
	c, err := webauthn.ParseRegistration(a.Create())
	if err != nil {
		t.Fatal(err)
	}
	if c.RPID != rpID || len(c.Origins) != 1 || c.Origins[0] != origin || !bytes.Equal(c.ID, a.ID) {
		t.Fatalf("%+v", c)
	}
	return a, c
}

func get(a *authenticator.Authenticator) webauthn.Assertion {
	data, client, sig := a.Get(challenge[:])
	return webauthn.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig}
}

func TestVerify(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		a, c := registered(t, alg)
		facts, err := c.Verify(get(a), challenge)
		if err != nil || facts != (webauthn.Facts{Counter: 7}) {
			t.Errorf("%s: %+v %v", alg, facts, err)
		}
	}
}

func TestFacts(t *testing.T) {
	a, c := registered(t, "EdDSA")
	a.Flags |= authenticator.BackupEligible | authenticator.BackedUp
	a.Counter = 0
	c.BackupEligible = true
	facts, err := c.Verify(get(a), challenge)
	if err != nil || facts != (webauthn.Facts{BackedUp: true, BackupEligible: true}) {
		t.Errorf("%+v %v", facts, err)
	}
	again, err := webauthn.ParseRegistration(a.Create())
	if err != nil || !again.BackupEligible {
		t.Errorf("%+v %v", again, err)
	}
}

// Each case is right but for one thing, and is signed as it stands: no other check
// than the one named can have refused it.
func TestEveryCheck(t *testing.T) {
	yes := true
	const (
		up, uv, be, bs = authenticator.UserPresent, authenticator.UserVerified, authenticator.BackupEligible, authenticator.BackedUp
		at, ed         = authenticator.AttestedData, authenticator.ExtensionData
	)
	client := func(change func(*authenticator.ClientData)) func(*authenticator.Authenticator, *webauthn.Credential) {
		return func(a *authenticator.Authenticator, _ *webauthn.Credential) { a.Client = change }
	}
	flags := func(f byte, extensions ...byte) func(*authenticator.Authenticator, *webauthn.Credential) {
		return func(a *authenticator.Authenticator, _ *webauthn.Credential) { a.Flags, a.Extensions = f, extensions }
	}
	cases := []struct {
		name, check string
		spoil       func(*authenticator.Authenticator, *webauthn.Credential)
	}{
		{"nothing", "", flags(up | uv)},
		{"members of a later browser", "", client(func(c *authenticator.ClientData) { c.Extra = "do not compare clientDataJSON" })},
		{"no crossOrigin", "", client(func(c *authenticator.ClientData) { c.CrossOrigin = nil })},
		{"another origin of the same passkey", "", func(_ *authenticator.Authenticator, c *webauthn.Credential) {
			c.Origins = []string{"https://a.acme.example", origin}
		}},
		{"an extension", "", flags(up|uv|ed, 0xa1, 0x61, 'x', 0xf5)},
		{"registered as another type", "passkey.type", client(func(c *authenticator.ClientData) { c.Type = "webauthn.create" })},
		{"type in another case", "passkey.type", client(func(c *authenticator.ClientData) { c.Type = "webauthn.Get" })},
		{"no type", "passkey.type", client(func(c *authenticator.ClientData) { c.Type = "" })},
		{"another challenge", "passkey.challenge", client(func(c *authenticator.ClientData) { c.Challenge = "A" + c.Challenge[1:] })},
		{"padded challenge", "passkey.challenge", client(func(c *authenticator.ClientData) { c.Challenge += "=" })},
		{"another origin", "passkey.origin", client(func(c *authenticator.ClientData) { c.Origin = "https://evil.example" })},
		{"the origin with a path", "passkey.origin", client(func(c *authenticator.ClientData) { c.Origin += "/" })},
		{"the origin begun only", "passkey.origin", client(func(c *authenticator.ClientData) { c.Origin = "https://deed.acme.example" })},
		{"in a frame", "passkey.cross_origin", client(func(c *authenticator.ClientData) { c.CrossOrigin = &yes })},
		{"with a top origin", "passkey.cross_origin", client(func(c *authenticator.ClientData) { c.TopOrigin = origin })},
		{"too large", "passkey.client_data", client(func(c *authenticator.ClientData) { c.Extra = strings.Repeat("x", webauthn.MaxClientData) })},
		{"another relying party", "passkey.rp", func(a *authenticator.Authenticator, _ *webauthn.Credential) { a.RPID = "acme.example.evil" }},
		{"nobody there", "passkey.presence", flags(uv)},
		{"nobody verified", "passkey.verification", flags(up)},
		{"backed up and not eligible", "passkey.backup", flags(up | uv | bs)},
		{"eligible and was not", "passkey.backup", flags(up | uv | be)},
		{"was eligible and is not", "passkey.backup", func(_ *authenticator.Authenticator, c *webauthn.Credential) { c.BackupEligible = true }},
		{"a reserved flag", "passkey.authenticator_data", flags(up | uv | 1<<1)},
		{"another reserved flag", "passkey.authenticator_data", flags(up | uv | 1<<5)},
		{"bytes left over", "passkey.authenticator_data", flags(up|uv, 0)},
		{"attested data", "passkey.authenticator_data", flags(up | uv | at)},
		{"no extensions", "passkey.authenticator_data", flags(up | uv | ed)},
		{"bytes after extensions", "passkey.authenticator_data", flags(up|uv|ed, 0xa0, 0)},
		{"extensions that are no map", "passkey.authenticator_data", flags(up|uv|ed, 0x80)},
		{"extensions with a name twice", "passkey.authenticator_data", flags(up|uv|ed, 0xa2, 1, 1, 1, 1)},
		{"extensions too large", "passkey.authenticator_data", flags(up|uv|ed, append([]byte{0xa1, 1, 0x59, 2, 0}, make([]byte, 512)...)...)},
		{"another key", "envelope.signature", func(_ *authenticator.Authenticator, c *webauthn.Credential) { c.Key = newKey(t, "EdDSA").Public() }},
		{"a key of another algorithm", "envelope.signature", func(_ *authenticator.Authenticator, c *webauthn.Credential) { c.Key = newKey(t, "ES256").Public() }},
		{"no origins", "passkey.origin", func(_ *authenticator.Authenticator, c *webauthn.Credential) { c.Origins = nil }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			a, c := registered(t, "EdDSA")
			tc.spoil(a, &c)
			if _, err := c.Verify(get(a), challenge); checkOf(err) != tc.check {
				t.Errorf("%v, want %q", err, tc.check)
			}
		})
	}
}

// Documents that no encoder of ours writes.
func TestClientDataForms(t *testing.T) {
	a, c := registered(t, "EdDSA")
	right := string(get(a).ClientData)
	cases := map[string]string{
		"empty": "", "null": "null", "a list": "[" + right + "]", "cut": right[:len(right)-1], "two": right + right, "a line after": right + "\n",
		"a space before": " " + right, "a mark before": "\ufeff" + right,
		"type twice":      `{"type":"webauthn.create",` + right[1:],
		"challenge twice": strings.Replace(right, `"origin"`, `"challenge":"","origin"`, 1),
		"type a number":   strings.Replace(right, `"webauthn.get"`, `1`, 1),
		"type null":       strings.Replace(right, `"webauthn.get"`, `null`, 1),
		"cross a text":    strings.Replace(right, `"crossOrigin":false`, `"crossOrigin":"false"`, 1),
		"cross null":      strings.Replace(right, `"crossOrigin":false`, `"crossOrigin":null`, 1),
		"not UTF-8":       strings.Replace(right, `"crossOrigin"`, "\"a\":\"\xff\",\"crossOrigin\"", 1),
	}
	for name, doc := range cases {
		sent := webauthn.Assertion{AuthenticatorData: a.Data(a.Flags), ClientData: []byte(doc)}
		sent.Signature = a.Sign(sent.AuthenticatorData, sent.ClientData)
		if _, err := c.Verify(sent, challenge); checkOf(err) != "passkey.client_data" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, doc := range map[string]string{
		"a top origin of null": strings.Replace(right, `"crossOrigin"`, `"topOrigin":null,"crossOrigin"`, 1),
		"cross spelled so":     strings.Replace(right, `"crossOrigin":false`, `"cross\u004frigin":true`, 1),
	} {
		sent := webauthn.Assertion{AuthenticatorData: a.Data(a.Flags), ClientData: []byte(doc)}
		sent.Signature = a.Sign(sent.AuthenticatorData, sent.ClientData)
		if _, err := c.Verify(sent, challenge); checkOf(err) != "passkey.cross_origin" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No byte of an assertion can be changed, left out or added.
func TestEveryByteCounts(t *testing.T) {
	a, c := registered(t, "EdDSA")
	right := get(a)
	for part := range 3 {
		at := func(s *webauthn.Assertion) *[]byte {
			return [...]*[]byte{&s.AuthenticatorData, &s.ClientData, &s.Signature}[part]
		}
		whole := *at(&right)
		try := func(what string, b []byte) {
			spoiled := right
			*at(&spoiled) = b
			if _, err := c.Verify(spoiled, challenge); checkOf(err) == "" {
				t.Errorf("part %d: %s passes", part, what)
			}
		}
		for i := range whole {
			b := bytes.Clone(whole)
			b[i] ^= 0x04
			try("a byte changed", b)
			try("cut", whole[:i])
		}
		try("a byte more", append(bytes.Clone(whole), 0))
	}
}

func TestAllowed(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small := &rsa.PublicKey{N: newKey(t, "RS256").Public().(*rsa.PublicKey).N, E: 65537}
	if webauthn.Allowed(small) != nil {
		t.Error("RSA of 2048 bits is refused")
	}
	short, long := new(big.Int).Rsh(small.N, 1), new(big.Int).Lsh(small.N, 2049)
	for name, key := range map[string]crypto.PublicKey{
		"none": nil, "P-384": p384.Public(), "RSA 2047": &rsa.PublicKey{N: short, E: 65537}, "RSA 4097": &rsa.PublicKey{N: long, E: 65537},
		"half a key": ed25519.PublicKey(make([]byte, 31)),
	} {
		if err := webauthn.Allowed(key); checkOf(err) != "key.algorithm" {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := (webauthn.Credential{Key: key}).Verify(webauthn.Assertion{}, challenge); checkOf(err) != "key.algorithm" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
