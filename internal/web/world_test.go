package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/visitor"
	"github.com/deedlog/deed/internal/web"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// A world is a register in memory with its approval page, and maria, who has a
// passkey and may issue warrants for payments.
type world struct {
	*cast.Cast
	log    *ledger.Log
	server *server.Server
	page   http.Handler
	dir    string
	maria  *cast.Party
	logNow *storetest.Clock

	origin, rpID string // of the page
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Cast: cast.New(t), dir: t.TempDir(), logNow: new(storetest.Clock), origin: cast.Origin, rpID: cast.RPID}
	store := new(storetest.Memory)
	config := storetest.Config(t, store, new(storetest.MemoryHead))
	config.Cosigner, config.Now = nil, w.logNow.Now
	w.log = storetest.Open(t, config)
	s, err := server.New(server.Config{
		Log: w.log, Store: config.Store, Origin: storetest.Origin, ServerKey: w.Server.Key, Now: w.Clock.Now, Rand: w.Rand,
	})
	w.Check(err)
	w.server = s
	w.open()
	for _, sent := range w.Begin() {
		w.allow(sent)
	}
	w.maria = w.PasskeyHolder("maria")
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(w.maria)), w.maria))
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Issuer(w.maria, w.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction, attest.HumanStanding)), w.Second))
	return w
}

// open opens the page, and again after a restart.
func (w *world) open() {
	w.Helper()
	w.openOn(w.server.Desk())
}

// openOn opens the page of another register.
func (w *world) openOn(log web.Log) {
	w.Helper()
	var out io.Writer = io.Discard
	if testing.Verbose() {
		out = os.Stderr
	}
	page, err := web.New(web.Config{
		Log: log, Origin: w.origin, RPID: w.rpID, Dir: w.dir, Now: w.Clock.Now, Rand: w.Rand,
		Logger:  slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: server.NewMetrics(nil),
	})
	w.Check(err)
	w.page = page.Handler()
}

func (w *world) move(d time.Duration) {
	w.Clock.Move(d)
	w.logNow.Move(d)
}

// submit hands a statement in.
func (w *world) submit(s cast.Sent) attest.ID {
	w.Helper()
	a, err := w.server.Desk().Submit(context.Background(), s.Envelope, s.Objects)
	w.Check(err)
	return a.ID
}

// allow has a statement logged as allowed.
func (w *world) allow(s cast.Sent) attest.ID {
	w.Helper()
	a, err := w.server.Desk().Submit(context.Background(), s.Envelope, s.Objects)
	w.Check(err)
	if a.Fault != nil {
		w.Fatalf("denied: %v", a.Fault)
	}
	return a.ID
}

// asks has the payments agent ask for more than it may pay without a human: under
// maria's own instruction, of 20 EUR.
func (w *world) asks(amount string) attest.ID {
	w.Helper()
	i := w.allow(w.Sign(w.maria, w.Instruction(w.maria, w.Payments, cast.Request())))
	warrant := w.Warrant(w.maria, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
	warrant.Task.Instruction = i
	id := w.submit(w.Sign(w.Payments, w.Transfer(w.Payments, w.allow(w.Sign(w.maria, warrant)), amount)))
	l, err := w.server.Desk().Statement(context.Background(), id)
	w.Check(err)
	if faults := l.Record.Decision.Faults; len(faults) != 1 || faults[0] != "policy.denied" {
		w.Fatalf("denied by %v", faults)
	}
	return id
}

// RoundTrip makes the world a transport: every host leads to the page.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RequestURI = r.URL.RequestURI()
	if r.Host == "" { // after a redirect
		r.Host = r.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	w.page.ServeHTTP(rec, r)
	answer := rec.Result()
	answer.Request = r
	return answer, nil
}

// visit is a browser with a person's passkey.
func (w *world) visit(p *cast.Party) *visitor.Visitor {
	var device *authenticator.Authenticator
	if p != nil {
		device = p.Passkey
	}
	return visitor.New(w, cast.Origin, device)
}

// signedIn is a browser of somebody who has signed in.
func (w *world) signedIn(p *cast.Party) *visitor.Visitor {
	w.Helper()
	v := w.visit(p)
	w.Check(v.SignIn(p.ID))
	if v.Path != "/" || v.Status != http.StatusOK {
		w.Fatalf("%s is not signed in: %d at %s: %s", p.ID, v.Status, v.Path, v.Body)
	}
	return v
}

// shows checks what a page says.
func (w *world) shows(v *visitor.Visitor, status int, texts ...string) {
	w.Helper()
	if v.Status != status {
		w.Errorf("status %d at %s, want %d: %s", v.Status, v.Path, status, v.Body)
	}
	for _, text := range texts {
		if !strings.Contains(v.Body, text) {
			w.Errorf("%s does not say %q: %s", v.Path, text, v.Body)
		}
	}
}

func (w *world) size() uint64 { return w.log.Size() }
