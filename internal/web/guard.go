package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// Limits of requests.
const (
	maxRequests = 64               // under way
	maxBody     = 128 << 10        // bytes
	maxTime     = 20 * time.Second // for one
)

// policyOfContent is what a page may load: its own script and styles, nothing else.
const policyOfContent = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// refusal is an answer that says why it is none.
type refusal struct {
	status int
	title  string
	text   string
}

// Error is what the person is told.
func (r *refusal) Error() string { return r.text }

func refuse(status int, title, text string) error { return &refusal{status, title, text} }

var errNotFound = refuse(http.StatusNotFound, "Not found", "There is no such page, or it is not for you.")

// guard is what every request passes: headers, host, where it comes from, how much
// there is of it, and how many others there are.
func (p *Page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.headers(w.Header())
		defer p.recover(w, r)
		if err := p.admit(r); err != nil {
			p.fail(w, r.WithContext(context.WithValue(r.Context(), strangerKey{}, true)), err)
			return
		}
		select {
		case p.room <- struct{}{}:
			defer func() { <-p.room }()
		default:
			w.Header().Set("Retry-After", "2")
			p.fail(w, r, refuse(http.StatusServiceUnavailable, "Busy", "Too many people are here at this moment. Try again in a few seconds."))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), maxTime)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// strangerKey marks a request that is not known to be this page's: its answer has
// nothing of a session.
type strangerKey struct{}

func (p *Page) headers(h http.Header) {
	h.Set("Content-Security-Policy", policyOfContent)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer, the Origin of a form is null
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
	if p.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// admit refuses what does not come from this page. A name that leads here is not the
// page's, and a form elsewhere is not one of ours, whatever cookies come along.
func (p *Page) admit(r *http.Request) error {
	if r.Host != p.host {
		return refuse(http.StatusMisdirectedRequest, "Another page", "This page is at "+p.Origin+".")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return nil
	case http.MethodPost:
	default:
		return refuse(http.StatusMethodNotAllowed, "Not so", "This page is read and its forms are sent, nothing else.")
	}
	from := r.Header.Get("Sec-Fetch-Site")
	if r.Header.Get("Origin") != p.Origin || from != "" && from != "same-origin" {
		return refuse(http.StatusForbidden, "Refused", "The form was not sent by this page.")
	}
	if t := r.Header.Get("Content-Type"); t != "application/x-www-form-urlencoded" {
		return refuse(http.StatusUnsupportedMediaType, "Not so", "The form is not in the form of a form.")
	}
	return nil
}

// counted runs a handler, shows its error and counts the answer.
func (p *Page) counted(route string, h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &watched{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p.Metrics != nil {
				p.Metrics.WebRequest(route, seen.status)
			}
		}()
		if err := h(seen, r); err != nil {
			p.fail(seen, r, err)
		}
	})
}

// watched remembers the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// recover keeps a fault of ours from ending the server.
func (p *Page) recover(w http.ResponseWriter, r *http.Request) {
	if v := recover(); v != nil {
		p.Logger.Error("page failed", "error", fmt.Sprint(v), "stack", string(debug.Stack()))
		p.fail(w, r, errors.New("panic"))
	}
}

// fail shows an error. What is not meant for the person is in the operator's log.
func (p *Page) fail(w http.ResponseWriter, r *http.Request, err error) {
	var shown *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &shown):
	case errors.As(err, &large):
		shown = &refusal{http.StatusRequestEntityTooLarge, "Too long", "What was sent is longer than this page takes."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		shown = &refusal{http.StatusServiceUnavailable, "Too slow", "The register took too long. Nothing was signed by this; look again."}
	default:
		p.Logger.Error("page failed", "error", err)
		shown = &refusal{http.StatusInternalServerError, "Our fault", "Something went wrong here. The operator finds it in the log. Nothing was signed by this; look again."}
	}
	data := errorPage{frame: p.frame(r, shown.title), Text: shown.text, Status: shown.status}
	if err := p.render(w, shown.status, "error", data); err != nil {
		p.Logger.Error("page failed", "error", err)
	}
}

type errorPage struct {
	frame
	Text   string
	Status int
}

// form reads what was sent. A field that is there twice is refused.
func form(r *http.Request) (map[string]string, error) {
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, refuse(http.StatusBadRequest, "Not so", "The form cannot be read.")
	}
	fields := make(map[string]string, len(r.PostForm))
	for name, values := range r.PostForm {
		if len(values) != 1 {
			return nil, refuse(http.StatusBadRequest, "Not so", "The form has a field twice.")
		}
		fields[name] = strings.ReplaceAll(values[0], "\r\n", "\n")
	}
	return fields, nil
}

// count counts what became of a signature.
func (p *Page) count(what, outcome string) {
	if p.Metrics != nil {
		p.Metrics.WebSigned(what, outcome)
	}
}
