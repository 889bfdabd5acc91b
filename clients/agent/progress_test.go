package agent_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/clients/agent"
)

// TestSession: a session counts what the register logged, says so in heartbeats,
// and is over after its terminal; a lost answer changes nothing.
func TestSession(t *testing.T) {
	p := newPlace(t, time.Hour)
	transport := &unreliable{lose: 1}
	session, err := connectOver(t, p, transport).Session()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Heartbeat(t.Context()); err != nil { // its answer is lost once
		t.Fatal(err)
	}
	denied := read()
	receipt, err := session.Intent(t.Context(), denied)
	var no *agent.Denied
	if !errors.As(err, &no) {
		t.Fatalf("not denied: %v", err)
	}
	denied.ParallelOf = receipt.ID
	if receipt, err = session.Record(t.Context(), denied, agent.Result{Status: "done"}); !errors.As(err, &no) || slices.Contains(receipt.Faults, "session.parallel") {
		t.Fatalf("%v: %v", receipt.Faults, err)
	}
	if _, err := session.Heartbeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Close(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	receipt, err = session.Heartbeat(t.Context())
	if !errors.As(err, &no) || !slices.Equal(receipt.Faults, []string{"session.closed"}) {
		t.Errorf("after the end: %v, %v", receipt.Faults, err)
	}
}
