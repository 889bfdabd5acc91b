package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/deedlog/deed/ledger"
)

var errBroken = errors.New("injected fault")

// RunFaults breaks one call of each step of an append, once as "failed and not
// persisted" and once as "failed, but persisted", for each error class; goes on
// appending as a client would; restarts; and tests the invariants:
//
//   - every acknowledged entry is in the log at its index with its bytes;
//   - any two checkpoints that were ever signed are consistent;
//   - none is signed before its transaction is on disk;
//   - no submission has two entries, and there is no gap.
//
// open returns a new, empty store.
func RunFaults(t *testing.T, open func(t *testing.T) ledger.Store) {
	classes := map[string]error{
		"conflict": ledger.ErrConflict, "retryable": ledger.ErrRetryable,
		"unknown": ledger.ErrUnknown, "final": errBroken,
	}
	for _, step := range []string{"commit", "sign", "cosign", "head file"} {
		for class, err := range classes {
			for _, persisted := range []bool{false, true} {
				if step == "commit" && persisted && (class == "conflict" || class == "retryable") {
					continue // a store that says so has not written
				}
				t.Run(fmt.Sprintf("%s/%s/persisted=%v", step, class, persisted), func(t *testing.T) {
					f := Fault{Err: fmt.Errorf("%w: %w", errBroken, err), Persisted: persisted}
					newTrial(t, open(t), step, Once(3, f)).run()
				})
			}
		}
	}
	t.Run("restored copy", func(t *testing.T) { restoredCopy(t, open) })
}

// A trial is a log with one thing that breaks.
type trial struct {
	t      *testing.T
	config ledger.Config
	signer *FaultySigner
	acked  map[Text]ledger.Receipt
	step   string
}

func newTrial(t *testing.T, s ledger.Store, step string, p Plan) *trial {
	t.Cleanup(func() { s.Close() })
	c := Config(t, s, new(MemoryHead))
	signer := &FaultySigner{Signer: c.Signer, Store: s}
	store := &Faulty{Store: s}
	head := &FaultyHead{HeadFile: c.HeadFile}
	cosigner := &FaultyCosigner{Cosigner: c.Cosigner}
	switch step {
	case "commit":
		store.Commits = p
	case "sign":
		signer.Signs = p
	case "cosign":
		cosigner.Signs = p
	case "head file":
		head.Saves = p
	}
	c.Store, c.HeadFile, c.Signer, c.Cosigner = store, head, signer, cosigner
	return &trial{t: t, config: c, signer: signer, acked: make(map[Text]ledger.Receipt), step: step}
}

func (r *trial) run() {
	l := Open(r.t, r.config)
	for i := range 8 {
		r.append(l, Text(fmt.Sprint("entry ", i)))
	}
	if r.step == "head file" && l.Err() == nil {
		r.t.Error("the log goes on after a failed save of the head file")
	}
	l.Close()
	l = Open(r.t, r.config) // the faults are used up
	for i := range 10 {
		r.append(l, Text(fmt.Sprint("entry ", i)))
	}
	if len(r.acked) != 10 {
		r.t.Errorf("%d of 10 submissions acknowledged after the restart", len(r.acked))
	}
	r.invariants(l)
}

// append sends s as a client does: again if the answer says so.
func (r *trial) append(l *ledger.Log, s Text) {
	for range 3 {
		receipt, err := l.Append(context.Background(), s)
		if errors.Is(err, ledger.ErrStopped) {
			return
		}
		if err != nil {
			continue
		}
		VerifyReceipt(r.t, receipt)
		if before, ok := r.acked[s]; ok {
			if before.Index != receipt.Index || !bytes.Equal(before.Entry, receipt.Entry) || !receipt.Duplicate {
				r.t.Errorf("%q was entry %d, is now %d (duplicate %v)", s, before.Index, receipt.Index, receipt.Duplicate)
			}
		}
		r.acked[s] = receipt
		return
	}
}

func (r *trial) invariants(l *ledger.Log) {
	ctx := context.Background()
	seen := make(map[uint64]bool)
	for s, receipt := range r.acked {
		e, err := l.Entry(ctx, receipt.Index)
		if err != nil {
			r.t.Fatal(err)
		}
		if !bytes.Equal(e.Bytes, receipt.Entry) || e.ID != s.ID() || seen[receipt.Index] {
			r.t.Errorf("acknowledged %q is not at index %d", s, receipt.Index)
		}
		seen[receipt.Index] = true
	}
	if uint64(len(seen)) != l.Size() {
		r.t.Errorf("%d entries for %d submissions", l.Size(), len(seen))
	}
	if r.signer.early != nil {
		r.t.Error(r.signer.early)
	}
	r.consistent(l)
	CheckStore(r.t, r.config.Store)
}

// consistent tests each checkpoint that was signed against the final log, which
// makes any two of them consistent.
func (r *trial) consistent(l *ledger.Log) {
	key := r.signer.VKey().String()
	final, err := ledger.OpenCheckpoint(l.Checkpoint(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range r.signer.signed {
		sig, err := r.signer.Signer.Sign([]byte(c.String()))
		if err != nil {
			r.t.Fatal(err)
		}
		s := ledger.SignedCheckpoint{Checkpoint: c, Signatures: []ledger.Signature{{Name: Origin, KeyID: r.signer.KeyHash(), Bytes: sig}}}
		older, err := ledger.OpenCheckpoint(s.Bytes(), key)
		if err != nil {
			r.t.Fatal(err)
		}
		proof, err := l.Consistency(context.Background(), c.Size, l.Size())
		if err != nil {
			r.t.Fatal(err)
		}
		if err := ledger.VerifyConsistency(older, final, proof); err != nil {
			r.t.Errorf("a checkpoint of size %d was signed that the log does not extend: %v", c.Size, err)
		}
	}
}

// restoredCopy fills two stores that share a head file: the one that is behind
// stands for a restored copy.
func restoredCopy(t *testing.T, open func(t *testing.T) ledger.Store) {
	ctx := context.Background()
	head := new(MemoryHead)
	fill := func(h ledger.HeadFile, texts ...Text) ledger.Store {
		s := open(t)
		t.Cleanup(func() { s.Close() })
		l := Open(t, Config(t, s, h))
		for _, text := range texts {
			if _, err := l.Append(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
		return s
	}
	older := fill(new(MemoryHead), "a")
	other := fill(new(MemoryHead), "a", "x", "c")
	fill(head, "a", "b")
	for name, s := range map[string]ledger.Store{"older": older, "other": other, "empty": open(t)} {
		saved, _ := head.Load()
		_, err := ledger.Open(ctx, Config(t, s, head))
		if !errors.Is(err, ledger.ErrRollback) {
			t.Errorf("opening the %s database: %v, want ErrRollback", name, err)
		}
		if now, _ := head.Load(); !bytes.Equal(saved, now) {
			t.Errorf("opening the %s database changed the head file", name)
		}
	}
	if _, err := ledger.Open(ctx, Config(t, older, new(MemoryHead))); !errors.Is(err, ledger.ErrRollback) {
		t.Errorf("opening without a head file: %v, want ErrRollback", err)
	}
	c := Config(t, older, new(MemoryHead))
	c.Recover = true
	Open(t, c)
}
