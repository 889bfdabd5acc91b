package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// stuckStore commits when it is let, with the error it is told.
type stuckStore struct {
	*storetest.Memory
	mu   sync.Mutex
	fail error
	gate chan struct{} // nil: open
}

func (s *stuckStore) set(fail error, gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.gate = fail, gate
}

func (s *stuckStore) Commit(ctx context.Context, expect ledger.Head, d ledger.Delta) error {
	s.mu.Lock()
	fail, gate := s.fail, s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if fail != nil {
		return fail
	}
	return s.Memory.Commit(ctx, expect, d)
}

// stuckWorld is a world whose store can be stopped.
func stuckWorld(t *testing.T) (*world, *stuckStore) {
	store := &stuckStore{Memory: new(storetest.Memory)}
	w := newEmptyWorld(t, func(c *ledger.Config) { c.Store = store })
	for _, s := range w.Begin() {
		w.allow(s)
	}
	return w, store
}

// ready compares what /readyz says, on both ports.
func (w *world) ready(want string) {
	w.Helper()
	for _, h := range []http.Handler{w.handler, w.server.Operations()} {
		r := httptest.NewRequest("GET", "/readyz", nil)
		r.Host = "localhost"
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		code := http.StatusOK
		if want != "ok" {
			code = http.StatusServiceUnavailable
		}
		if rec.Code != code || !strings.Contains(rec.Body.String(), want) {
			w.Errorf("%d %s, want %q", rec.Code, rec.Body, want)
		}
	}
}

// TestReady: an idle log is ready however old its checkpoint is; one that owes
// an answer for too long is not; neither is one whose last commit failed.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := stuckWorld(t)
		s, other, last := w.pay(), w.pay(), w.pay()
		time.Sleep(48 * time.Hour)
		w.ready("ok")

		gate := make(chan struct{})
		store.set(nil, gate)
		answered := make(chan error)
		go func() { _, err := w.submit(s); answered <- err }()
		time.Sleep(59 * time.Second)
		w.ready("ok")
		time.Sleep(2 * time.Second)
		w.ready("statements have waited for a checkpoint for 1m1s, the limit is 1m0s")
		store.set(nil, nil)
		close(gate)
		w.Check(<-answered)
		w.ready("ok")

		store.set(ledger.ErrRetryable, nil)
		if _, err := w.submit(other); err == nil {
			t.Fatal("no error")
		}
		w.ready("the last commit failed 0s ago: nothing written, try again")
		store.set(nil, nil)
		w.allow(other)
		w.ready("ok")

		store.set(errors.New("disk: secret detail"), nil)
		if _, err := w.submit(last); err == nil {
			t.Fatal("no error")
		}
		w.ready("the log has stopped; the cause is in the server's log")
		if why := w.server.Unready(); strings.Contains(why, "secret") {
			t.Errorf("says %q", why)
		}
	})
}

// TestReadyAgain: a register that nobody calls any more, because it said that it
// is not ready, says after a while that one may try.
func TestReadyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := stuckWorld(t)
		gate := make(chan struct{})
		defer close(gate)
		statements := []func(){}
		for range 4 {
			s := w.pay()
			statements = append(statements, func() {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				if _, err := w.server.SubmitEnvelope(ctx, s.Envelope, s.Objects...); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		store.set(nil, gate)
		for _, submit := range statements[:3] {
			submit()
		}
		w.ready("statements have waited for a checkpoint for 1m30s")
		time.Sleep(61 * time.Second)
		w.ready("ok")
		go statements[3]()
		time.Sleep(10 * time.Second)
		w.ready("statements have waited")
		time.Sleep(time.Minute)
		store.set(nil, nil)
	})
}

// TestReadyFailure: a failure of long ago does not keep callers away.
func TestReadyFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := stuckWorld(t)
		s := w.pay()
		store.set(ledger.ErrRetryable, nil)
		if _, err := w.submit(s); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(59 * time.Second)
		w.ready("the last commit failed 59s ago")
		time.Sleep(2 * time.Second)
		w.ready("ok")
		store.set(nil, nil)
	})
}
