package agent_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/clients/agent"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// full is a transport to a register that has no room for the first statements.
type full struct {
	refuse int
	delay  time.Duration
	calls  []time.Time
}

func (f *full) Do(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/Submit") {
		return http.DefaultClient.Do(req)
	}
	if f.calls = append(f.calls, time.Now()); len(f.calls) > f.refuse {
		return http.DefaultClient.Do(req)
	}
	e := connect.NewError(connect.CodeResourceExhausted, errors.New("full"))
	detail, err := connect.NewErrorDetail(&deedv1.Fault{Code: "log.overloaded", Retryable: true, RetryAfterMs: f.delay.Milliseconds()})
	if err != nil {
		return nil, err
	}
	e.AddDetail(detail)
	rec := httptest.NewRecorder()
	err = connect.NewErrorWriter().Write(rec, req, e)
	return rec.Result(), err
}

// TestDelay: an agent that is told when to come again does not come before, and
// then it does.
func TestDelay(t *testing.T) {
	p := newPlace(t, time.Hour)
	f := &full{refuse: 2, delay: 400 * time.Millisecond}
	c, err := agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: p.instance.VKey(), HTTP: f, Patience: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Submit(t.Context(), instruct(t, p, c, "d1")); err != nil {
		t.Fatal(err)
	}
	if len(f.calls) != 3 {
		t.Fatalf("%d calls", len(f.calls))
	}
	for i, call := range f.calls[1:] {
		if waited := call.Sub(f.calls[i]); waited < f.delay {
			t.Errorf("came again after %v, was told %v", waited, f.delay)
		}
	}
}
