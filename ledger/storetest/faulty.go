package storetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/deedlog/deed/ledger"
)

// A Fault is what goes wrong with one call. The zero value is: nothing.
type Fault struct {
	Err error
	// Persisted: the call takes effect, and only its answer is an error.
	Persisted bool
}

// A Plan says which call of a kind meets which fault, counted from 0.
type Plan func(call int) Fault

// Once is a plan for a fault at one call.
func Once(call int, f Fault) Plan {
	return func(n int) Fault {
		if n == call {
			return f
		}
		return Fault{}
	}
}

// counter hands out the faults of a plan.
type counter struct {
	mu    sync.Mutex
	calls int
}

func (c *counter) next(p Plan) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if p == nil {
		return Fault{}
	}
	return p(c.calls - 1)
}

func (f Fault) around(call func() error) error {
	if f.Err != nil && !f.Persisted {
		return f.Err
	}
	if err := call(); err != nil {
		return err
	}
	return f.Err
}

// Faulty is a store whose commits fail by plan.
type Faulty struct {
	ledger.Store
	Commits Plan

	counter counter
}

// Commit implements ledger.Store.
func (s *Faulty) Commit(ctx context.Context, expect ledger.Head, d ledger.Delta) error {
	return s.counter.next(s.Commits).around(func() error { return s.Store.Commit(ctx, expect, d) })
}

// FaultyHead is a head file whose saves fail by plan.
type FaultyHead struct {
	ledger.HeadFile
	Saves Plan

	counter counter
}

// Save implements ledger.HeadFile.
func (h *FaultyHead) Save(text []byte) error {
	return h.counter.next(h.Saves).around(func() error { return h.HeadFile.Save(text) })
}

// FaultySigner is a signer and cosigner that fails by plan. It also checks, at
// the moment of signing, that the store already has what it signs.
type FaultySigner struct {
	ledger.Signer
	Signs Plan
	Store ledger.Store

	counter counter
	mu      sync.Mutex
	signed  []ledger.Checkpoint
	early   error
}

// Sign implements ledger.Signer.
func (s *FaultySigner) Sign(text []byte) (sig []byte, err error) {
	s.observe(text)
	err = s.counter.next(s.Signs).around(func() (err error) {
		sig, err = s.Signer.Sign(text)
		return err
	})
	return sig, err
}

func (s *FaultySigner) observe(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := ledger.ParseCheckpoint(string(text))
	if err == nil {
		var head ledger.Head
		head, err = s.Store.Load(context.Background())
		// The next batch may be on disk already.
		if err == nil && (head.Size < c.Size || head.Size == c.Size && head.Root != c.Root) {
			err = fmt.Errorf("signing size %d while size %d is on disk", c.Size, head.Size)
		}
	}
	if err != nil && s.early == nil {
		s.early = err
	}
	s.signed = append(s.signed, c)
}

// FaultyCosigner is a cosigner that fails by plan.
type FaultyCosigner struct {
	ledger.Cosigner
	Signs Plan

	counter counter
}

// Cosign implements ledger.Cosigner.
func (s *FaultyCosigner) Cosign(c ledger.Checkpoint, at time.Time) (sig []byte, err error) {
	err = s.counter.next(s.Signs).around(func() (err error) {
		sig, err = s.Cosigner.Cosign(c, at)
		return err
	})
	return sig, err
}
