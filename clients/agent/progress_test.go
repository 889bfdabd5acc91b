package agent_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
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

// TestCountersign: a workload that nobody registered countersigns what came with
// a call; the register logs it as denied. What is not in form is left out.
func TestCountersign(t *testing.T) {
	p := newPlace(t, time.Hour)
	c := connectOver(t, p, &unreliable{lose: 1})
	header := http.Header{}
	request := attest.ActionRequest{Action: "data.read", Arguments: attest.DigestOf(nil), Resource: attest.Resource{Kind: "table", ID: "x"}}
	agent.Announce(header, attest.ID("id:"+attest.DigestOf([]byte("x")).Hex()), request)
	of, digest := agent.ActionOf(header)
	if !of.Valid() || digest != request.Digest() {
		t.Fatalf("read %s, %s", of, digest)
	}
	receipt, err := c.Countersign(t.Context(), agent.Seen{
		Agent: "spiffe://acme.example/agent/two", Request: digest, Role: attest.GatewayRole, Status: "refused",
	})
	var no *agent.Denied
	if !errors.As(err, &no) || !slices.Equal(receipt.Faults, []string{"countersignature.signer"}) {
		t.Errorf("%v, %v", receipt.Faults, err)
	}
	header.Set(attest.IntentHeader, "17")
	header.Set(attest.ActionDigestHeader, "sha256:x")
	if of, digest := agent.ActionOf(header); of != "" || digest != "" {
		t.Errorf("read %s, %s", of, digest)
	}
}
