package sigstoretest

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// provider is an OpenID provider on loopback, as far as Fulcio asks it.
type provider struct {
	*idp.Provider
	certificate []byte // of its address, PEM
}

func newProvider(t *testing.T) provider {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	p := provider{Provider: idp.P256("https://"+s.Listener.Addr().String(), "provider")}
	documents := http.NewServeMux()
	documents.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(idp.JWKS(p.Provider)) })
	documents.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.MarshalWrite(w, map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/auth", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	s.Config.Handler = documents
	s.StartTLS()
	t.Cleanup(s.Close)
	p.certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return p
}

// login is the ID token of a person who logged in at the provider for sigstore.
func (p provider) login(address string) []byte {
	now := time.Now().Unix()
	return p.Token(attest.IDToken, map[string]any{
		"iss": p.Issuer, "sub": address, "aud": "sigstore", "email": address, "email_verified": true, "iat": now, "exp": now + 300,
	})
}
