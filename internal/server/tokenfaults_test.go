package server_test

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

func init() { maps.Copy(faultCases, tokenCases) }

// provide registers the provider and the treasurer's account.
func (w *world) provide(p *idp.Provider) {
	w.Helper()
	for _, s := range w.WithProvider(p, w.Treasurer) {
		w.allow(s)
	}
}

// tokenCase has the desk bring a token that is spoiled, and then the right one.
func tokenCase(spoil func(w *world, p *idp.Provider, claims map[string]any) []byte) faultCase {
	return faultCase{try: func(w *world) trial {
		p := cast.IdP()
		w.provide(p)
		claims := w.Claims(p, w.Treasurer, attest.AccessToken, cast.Actor(w.Payments))
		right := p.Token(attest.AccessToken, claims)
		wrong := spoil(w, p, claims)
		return trial{
			wrong: w.Sign(w.Desk, w.Token(w.Desk, attest.AccessToken, wrong), wrong),
			right: w.Sign(w.Desk, w.Token(w.Desk, attest.AccessToken, right), right),
		}
	}}
}

// claimCase spoils one claim.
func claimCase(name string, value any) faultCase {
	return tokenCase(func(_ *world, p *idp.Provider, claims map[string]any) []byte {
		claims[name] = value
		return p.Token(attest.AccessToken, claims)
	})
}

// headerCase spoils one member of the header.
func headerCase(name string, value any) faultCase {
	return tokenCase(func(w *world, p *idp.Provider, claims map[string]any) []byte {
		header := map[string]any{"alg": p.Algorithm(), "kid": p.KeyID, "typ": "at+jwt"}
		header[name] = value
		body, err := json.Marshal(claims)
		w.Check(err)
		return p.Sign(header, body)
	})
}

var tokenCases = map[string]faultCase{
	"token.form":      headerCase("crit", []string{"exp"}),
	"token.algorithm": headerCase("alg", "none"),
	"token.type":      headerCase("typ", "JWT"),
	"token.signature": tokenCase(func(_ *world, p *idp.Provider, claims map[string]any) []byte {
		return idp.New(p.Issuer, "another").Token(attest.AccessToken, claims)
	}),
	"token.claims":   claimCase("act", "payments"),
	"token.issuer":   claimCase("iss", "https://login.other.example"),
	"token.audience": claimCase("aud", []string{cast.Resource, "https://bank.example"}),
	"token.time":     claimCase("exp", 1),
	"token.key": {try: func(w *world) trial {
		p, next := cast.IdP(), idp.New(cast.Issuer, "next")
		next.KeyID = "key-2"
		w.provide(p)
		raw := next.Token(attest.AccessToken, w.Claims(next, w.Treasurer, attest.AccessToken, nil))
		return trial{wrong: w.Sign(w.Desk, w.Token(w.Desk, attest.AccessToken, raw), raw), mend: func() [][]byte {
			_, err := w.server.LogKeys(context.Background(), server.ProviderKeys{Issuer: cast.Issuer, Source: "test", Document: idp.JWKS(p, next)})
			w.Check(err)
			return nil
		}}
	}},
	"token.provider": {try: func(w *world) trial {
		p := cast.IdP()
		return trial{wrong: w.Delegation(p, w.Treasurer, w.Desk, w.Payments), mend: func() [][]byte { w.provide(p); return nil }}
	}},
	"token.no_keys": {try: func(w *world) trial {
		p := cast.IdP()
		w.allow(w.WithProvider(p)[0])
		return trial{wrong: w.Delegation(p, w.Treasurer, w.Desk, w.Payments), mend: func() [][]byte {
			_, err := w.server.LogKeys(context.Background(), server.ProviderKeys{Issuer: cast.Issuer, Source: "test", Document: idp.JWKS(p)})
			w.Check(err)
			return nil
		}}
	}},
	"token.nonce": {try: func(w *world) trial {
		p := cast.IdP()
		w.provide(p)
		asked := w.allow(w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Payments)))
		raw := p.Token(attest.IDToken, w.Claims(p, w.Treasurer, attest.IDToken, map[string]any{"nonce": string(asked)}))
		st := w.Token(w.Desk, attest.IDToken, raw)
		st.Instruction = asked
		return trial{wrong: w.Sign(w.Desk, st, raw), right: w.Login(p, w.Treasurer, w.Desk, asked)}
	}},
	"token.agent": {try: func(w *world) trial {
		p := cast.IdP()
		w.provide(p)
		raw := p.Token(attest.AccessToken, w.Claims(p, w.Treasurer, attest.AccessToken, cast.Actor(w.Payments)))
		wrong, right := w.Token(w.Desk, attest.AccessToken, raw), w.Token(w.Desk, attest.AccessToken, raw)
		wrong.Agent, right.Agent = w.Buyer.ID, w.Payments.ID
		return trial{wrong: w.Sign(w.Desk, wrong, raw), right: w.Sign(w.Desk, right, raw)}
	}},
	"object.sealed": {why: "it is the answer to whoever reads, not to who submits", elsewhere: sealed},
}

// sealed brings a token and reads it, a moment before it ends and when it has.
func sealed(w *world) error {
	p := cast.IdP()
	w.provide(p)
	s := w.Delegation(p, w.Treasurer, w.Desk, w.Payments)
	w.allow(s)
	until := w.Now()/1000*1000 + cast.Hour
	client := deedv1connect.NewEvidenceServiceClient(handlerClient{w.handler}, "http://127.0.0.1")
	get := func() (*deedv1.GetObjectResponse, error) {
		return client.GetObject(context.Background(), &deedv1.GetObjectRequest{Digest: string(attest.DigestOf(s.Objects[0]))})
	}
	w.Clock.Move(time.Duration(until-w.Now()-1) * time.Millisecond)
	answer, early := get()
	f := detail[*deedv1.Fault](early)
	if connect.CodeOf(early) != connect.CodeFailedPrecondition || answer.GetObject() != nil || f.GetRetryAfterMs() != 1 || !f.GetRetryable() {
		w.Errorf("before the token ends: %v with %v", early, f)
	}
	w.Clock.Move(time.Millisecond)
	if answer, err := get(); err != nil || string(answer.GetObject()) != string(s.Objects[0]) {
		w.Errorf("when the token has ended: %v", err)
	}
	return &attest.Fault{Code: f.GetCode()}
}
