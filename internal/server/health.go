package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/deedlog/deed/ledger"
)

// usualReadyAge is how old the last checkpoint may be while statements wait for
// one, if the configuration does not say.
const usualReadyAge = time.Minute

// condition is what readiness is judged by. A log to which nobody submits makes
// no checkpoint, so the age of the last one alone says nothing: what counts is
// how long an answer has been owed.
type condition struct {
	err     func() error  // of the log: why it has stopped
	most    time.Duration // how long an answer may be owed
	waiting atomic.Int64  // statements in the queue
	owed    atomic.Int64  // since when there is no answer, in Unix ns; 0: none is owed
	left    atomic.Int64  // when a caller last went without an answer
	failure atomic.Pointer[failure]
}

// failure is an attempt to commit that failed, and may not the next time.
type failure struct {
	at   time.Time
	what error
}

// enter notes that a statement is queued.
func (c *condition) enter(now time.Time) {
	c.waiting.Add(1)
	c.owed.CompareAndSwap(0, now.UnixNano())
}

// leave notes what its caller got.
func (c *condition) leave(now time.Time, err error) {
	waiting := c.waiting.Add(-1)
	switch {
	case reason(err) != "":
		c.failure.Store(&failure{now, err})
		return
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.left.Store(now.UnixNano()) // the log may owe it still
		return
	case waiting > 0:
		c.owed.Store(now.UnixNano())
	default:
		c.owed.Store(0)
	}
	if c.failure.Load() != nil {
		c.failure.Store(nil)
	}
}

// unready is the reason why the register is not ready, in words, or "". What is
// said is open to everyone who may probe, so causes are in the log alone.
func (c *condition) unready(now time.Time) string {
	if c.err() != nil {
		return "the log has stopped; the cause is in the server's log"
	}
	if f := c.failure.Load(); f != nil && now.Sub(f.at) < c.most {
		return fmt.Sprintf("the last commit failed %v ago: %s", now.Sub(f.at).Round(time.Second), reason(f.what))
	}
	owed := c.owed.Load()
	if owed == 0 || now.Sub(time.Unix(0, owed)) <= c.most {
		return ""
	}
	// Nobody waits any more, and has not for long: whether it would answer now is
	// found out by letting somebody try.
	if c.waiting.Load() == 0 && now.Sub(time.Unix(0, c.left.Load())) > c.most {
		return ""
	}
	return fmt.Sprintf("statements have waited for a checkpoint for %v, the limit is %v",
		now.Sub(time.Unix(0, owed)).Round(time.Second), c.most)
}

// reason says what is wrong with the log, in words that anyone may read; "" if
// the error is about the statement alone.
func reason(err error) string {
	if err == nil {
		return ""
	}
	for _, known := range [...]error{ledger.ErrClock, ledger.ErrStopped, ledger.ErrRetryable, ledger.ErrUnknown} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return ""
}

// Unready is the reason why the register is not ready to take statements, in
// words, or "".
func (s *Server) Unready() string { return s.condition.unready(time.Now()) }

// probes adds /healthz and /readyz.
func (s *Server) probes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { probe(w, "") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { probe(w, s.Unready()) })
}

// probe answers 200, or 503 and why.
func probe(w http.ResponseWriter, unready string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if unready != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, "not ready:", unready)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// checker implements grpchealth.Checker.
type checker struct {
	s     *Server
	names []string
}

// Check says the same as /readyz.
func (h checker) Check(_ context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	known := req.Service == ""
	for _, n := range h.names {
		known = known || n == req.Service
	}
	if !known {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("unknown service"))
	}
	status := grpchealth.StatusServing
	if h.s.Unready() != "" {
		status = grpchealth.StatusNotServing
	}
	return &grpchealth.CheckResponse{Status: status}, nil
}
