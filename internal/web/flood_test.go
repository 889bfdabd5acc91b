package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// An agent that asks for much hides nothing of another's, and the list does not say
// that it is whole.
func TestFlood(t *testing.T) {
	w := newWorld(t)
	first := w.asks("12500.00")
	warrant := w.Warrant(w.maria, w.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	id := w.allow(w.Sign(w.maria, warrant))
	for n := range 101 {
		w.submit(w.Sign(w.Orchestrator, w.Transfer(w.Orchestrator, id, fmt.Sprintf("12%03d.00", n))))
	}
	v := w.signedIn(w.maria)
	w.shows(v, 200, "/request/"+string(first), "There are more requests than this list takes")
	if n := strings.Count(v.Body, `<li class="card`); n != 21 {
		t.Errorf("%d requests, want 21", n)
	}
}
