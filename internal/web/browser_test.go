//go:build browser

package web_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/browser"
)

// A stage is a world whose page a real Chromium visits.
type stage struct {
	*world
	chromium *browser.Browser
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{world: newWorld(t), chromium: browser.Start(t)}
	s.rpID = "localhost"
	s.origin = s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.page.ServeHTTP(w, r) }))
	s.open()
	return s
}

// serve serves on a port of its own, and says where a browser finds it.
func (s *stage) serve(h http.Handler) string {
	s.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	s.Check(err)
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go srv.Serve(ln)
	s.Cleanup(func() { srv.Close() })
	return fmt.Sprintf("http://localhost:%d", ln.Addr().(*net.TCPAddr).Port)
}

// invited is the link of an invitation.
func (s *stage) invited(name string) string {
	s.Helper()
	return s.invite(s.Admin, func(i *attest.Invitation) { i.Person, i.Origin = name, s.origin })
}

// register registers a passkey of somebody, in a tab that has it from then on.
func (s *stage) register(name string) (*browser.Page, *browser.Authenticator) {
	s.Helper()
	p := s.chromium.Page(s)
	a := p.Authenticator(s)
	path := s.invited(name)
	p.Open(s, s.origin+path)
	p.Click(s, "form[data-passkey=create] button")
	p.Says(s, "Prove that it is yours")
	p.Click(s, "form[data-passkey=get] button")
	p.Says(s, "admin signs now")
	s.finish(path)
	return p, a
}

// finish has the administrator sign what a person did.
func (s *stage) finish(path string) {
	s.Helper()
	v := s.guest(9)
	v.Origin, v.Client.Transport = s.origin, http.DefaultTransport
	payload, endorsement := s.answer(v, path)
	s.allow(s.Seal(s.Admin, payload, endorsement))
}

func (s *stage) signIn(p *browser.Page, name string) {
	s.Helper()
	p.Open(s, s.origin+"/sign-in")
	p.Fill(s, "#name", name)
	p.Click(s, "main button")
	p.Says(s, "with your passkey")
	p.Click(s, "form[data-passkey] button")
	if p.Path(s) != "/" {
		s.Fatalf("%s is not signed in: %s", name, p.Text(s))
	}
}

// clean checks that the browser had nothing to complain about.
func (s *stage) clean(p *browser.Page) {
	s.Helper()
	if bad := p.Problems(); len(bad) > 0 {
		s.Errorf("the console says: %s", strings.Join(bad, "\n"))
	}
}

const approveButton = `form[data-display=words] button`

// A person registers a passkey, signs in, approves, refuses and instructs.
func TestBrowserStory(t *testing.T) {
	s := newStage(t)
	first, second := s.asks("12500.00"), s.asks("19000.00")
	p, _ := s.register("ines")
	s.signIn(p, "ines")
	p.Says(t, "2 actions wait for your decision", "12500.00 EUR")
	p.Click(t, `a[href="/request/`+string(first)+`"]`)
	p.Says(t, "asks for approval", "12500.00 EUR", "It differs from what was asked for", "The warrant it falls under")
	p.Click(t, approveButton)
	p.Says(t, "You approved", "It is in the log")
	p.Open(t, s.origin+"/request/"+string(second))
	p.Fill(t, "#reason", "too much")
	p.Click(t, `form[action$="/refuse"] button`)
	p.Says(t, "You are about to refuse", "too much")
	p.Click(t, approveButton)
	p.Says(t, "You refused")
	p.Open(t, s.origin+"/")
	p.Says(t, "Nothing waits for your decision", "Approved payments.transfer", "Refused payments.transfer")
	p.Open(t, s.origin+"/instruct")
	p.Fill(t, "#to", s.Payments.ID)
	p.Fill(t, "#text", "Pay invoice 4711")
	p.Choose(t, "#life", "4h")
	p.Fill(t, "#action0", "payments.transfer")
	p.Fill(t, "#resource0", "bank_account:iban/DE/1")
	p.Fill(t, "#limits0", "amount<=250.00EUR reference=INV/4711")
	p.Click(t, `form[action="/instruct"] > button`)
	p.Says(t, "Is this what you ask?", "Pay invoice 4711", "amount at most 250.00 EUR")
	p.Click(t, `form[data-payload] button`)
	p.Says(t, "You gave an instruction", "Keep this text")
	p.Click(t, ".who button")
	p.Says(t, "Sign in")
	s.clean(p)
}
