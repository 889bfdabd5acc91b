package oauthtest

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The clients and the one user of the provider.
const (
	loginClient  = "deed-cli" // public, with PKCE
	portalClient = "portal"   // of the service that exchanges tokens
	portalSecret = "secret"
	subject      = "id1"
	password     = "verysecure"
)

// provider is an OpenID provider and OAuth server on loopback.
type provider struct {
	*httptest.Server
	issuer string
	store  *store
}

// store is the example's storage, with JWT access tokens, and actors that prove
// themselves with a JWT-SVID.
type store struct {
	*storage.Storage
	issuer string
	agents map[string]crypto.PublicKey // by SPIFFE ID
}

func newProvider() *provider {
	s := httptest.NewUnstartedServer(nil)
	p := &provider{Server: s, issuer: "http://" + s.Listener.Addr().String()}
	users := storage.NewUserStore(p.issuer)
	p.store = &store{issuer: p.issuer, agents: map[string]crypto.PublicKey{}, Storage: storage.NewStorageWithClients(users, map[string]*storage.Client{
		loginClient:  storage.NativeClient(loginClient),
		portalClient: storage.WebClient(portalClient, portalSecret),
	})}
	s.Config.Handler = exampleop.SetupServer(p.issuer, p.store, nil, false)
	s.Start()
	return p
}

// jwtClient gets access tokens that are JWTs.
type jwtClient struct{ op.Client }

// AccessTokenType implements op.Client.
func (jwtClient) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// GetClientByClientID implements op.OPStorage.
func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	return jwtClient{c}, err
}

// GetPrivateClaimsFromTokenExchangeRequest implements op.TokenExchangeStorage: the
// actor of the exchange is who acts now (RFC 8693 section 4.1).
func (s *store) GetPrivateClaimsFromTokenExchangeRequest(_ context.Context, r op.TokenExchangeRequest) (map[string]any, error) {
	return map[string]any{"act": map[string]any{"sub": r.GetExchangeActor()}}, nil
}

// VerifyExchangeActorToken implements op.TokenExchangeTokensVerifierStorage: an
// actor shows a JWT-SVID for this provider.
func (s *store) VerifyExchangeActorToken(_ context.Context, raw string, t oidc.TokenType) (string, string, map[string]any, error) {
	sig, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || t != oidc.JWTTokenType {
		return "", "", nil, errors.New("no JWT-SVID")
	}
	var claims struct {
		Audience []string `json:"aud"`
		Expires  int64    `json:"exp"`
		Subject  string   `json:"sub"`
	}
	if err := json.Unmarshal(sig.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return "", "", nil, err
	}
	key, known := s.agents[claims.Subject]
	if !known {
		return "", "", nil, errors.New("an agent that the provider does not know")
	}
	if _, err := sig.Verify(key); err != nil || !slices.Contains(claims.Audience, s.issuer) || claims.Expires <= time.Now().Unix() {
		return "", "", nil, errors.New("a JWT-SVID that does not hold")
	}
	return raw, claims.Subject, nil, nil
}

// VerifyExchangeSubjectToken implements op.TokenExchangeTokensVerifierStorage:
// whose token is exchanged, the server itself can tell.
func (s *store) VerifyExchangeSubjectToken(context.Context, string, oidc.TokenType) (string, string, map[string]any, error) {
	return "", "", nil, errors.New("no token of this provider")
}
