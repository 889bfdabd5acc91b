package server_test

import (
	"context"
	"testing"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// TestCallerGoes: a caller gives up while his registration is being committed;
// whoever signs next is checked against what is in force then.
func TestCallerGoes(t *testing.T) {
	slow := &slowStore{begun: make(chan struct{}, 100), end: make(chan struct{})}
	w := newEmptyWorld(t, func(c *ledger.Config) {
		slow.Store = c.Store
		c.Store = slow
	})
	for _, s := range w.Begin() {
		w.allow(s)
	}
	p := w.Person("newcomer")
	signed := w.Sign(p, w.Instruction(p, w.Payments))
	if _, err := w.submit(signed); err == nil { // remembers that there is no such person
		t.Fatal("an instruction of nobody")
	}
	registered := w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p)
	sub, err := admission.NewSubmission(registered.Envelope, registered.Objects, admission.Anonymous)
	w.Check(err)
	ctx, leave := context.WithCancel(t.Context())
	slow.slow.Store(true)
	done := make(chan struct{})
	go func() { _, _ = w.server.Submit(ctx, sub); close(done) }()
	<-slow.begun
	leave()
	slow.slow.Store(false)
	close(slow.end)
	<-done
	w.allow(signed)
}
