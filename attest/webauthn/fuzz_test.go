package webauthn_test

import (
	"testing"

	"github.com/deedlog/deed/attest/webauthn"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// What is accepted is signed by the key: nothing but the assertion itself passes.
func FuzzAssertion(f *testing.F) {
	a, c := registered(f, "EdDSA")
	right := get(a)
	f.Add(right.AuthenticatorData, right.ClientData, right.Signature)
	for _, v := range w3cVectors(f) {
		s := v.assertion(f)
		f.Add(s.AuthenticatorData, s.ClientData, s.Signature)
	}
	f.Fuzz(func(t *testing.T, data, client, sig []byte) {
		_, err := c.Verify(webauthn.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig}, challenge)
		same := string(data) == string(right.AuthenticatorData) && string(client) == string(right.ClientData) && string(sig) == string(right.Signature)
		if (err == nil) != same {
			t.Errorf("%v of %x %q %x", err, data, client, sig)
		}
		if err != nil && checkOf(err) == "" {
			t.Errorf("an error that is no check: %v", err)
		}
	})
}

// Client data in any form, signed as it stands: only what a reader of its own
// takes for the same four members passes.
func FuzzClientData(f *testing.F) {
	a, c := registered(f, "EdDSA")
	f.Add(get(a).ClientData)
	a.Client = func(d *authenticator.ClientData) { d.Extra, d.CrossOrigin = "x", nil }
	f.Add(get(a).ClientData)
	f.Add([]byte(`{"type":"webauthn.get","type":"webauthn.get"}`))
	f.Fuzz(func(t *testing.T, client []byte) {
		data := a.Data(a.Flags)
		_, err := c.Verify(webauthn.Assertion{AuthenticatorData: data, ClientData: client, Signature: a.Sign(data, client)}, challenge)
		if err == nil && !plainlyRight(client) {
			t.Errorf("%q passes", client)
		}
	})
}

// A registration that is taken has a key, an ID and a relying party of its own
// origin.
func FuzzRegistration(f *testing.F) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		a := authenticator.New(newKey(f, alg), rpID, origin)
		attestation, client := a.Create()
		f.Add(attestation, client)
	}
	for _, v := range w3cVectors(f) {
		f.Add(unhex(f, v.AttestationObject), unhex(f, v.CreateClientData))
	}
	f.Fuzz(func(t *testing.T, attestation, client []byte) {
		c, err := webauthn.ParseRegistration(attestation, client)
		if err == nil && (webauthn.Allowed(c.Key) != nil || len(c.ID) == 0 || c.RPID == "" || len(c.Origins) != 1) {
			t.Errorf("%+v", c)
		}
		if err != nil && checkOf(err) == "" {
			t.Errorf("an error that is no check: %v", err)
		}
	})
}
