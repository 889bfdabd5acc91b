package vectors_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// tokenFormCases: what package token reads, one rule each.
func tokenFormCases() []vectorCase {
	return slices.Concat(tokenClaimCases(), answerCases(), headerCases(), namedCases(), confirmedCases(), keySetCases(), keyKindCases())
}

// null is a claim that is there and null: nil leaves it out.
var null = json.RawMessage("null")

// tokenCase is a token of the treasurer with these claims, brought by the desk.
func tokenCase(name, code, why, want string, t attest.TokenType, claims map[string]any) vectorCase {
	return vectorCase{"token/" + name, code, why, want, func(s *scene) cast.Sent { return s.brings(s.Treasurer, t, claims) }}
}

func tokenClaimCases() []vectorCase {
	bad := func(name, why, claim string, value any) vectorCase {
		return tokenCase(name, "token.claims", why, "refused token.claims", attest.AccessToken, map[string]any{claim: value})
	}
	long := strings.Repeat("a", 1025)
	var many []string
	for range 17 {
		many = append(many, cast.Resource)
	}
	out := []vectorCase{
		bad("that is a security event", "An event is no token, whoever signed it.", "events", map[string]any{}),
		bad("without a number of its own", "An access token has a jti.", "jti", nil),
		bad("without a subject", "A token is about somebody.", "sub", nil),
		bad("without an end", "A token ends.", "exp", nil),
		bad("of an empty level", "A claim that is there says something.", "acr", ""),
		bad("of a level that is too long", "A claim that is looked at has at most 1,024 bytes.", "acr", long),
		bad("that begins before time does", "A time is after 1970.", "nbf", 0),
		bad("that begins after time does", "A time is before the year 10000.", "nbf", int64(253402300800)),
		bad("for an empty list", "A token is for somebody.", "aud", []string{}),
		bad("for too many", "At most 16 are named.", "aud", many),
		bad("for a name that is empty", "Every name says something.", "aud", []string{cast.Resource, ""}),
		bad("for a name that is too long", "A name has at most 1,024 bytes.", "aud", []string{cast.Resource, long}),
		bad("for a number", "An audience is a text.", "aud", []any{cast.Resource, 7}),
		bad("of two clients", "Both claims name the client.", "azp", "another"),
		bad("with an actor in text", "An actor is an object.", "act", "payments"),
		bad("with an actor of null", "Null is none.", "act", null),
		bad("with a confirmation in text", "A confirmation is an object.", "cnf", "key"),
		bad("with a confirmation of null", "Null is none.", "cnf", null),
		tokenCase("of one client, twice", "token.claims", "Both claims name the same client.", "allowed", attest.AccessToken, map[string]any{"azp": "portal"}),
		tokenCase("a login that this log's client asked for", "token.audience", "The party is the client of this log.", "allowed", attest.IDToken, map[string]any{"azp": cast.Client}),
		tokenCase("a login that another client asked for", "token.audience", "A shop asked for it.", "refused token.audience", attest.IDToken, map[string]any{"azp": "shop"}),
	}
	later := func(name, why, claim string, seconds int64) vectorCase {
		return vectorCase{"token/" + name, "token.time", why, "refused token.time", func(s *scene) cast.Sent {
			raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, map[string]any{claim: s.Now()/1000 + seconds}))
			st := s.Token(s.Desk, attest.AccessToken, raw)
			if claim == "exp" {
				st.Expires = (s.Now()/1000 + seconds) * 1000
			}
			return s.Sign(s.Desk, st, raw)
		}}
	}
	return append(out,
		later("that lasts too long", "A week is the most.", "exp", 7*86400+1),
		later("that begins too late", "A clock is at most a minute ahead.", "nbf", 61),
		later("that was issued too late", "A clock is at most a minute ahead.", "iat", 61))
}

// answerCases: what an introspection endpoint said.
func answerCases() []vectorCase {
	answer := func(name, code, why, want string, amend func(outer, inner map[string]any)) vectorCase {
		return vectorCase{"token/an answer " + name, code, why, want, func(s *scene) cast.Sent {
			outer := s.Claims(s.idp, s.Treasurer, attest.Introspection, cast.Actor(s.Payments))
			amend(outer, outer["token_introspection"].(map[string]any))
			raw := s.idp.Token(attest.Introspection, outer)
			return s.Sign(s.Desk, s.Token(s.Desk, attest.Introspection, raw), raw)
		}}
	}
	return []vectorCase{
		answer("about nothing", "token.claims", "The answer itself is not there.", "refused token.claims", func(outer, _ map[string]any) { delete(outer, "token_introspection") }),
		answer("about a token that is dead", "token.claims", "The token is not active.", "refused token.claims", func(_, inner map[string]any) { inner["active"] = false }),
		answer("about another's token", "token.claims", "The token is another issuer's.", "refused token.claims", func(_, inner map[string]any) { inner["iss"] = "https://login.other.example" }),
		answer("about a token for another", "token.audience", "The answer is for this log, the token for the bank.", "refused token.audience", func(_, inner map[string]any) { inner["aud"] = "https://bank.example" }),
		answer("that leaves out whose token it is", "token.claims", "It is the one who answers.", "allowed", func(_, inner map[string]any) { delete(inner, "iss") }),
	}
}

func headerCases() []vectorCase {
	signed := func(name, code, why, want string, header map[string]any, more map[string]any, spoil func([]byte) []byte) vectorCase {
		return vectorCase{"token/" + name, code, why, want, func(s *scene) cast.Sent {
			all := map[string]any{"alg": s.idp.Algorithm(), "kid": s.idp.KeyID, "typ": "at+jwt"}
			maps.Copy(all, header)
			raw := s.idp.Sign(all, marshal(s.Claims(s.idp, s.Treasurer, attest.AccessToken, more)))
			if spoil != nil {
				raw = spoil(raw)
			}
			return s.Sign(s.Desk, s.Token(s.Desk, attest.AccessToken, raw), raw)
		}}
	}
	form := func(name, why string, header, more map[string]any, spoil func([]byte) []byte) vectorCase {
		return signed(name, "token.form", why, "refused token.form", header, more, spoil)
	}
	return []vectorCase{
		form("that is too long", "A token has at most 16 KiB.", nil, map[string]any{"x": strings.Repeat("a", 12<<10)}, nil),
		form("in four parts", "A compact JWS has three.", nil, nil, func(raw []byte) []byte { return append(raw, ".YQ"...) }),
		form("with a line break", "A decoder may pass over it: the bytes are others all the same.", nil, nil, func(raw []byte) []byte { return append(raw, '\n') }),
		form("without a signature", "The third part is empty.", nil, nil, func(raw []byte) []byte { return raw[:len(raw)-86] }),
		form("that asks for more", "What it says is critical is not known.", map[string]any{"crit": []string{"exp"}}, nil, nil),
		form("that says how it is encoded", "There is one way.", map[string]any{"b64": true}, nil, nil),
		form("that says it is packed", "Nothing is unpacked.", map[string]any{"zip": "DEF"}, nil, nil),
		form("with a token inside", "One token is not wrapped in another.", map[string]any{"cty": "JWT"}, nil, nil),
		signed("without a type of its own", "token.type", "An access token says that it is one.", "refused token.type", map[string]any{"typ": ""}, nil, nil),
		{"token/a login of another type", "token.type", "Without a type it would be taken, with one of another kind it is not.", "refused token.type", func(s *scene) cast.Sent {
			claims := s.Claims(s.idp, s.Treasurer, attest.IDToken, nil)
			raw := s.idp.Sign(map[string]any{"alg": s.idp.Algorithm(), "kid": s.idp.KeyID, "typ": "logout+jwt"}, marshal(claims))
			return s.Sign(s.Desk, s.Token(s.Desk, attest.IDToken, raw), raw)
		}},
		{"token/without a type of its own, which is taken", "token.type", "This provider writes no type, nor what it would need.", "allowed", func(s *scene) cast.Sent {
			p := s.Provider(s.idp)
			p.Accepts[0].Plain = true
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
			claims := s.Claims(s.idp, s.Treasurer, attest.AccessToken, map[string]any{"jti": nil})
			raw := s.idp.Sign(map[string]any{"alg": s.idp.Algorithm(), "kid": s.idp.KeyID}, marshal(claims))
			return s.Sign(s.Desk, s.Token(s.Desk, attest.AccessToken, raw), raw)
		}},
	}
}

func marshal(v any) []byte {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return doc
}

// said is a token with these claims that somebody says is the payments agent's.
func said(name, why, want string, by func(s *scene) *cast.Party, claims func(s *scene) map[string]any) vectorCase {
	return vectorCase{"token/" + name, "token.agent", why, want, func(s *scene) cast.Sent {
		who := by(s)
		raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, claims(s)))
		st := s.Token(who, attest.AccessToken, raw)
		st.Agent = s.Payments.ID
		return s.Sign(who, st, raw)
	}}
}

func theDesk(s *scene) *cast.Party     { return s.Desk }
func thePayments(s *scene) *cast.Party { return s.Payments }

// namedCases: whom the token names, under a statement that names an agent.
func namedCases() []vectorCase {
	const client = "payments-client"
	names := func(name, why, want string, claims func(s *scene) map[string]any) vectorCase {
		return said(name, why, want, theDesk, claims)
	}
	act := func(subject, client string) map[string]any {
		a := map[string]any{}
		if subject != "" {
			a["sub"] = subject
		}
		if client != "" {
			a["client_id"] = client
		}
		return map[string]any{"act": a}
	}
	about := func(subject string, claims map[string]any) map[string]any {
		claims["sub"] = subject
		return claims
	}
	const denied = "denied token.agent"
	return []vectorCase{
		names("said to be an agent's, of the client's own", "The client is its own subject.", denied, func(s *scene) map[string]any {
			return about("portal", cast.Actor(s.Payments))
		}),
		names("said to be an agent's, about that agent", "The agent is its own subject.", denied, func(s *scene) map[string]any { return about(s.Payments.ID, act("", client)) }),
		names("said to be an agent's, of the actor's own", "The actor is its own subject.", denied, func(*scene) map[string]any { return about("a-service-account", act("a-service-account", client)) }),
		names("said to be an agent's, of the actor's client", "The actor's client is its own subject.", denied, func(*scene) map[string]any { return about(client, act("", client)) }),
		names("said to be an agent's, by the actor's client", "The provider statement says whose client it is.", "allowed", func(*scene) map[string]any { return act("", client) }),
		names("said to be an agent's, by both", "Both names are the agent's.", "allowed", func(s *scene) map[string]any { return act(s.Payments.ID, client) }),
		names("said to be an agent's, by two names of two", "The actor is the buyer, its client the payments agent's.", denied, func(s *scene) map[string]any { return act(s.Buyer.ID, client) }),
		names("said to be an agent's, the actor a short name", "A name that is no SPIFFE ID names no agent.", "allowed", func(*scene) map[string]any { return act("bot", client) }),
		names("said to be an agent's, the actor a long name", "Nor does a longer one.", "allowed", func(*scene) map[string]any { return act("a-service-account", client) }),
	}
}

// confirmedCases: the key that the token is bound to.
func confirmedCases() []vectorCase {
	bound := func(name, why, want string, by func(s *scene) *cast.Party, cnf func(s *scene) map[string]any) vectorCase {
		return said(name, why, want, by, func(s *scene) map[string]any { return map[string]any{"cnf": cnf(s)} })
	}
	const denied = "denied token.agent"
	return []vectorCase{
		bound("bound to nothing", "The confirmation is empty.", denied, thePayments, func(*scene) map[string]any { return map[string]any{} }),
		bound("bound to the agent's key, and otherwise", "Every method has to hold, and one of them is not known.", denied, thePayments, func(s *scene) map[string]any {
			return map[string]any{"jkt": token.KeyThumbprint(s.Payments.Key.Public()), "kid": "1"}
		}),
		bound("bound to the agent's certificate", "It is the one that the agent signs with.", "allowed", thePayments, func(s *scene) map[string]any {
			return map[string]any{"x5t#S256": token.CertificateThumbprint(s.leafOf(s.Payments))}
		}),
		bound("bound to another certificate", "It is the buyer's.", denied, thePayments, func(s *scene) map[string]any {
			return map[string]any{"x5t#S256": token.CertificateThumbprint(s.leafOf(s.Buyer))}
		}),
		bound("bound to a certificate that is none", "It is the hash of nothing: the register does not know the agent's.", denied, theDesk, func(*scene) map[string]any {
			return map[string]any{"x5t#S256": token.CertificateThumbprint(nil)}
		}),
		bound("bound to a key that is none", "The text is no hash: the register does not know the agent's key.", denied, theDesk, func(*scene) map[string]any {
			return map[string]any{"jkt": "no thumbprint"}
		}),
	}
}

// leafOf is the certificate that a workload signs with.
func (s *scene) leafOf(p *cast.Party) []byte {
	s.Helper()
	chain, err := identity.ParseChain(p.Chain)
	s.Check(err)
	return chain.Leaf()
}

// Public keys on three curves: the base points, whose private key is 1.
const (
	onP256 = `{"kty":"EC","kid":"key-1","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}`
	onP384 = `{"kty":"EC","kid":"key-1","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",` +
		`"y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}`
	onP521 = `{"kty":"EC","kid":"key-1","crv":"P-521","x":"AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m",` +
		`"y":"ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ"}`
)

// keySetCases: which documents are keys, and which keys of them count.
func keySetCases() []vectorCase {
	one := func(s *scene) string { return string(marshal(s.idp.JWK())) }
	set := func(name, why, want string, keys func(s *scene) []string) vectorCase {
		rule := "object.form"
		return vectorCase{"token/keys, " + name, rule, why, want, func(s *scene) cast.Sent {
			doc := []byte(`{"keys":[` + strings.Join(keys(s), ",") + `]}`)
			return s.Sign(s.Server, s.JWKS(cast.Issuer, doc), doc)
		}}
	}
	besides := func(name, why, want string, more ...string) vectorCase {
		return set(name, why, want, func(s *scene) []string { return append([]string{one(s)}, more...) })
	}
	const bad = "refused object.form"
	ed := `"kty":"OKP","crv":"Ed25519","x":"` + idp.New(cast.Issuer, "another").JWK()["x"].(string) + `"`
	noKid, longKid := `{`+ed+`}`, `{"kid":"`+strings.Repeat("k", 1025)+`",`+ed+`}`
	rsa := func(bytes int, first byte, e string) string {
		n := make([]byte, bytes)
		n[0], n[bytes-1] = first, 1
		return `{"kty":"RSA","kid":"key-1","n":"` + base64.RawURLEncoding.EncodeToString(n) + `","e":"` + e + `"}`
	}
	return []vectorCase{
		besides("too many", "At most 64.", bad, slices.Repeat([]string{"{}"}, 64)...),
		besides("with a private one", "A secret was given away.", bad, `{"kid":"key-2","d":"AA",`+ed+`}`),
		besides("two of one name", "A token names one key.", bad, `{"kid":"key-1",`+ed+`}`),
		besides("one for encryption", "It is left out, and so is its name.", "allowed", `{"kid":"key-1","use":"enc",`+ed+`}`),
		besides("two without names", "They are left out.", "allowed", noKid, noKid),
		besides("two with names that are too long", "They are left out.", "allowed", longKid, longKid),
		besides("one of an unknown kind", "It is left out.", "allowed", `{"kty":"XX","kid":"key-1"}`),
		besides("one on a curve that is not taken", "It is left out.", "allowed", onP521),
		besides("RSA of too few bits", "It is left out.", "allowed", rsa(255, 0xff, "AQAB")),
		besides("RSA of too many bits", "It is left out.", "allowed", rsa(1025, 1, "AQAB")),
		besides("RSA with an exponent of 1", "It is left out.", "allowed", rsa(256, 0xff, "AQ")),
		set("that do not say what they are for", "They are taken for signatures.", "allowed", func(*scene) []string { return []string{`{"kid":"key-1",` + ed + `}`} }),
		set("on P-256", "It is taken.", "allowed", func(*scene) []string { return []string{onP256} }),
		set("on P-384", "It is taken.", "allowed", func(*scene) []string { return []string{onP384} }),
	}
}

// keyKindCases: a key signs by an algorithm of its own.
func keyKindCases() []vectorCase {
	by := func(name, code, why, want, key, algorithm string) vectorCase {
		return vectorCase{"token/" + name, code, why, want, func(s *scene) cast.Sent {
			if key == "" {
				jwk := s.idp.JWK()
				delete(jwk, "alg")
				key = string(marshal(jwk))
			}
			p := s.Provider(s.idp)
			p.Algorithms = attest.TokenAlgorithms
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
			doc := []byte(`{"keys":[` + key + `]}`)
			s.allow(s.Sign(s.Server, s.JWKS(cast.Issuer, doc), doc))
			raw := s.idp.Sign(map[string]any{"alg": algorithm, "kid": "key-1", "typ": "at+jwt"}, marshal(s.Claims(s.idp, s.Treasurer, attest.AccessToken, nil)))
			return s.Sign(s.Desk, s.Token(s.Desk, attest.AccessToken, raw), raw)
		}}
	}
	n := slices.Repeat([]byte{0xff}, 256)
	rsa := fmt.Sprintf(`{"kty":"RSA","kid":"key-1","n":"%s","e":"AQAB"}`, base64.RawURLEncoding.EncodeToString(n))
	const fits, other = "token.signature", "token.algorithm"
	return []vectorCase{
		by("by a key that leaves its algorithm open", other, "An Ed25519 key signs as EdDSA.", "allowed", "", "EdDSA"),
		by("by a key of another kind", other, "An Ed25519 key signs nothing as ES256.", "refused "+other, "", "ES256"),
		by("RS256 by another key", fits, "The key is for it, and did not sign.", "refused "+fits, rsa, "RS256"),
		by("PS256 by another key", fits, "The key is for it, and did not sign.", "refused "+fits, rsa, "PS256"),
		by("ES256 by another key", fits, "The key is for it, and did not sign.", "refused "+fits, onP256, "ES256"),
		by("ES384 by another key", fits, "The key is for it, and did not sign.", "refused "+fits, onP384, "ES384"),
		by("ES384 by a key on P-256", other, "The curve is another.", "refused "+other, onP256, "ES384"),
		by("ES256 by a key on P-384", other, "The curve is another.", "refused "+other, onP384, "ES256"),
	}
}
