package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/testkit/cast"
)

// Every answer says what the page may load, and that nobody may frame or keep it.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	v := w.visit(nil)
	for _, path := range []string{"/sign-in", "/static/passkey.js", "/nothing", "/invitation/x"} {
		w.Check(v.Open(path))
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=31536000",
		} {
			if got := v.Got.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if kept := v.Got.Get("Cache-Control"); kept != "no-store" && path != "/static/passkey.js" {
			t.Errorf("%s may be kept: %q", path, kept)
		}
	}
}

// No page has a script or a style of its own: the policy would stop it.
func TestNothingInline(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v := w.signedIn(w.maria)
	for _, path := range []string{"/", "/request/" + string(id), "/instruct", "/sign-in", "/nothing"} {
		w.Check(v.Open(path))
		for _, bad := range []string{"<style", " style=", "onclick", "javascript:", "<script>", "http://", "//cdn"} {
			if strings.Contains(v.Body, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
		for _, want := range []string{`<html lang="en">`, `name="viewport"`, `<main id="main"`, "<h1>", `href="#main"`} {
			if !strings.Contains(v.Body, want) {
				t.Errorf("%s has no %s", path, want)
			}
		}
	}
}

// A form from elsewhere is refused, whatever cookies come along.
func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v := w.signedIn(w.maria)
	w.Check(v.Open("/request/" + string(id)))
	f, err := v.Form("/sign")
	w.Check(err)
	w.Check(v.Answer(f))
	size := w.size()
	for name, spoil := range map[string]func(http.Header){
		"another origin":     func(h http.Header) { h.Set("Origin", "https://evil.example") },
		"no origin":          func(h http.Header) { h.Del("Origin") },
		"a null origin":      func(h http.Header) { h.Set("Origin", "null") },
		"a site beside ours": func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
		"another site":       func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
	} {
		v.Header = spoil
		w.Check(v.Send("/sign", f.Fields))
		if v.Status != http.StatusForbidden || !strings.Contains(v.Body, "not sent by this page") {
			t.Errorf("%s: %d: %s", name, v.Status, v.Body)
		}
		if strings.Contains(v.Body, f.Fields["token"]) || strings.Contains(v.Body, "maria") {
			t.Errorf("%s: the answer tells who is signed in", name)
		}
	}
	v.Header = func(h http.Header) { h.Set("Content-Type", "text/plain") }
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, http.StatusUnsupportedMediaType)
	v.Header = nil
	token := f.Fields["token"]
	f.Fields["token"] = ""
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, http.StatusForbidden, "not one of your session")
	if w.size() != size {
		t.Error("something was logged")
	}
	f.Fields["token"] = token
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 200, "You approved") // none of it used the draft up
}

// raw sends a request as nobody's browser does.
func (w *world) raw(method, target, body string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, cast.Origin+target, strings.NewReader(body))
	r.Header.Set("Origin", cast.Origin)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.page.ServeHTTP(rec, r)
	return rec.Result()
}

func TestRefusedRequests(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		method, target, body string
		change               func(*http.Request)
		status               int
	}{
		"another host":  {"GET", "/sign-in", "", func(r *http.Request) { r.Host = "evil.example" }, 421},
		"another port":  {"GET", "/sign-in", "", func(r *http.Request) { r.Host += ":8443" }, 421},
		"put":           {"PUT", "/sign-in", "", nil, 405},
		"delete":        {"DELETE", "/", "", nil, 405},
		"a field twice": {"POST", "/sign-in", "name=a&name=b", nil, 400},
		"no form":       {"POST", "/sign-in", "%zz", nil, 400},
		"long":          {"POST", "/sign-in", "name=" + strings.Repeat("x", 128<<10), nil, 413},
		"a bad name":    {"POST", "/sign-in", "name=Maria+M", nil, 422},
		"get of a post": {"GET", "/sign", "", nil, 404},
		"post of a get": {"POST", "/static/style.css", "", nil, 404},
		"no session":    {"POST", "/sign", "draft=x", nil, 401},
		"no sign-out":   {"POST", "/sign-out", "", nil, 401},
	} {
		t.Run(name, func(t *testing.T) {
			answer := w.raw(test.method, test.target, test.body, test.change)
			if body, _ := io.ReadAll(answer.Body); answer.StatusCode != test.status {
				t.Errorf("status %d, want %d: %s", answer.StatusCode, test.status, body)
			}
		})
	}
}

// The cookie is the page's own, and says so.
func TestCookie(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.maria)
	v.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.Check(v.SignIn("maria"))
	cookie := v.Got.Get("Set-Cookie")
	for _, want := range []string{"__Host-deed=", "Path=/", "Max-Age=1800", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("%q has no %s", cookie, want)
		}
	}
}

// A session ends by itself, at the sign-out, and with the passkey.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	gone := func(v interface{ Open(string) error }, path func() string, why string) {
		t.Helper()
		w.Check(v.Open("/"))
		if path() != "/sign-in" {
			t.Errorf("%s: still signed in, at %s", why, path())
		}
	}
	v := w.signedIn(w.maria)
	w.move(9 * time.Minute)
	w.Check(v.Open("/"))
	w.shows(v, 200, "Requests")
	w.move(10 * time.Minute)
	gone(v, func() string { return v.Path }, "ten minutes idle")
	v = w.signedIn(w.maria)
	for range 4 {
		w.move(7 * time.Minute)
		w.Check(v.Open("/"))
	}
	w.shows(v, 200, "Requests")
	w.move(2 * time.Minute)
	gone(v, func() string { return v.Path }, "half an hour")
	v = w.signedIn(w.maria)
	w.Check(v.Open("/"))
	f, err := v.Form("/sign-out")
	w.Check(err)
	w.Check(v.Send("/sign-out", f.Fields))
	gone(v, func() string { return v.Path }, "signed out")
	v = w.signedIn(w.maria)
	fresh := w.PasskeyHolder("maria")
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(fresh)), fresh, w.maria))
	gone(v, func() string { return v.Path }, "another passkey")
	w.signedIn(fresh)
}

// A sign-in is used once, is not another name's, and does not wait for ever.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.maria)
	w.Check(v.Send("/sign-in", map[string]string{"name": " Maria "}))
	f, err := v.Form("/sign-in/answer")
	w.Check(err)
	w.Check(v.Answer(f))
	answer := f.Fields["answer"]
	f.Fields["name"] = "treasurer"
	w.Check(v.Send(f.Action, f.Fields))
	w.shows(v, 403, "took too long")
	f.Fields["name"] = "maria"
	f.Fields["answer"] = "{}"
	w.Check(v.Send(f.Action, f.Fields))
	w.shows(v, 400, "cannot be read")
	f.Fields["answer"] = answer
	w.Check(v.Send(f.Action, f.Fields))
	w.shows(v, 200, "Requests")
	u := w.visit(w.maria)
	w.Check(u.Send(f.Action, f.Fields))
	w.shows(u, 403, "used already")
	w.Check(u.Send("/sign-in", map[string]string{"name": "maria"}))
	f, err = u.Form("/sign-in/answer")
	w.Check(err)
	w.Check(u.Answer(f))
	w.move(3 * time.Minute)
	w.Check(u.Send(f.Action, f.Fields))
	w.shows(u, 403, "took too long")
}

// The page asks for a passkey of a name that nobody has, and of somebody who has a
// key file, as of any other.
func TestNobody(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.maria)
	for _, name := range []string{"nobody", "treasurer"} {
		w.Check(v.Send("/sign-in", map[string]string{"name": name}))
		w.shows(v, 200, "with your passkey", "credential")
		w.Check(v.Sign("/sign-in/answer"))
		w.shows(v, 403, "That did not sign you in")
	}
	first, again := "", ""
	for _, to := range []*string{&first, &again} {
		w.Check(v.Send("/sign-in", map[string]string{"name": "nobody"}))
		_, rest, _ := strings.Cut(v.Body, "credential&#34;:&#34;")
		*to, _, _ = strings.Cut(rest, "&#34;")
	}
	if first == "" || first != again {
		t.Errorf("the passkey of nobody changes: %q, %q", first, again)
	}
}

// A sign-in is no signature of a statement, and a signature no sign-in.
func TestSignInSignsNothing(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v := w.signedIn(w.maria)
	w.Check(v.Send("/sign-in", map[string]string{"name": "maria"}))
	in, err := v.Form("/sign-in/answer")
	w.Check(err)
	w.Check(v.Answer(in))
	w.Check(v.Open("/request/" + string(id)))
	f, err := v.Form("/sign")
	w.Check(err)
	w.Check(v.Answer(f))
	in.Fields["answer"], f.Fields["answer"] = f.Fields["answer"], in.Fields["answer"]
	size := w.size()
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 403, "passkey.challenge")
	u := w.visit(w.maria)
	w.Check(u.Send(in.Action, in.Fields))
	w.shows(u, 403, "That did not sign you in")
	if w.size() != size {
		t.Error("something was logged")
	}
}

// Nobody can fill the page with sessions of others; of one person the oldest goes.
func TestManySessions(t *testing.T) {
	w := newWorld(t)
	first := w.signedIn(w.maria)
	w.move(time.Second)
	for range 8 {
		w.signedIn(w.maria)
	}
	w.Check(first.Open("/"))
	if first.Path != "/sign-in" {
		t.Errorf("the oldest of nine is still there, at %s", first.Path)
	}
}

// A request that its client gave up is no fault of ours.
func TestCancelled(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	answer := w.raw("GET", "/sign-in", "", func(r *http.Request) { *r = *r.WithContext(ctx) })
	if answer.StatusCode != 200 {
		t.Errorf("status %d", answer.StatusCode)
	}
}
