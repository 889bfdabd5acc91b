package attest_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

func invitation() attest.Invitation {
	return attest.Invitation{
		By: "admin", Expires: 1_800_000_000_000, Log: "log.acme.example/1", Nonce: strings.Repeat("0f", 16),
		Origin: "https://deed.acme.example", Person: "maria", V: 1,
	}
}

func invitationKey(t testing.TB, seed byte) (ed25519.PrivateKey, attest.Key) {
	t.Helper()
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

func TestInvitation(t *testing.T) {
	key, public := invitationKey(t, 'a')
	text, err := invitation().Seal(key, public.Digest())
	if err != nil {
		t.Fatal(err)
	}
	held := func(name string, id attest.Digest) (attest.Key, error) {
		if name != "admin" || id != public.Digest() {
			return nil, errors.New("nobody")
		}
		return public, nil
	}
	if got, err := attest.OpenInvitation(text, held); err != nil || got != invitation() {
		t.Fatalf("%+v, %v", got, err)
	}
	_, other := invitationKey(t, 'b')
	refuse := func(name, code, text string, key func(string, attest.Digest) (attest.Key, error)) {
		t.Helper()
		if _, err := attest.OpenInvitation(text, key); attest.AsFault(err) == nil || attest.AsFault(err).Code != code {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	refuse("another key", "envelope.signature", text, func(string, attest.Digest) (attest.Key, error) { return other, nil })
	refuse("long", "envelope.size", strings.Repeat("a", attest.MaxInvitation+1), held)
	refuse("padding", "envelope.form", text+"=", held)
	refuse("line", "envelope.form", text[:8]+"\n"+text[8:], held)
	doc, _ := base64.RawURLEncoding.DecodeString(text)
	changed := strings.Replace(string(doc), `"person":"maria"`, `"person":"mario"`, 1)
	refuse("another person", "envelope.signature", base64.RawURLEncoding.EncodeToString([]byte(changed)), held)
	if _, err := attest.OpenInvitation(text, func(string, attest.Digest) (attest.Key, error) { return nil, errors.New("nobody") }); err == nil {
		t.Error("nobody's invitation")
	}
}

// What an invitation may hold is checked on both sides.
func TestInvitationFields(t *testing.T) {
	key, public := invitationKey(t, 'a')
	for field, spoil := range map[string]func(*attest.Invitation){
		"by":      func(i *attest.Invitation) { i.By = "A" },
		"person":  func(i *attest.Invitation) { i.Person = "" },
		"expires": func(i *attest.Invitation) { i.Expires = 0 },
		"log":     func(i *attest.Invitation) { i.Log = "" },
		"nonce":   func(i *attest.Invitation) { i.Nonce = "0f" },
		"origin":  func(i *attest.Invitation) { i.Origin = "http://deed.acme.example" },
		"until":   func(i *attest.Invitation) { i.Until = -1 },
		"reach":   func(i *attest.Invitation) { i.Reach = strings.Repeat("x", 257) },
	} {
		i := invitation()
		spoil(&i)
		if _, err := i.Seal(key, public.Digest()); attest.AsFault(err) == nil || attest.AsFault(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The signature of an invitation is none of a statement.
func TestInvitationIsNoStatement(t *testing.T) {
	key, public := invitationKey(t, 'a')
	text, err := invitation().Seal(key, public.Digest())
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := base64.RawURLEncoding.DecodeString(text)
	if _, err := attest.ParsePayload(doc); err == nil {
		t.Error("an invitation is a payload")
	}
	if _, err := attest.ParseEnvelope(doc); err == nil {
		t.Error("an invitation is an envelope")
	}
}

func FuzzOpenInvitation(f *testing.F) {
	key, public := invitationKey(f, 'a')
	text, err := invitation().Seal(key, public.Digest())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"invitation":{},"keyid":"","signature":""}`)))
	f.Fuzz(func(t *testing.T, text string) {
		i, err := attest.OpenInvitation(text, func(string, attest.Digest) (attest.Key, error) { return public, nil })
		if err != nil {
			return
		}
		if again, err := i.Seal(key, public.Digest()); err != nil || again != text {
			t.Errorf("%q opens and is not its own form: %v", text, err) // Ed25519 signs the same each time
		}
	})
}
