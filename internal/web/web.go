// Package web is the approval page: people sign in with a registered passkey, see in
// words what asks for their approval, and approve, refuse or instruct by signing with
// it. An administrator's invitation lets a person register a passkey here
// (docs/operating.md, "The approval page").
//
// # Reading order
//
// [Config] is what a page is made of, [Log] what it needs of the register. guard.go
// is what every request passes; signin.go and session.go say who is there; list.go,
// ask.go, refuse.go, instruct.go and warrant.go show; draft.go keeps what was shown until sign.go takes the
// passkey's answer to it; invitation.go registers. static/passkey.js is the one script.
//
//	page, err := web.New(web.Config{Log: log, Origin: "https://deed.acme.example", RPID: "acme.example", ...})
//	http.Serve(listener, page.Handler())
//
// # Caveats
//
// The page signs nothing: what a person agrees to is signed by their authenticator,
// over the very statement that the page showed, and the register checks it as it
// checks what comes from anywhere else. Who serves the page can show one thing and
// ask for another, as any page can; what was shown is kept with the approval, so
// that it can be held against them (docs/design/threats.md).
package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/metrics"
)

// Log is what the page needs of the register. Its methods may be called
// concurrently.
type Log interface {
	consent.Register
	// Origin names the log.
	Origin() string
	// Person returns the registration of a person that is in force now, or nil.
	Person(name string) (*attest.Person, error)
	// Compromised reports whether what a person signs with is declared compromised.
	Compromised(p *attest.Person) (bool, error)
	// AdministratorKey returns the key with this digest that an administrator signs
	// with, or nil.
	AdministratorKey(name string, keyID attest.Digest) (attest.Key, error)
	// Submit has a statement checked and logged. A denial is no error.
	Submit(ctx context.Context, e attest.Envelope, objects [][]byte) (consent.Answer, error)
}

// Config is what a page is made of. All of it but Logger and Metrics is required.
type Config struct {
	Log    Log
	Origin string // of the page, as a browser writes it; https, or http on localhost
	RPID   string // the host that passkeys are for: that of Origin, or a domain above it
	// Dir is where the answers to invitations are kept until an administrator signs.
	Dir     string
	Now     func() time.Time
	Rand    io.Reader
	Logger  *slog.Logger
	Metrics *metrics.Metrics
}

// Page serves the approval page. Its methods may be called concurrently.
type Page struct {
	Config
	host        string // of Origin, with its port
	secure      bool   // Origin is https
	secret      [32]byte
	sessions    sessions
	attempts    attempts
	invitations *invitations
	templates   map[string]*template.Template
	assets      map[string]asset
	room        chan struct{}
}

//go:embed templates static
var files embed.FS

// New makes a page. It reads Dir.
func New(c Config) (*Page, error) {
	if err := CheckOrigin(c.Origin, c.RPID); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	u, err := url.Parse(c.Origin)
	if err != nil {
		return nil, err
	}
	p := &Page{Config: c, host: u.Host, secure: u.Scheme == "https", room: make(chan struct{}, maxRequests)}
	if _, err := io.ReadFull(c.Rand, p.secret[:]); err != nil {
		return nil, fmt.Errorf("drawing a secret: %w", err)
	}
	if p.templates, err = parseTemplates(); err != nil {
		return nil, err
	}
	if p.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if p.invitations, err = openInvitations(c.Dir); err != nil {
		return nil, err
	}
	if c.Metrics != nil {
		c.Metrics.Read(metrics.WebSessions, func() float64 { return float64(p.sessions.count(c.Now())) })
	}
	return p, nil
}

// CheckOrigin checks where a page is to be, and for which host its passkeys are.
func CheckOrigin(origin, rpID string) error {
	if !attest.ValidWebOrigin(origin, "") {
		return fmt.Errorf("origin: want https://HOST as a browser writes it, or http://localhost:PORT, found %q", origin)
	}
	if rpID == "" || !attest.ValidWebOrigin(origin, rpID) {
		return fmt.Errorf("rp_id: want the host of the origin or a domain above it, found %q", rpID)
	}
	return nil
}

// Handler is the page, with everything that guards it.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern, route string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, p.counted(route, h))
	}
	handle("GET /static/{name}", metrics.WebAsset, p.asset)
	handle("GET /sign-in", metrics.WebSignIn, p.showSignIn)
	handle("POST /sign-in", metrics.WebSignIn, p.askPasskey)
	handle("POST /sign-in/answer", metrics.WebSignIn, p.signIn)
	handle("POST /sign-out", metrics.WebSignIn, p.signOut)
	handle("GET /{$}", metrics.WebList, p.known(p.list))
	handle("GET /request/{id}", metrics.WebRequest, p.known(p.showRequest))
	handle("POST /request/{id}/refuse", metrics.WebRequest, p.known(p.reviewRefusal))
	handle("GET /instruct", metrics.WebInstruct, p.known(p.showInstruct))
	handle("POST /instruct", metrics.WebInstruct, p.known(p.reviewInstruction))
	handle("POST /sign", metrics.WebSign, p.known(p.sign))
	handle("GET /signed/{id}", metrics.WebSign, p.known(p.showSigned))
	handle("POST /signed/{id}/warrant", metrics.WebSign, p.known(p.reviewWarrant))
	handle("GET /invitation/{text}", metrics.WebInvitation, p.showInvitation)
	handle("POST /invitation/{text}/passkey", metrics.WebInvitation, p.takePasskey)
	handle("POST /invitation/{text}/proof", metrics.WebInvitation, p.takeProof)
	handle("GET /invitation/{text}/answer", metrics.WebInvitation, p.giveAnswer)
	handle("/", metrics.Other, func(http.ResponseWriter, *http.Request) error { return errNotFound })
	return p.guard(mux)
}

// now is the time, in ms.
func (p *Page) now() int64 { return p.Now().UnixMilli() }

// statementOf returns the statement of l as its struct, or nil where l is of another
// kind.
func statementOf[T attest.Statement](l *admission.Logged) (s T) {
	if l != nil {
		s, _ = l.Verified.Statement().(T)
	}
	return s
}
