package act

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// endpoints are where a provider is asked (OpenID Connect Discovery 1.0).
type endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Issuer        string `json:"issuer"`
	Token         string `json:"token_endpoint"`
}

// maxProviderAnswer bounds what a provider answers, in bytes.
const maxProviderAnswer = 256 << 10

// discover reads what the issuer says of itself.
func discover(ctx context.Context, issuer string) (e endpoints, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", nil)
	if err != nil {
		return e, err
	}
	if err := ask(req, &e); err != nil {
		return e, err
	}
	if e.Issuer != issuer {
		return e, fmt.Errorf("the provider calls itself %q, not %q", e.Issuer, issuer)
	}
	for _, address := range []string{e.Authorization, e.Token} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && !strings.HasPrefix(issuer, "http://") {
			return e, fmt.Errorf("the provider has an endpoint that is no https URL: %q", address)
		}
	}
	return e, nil
}

// exchangeCode gives the code for an ID token.
func exchangeCode(ctx context.Context, address string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		ID string `json:"id_token"`
	}
	if err := ask(req, &answer); err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", errors.New("the provider gave no ID token; is openid among the scopes?")
	}
	return answer.ID, nil
}

// ask reads a JSON answer from exactly the address that is asked.
func ask(req *http.Request, into any) error {
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("redirected elsewhere")
	}}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	doc, err := io.ReadAll(io.LimitReader(answer.Body, maxProviderAnswer))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		var e struct {
			Code string `json:"error"`
		}
		_ = json.Unmarshal(doc, &e) // if it says nothing, the status does
		return fmt.Errorf("%s answered %s %s", req.URL.Host, answer.Status, e.Code)
	}
	return json.Unmarshal(doc, into)
}

func withQuery(address string, query url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	all := u.Query()
	for name, values := range query {
		all[name] = values
	}
	u.RawQuery = all.Encode()
	return u.String(), nil
}

// back is where the browser comes back to, once.
type back struct {
	issuer, state, verifier string
	listener                net.Listener
	server                  *http.Server
	came                    chan url.Values
}

func listenBack(port int, issuer string) (*back, error) {
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	b := &back{issuer: issuer, state: secretText(), verifier: secretText(), listener: ln, came: make(chan url.Values, 1)}
	b.server = &http.Server{Handler: http.HandlerFunc(b.arrive), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = b.server.Serve(ln) }() // until close
	return b, nil
}

func secretText() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (b *back) address() string { return "http://" + b.listener.Addr().String() + "/callback" }

func (b *back) challenge() string {
	sum := sha256.Sum256([]byte(b.verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (b *back) close() { _ = b.server.Close() }

// arrive takes the first answer that has the state, whoever else may call.
func (b *back) arrive(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.URL.Path != "/callback" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(b.state)) != 1 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "You are logged in. This window can be closed.\n") // whether it is read does not matter
	select {
	case b.came <- query:
	default:
	}
}

// code waits for the browser.
func (b *back) code(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case query := <-b.came:
		switch {
		case query.Get("error") != "":
			return "", fmt.Errorf("the provider says %q", query.Get("error"))
		case query.Has("iss") && query.Get("iss") != b.issuer: // RFC 9207
			return "", fmt.Errorf("another provider answered: %q", query.Get("iss"))
		case query.Get("code") == "":
			return "", errors.New("the provider gave no code")
		}
		return query.Get("code"), nil
	}
}
