package authority

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/passkey"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// taken is what an honest page gives of a person who took an invitation; change
// makes it lie.
func taken(t *testing.T, i attest.Invitation, change func(*attest.Person, *authenticator.Authenticator)) *personHalf {
	t.Helper()
	device := authenticator.New(ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32))), "acme.example", i.Origin)
	key, p, err := passkey.ParseRegistration(device.CreateJSON())
	if err != nil {
		t.Fatal(err)
	}
	s := &attest.Person{V: 1, Log: i.Log, Nonce: i.Nonce, By: i.By, Name: i.Person, Key: key, Passkey: p, Reach: i.Reach, From: 1000, Until: i.Until}
	if change != nil {
		change(s, device)
	}
	payload, err := attest.Payload(s)
	if err != nil {
		t.Fatal(err)
	}
	challenge := attest.Challenge(payload)
	data, client, sig := device.Get(challenge[:])
	e, err := attest.SealAssertion(payload, s.Credential().Digest(), attest.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig})
	if err != nil {
		t.Fatal(err)
	}
	return &personHalf{Payload: payload, Endorsement: e.JSON(), Expires: i.Expires}
}

// What a page gives is held against the invitation: it may not have somebody else
// registered, or for anything else, or with a key that nobody proved to have.
func TestHeldAgainst(t *testing.T) {
	const now = 5000
	i := attest.Invitation{
		V: 1, By: "admin", Person: "maria", Reach: "maria@acme.example", Log: "log.acme.example/1", Origin: "https://deed.acme.example",
		Nonce: strings.Repeat("0f", 16), Expires: 4000, Until: 9000,
	}
	type lie = func(*attest.Person, *authenticator.Authenticator)
	if s, err := heldAgainst(i, taken(t, i, nil), i.Log, now); err != nil || s.Name != "maria" {
		t.Fatal(err)
	}
	for want, change := range map[string]lie{
		"the page gave name":  func(s *attest.Person, _ *authenticator.Authenticator) { s.Name = "mallory" },
		"the page gave by":    func(s *attest.Person, _ *authenticator.Authenticator) { s.By = "other" },
		"the page gave log":   func(s *attest.Person, _ *authenticator.Authenticator) { s.Log = "log.other.example/1" },
		"the page gave reach": func(s *attest.Person, _ *authenticator.Authenticator) { s.Reach = "" },
		"the page gave until": func(s *attest.Person, _ *authenticator.Authenticator) { s.Until = 0 },
		"the page gave passkey.origins": func(s *attest.Person, _ *authenticator.Authenticator) {
			s.Passkey.Origins = append(s.Passkey.Origins, "https://evil.acme.example")
		},
		"the registration begins": func(s *attest.Person, _ *authenticator.Authenticator) { s.From = 4000 },
		"passkey.verification":    func(_ *attest.Person, d *authenticator.Authenticator) { d.Flags &^= authenticator.UserVerified },
		"passkey.origin":          func(_ *attest.Person, d *authenticator.Authenticator) { d.Origin = "https://evil.acme.example" },
		"envelope.signature": func(_ *attest.Person, d *authenticator.Authenticator) {
			d.Key = ed25519.NewKeyFromSeed([]byte(strings.Repeat("m", 32)))
		},
		"no registration of a passkey": func(s *attest.Person, _ *authenticator.Authenticator) { s.Passkey = nil },
	} {
		if _, err := heldAgainst(i, taken(t, i, change), i.Log, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := heldAgainst(i, taken(t, i, nil), "log.other.example/1", now); err == nil {
		t.Error("another log's registration is signed")
	}
	mixed := taken(t, i, nil)
	mixed.Endorsement = taken(t, i, func(s *attest.Person, _ *authenticator.Authenticator) { s.From = 2000 }).Endorsement
	if _, err := heldAgainst(i, mixed, i.Log, now); err == nil || !strings.Contains(err.Error(), "another registration") {
		t.Errorf("an endorsement of another registration: %v", err)
	}
}

func TestReadLink(t *testing.T) {
	if l, err := readLink("https://deed.acme.example/invitation/abc"); err != nil || l.origin != "https://deed.acme.example" || l.text != "abc" {
		t.Errorf("%+v, %v", l, err)
	}
	for _, bad := range []string{
		"", "abc", "https://deed.acme.example/", "http://deed.acme.example/invitation/abc", "https://deed.acme.example/invitation/abc?x=1",
		"https://deed.acme.example/invitation/abc#x", "file:///invitation/abc", "https://deed.acme.example:443/invitation/abc",
	} {
		if l, err := readLink(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, l)
		}
	}
}
