package register

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/policy"
)

// The identity provider of the world, and how its tokens name the log.
const (
	Issuer   = "https://login.acme.example"
	Resource = "https://deed.acme.example" // of access tokens
	Client   = "deed-cli"                  // of logins
)

// NewDelegated makes a world of the delegated model: its people log in with a
// provider, and the portal, which is the cron's workload, records what they ask
// for and issues warrants for them. The entries "token delegated" and "token
// instructed" are actions on an access token and on a login, "token login" and
// "token scope" the tokens, "jwks" the provider's keys. keys are those that the
// register logs; nil is the provider's own.
func NewDelegated(t testing.TB, seed string, keys *idp.Provider) *World {
	t.Helper()
	w := NewEmpty(t, seed)
	w.found(policy.Default())
	if keys == nil {
		keys = IdP()
	}
	w.provide(keys)
	w.delegate(keys)
	return w
}

// IdP is the provider of the world.
func IdP() *idp.Provider { return idp.New(Issuer, "the provider of the world") }

// provide registers the provider, its keys and an account.
func (w *World) provide(p *idp.Provider) {
	st := &attest.Provider{
		Accepts: []attest.Acceptance{
			{Audiences: []string{Resource}, Type: attest.AccessToken}, {Audiences: []string{Client}, Type: attest.IDToken},
		},
		Agents: []attest.ClientAgent{{Agent: w.Payments.ID, Client: "payments"}}, Algorithms: []string{"EdDSA"},
		By: "carol", From: w.Now(), Issuer: Issuer, Log: Origin, Nonce: w.Nonce(), V: 1,
	}
	w.AddBy("provider", w.Carol, st, w.By(w.Dave, st).JSON())
	doc := idp.JWKS(p)
	w.AddBy("jwks", w.Server, &attest.Root{
		At: w.Now(), Bundle: attest.DigestOf(doc), Issuer: Issuer, Log: Origin, Nonce: w.Nonce(), Source: "file", Type: attest.RootJWKS, V: 1,
	}, doc)
	account := &attest.Account{By: "carol", From: w.Now(), Issuer: Issuer, Log: Origin, Name: "alice", Nonce: w.Nonce(), Subject: "user-1", V: 1}
	w.AddBy("account", w.Carol, account, w.By(w.Alice, account).JSON())
}

// Claims are those of a token about Alice that holds for an hour.
func (w *World) Claims(t attest.TokenType, more map[string]any) map[string]any {
	s := w.Now() / 1000
	out := map[string]any{"iss": Issuer, "sub": "user-1", "exp": s + 3600, "iat": s}
	if t == attest.IDToken {
		out["aud"], out["acr"], out["auth_time"] = Client, "phr", s-30
	} else {
		out["aud"], out["client_id"], out["jti"] = Resource, "portal", w.Nonce()
	}
	for name, v := range more {
		out[name] = v
	}
	return out
}

// AddToken logs a token that the portal brings.
func (w *World) AddToken(name string, p *idp.Provider, t attest.TokenType, instruction attest.ID, more map[string]any) Answer {
	w.t.Helper()
	raw := p.Token(t, w.Claims(t, more))
	return w.AddAs(name, w.Cron, &attest.Token{
		At: w.Now(), Expires: w.Now()/1000*1000 + hour, Instruction: instruction, Issuer: Issuer, Log: Origin, Nonce: w.Nonce(),
		Object: attest.DigestOf(raw), Recorder: w.Cron.ID, Type: t, V: 1,
	}, raw)
}

// delegate logs what Alice asks for by logging in, and actions on it.
func (w *World) delegate(p *idp.Provider) {
	portal := attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}
	i := w.Instruction(w.Alice, Transfer())
	i.Addressee, i.RecordedBy = w.Payments.ID, w.Cron.ID
	asked := w.AddAs("recorded instruction", w.Cron, i)
	login := w.AddToken("token login", p, attest.IDToken, asked.ID, map[string]any{"nonce": attest.TokenNonce(asked.ID)})
	evidence := slices.Sorted(slices.Values([]attest.ID{asked.ID, login.ID}))
	instructed := w.AddAs("instructed warrant", w.Cron, w.RootWarrant(portal, w.Payments.ID, attest.HumanInstruction, asked.ID, evidence...))
	w.AddAction("token instructed", w.Payments, w.Action(w.Payments, attest.Record, instructed.ID, "1999.00"))

	scope := w.AddToken("token scope", p, attest.AccessToken, "", map[string]any{"act": map[string]any{"sub": w.Payments.ID}})
	standing := w.AddAs("delegated warrant", w.Cron, w.RootWarrant(portal, w.Payments.ID, attest.HumanStanding, "", scope.ID))
	w.AddAction("token delegated", w.Payments, w.Action(w.Payments, attest.Record, standing.ID, "20.00"))
	w.AddAs("token withheld", w.Cron, &attest.Token{
		At: w.Now(), Commitment: &attest.Commitment{Root: attest.DigestOf([]byte("opaque"))}, Issuer: Issuer, Log: Origin, Nonce: w.Nonce(),
		Recorder: w.Cron.ID, Type: attest.AccessToken, V: 1,
	})
}
