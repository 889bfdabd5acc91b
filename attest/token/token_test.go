package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/testkit/idp"
)

const (
	issuer = "https://login.acme.example"
	now    = int64(1_790_150_400_000)
	agent  = "spiffe://acme.example/agent/payments"
)

func parse(t testing.TB, doc []byte) *token.Keys {
	t.Helper()
	k, err := token.ParseKeys(doc)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rules(t attest.TokenType) token.Rules {
	return token.Rules{Issuer: issuer, Type: t, Algorithms: attest.TokenAlgorithms, Audiences: []string{"deed-cli", "https://log"}}
}

// claims are those of a token that is right.
func claims(t attest.TokenType) map[string]any {
	c := map[string]any{
		"iss": issuer, "sub": "user-1", "aud": "https://log", "client_id": "planner", "jti": "j1", "txn": "t1",
		"exp": now/1000 + 300, "iat": now/1000 - 5, "unknown": map[string]any{"a": 1},
	}
	if t == attest.IDToken {
		delete(c, "client_id")
		c["nonce"] = "n"
	}
	if t != attest.Introspection {
		return c
	}
	inner := maps.Clone(c)
	inner["active"] = true
	delete(inner, "iss")
	return map[string]any{"iss": issuer, "aud": "https://log", "iat": now/1000 - 5, "token_introspection": inner}
}

func with(c map[string]any, name string, v any) map[string]any {
	c = maps.Clone(c)
	if at, rest, nested := strings.Cut(name, "."); nested {
		c[at] = with(c[at].(map[string]any), rest, v)
		return c
	}
	if c[name] = v; v == nil {
		delete(c, name)
	}
	return c
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	f := attest.AsFault(err)
	if got := fmt.Sprint(err); err == nil && code != "" || err != nil && (f == nil || f.Code != code) {
		t.Fatalf("got %s, want %q", got, code)
	}
}

func TestEveryType(t *testing.T) {
	for _, p := range []*idp.Provider{idp.New(issuer, "a"), idp.P256(issuer, "a")} {
		keys := parse(t, idp.JWKS(p))
		for typ := range idp.Types {
			c, err := token.Verify(p.Token(typ, claims(typ)), keys, rules(typ), now)
			wantCode(t, err, "")
			if c.Subject != "user-1" || c.Issuer != issuer || c.Expires != now+300_000 || c.IssuedAt != now-5000 || c.Type != typ {
				t.Errorf("%s: %+v", typ, c)
			}
			read, err := token.Read(p.Token(typ, claims(typ)), typ, false)
			if err != nil || fmt.Sprint(*read) != fmt.Sprint(*c) {
				t.Errorf("%s: read again as %+v, %v", typ, read, err)
			}
		}
	}
}

// No type passes for another, whatever else is right.
func TestTypesDoNotMix(t *testing.T) {
	p := idp.New(issuer, "a")
	keys := parse(t, idp.JWKS(p))
	for made := range idp.Types {
		for asked := range idp.Types {
			_, err := token.Verify(p.Token(made, claims(made)), keys, rules(asked), now)
			if (err == nil) != (made == asked) {
				t.Errorf("%s as %s: %v", made, asked, err)
			}
		}
	}
	_, err := token.Verify(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1"}`), []byte(`{}`)), keys, rules("of another kind"), now)
	wantCode(t, err, "token.type")
	plain := rules(attest.AccessToken)
	plain.Plain = true
	for typ, code := range map[string]string{"": "", "JWT": "", "jwt": "", "application/jwt": "", "at+jwt": "token.type", "logout+jwt": "token.type"} {
		header := map[string]any{"alg": "EdDSA", "kid": p.KeyID}
		if typ != "" {
			header["typ"] = typ
		}
		doc, _ := json.Marshal(with(with(claims(attest.AccessToken), "client_id", nil), "jti", nil))
		_, err := token.Verify(p.Sign(header, doc), keys, plain, now)
		wantCode(t, err, code)
	}
}

type near struct {
	name, code string
	of         attest.TokenType
	claim      string
	value      any
}

// near misses: each differs from a token that is taken in one claim.
func nearMisses() []near {
	s := now / 1000
	return []near{
		{"another issuer", "token.issuer", attest.AccessToken, "iss", issuer + "/"},
		{"no issuer", "token.claims", attest.AccessToken, "iss", nil},
		{"another audience", "token.audience", attest.AccessToken, "aud", "https://bank"},
		{"another audience besides", "token.audience", attest.AccessToken, "aud", []string{"https://log", "https://bank"}},
		{"no audience", "token.claims", attest.AccessToken, "aud", nil},
		{"an empty list of audiences", "token.claims", attest.AccessToken, "aud", []string{}},
		{"an audience that is no text", "token.claims", attest.AccessToken, "aud", []any{1}},
		{"two audiences of this log", "", attest.AccessToken, "aud", []string{"https://log", "deed-cli"}},
		{"no subject", "token.claims", attest.AccessToken, "sub", nil},
		{"a null subject", "token.claims", attest.AccessToken, "sub", json.RawMessage("null")},
		{"a subject that is a number", "token.claims", attest.AccessToken, "sub", 7},
		{"no expiry", "token.claims", attest.AccessToken, "exp", nil},
		{"an expiry in text", "token.claims", attest.AccessToken, "exp", fmt.Sprint(s + 300)},
		{"an expiry with a fraction", "token.claims", attest.AccessToken, "exp", json.RawMessage("1790150700.5")},
		{"expired just now", "token.time", attest.AccessToken, "exp", s},
		{"not expired yet", "", attest.AccessToken, "exp", s + 1},
		{"lasting a week", "", attest.AccessToken, "exp", s + 7*86400},
		{"lasting more than a week", "token.time", attest.AccessToken, "exp", s + 7*86400 + 1},
		{"valid from a minute on", "", attest.AccessToken, "nbf", s + 60},
		{"valid later", "token.time", attest.AccessToken, "nbf", s + 61},
		{"issued later", "token.time", attest.AccessToken, "iat", s + 61},
		{"no client", "token.claims", attest.AccessToken, "client_id", nil},
		{"no jti", "token.claims", attest.AccessToken, "jti", nil},
		{"two clients", "token.claims", attest.AccessToken, "azp", "other"},
		{"an act in text", "token.claims", attest.AccessToken, "act", agent},
		{"an act of a number", "token.claims", attest.AccessToken, "act", map[string]any{"sub": 1}},
		{"a cnf in text", "token.claims", attest.AccessToken, "cnf", "x"},
		{"a security event", "token.claims", attest.IDToken, "events", map[string]any{}},
		{"an ID token asked for by another", "token.audience", attest.IDToken, "azp", "shop"},
		{"an ID token asked for by this log's client", "", attest.IDToken, "azp", "deed-cli"},
		{"a grant without a client", "token.claims", attest.IDJAG, "client_id", nil},
		{"a transaction without a number", "token.claims", attest.TxnToken, "txn", nil},
		{"an answer about a token that is not active", "token.claims", attest.Introspection, "token_introspection.active", false},
		{"an answer that says active in text", "token.claims", attest.Introspection, "token_introspection.active", "true"},
		{"an answer without active", "token.claims", attest.Introspection, "token_introspection.active", nil},
		{"an answer about a token of another issuer", "token.claims", attest.Introspection, "token_introspection.iss", "https://x"},
		{"an answer about a token for another", "token.audience", attest.Introspection, "token_introspection.aud", "https://bank"},
		{"an answer for another", "token.audience", attest.Introspection, "aud", "https://bank"},
		{"an answer about an expired token", "token.time", attest.Introspection, "token_introspection.exp", s},
		{"an answer without a subject", "token.claims", attest.Introspection, "token_introspection.sub", nil},
		{"an answer that is none", "token.claims", attest.Introspection, "token_introspection", nil},
		{"an answer without a time", "token.claims", attest.Introspection, "iat", nil},
	}
}

func TestNearMisses(t *testing.T) {
	p := idp.New(issuer, "a")
	keys := parse(t, idp.JWKS(p))
	for _, n := range nearMisses() {
		t.Run(n.name, func(t *testing.T) {
			_, err := token.Verify(p.Token(n.of, with(claims(n.of), n.claim, n.value)), keys, rules(n.of), now)
			wantCode(t, err, n.code)
		})
	}
}

// TestForm: what is no compact JWS, or one that asks for more than is done.
func TestForm(t *testing.T) {
	p := idp.New(issuer, "a")
	keys := parse(t, idp.JWKS(p))
	right := string(p.Token(attest.AccessToken, claims(attest.AccessToken)))
	body, _ := json.Marshal(claims(attest.AccessToken))
	stranger := idp.New(issuer, "stranger")
	jwk, _ := json.Marshal(stranger.JWK())
	own := string(jwk)
	head := func(more string) string {
		return string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"`+more+`}`), body))
	}
	for name, tc := range map[string]struct{ raw, code string }{
		"right":                    {right, ""},
		"empty":                    {"", "token.form"},
		"too long":                 {strings.Repeat("a", token.MaxToken+1), "token.form"},
		"two parts":                {strings.Join(strings.Split(right, ".")[:2], "."), "token.form"},
		"five parts":               {right + ".a.b", "token.form"},
		"no signature":             {strings.Join(strings.Split(right, ".")[:2], ".") + ".", "token.form"},
		"a newline at the end":     {right + "\n", "token.form"},
		"padding":                  {right + "==", "token.form"},
		"a header that is a list":  {string(p.SignRaw([]byte(`[]`), body)), "token.form"},
		"a member twice":           {head(`,"kid":"key-1"`), "token.form"},
		"crit":                     {head(`,"crit":["exp"]`), "token.form"},
		"crit of nothing":          {head(`,"crit":[]`), "token.form"},
		"b64":                      {head(`,"b64":true`), "token.form"},
		"zip":                      {head(`,"zip":"DEF"`), "token.form"},
		"a token inside":           {head(`,"cty":"JWT"`), "token.form"},
		"places of keys":           {head(`,"jwk":` + own + `,"jku":"https://evil.example","x5u":"https://evil.example"`), ""},
		"an own key":               {string(stranger.SignRaw([]byte(`{"alg":"EdDSA","jwk":`+own+`,"kid":"key-1","typ":"at+jwt"}`), body)), "token.signature"},
		"a claim twice":            {string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}`), append([]byte(`{"sub":"boss",`), body[1:]...))), "token.claims"},
		"a claim twice, inside":    {string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}`), append([]byte(`{"x":{"a":1,"a":2},`), body[1:]...))), "token.claims"},
		"another case is another":  {string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}`), append([]byte(`{"SUB":"boss",`), body[1:]...))), ""},
		"claims that are no UTF-8": {string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}`), append([]byte("{\"x\":\"\xff\","), body[1:]...))), "token.claims"},
		"claims in a list":         {string(p.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}`), []byte("[]"))), "token.claims"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := token.Verify([]byte(tc.raw), keys, rules(attest.AccessToken), now)
			wantCode(t, err, tc.code)
		})
	}
}

// TestKeys: the algorithm is pinned to the provider and to the key, and the key
// is exactly the one named.
func TestKeys(t *testing.T) {
	p, other, stranger := idp.New(issuer, "a"), idp.P256(issuer, "b"), idp.New(issuer, "stranger")
	other.KeyID = "key-2"
	keys := parse(t, idp.JWKS(p, other))
	body, _ := json.Marshal(claims(attest.AccessToken))
	sign := func(by *idp.Provider, header map[string]any) []byte {
		all := map[string]any{"alg": by.Algorithm(), "kid": by.KeyID, "typ": "at+jwt"}
		maps.Copy(all, header)
		return by.Sign(all, body)
	}
	spoiled := sign(p, nil)
	spoiled[len(spoiled)-10] ^= 1
	for name, tc := range map[string]struct {
		raw  []byte
		code string
	}{
		"right":                      {sign(p, nil), ""},
		"the second key":             {sign(other, nil), ""},
		"a stranger's key":           {sign(stranger, nil), "token.signature"},
		"a spoiled signature":        {spoiled, "token.signature"},
		"none":                       {sign(p, map[string]any{"alg": "none"}), "token.algorithm"},
		"a secret":                   {sign(p, map[string]any{"alg": "HS256"}), "token.algorithm"},
		"another algorithm":          {sign(p, map[string]any{"alg": "ES256"}), "token.algorithm"},
		"an unknown kid":             {sign(p, map[string]any{"kid": "key-3"}), "token.key"},
		"a kid in another case":      {sign(p, map[string]any{"kid": "KEY-1"}), "token.key"},
		"no kid":                     {sign(p, map[string]any{"kid": ""}), "token.key"},
		"a kid of the other":         {sign(p, map[string]any{"kid": "key-2"}), "token.algorithm"},
		"a kid that leads elsewhere": {sign(p, map[string]any{"kid": "../key-1"}), "token.key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := token.Verify(tc.raw, keys, rules(attest.AccessToken), now)
			wantCode(t, err, tc.code)
		})
	}
	few := rules(attest.AccessToken)
	few.Algorithms = []string{"ES256"}
	_, err := token.Verify(sign(p, nil), keys, few, now)
	wantCode(t, err, "token.algorithm")
	few.Algorithms = []string{"HS256", "none"}
	_, err = token.Verify(sign(p, map[string]any{"alg": "HS256"}), keys, few, now)
	wantCode(t, err, "token.algorithm")
}

// TestOthersSign: tokens that go-jose made, with each algorithm, are taken under
// its JWKS.
func TestOthersSign(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[jose.SignatureAlgorithm]crypto.Signer{jose.RS256: rsaKey, jose.PS256: rsaKey, jose.ES384: p384} {
		set, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}})
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, (&jose.SignerOptions{}).WithType("at+jwt"))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := json.Marshal(claims(attest.AccessToken))
		jws, err := signer.Sign(body)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := jws.CompactSerialize()
		_, err = token.Verify([]byte(raw), parse(t, set), rules(attest.AccessToken), now)
		wantCode(t, err, "")
		if alg == jose.PS256 { // the key of the JWKS may be for one algorithm only
			set, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256"}}})
			_, err = token.Verify([]byte(raw), parse(t, set), rules(attest.AccessToken), now)
			wantCode(t, err, "token.algorithm")
		}
	}
}

func TestParseKeys(t *testing.T) {
	p := idp.New(issuer, "a")
	jwk, _ := json.Marshal(p.JWK())
	small := new(big.Int).SetBit(big.NewInt(1), 1023, 1) // Go may refuse to make a key of 1,024 bits
	weak, _ := json.Marshal(jose.JSONWebKey{Key: &rsa.PublicKey{N: small, E: 65537}, KeyID: "weak"})
	one := string(jwk)
	for name, tc := range map[string]struct {
		doc  string
		keys int // -1: refused
	}{
		"one":                    {`{"keys":[` + one + `]}`, 1},
		"unknown members":        {`{"x":1,"keys":[` + one + `]}`, 1},
		"others left out":        {`{"keys":[` + one + `,{"kty":"oct","kid":"s","k":"AAAA"},{"kty":"XX","kid":"x"},{"kty":"EC","kid":"c","crv":"P-521"},` + string(weak) + `]}`, 1},
		"for encryption":         {`{"keys":[` + one + `,` + strings.Replace(one, `"sig"`, `"enc"`, 1) + `]}`, 1},
		"without a kid":          {`{"keys":[` + one + `,` + strings.Replace(one, `"key-1"`, `""`, 1) + `]}`, 1},
		"twice":                  {`{"keys":[` + one + `,` + one + `]}`, -1},
		"a private key":          {`{"keys":[` + strings.Replace(one, `{`, `{"d":"AA",`, 1) + `]}`, -1},
		"a member twice":         {`{"keys":[` + strings.Replace(one, `{`, `{"kid":"a",`, 1) + `]}`, -1},
		"none":                   {`{"keys":[]}`, -1},
		"nothing":                {`{}`, -1},
		"no JSON":                {`keys`, -1},
		"a secret only":          {`{"keys":[{"kty":"oct","kid":"s","k":"AAAA"}]}`, -1},
		"a kid that is a number": {`{"keys":[` + strings.Replace(one, `"key-1"`, `1`, 1) + `]}`, -1},
		"too many":               {`{"keys":[` + strings.Repeat(`{},`, 64) + `{}]}`, -1},
		"too long":               {`{"keys":[` + one + `],"x":"` + strings.Repeat("a", token.MaxKeys) + `"}`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.ParseKeys([]byte(tc.doc))
			if (err != nil) != (tc.keys < 0) || err == nil && len(k.Names()) != tc.keys {
				t.Errorf("got %v, %v", k, err)
			}
		})
	}
}
