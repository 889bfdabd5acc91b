package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
)

// TestCostlyKeys: statements with a P-384 key have a limit of their own, beyond
// which they are refused, repeated or not, while others pass.
func TestCostlyKeys(t *testing.T) {
	w := newWorld(t)
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	w.Check(err)
	svid, err := w.CA.IssueWith(spiffeca.Options{ID: w.Bystander.ID, Key: key})
	w.Check(err)
	costly := w.Holder(svid)
	act := func(p *cast.Party) cast.Sent { return w.Sign(p, w.Transfer(p, "", "1.00")) }
	first := act(costly)
	_, err = w.submit(first)
	w.Check(err)

	release := w.server.Heavy(0)
	for name, s := range map[string]cast.Sent{"new": act(costly), "repeated": first} {
		size := w.log.Size()
		_, err := w.submit(s)
		over, ok := errors.AsType[*ledger.Overloaded](err)
		if !ok || over.RetryAfter <= 0 || w.log.Size() != size {
			t.Errorf("%s: %v, want *ledger.Overloaded", name, err)
		}
	}
	_, err = w.submit(act(w.Payments)) // P-256
	w.Check(err)
	release()

	release = w.server.Heavy(2)
	var wait sync.WaitGroup
	for range 2 {
		s := act(costly)
		wait.Go(func() {
			if _, err := w.submit(s); err != nil {
				t.Errorf("with two places for two: %v", err)
			}
		})
	}
	wait.Wait()
	release()
	if _, err := w.submit(act(costly)); err != nil {
		t.Errorf("in the end: %v", err)
	}
}
