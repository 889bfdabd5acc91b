package passkey_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/passkey"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

func device() *authenticator.Authenticator {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
	return authenticator.New(key, "acme.example", "https://deed.acme.example")
}

func payload(t testing.TB) []byte {
	t.Helper()
	b, err := attest.Payload(&attest.Revocation{
		By: attest.Party{ID: "maria", Kind: attest.ByPerson}, Log: "log.acme.example/1", Nonce: strings.Repeat("0f", 16),
		Reason: "done", V: 1, Warrant: attest.ID("id:" + strings.Repeat("0", 64)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	d := device()
	key, p, err := passkey.ParseRegistration(d.CreateJSON())
	if err != nil {
		t.Fatal(err)
	}
	person := (&attest.Person{Key: key, Passkey: p}).Credential()
	ask := payload(t)
	challenge := attest.Challenge(ask)
	options := `{"challenge":"` + base64.RawURLEncoding.EncodeToString(challenge[:]) + `","rpId":"acme.example"}`
	answer, err := d.GetJSON([]byte(options))
	if err != nil {
		t.Fatal(err)
	}
	id, a, err := passkey.ParseAssertion(answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := passkey.Seal(person, ask, id, a); err != nil {
		t.Error(err)
	}
	if _, err := passkey.Seal(person, ask, []byte("another"), a); !errors.Is(err, passkey.ErrOther) {
		t.Errorf("another passkey: %v", err)
	}
	if _, err := passkey.Seal(attest.PersonKey(key), ask, id, a); !errors.Is(err, passkey.ErrOther) {
		t.Errorf("a key that is no passkey: %v", err)
	}
	if _, err := passkey.Seal(person, append([]byte(nil), ask[:len(ask)-1]...), id, a); err == nil {
		t.Error("another payload is signed")
	}
}

func TestForm(t *testing.T) {
	good := string(device().CreateJSON())
	for name, doc := range map[string]string{
		"empty": "", "not JSON": "{", "another type": strings.Replace(good, "public-key", "password", 1),
		"no response": `{"rawId":"AAAA","type":"public-key","response":{}}`,
		"padding":     strings.Replace(good, `"rawId":"`, `"rawId":"=`, 1),
		"long":        good + strings.Repeat(" ", 64<<10),
	} {
		if _, _, err := passkey.ParseRegistration([]byte(doc)); !errors.Is(err, passkey.ErrForm) {
			t.Errorf("registration, %s: %v", name, err)
		}
		if _, _, err := passkey.ParseAssertion([]byte(doc)); !errors.Is(err, passkey.ErrForm) {
			t.Errorf("assertion, %s: %v", name, err)
		}
	}
	if _, _, err := passkey.ParseRegistration([]byte(strings.Replace(good, `"rawId":"`, `"rawId":"AAAA`, 1))); err == nil {
		t.Error("a rawId that is not the credential's")
	}
}

// FuzzParse: no answer of a browser makes a reader of it panic, and what is read is
// there.
func FuzzParse(f *testing.F) {
	f.Add(device().CreateJSON())
	get, err := device().GetJSON([]byte(`{"challenge":"AAAA","rpId":"acme.example"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(get)
	f.Add([]byte(`{"rawId":"","type":"public-key"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if key, p, err := passkey.ParseRegistration(doc); err == nil && (len(key) == 0 || len(p.Credential) == 0) {
			t.Error("a registration of nothing")
		}
		if id, a, err := passkey.ParseAssertion(doc); err == nil && (len(id) == 0 || len(a.Signature) == 0 || len(a.ClientData) == 0) {
			t.Error("an assertion of nothing")
		}
	})
}
