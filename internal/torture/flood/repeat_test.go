//go:build torture

package flood

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// TestRepeat submits one statement again and again from many sides: it has one
// entry, and everyone gets the same receipt, but for the tree of the proof.
func TestRepeat(t *testing.T) {
	const clients = 64
	const n = 100_000
	p := start(t)
	o := p.open()
	m := o.message(o.act(nonce()))
	before := p.metric("deed_log_entries")
	var first atomic.Pointer[deedv1.Receipt]
	var left atomic.Int64
	left.Store(int64(n))
	var wait sync.WaitGroup
	begin := time.Now()
	for range clients {
		client := o.attestation()
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				res, err := client.Submit(t.Context(), m)
				for delay, again := refused(err); again; delay, again = refused(err) {
					time.Sleep(delay)
					res, err = client.Submit(t.Context(), m)
				}
				if err != nil {
					t.Error(err)
					return
				}
				r := res.GetReceipt()
				first.CompareAndSwap(nil, r)
				if a := first.Load(); r.GetIndex() != a.GetIndex() || r.GetId() != a.GetId() || r.GetQuorum() != a.GetQuorum() ||
					!bytes.Equal(r.GetEntry(), a.GetEntry()) || !bytes.Equal(r.GetRecord(), a.GetRecord()) {
					t.Errorf("a receipt of %d, another of %d", r.GetIndex(), a.GetIndex())
					return
				}
				if err := o.verify(r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(begin)
	if got := p.metric("deed_log_entries"); got != before+1 {
		t.Errorf("%.0f entries more", got-before)
	}
	if e := first.Load().GetEntry(); bytes.Count(e, []byte(attest.Envelope{
		Payload: m.GetEnvelope().GetPayload(), KeyID: attest.Digest(m.GetEnvelope().GetKeyid()), Signature: m.GetEnvelope().GetSignature(),
	}.ID(o.svid.ID.String()))) != 1 {
		t.Errorf("the entry does not name the statement: %s", e)
	}
	t.Logf("RESULT one statement %d times from %d clients: one entry, one receipt; %.0f/s", n, clients, float64(n)/took.Seconds())
}
