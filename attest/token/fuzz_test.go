package token_test

import (
	"encoding/json"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// FuzzVerify: nothing but what the provider signed passes, and every other answer
// is a fault of the list.
func FuzzVerify(f *testing.F) {
	p := idp.New(issuer, "a")
	keys := parse(f, idp.JWKS(p))
	right := string(p.Token(attest.AccessToken, claims(attest.AccessToken)))
	f.Add([]byte(right))
	for _, n := range nearMisses() {
		f.Add(p.Token(n.of, with(claims(n.of), n.claim, n.value)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := token.Verify(raw, keys, rules(attest.AccessToken), now)
		if err == nil && string(raw) != right && (c.Issuer != issuer || c.Expires <= now || len(c.Audience) == 0) {
			t.Fatalf("%q passes as %+v", raw, c)
		}
		if err == nil {
			return
		}
		if fault := attest.AsFault(err); fault == nil || attest.Faults[fault.Code].Handling == "" || attest.Faults[fault.Code].Handling == attest.Logged {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

// FuzzClaims: claims in any form, rightly signed. What passes says the same to a
// reader of another make.
func FuzzClaims(f *testing.F) {
	p := idp.New(issuer, "a")
	keys := parse(f, idp.JWKS(p))
	for _, n := range nearMisses() {
		doc, _ := json.Marshal(with(claims(n.of), n.claim, n.value))
		f.Add(doc)
	}
	f.Add([]byte(`{"sub":"a","sub":"b"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) == 0 {
			return
		}
		header := map[string]any{"alg": "EdDSA", "kid": "key-1", "typ": "at+jwt"}
		c, err := token.Verify(p.Sign(header, doc), keys, rules(attest.AccessToken), now)
		if err != nil {
			if attest.AsFault(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		var plain struct {
			Issuer  string `json:"iss"`
			Subject string `json:"sub"`
			Expires int64  `json:"exp"`
		}
		all := map[string]json.RawMessage{}
		if err := json.Unmarshal(doc, &all); err != nil { // which keeps cases apart, unlike structs
			t.Fatalf("%q passes: %v", doc, err)
		}
		_ = json.Unmarshal(all["iss"], &plain.Issuer)
		_ = json.Unmarshal(all["sub"], &plain.Subject)
		_ = json.Unmarshal(all["exp"], &plain.Expires)
		if plain.Issuer != c.Issuer || plain.Subject != c.Subject || plain.Expires*1000 != c.Expires {
			t.Fatalf("%q says %+v", doc, c)
		}
	})
}

// FuzzParseKeys: what is read as keys has public keys with names only.
func FuzzParseKeys(f *testing.F) {
	f.Add(idp.JWKS(idp.New(issuer, "a"), idp.P256(issuer, "b")))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		k, err := token.ParseKeys(doc)
		if err == nil && len(k.Names()) == 0 {
			t.Fatal("no keys")
		}
	})
}
