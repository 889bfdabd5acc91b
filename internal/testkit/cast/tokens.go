package cast

import (
	"maps"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/ledger/storetest"
)

// The identity provider of the cast, and how its tokens name the log.
const (
	Issuer   = "https://login.acme.example"
	Resource = "https://deed.acme.example" // of access tokens, and of what is like them
	Client   = "deed-cli"                  // of logins
)

// IdP is the provider; its keys are the same in every test.
func IdP() *idp.Provider { return idp.New(Issuer, "the provider of the cast") }

// Provider registers the provider for every type of token.
func (c *Cast) Provider(p *idp.Provider) *attest.Provider {
	out := &attest.Provider{
		Agents:     []attest.ClientAgent{{Agent: c.Payments.ID, Client: "payments-client"}},
		Algorithms: []string{"ES256", "EdDSA"}, By: c.Admin.ID, From: c.Now(), Issuer: p.Issuer, Log: storetest.Origin, Nonce: c.Random(), V: 1,
	}
	for _, t := range []attest.TokenType{attest.AccessToken, attest.IDJAG, attest.IDToken, attest.Introspection, attest.TxnToken} {
		a := attest.Acceptance{Audiences: []string{Resource}, Type: t}
		if t == attest.IDToken {
			a.Audiences = []string{Client}
		}
		out.Accepts = append(out.Accepts, a)
	}
	return out
}

// JWKS brings keys of a provider.
func (c *Cast) JWKS(issuer string, doc []byte) *attest.Root {
	return &attest.Root{
		At: c.Now(), Bundle: attest.DigestOf(doc), Issuer: issuer, Log: storetest.Origin, Nonce: c.Random(), Source: "test", Type: attest.RootJWKS, V: 1,
	}
}

// Subject is the name that the provider has for a person.
func Subject(p *Party) string { return "sub-" + p.ID }

// Account says whose account of the provider it is.
func (c *Cast) Account(p *idp.Provider, who *Party) *attest.Account {
	return &attest.Account{By: c.Admin.ID, From: c.Now(), Issuer: p.Issuer, Log: storetest.Origin, Name: who.ID, Nonce: c.Random(), Subject: Subject(who), V: 1}
}

// WithProvider lists what a register needs before tokens of the provider count:
// the provider, its keys, and the accounts of people.
func (c *Cast) WithProvider(p *idp.Provider, people ...*Party) []Sent {
	c.Helper()
	keys := idp.JWKS(p)
	out := []Sent{
		c.Endorsed(c.Sign(c.Admin, c.Provider(p)), c.Second),
		c.Sign(c.Server, c.JWKS(p.Issuer, keys), keys),
	}
	for _, who := range people {
		out = append(out, c.Endorsed(c.Sign(c.Admin, c.Account(p, who)), who))
	}
	return out
}

// Claims are those of a token about a person, that holds for an hour; more are
// put over them, and one that is nil is left out.
func (c *Cast) Claims(p *idp.Provider, who *Party, t attest.TokenType, more map[string]any) map[string]any {
	s := c.Now() / 1000
	out := map[string]any{
		"iss": p.Issuer, "sub": Subject(who), "aud": Resource, "client_id": "portal", "jti": c.Random(), "txn": c.Random(), "exp": s + 3600, "iat": s,
	}
	if t == attest.IDToken {
		out = map[string]any{"iss": p.Issuer, "sub": Subject(who), "aud": Client, "exp": s + 3600, "iat": s}
	}
	maps.Copy(out, more)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	if t != attest.Introspection {
		return out
	}
	out["active"] = true
	return map[string]any{"iss": p.Issuer, "aud": Resource, "iat": s, "token_introspection": out}
}

// Actor are the claims that name an agent as who acts now.
func Actor(agent *Party) map[string]any {
	return map[string]any{"act": map[string]any{"sub": agent.ID}}
}

// Token brings a token that lasts as long as [Cast.Claims] has it.
func (c *Cast) Token(recorder *Party, t attest.TokenType, raw []byte) *attest.Token {
	return &attest.Token{
		At: c.Now(), Expires: c.Now()/1000*1000 + Hour, Issuer: Issuer, Log: storetest.Origin, Nonce: c.Random(),
		Object: attest.DigestOf(raw), Recorder: recorder.ID, Type: t, V: 1,
	}
}

// Login is an ID token of a person for an instruction, brought by a workload.
func (c *Cast) Login(p *idp.Provider, who, recorder *Party, instruction attest.ID) Sent {
	c.Helper()
	raw := p.Token(attest.IDToken, c.Claims(p, who, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(instruction)}))
	t := c.Token(recorder, attest.IDToken, raw)
	t.Instruction = instruction
	return c.Sign(recorder, t, raw)
}

// Delegation is an access token of a person that names an agent, brought by a
// workload.
func (c *Cast) Delegation(p *idp.Provider, who, recorder, agent *Party) Sent {
	c.Helper()
	raw := p.Token(attest.AccessToken, c.Claims(p, who, attest.AccessToken, Actor(agent)))
	return c.Sign(recorder, c.Token(recorder, attest.AccessToken, raw), raw)
}
