package token_test

import (
	"encoding/json"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/testkit/idp"
)

const other = "spiffe://acme.example/agent/other"

// TestNames: a token is about an agent in few ways, and about no other agent.
func TestNames(t *testing.T) {
	key := idp.New("", "the agent's key").Key.Public()
	cert := []byte("the agent's certificate")
	holder := token.Holder{ID: agent, Certificate: cert, Key: key}
	agents := map[string]string{"planner": agent, "else": other}
	type m = map[string]any
	jkt, x5t := token.KeyThumbprint(key), token.CertificateThumbprint(cert)
	for name, tc := range map[string]struct {
		claims m
		named  bool
	}{
		"nobody":                                  {m{"client_id": "stranger"}, false},
		"the client":                              {m{"client_id": "planner"}, true},
		"the party":                               {m{"client_id": nil, "azp": "planner"}, true},
		"another client":                          {m{"client_id": "else"}, false},
		"the actor":                               {m{"client_id": "stranger", "act": m{"sub": agent}}, true},
		"the actor by its client":                 {m{"client_id": "stranger", "act": m{"client_id": "planner"}}, true},
		"the actor by both":                       {m{"client_id": "stranger", "act": m{"client_id": "planner", "sub": agent}}, true},
		"the actor by two that differ":            {m{"client_id": "stranger", "act": m{"client_id": "else", "sub": agent}}, false},
		"another actor, by the agent's client":    {m{"client_id": "planner", "act": m{"sub": other}}, false},
		"an unknown actor, by the agent's client": {m{"client_id": "planner", "act": m{"sub": "bot-7"}}, false},
		"an actor before this one":                {m{"client_id": "stranger", "act": m{"sub": other, "act": m{"sub": agent}}}, false},
		"who may act":                             {m{"client_id": "stranger", "may_act": m{"sub": agent}}, false},
		"the agent itself":                        {m{"sub": agent, "act": m{"sub": agent}}, false},
		"a client of its own":                     {m{"sub": "planner", "client_id": "planner"}, false},
		"an actor of its own":                     {m{"sub": "bot", "act": m{"sub": "bot", "client_id": "planner"}}, false},
		"the key":                                 {m{"client_id": "stranger", "cnf": m{"jkt": jkt}}, true},
		"the certificate":                         {m{"client_id": "stranger", "cnf": m{"x5t#S256": x5t}}, true},
		"the client and the key":                  {m{"client_id": "planner", "cnf": m{"jkt": jkt, "x5t#S256": x5t}}, true},
		"the client with another key":             {m{"client_id": "planner", "cnf": m{"jkt": x5t}}, false},
		"the client with another certificate":     {m{"client_id": "planner", "cnf": m{"jkt": jkt, "x5t#S256": jkt}}, false},
		"the actor with a proof of another kind":  {m{"act": m{"sub": agent}, "cnf": m{"kid": "x"}}, false},
		"the key, and another agent":              {m{"client_id": "else", "cnf": m{"jkt": jkt}}, false},
		"a key that is none":                      {m{"client_id": "planner", "cnf": m{"jkt": "no thumbprint"}}, false},
		"a proof of nothing":                      {m{"client_id": "planner", "cnf": m{}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := claims(attest.AccessToken)
			for n, v := range tc.claims {
				all = with(all, n, v)
			}
			body, _ := json.Marshal(all)
			c, err := token.Read(idp.New(issuer, "a").Sign(map[string]any{"typ": "JWT"}, body), attest.AccessToken, true)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Names(holder, agents); got != tc.named {
				t.Errorf("got %v", got)
			}
			if c.Names(token.Holder{Certificate: cert, Key: key}, agents) || c.Names(token.Holder{ID: agent}, agents) && c.Confirm != nil {
				t.Error("it names whom it cannot know")
			}
		})
	}
}

// The thumbprint is that of RFC 8037 appendix A.3.
func TestKeyThumbprint(t *testing.T) {
	keys, err := token.ParseKeys([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	if err != nil || keys.Names()[0] != `"a"  kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k` {
		t.Errorf("%v, %v", keys.Names(), err)
	}
	if got := token.KeyThumbprint("no key"); got != "" {
		t.Errorf("what is no key has a thumbprint that a claim may have: %s", got)
	}
}
