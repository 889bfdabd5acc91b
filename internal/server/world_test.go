package server_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// A world is a cast with a register: a server over a log in memory, with clocks
// that the test moves.
type world struct {
	*cast.Cast
	store   *storetest.Memory
	log     *ledger.Log
	server  *server.Server
	handler http.Handler
	logNow  *storetest.Clock // of the log; the cast's clock is the server's
}

// newWorld opens a register with everything of [cast.Cast.Begin] in it.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := newEmptyWorld(t, nil)
	for _, s := range w.Begin() {
		w.allow(s)
	}
	return w
}

// newEmptyWorld opens a register without entries.
func newEmptyWorld(t testing.TB, change func(*ledger.Config)) *world {
	t.Helper()
	w := &world{Cast: cast.New(t), store: new(storetest.Memory), logNow: new(storetest.Clock)}
	config := storetest.Config(t, w.store, new(storetest.MemoryHead))
	config.Cosigner, config.Now = nil, w.logNow.Now
	if change != nil {
		change(&config)
	}
	w.log = storetest.Open(t, config)
	s, err := server.New(server.Config{
		Log: w.log, Store: config.Store, Origin: storetest.Origin, ServerKey: w.Server.Key,
		Now: w.Clock.Now, Rand: w.Rand, Logger: logger(t),
	})
	w.Check(err)
	w.server, w.handler = s, s.Handler()
	w.rebuilt(config.Store)
	return w
}

func logger(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil)).With("test", t.Name())
}

// move moves both clocks.
func (w *world) move(d time.Duration) {
	w.Clock.Move(d)
	w.logNow.Move(d)
}

// submit hands a statement in, as the edge does.
func (w *world) submit(s cast.Sent) (server.Receipt, error) {
	return w.server.SubmitEnvelope(context.Background(), s.Envelope, s.Objects...)
}

// message is a statement on the wire.
func message(s cast.Sent) *deedv1.SubmitRequest {
	return &deedv1.SubmitRequest{
		Envelope: &deedv1.Envelope{Payload: s.Envelope.Payload, Keyid: string(s.Envelope.KeyID), Signature: s.Envelope.Signature},
		Objects:  s.Objects,
	}
}

// call submits through the edge, by a Connect client, without a network.
func (w *world) call(s cast.Sent) error {
	client := deedv1connect.NewAttestationServiceClient(handlerClient{w.handler}, "http://localhost")
	_, err := client.Submit(context.Background(), message(s))
	return err
}

// handlerClient hands requests to a handler.
type handlerClient struct{ http.Handler }

func (c handlerClient) Do(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// detail is the error detail of a type, or nil.
func detail[T any](err error) (none T) {
	var e *connect.Error
	if !errors.As(err, &e) {
		return none
	}
	for _, d := range e.Details() {
		if m, err := d.Value(); err == nil {
			if t, ok := m.(T); ok {
				return t
			}
		}
	}
	return none
}

// logged submits a statement that must be logged, allowed or denied, and
// verifies the receipt.
func (w *world) logged(s cast.Sent) server.Receipt {
	w.Helper()
	r, err := w.submit(s)
	w.Check(err)
	w.verify(s, r)
	return r
}

// allow submits a statement that must be allowed.
func (w *world) allow(s cast.Sent) attest.ID {
	w.Helper()
	if r := w.logged(s); r.Fault != nil {
		w.Fatalf("denied: %v", w.record(r).Decision.Faults)
	}
	return s.ID
}

// deny submits a statement that must be denied, by one rule.
func (w *world) deny(s cast.Sent, code string) attest.ID {
	w.Helper()
	r := w.logged(s)
	if got := w.record(r).Decision.Faults; r.Fault == nil || len(got) != 1 || got[0] != code {
		w.Fatalf("faults %v, want %s", got, code)
	}
	return s.ID
}

// verify checks a receipt as a client would: the proof, and that entry, record
// and statement belong together.
func (w *world) verify(s cast.Sent, r server.Receipt) {
	w.Helper()
	p, err := ledger.ParseProof(r.Proof)
	w.Check(err)
	ed, _ := storetest.Keys(w)
	c, err := ledger.OpenCheckpoint(p.Checkpoint, ed.VKey().String())
	w.Check(err)
	w.Check(ledger.VerifyInclusion(p, r.Entry, c))
	e, err := admission.ParseEntry(r.Entry)
	w.Check(err)
	if e.Admission != attest.DigestOf(r.Record) || e.Envelope != s.ID || r.ID != s.ID || p.Index != r.Index {
		w.Fatalf("receipt %d of %s is of entry %d, %s", r.Index, s.ID, p.Index, e.Envelope)
	}
	if denied := w.record(r).Decision.Effect == admission.Deny; denied != (r.Fault != nil) {
		w.Fatalf("the record says denied: %v, the receipt says %v", denied, r.Fault)
	}
}

func (w *world) record(r server.Receipt) *admission.Record {
	w.Helper()
	record, err := admission.ParseRecord(r.Record)
	w.Check(err)
	return record
}

// tables are all that a register keeps beside its entries.
var tables = []string{"denied", "force", "log", "outcome", "refused", "revoked", "session", "spent", "used"}

// state is everything in the store, table by table, key by key.
func (w *world) state() map[string]map[string]string {
	w.Helper()
	all := map[string]map[string]string{}
	for _, name := range tables {
		all[name] = map[string]string{}
		w.Check(w.store.Scan(context.Background(), name, "", "", func(key string, value []byte) bool {
			all[name][key] = string(value)
			return true
		}))
	}
	objects, err := w.store.Objects(context.Background(), 0, math.MaxUint64)
	w.Check(err)
	all["objects"] = map[string]string{}
	for _, o := range objects {
		all["objects"][o.Digest.String()] = string(o.Bytes)
	}
	return all
}

// Ready-made authority.

// standing is the ID of a warrant of the treasurer for an agent.
func (w *world) standing(holder *cast.Party) (*attest.Warrant, attest.ID) {
	w.Helper()
	root := w.Warrant(w.Treasurer, holder, attest.HumanStanding, cast.Payments("50000.00"))
	return root, w.allow(w.Sign(w.Treasurer, root))
}

// gated is the ID of a warrant for the payments agent, of which everything takes m
// approvals.
func (w *world) gated(m int, approvers ...*cast.Party) attest.ID {
	w.Helper()
	root := w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
	root.Gates = []attest.WarrantGate{cast.Gate(m, approvers...)}
	return w.allow(w.Sign(w.Treasurer, root))
}

// pay is a transfer that is allowed, under a warrant of its own.
func (w *world) pay() cast.Sent {
	w.Helper()
	_, id := w.standing(w.Payments)
	return w.Sign(w.Payments, w.Transfer(w.Payments, id, "100.00"))
}
