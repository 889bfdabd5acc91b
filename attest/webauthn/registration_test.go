package webauthn_test

import (
	"bytes"
	"testing"

	"github.com/deedlog/deed/attest/webauthn"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

func TestRegistrationRefuses(t *testing.T) {
	yes := true
	cases := []struct {
		name, check string
		spoil       func(*authenticator.Authenticator)
	}{
		{"an assertion's client data", "passkey.type", func(a *authenticator.Authenticator) {
			a.Client = func(c *authenticator.ClientData) { c.Type = "webauthn.get" }
		}},
		{"in a frame", "passkey.cross_origin", func(a *authenticator.Authenticator) {
			a.Client = func(c *authenticator.ClientData) { c.CrossOrigin = &yes }
		}},
		{"of a party that is not the origin's", "passkey.rp", func(a *authenticator.Authenticator) { a.RPID = "other.example" }},
		{"of a party below the origin", "passkey.rp", func(a *authenticator.Authenticator) { a.RPID = "x.deed.acme.example" }},
		{"no credential ID", "passkey.authenticator_data", func(a *authenticator.Authenticator) { a.ID = nil }},
		{"a credential ID too long", "passkey.authenticator_data", func(a *authenticator.Authenticator) { a.ID = make([]byte, 1024) }},
		{"bytes left over", "passkey.authenticator_data", func(a *authenticator.Authenticator) { a.Extensions = []byte{0xa0} }},
		{"backed up and not eligible", "passkey.backup", func(a *authenticator.Authenticator) { a.Flags |= authenticator.BackedUp }},
	}
	for _, tc := range cases {
		a := authenticator.New(newKey(t, "ES256"), rpID, origin)
		tc.spoil(a)
		if _, err := webauthn.ParseRegistration(a.Create()); checkOf(err) != tc.check {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.check)
		}
	}
}

// What is not CBOR as authenticators write it, or not an attestation object.
func TestAttestationObjectForms(t *testing.T) {
	a := authenticator.New(newKey(t, "EdDSA"), rpID, origin)
	right, client := a.Create()
	swap := func(old, new string) []byte {
		out := bytes.Replace(right, []byte(old), []byte(new), 1)
		if bytes.Equal(out, right) {
			t.Fatalf("%q is not there", old)
		}
		return out
	}
	cases := map[string]struct {
		doc   []byte
		check string
	}{
		"empty":                    {nil, "passkey.registration"},
		"too large":                {make([]byte, 17<<10), "passkey.registration"},
		"a byte more":              {append(bytes.Clone(right), 0), "passkey.registration"},
		"two members":              {append([]byte{0xa2}, right[1:]...), "passkey.registration"},
		"another member":           {swap("cfmt", "cfmx"), "passkey.registration"},
		"fmt twice":                {swap("gattStmt\xa0", "cfmtdnone"), "passkey.registration"},
		"a statement that is none": {swap("gattStmt\xa0", "gattStmt\x80"), "passkey.registration"},
		"length in a longer form":  {swap("cfmt", "\x78\x03fmt"), "passkey.registration"},
		"no definite length":       {append(append([]byte{0xbf}, right[1:]...), 0xff), "passkey.registration"},
		"a tag":                    {append([]byte{0xc1}, right...), "passkey.registration"},
		"ES384":                    {swap("\x01\x01\x03\x27", "\x01\x01\x03\x22"), "key.algorithm"},
		"another type of key":      {swap("\x01\x01\x03\x27", "\x01\x02\x03\x27"), "key.algorithm"},
		"another curve":            {swap("\x03\x27\x20\x06", "\x03\x27\x20\x07"), "key.algorithm"},
		"a label twice":            {swap("\x03\x27\x20\x06", "\x03\x27\x03\x27"), "passkey.authenticator_data"},
	}
	for name, tc := range cases {
		if _, err := webauthn.ParseRegistration(tc.doc, client); checkOf(err) != tc.check {
			t.Errorf("%s: %v, want %s", name, err, tc.check)
		}
	}
	for i := range right {
		if _, err := webauthn.ParseRegistration(right[:i], client); err == nil {
			t.Errorf("%d bytes of %d pass", i, len(right))
		}
	}
	for _, more := range []string{"\xa1\x61x\xf5", "\xa1\x61x\x81\x81\x01", "\xa2\x01\x20\x02\x18\x18"} { // a statement is read over
		if _, err := webauthn.ParseRegistration(swap("gattStmt\xa0", "gattStmt"+more), client); err != nil {
			t.Errorf("%q: %v", more, err)
		}
	}
	for _, bad := range []string{"\xa1\x61x\xf7", "\xa1\x61x\xfb", "\xa1\x61x\x81\x81\x81\x01", "\xa2\x01\x01\x01\x01", "\xa1\x01\x18\x17", "\xa1\x01\x9b\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if _, err := webauthn.ParseRegistration(swap("gattStmt\xa0", "gattStmt"+bad), client); checkOf(err) != "passkey.registration" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A point that is not on the curve is no key.
func TestPointOffTheCurve(t *testing.T) {
	a := authenticator.New(newKey(t, "ES256"), rpID, origin)
	doc, client := a.Create()
	doc[len(doc)-1] ^= 1
	if _, err := webauthn.ParseRegistration(doc, client); checkOf(err) != "key.algorithm" {
		t.Error(err)
	}
}
