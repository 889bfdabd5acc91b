//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/browser"
)

// at opens a request that ines may approve.
func (s *stage) at(p *browser.Page, id attest.ID) {
	s.Helper()
	p.Open(s, s.origin+"/request/"+string(id))
	p.Says(s, "Approve this, once")
}

// unchanged checks that nothing was logged meanwhile.
func (s *stage) unchanged(do func()) {
	s.Helper()
	size := s.size()
	if do(); s.size() != size {
		s.Errorf("%d entries were logged", s.size()-size)
	}
}

// What the page shows is changed between showing and signing: other words are not
// signed by the script, and another statement not taken by the page.
func TestBrowserSwapped(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	p, _ := s.register("ines")
	s.signIn(p, "ines")
	s.unchanged(func() {
		s.at(p, id)
		p.Eval(t, `void (document.getElementById("words").textContent = document.getElementById("words").textContent.replace("12500.00", "10.00"))`, nil)
		p.Press(t, approveButton)
		p.Until(t, `!document.querySelector("form[data-display] [role=alert]").hidden`)
		p.Says(t, "The statement is not of what is shown")
		s.at(p, id)
		p.Eval(t, `void (document.getElementById("payload").textContent = document.getElementById("payload").textContent.replace("12500.00", "10.00"))`, nil)
		p.Click(t, approveButton)
		p.Says(t, "passkey.challenge")
		if p.Status() != http.StatusForbidden {
			t.Errorf("status %d", p.Status())
		}
	})
	s.at(p, id)
	p.Click(t, approveButton)
	p.Says(t, "You approved")
}

// capture keeps the answer of a passkey instead of sending it.
const capture = `void (HTMLFormElement.prototype.submit = function () { window.kept = this.elements.answer.value; })`

// A sign-in that was listened to is not one again, nor is a signature.
func TestBrowserReplay(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	p, _ := s.register("ines")
	p.Open(t, s.origin+"/sign-in")
	p.Fill(t, "#name", "ines")
	p.Click(t, "main button")
	p.Eval(t, capture, nil)
	p.Press(t, "form[data-passkey] button")
	p.Until(t, `!!window.kept`)
	var fields map[string]string
	p.Eval(t, fieldsOf("form[data-passkey]"), &fields)
	s.post(p, "/sign-in/answer", fields)
	p.Says(t, "Requests")
	s.post(p, "/sign-in/answer", fields)
	p.Says(t, "used already")
	s.at(p, id)
	p.Eval(t, capture, nil)
	p.Press(t, approveButton)
	p.Until(t, `!!window.kept`)
	p.Eval(t, fieldsOf("form[data-display]"), &fields)
	s.post(p, "/sign", fields)
	p.Says(t, "You approved")
	other := s.asks("19000.00")
	s.unchanged(func() {
		s.post(p, "/sign", fields)
		p.Says(t, "signed already")
		s.at(p, other)
		var fresh map[string]string
		p.Eval(t, fieldsOf("form[data-display]"), &fresh)
		fresh["answer"] = fields["answer"]
		s.post(p, "/sign", fresh)
		p.Says(t, "passkey.challenge")
	})
}

// fieldsOf reads a form.
func fieldsOf(selector string) string {
	return `Object.fromEntries(new FormData(document.querySelector(` + "`" + selector + "`" + `)))`
}

// post sends a form of the page's own with these fields.
func (s *stage) post(p *browser.Page, action string, fields map[string]string) {
	s.Helper()
	p.Open(s, s.origin+"/static/icon.svg")
	p.Open(s, s.origin+"/sign-in")
	p.Send(s, s.origin+action, fields)
}

// The passkey does not verify its user, at the sign-in or over a statement.
func TestBrowserUnverified(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	p, a := s.register("ines")
	s.signIn(p, "ines")
	s.unchanged(func() {
		a.Verified(t, false)
		s.at(p, id)
		p.Press(t, approveButton)
		p.Until(t, `!document.querySelector("form[data-display] [role=alert]").hidden`)
		p.Says(t, "The passkey did not answer")
		s.at(p, id)
		p.Eval(t, loosely, nil)
		p.Click(t, approveButton)
		p.Says(t, "passkey.verification")
	})
}

// loosely has the authenticator asked without user verification.
const loosely = `void (() => {
	const get = navigator.credentials.get.bind(navigator.credentials);
	navigator.credentials.get = (o) => { o.publicKey.userVerification = "discouraged"; return get(o); };
})()`

// Another page of this machine, to which the cookie goes along: it can have the
// passkey sign, for its own origin, and send forms, which are not taken.
func TestBrowserElsewhere(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	p, _ := s.register("ines")
	s.signIn(p, "ines")
	evil := s.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>evil</title><main>evil</main>")
	}))
	s.unchanged(func() {
		s.at(p, id)
		var fields map[string]string
		p.Eval(t, fieldsOf("form[data-display]"), &fields)
		var options struct {
			Credential string `json:"credential"`
		}
		p.Eval(t, `JSON.parse(document.querySelector("form[data-display]").dataset.options)`, &options)
		var payload string
		p.Eval(t, `document.getElementById("payload").textContent`, &payload)
		p.Open(t, evil+"/")
		var answer string
		p.Eval(t, elsewhere(attest.Challenge([]byte(payload)), options.Credential), &answer)
		fields["answer"] = answer
		p.Send(t, s.origin+"/sign", fields) // from there, with the cookie and the token
		p.Says(t, "not sent by this page")
		s.post(p, "/sign", fields) // and if it came from the page
		p.Says(t, "passkey.origin")
		p.Open(t, evil+"/")
		p.Send(t, s.origin+"/sign-out", map[string]string{"token": fields["token"]})
		p.Says(t, "not sent by this page")
		p.Open(t, strings.Replace(evil, "localhost", "127.0.0.1", 1)+"/")
		p.Send(t, s.origin+"/sign-out", map[string]string{"token": fields["token"]})
		p.Says(t, "not sent by this page")
	})
	p.Open(t, s.origin+"/")
	p.Says(t, "Requests", "ines")
	frame := s.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>frame</title><iframe src=%q></iframe>", s.origin+"/")
	}))
	p.Open(t, frame+"/")
	if bad := strings.Join(p.Problems(), "\n"); !strings.Contains(bad, "frame-ancestors") {
		t.Errorf("the page may be framed: %s", bad)
	}
}

// elsewhere asks the passkey on another page.
func elsewhere(challenge [32]byte, credential string) string {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(challenge), " ", ","), "[]")
	return `(async () => {
	const bytes = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
	const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
	const c = await navigator.credentials.get({publicKey: {challenge: new Uint8Array([` + list + `]), rpId: "localhost",
		allowCredentials: [{type: "public-key", id: bytes("` + credential + `")}], userVerification: "required"}});
	return JSON.stringify({rawId: text(c.rawId), type: c.type, response: {authenticatorData: text(c.response.authenticatorData),
		clientDataJSON: text(c.response.clientDataJSON), signature: text(c.response.signature)}});
})()`
}

// Two tabs, and the second approval; then a session that has ended.
func TestBrowserTwiceAndLate(t *testing.T) {
	s := newStage(t)
	id, other := s.asks("12500.00"), s.asks("19000.00")
	p, _ := s.register("ines")
	s.signIn(p, "ines")
	s.at(p, id)
	var first map[string]string
	p.Eval(t, capture, nil)
	p.Press(t, approveButton)
	p.Until(t, `!!window.kept`)
	p.Eval(t, fieldsOf("form[data-display]"), &first)
	s.at(p, id)
	p.Click(t, approveButton)
	p.Says(t, "You approved")
	s.unchanged(func() {
		s.post(p, "/sign", first)
		p.Says(t, "You approved exactly this already")
		s.at(p, other)
		s.move(31 * time.Minute)
		p.Click(t, approveButton)
		p.Says(t, "Your session has ended")
	})
	p.Open(t, s.origin+"/request/"+string(other))
	if p.Path(t) != "/sign-in" {
		t.Errorf("at %s", p.Path(t))
	}
}

// An invitation taken by two: the first one who proves has it.
func TestBrowserInvitation(t *testing.T) {
	s := newStage(t)
	path := s.invited("ines")
	p, thief := s.chromium.Page(t), s.chromium.Page(t)
	p.Authenticator(t)
	thief.Authenticator(t)
	thief.Open(t, s.origin+path)
	thief.Click(t, "form[data-passkey=create] button")
	p.Open(t, s.origin+path)
	p.Says(t, "Not the passkey that you made?")
	p.Press(t, "summary:last-of-type")
	p.Eval(t, `document.querySelectorAll("details").forEach((d) => { d.open = true; })`, nil)
	p.Click(t, "form[data-passkey=create] button")
	p.Click(t, "form[data-passkey=get] button")
	p.Says(t, "admin signs now")
	thief.Press(t, "form[data-passkey=get] button")
	thief.Until(t, `document.body.innerText.includes("used already")`)
	s.finish(path)
	p.Open(t, s.origin+path)
	p.Says(t, "You are registered")
	s.clean(p)
}

// Reading works without the script; signing says that it does not.
func TestBrowserWithoutScript(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	p, _ := s.register("ines")
	s.signIn(p, "ines")
	p.Script(t, false)
	for _, path := range []string{"/", "/request/" + string(id), "/instruct"} {
		p.OpenStill(t, s.origin+path)
	}
	p.OpenStill(t, s.origin+"/request/"+string(id))
	for _, want := range []string{"12500.00 EUR", "It differs from what was asked for", `<p class="notice warn">Reading works as it is`} {
		if html := p.HTML(t); !strings.Contains(html, want) {
			t.Errorf("without script there is no %q: %s", want, html)
		}
	}
}
