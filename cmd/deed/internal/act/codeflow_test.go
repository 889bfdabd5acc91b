package act

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// A loginProvider is an identity provider that logs in whoever comes.
type loginProvider struct {
	*httptest.Server
	says      func(query url.Values) // changes what the browser brings back
	discovery map[string]string      // changes what the provider says of itself
	challenge string
	form      url.Values
}

func newLoginProvider(t *testing.T) *loginProvider {
	p := &loginProvider{says: func(url.Values) {}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			answer = map[string]string{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth?tenant=a", "token_endpoint": p.URL + "/token"}
			for name, value := range p.discovery {
				answer[name] = value
			}
		case "/auth":
			q := r.URL.Query()
			p.challenge = q.Get("code_challenge")
			back := url.Values{"code": {"c-" + q.Get("nonce")}, "state": {q.Get("state")}}
			p.says(back)
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
			return
		case "/token":
			_ = r.ParseForm()
			p.form = r.Form
			sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
			if base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge {
				w.WriteHeader(http.StatusBadRequest)
				answer["error"] = "invalid_grant"
			} else {
				answer["id_token"] = "token for " + r.Form.Get("code")
			}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(p.Close)
	return p
}

// browse logs in by a browser that opens what the command prints.
func browse(t *testing.T, p *loginProvider, nonce string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	root := &cobra.Command{}
	login := &tokenLogin{client: "deed-cli", instruction: "id:" + nonce, scope: "openid"}
	root.SetErr(opener{})
	return login.login(ctx, root, p.URL)
}

// opener opens the address that is printed.
type opener struct{}

func (opener) Write(b []byte) (int, error) {
	_, address, _ := strings.Cut(strings.TrimSpace(string(b)), ": ")
	go func() {
		if r, err := http.Get(address); err == nil {
			r.Body.Close()
		}
	}()
	return len(b), nil
}

func TestTokenLogin(t *testing.T) {
	nonce := strings.Repeat("0a", 32)
	p := newLoginProvider(t)
	raw, err := browse(t, p, nonce)
	if err != nil || raw != "token for c-"+nonce || p.form.Get("client_id") != "deed-cli" || !strings.HasPrefix(p.form.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Fatalf("%q, %v, %v", raw, err, p.form)
	}
	for says, change := range map[string]func(p *loginProvider){
		"calls itself":           func(p *loginProvider) { p.discovery = map[string]string{"issuer": "https://login.other.example"} },
		"no https URL":           func(p *loginProvider) { p.discovery = map[string]string{"token_endpoint": "nowhere"} },
		`says "access_denied"`:   func(p *loginProvider) { p.says = func(q url.Values) { q.Set("error", "access_denied") } },
		"another provider":       func(p *loginProvider) { p.says = func(q url.Values) { q.Set("iss", "https://login.other.example") } },
		"gave no code":           func(p *loginProvider) { p.says = func(q url.Values) { q.Del("code") } },
		"nobody came back":       func(p *loginProvider) { p.says = func(q url.Values) { q.Set("state", "guessed") } },
		"400 Bad Request invali": func(p *loginProvider) { p.says = func(url.Values) { p.challenge = "of another" } },
		"redirected elsewhere": func(p *loginProvider) {
			p.discovery = map[string]string{"token_endpoint": p.URL + "/auth?redirect_uri=" + p.URL}
		},
		"gave no ID token": func(p *loginProvider) { p.discovery = map[string]string{"token_endpoint": p.URL + "/nothing"} },
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			p := newLoginProvider(t)
			change(p)
			if _, err := browse(t, p, nonce); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
