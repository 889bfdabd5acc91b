package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// The ceiling is one bare ECDSA P-256 verification on one core: no register can
// take signed statements faster. Every benchmark reports how many times slower
// it is per statement, x-ceiling, against the ceiling of the same run; for those
// that run in parallel, against that of all cores.

// bench is a world over a database on disk, with a chain of three warrants.
type bench struct {
	*world
	leaf attest.ID
}

func newBench(b *testing.B) *bench {
	b.Helper()
	store, err := boltstore.Open(b.TempDir() + "/ledger.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() }) // after the log, which is opened later
	w := newEmptyWorld(b, func(c *ledger.Config) {
		_, c.Cosigner = storetest.Keys(b) // as in a register that runs
		c.Store, c.HeadFile = store, &boltstore.HeadFile{Path: b.TempDir() + "/head"}
	})
	for _, s := range w.Begin() {
		w.allow(s)
	}
	root, id := w.standing(w.Orchestrator)
	buyer := w.Child(root, id, w.Orchestrator, w.Buyer)
	id = w.allow(w.Sign(w.Orchestrator, buyer))
	return &bench{w, w.allow(w.Sign(w.Buyer, w.Child(buyer, id, w.Buyer, w.Payments)))}
}

// actions signs n transfers, each in a session of its own.
func (b *bench) actions(n int) []cast.Sent {
	list := make([]cast.Sent, n)
	for i := range list {
		list[i] = b.Sign(b.Payments, b.Transfer(b.Payments, b.leaf, "1.00"))
		if i > 0 {
			list[i].Objects = nil // the chain is stored
		}
	}
	return list
}

// pae is what a signature is over.
func pae(e attest.Envelope) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(attest.PayloadType), attest.PayloadType, len(e.Payload), e.Payload)
}

// ceiling measures one bare verification.
func (b *bench) ceiling() time.Duration {
	s := b.actions(1)[0]
	message, key := pae(s.Envelope), b.Payments.Key.Public().(*ecdsa.PublicKey)
	const n = 2000
	start := time.Now()
	for range n {
		if sum := sha256.Sum256(message); !ecdsa.VerifyASN1(key, sum[:], s.Envelope.Signature) {
			b.Fatal("the signature does not verify")
		}
	}
	return time.Since(start) / n
}

// report compares the time per statement with the ceiling of a number of cores.
func (b *bench) report(tb *testing.B, statements, cores int, ceiling time.Duration) {
	per := tb.Elapsed() / time.Duration(statements)
	tb.ReportMetric(float64(per*time.Duration(cores))/float64(ceiling), "x-ceiling")
	tb.ReportMetric(float64(statements)/tb.Elapsed().Seconds(), "statements/s")
}

// BenchmarkVerifyP256 is the ceiling itself.
func BenchmarkVerifyP256(tb *testing.B) {
	b := newBench(tb)
	ceiling := b.ceiling()
	s := b.actions(1)[0]
	message, key := pae(s.Envelope), b.Payments.Key.Public().(*ecdsa.PublicKey)
	for tb.Loop() {
		if sum := sha256.Sum256(message); !ecdsa.VerifyASN1(key, sum[:], s.Envelope.Signature) {
			tb.Fatal("the signature does not verify")
		}
	}
	b.report(tb, tb.N, 1, ceiling)
}

// BenchmarkCheck is all that needs no counters: a chain of three links and the
// default policy, with a warm cache.
func BenchmarkCheck(tb *testing.B) {
	b := newBench(tb)
	ceiling := b.ceiling()
	s := b.actions(1)[0]
	sub, err := admission.NewSubmission(s.Envelope, s.Objects, admission.Anonymous)
	b.Check(err)
	cache := admission.NewCache(100)
	tb.ReportAllocs()
	for tb.Loop() {
		if _, err := admission.Check(sub, b.server.Register(), cache, b.Now()); err != nil {
			tb.Fatal(err)
		}
	}
	b.report(tb, tb.N, 1, ceiling)
}

// BenchmarkPlaceCommit is what happens in log order, one at a time: placing, one
// commit of a batch to disk, signing. The checks are done before.
func BenchmarkPlaceCommit(tb *testing.B) {
	b := newBench(tb)
	ceiling := b.ceiling()
	cache := admission.NewCache(100)
	b.logged(b.actions(1)[0])
	work := make([]ledger.Submission, tb.N)
	for i := range work {
		s := b.Sign(b.Payments, b.Transfer(b.Payments, b.leaf, "1.00"))
		sub, err := admission.NewSubmission(s.Envelope, nil, admission.Anonymous)
		b.Check(err)
		checked, err := admission.Check(sub, b.server.Register(), cache, b.Now())
		b.Check(err)
		work[i], err = b.server.Prepare(checked)
		b.Check(err)
	}
	tb.ResetTimer()
	var next atomic.Int64
	tb.SetParallelism(256)
	tb.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := b.log.Append(context.Background(), work[next.Add(1)-1]); err != nil {
				tb.Error(err)
			}
		}
	})
	b.report(tb, tb.N, 1, ceiling)
}

// parallel runs over prepared statements from many callers.
func (b *bench) parallel(tb *testing.B, callers, each int, submit func([]cast.Sent) error) {
	b.Helper()
	ceiling := b.ceiling()
	b.logged(b.actions(1)[0]) // the chain is stored, the caches are warm
	work := b.actions(tb.N*each + 1)[1:]
	tb.SetParallelism(callers / runtime.GOMAXPROCS(0))
	var next atomic.Int64
	tb.ResetTimer()
	tb.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1)) * each
			if err := submit(work[n-each : n]); err != nil {
				tb.Error(err)
			}
		}
	})
	b.report(tb, tb.N*each, runtime.GOMAXPROCS(0), ceiling)
}

// BenchmarkSubmit is the whole life of a statement, without the network.
func BenchmarkSubmit(tb *testing.B) {
	b := newBench(tb)
	b.parallel(tb, 256, 1, func(work []cast.Sent) error {
		r, err := b.submit(work[0])
		return failed(r, err)
	})
}

func failed(r server.Receipt, err error) error {
	if err == nil && r.Fault != nil {
		return r.Fault
	}
	return err
}

// BenchmarkSubmitConnect is the same over loopback, with the client beside it on
// the same cores.
func BenchmarkSubmitConnect(tb *testing.B) {
	tb.Run("single", func(tb *testing.B) {
		b := newBench(tb)
		client := deedv1connect.NewAttestationServiceClient(plain(tb), b.serve(nil))
		b.parallel(tb, 128, 1, func(work []cast.Sent) error {
			_, err := client.Submit(context.Background(), message(work[0]))
			return err
		})
	})
	tb.Run("batch64", func(tb *testing.B) {
		b := newBench(tb)
		client := deedv1connect.NewAttestationServiceClient(plain(tb), b.serve(nil))
		b.parallel(tb, 16, 64, func(work []cast.Sent) error {
			req := &deedv1.SubmitBatchRequest{}
			for _, s := range work {
				req.Requests = append(req.Requests, message(s))
			}
			res, err := client.SubmitBatch(context.Background(), req)
			for _, r := range res.GetResults() {
				if f := r.GetFault(); f != nil {
					return fmt.Errorf("%s: %s", f.GetCode(), f.GetFound())
				}
			}
			return err
		})
	})
}
