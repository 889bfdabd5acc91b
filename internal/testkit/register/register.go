// Package register is a small register in memory, for tests: the ledger and the
// rules of internal/admission, with no network and no files. [New] makes one;
// [NewWorld] makes one with people, agents, warrants and actions in it, the same
// ones to the last byte each time.
//
// # Caveats
//
// It has no quotas, no search and no locks of its own: one goroutine submits.
package register

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// Register is a register in memory. It is an [admission.InForce].
type Register struct {
	Log   *ledger.Log
	Clock *Clock

	origin string
	store  *storetest.Memory
	cache  *admission.Cache
	seed   string
}

// Clock stands still until it is moved. Its zero value shows 2026-09-23 08:00 UTC.
type Clock struct{ offset atomic.Int64 }

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	return time.Date(2026, 9, 23, 8, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) { c.offset.Add(int64(d)) }

// Keys are the keys of a log.
type Keys struct {
	Ed25519 *ledger.Ed25519Key
	MLDSA44 *ledger.MLDSAKey
}

// New opens an empty register. The end of the test closes it. seed makes the
// seeds of the register's own commitments.
func New(t testing.TB, origin, seed string, keys Keys, clock *Clock) *Register {
	t.Helper()
	r := &Register{Clock: clock, origin: origin, store: &storetest.Memory{}, cache: admission.NewCache(256), seed: seed}
	log, err := ledger.Open(context.Background(), ledger.Config{
		Store: r.store, Origin: origin, Signer: keys.Ed25519, Cosigner: keys.MLDSA44,
		HeadFile: &storetest.MemoryHead{}, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	r.Log = log
	return r
}

// Answer is what became of a submission that was logged.
type Answer struct {
	Index  uint64
	ID     attest.ID
	Record *admission.Record
}

// Submit checks, places and logs a statement.
func (r *Register) Submit(e attest.Envelope, objects ...[]byte) (Answer, error) {
	sent, err := admission.NewSubmission(e, objects, admission.Anonymous)
	if err != nil {
		return Answer{}, err
	}
	checked, err := admission.Check(sent, r, r.cache, r.Clock.Now().UnixMilli())
	if err != nil {
		return Answer{}, err
	}
	s := &submission{register: r, checked: checked}
	receipt, err := r.Log.Append(context.Background(), s)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Index: receipt.Index, ID: checked.Verified().ID(), Record: s.record}, nil
}

// submission is a [ledger.Submission].
type submission struct {
	register *Register
	checked  *admission.Checked
	record   *admission.Record
}

// ID implements [ledger.Submission].
func (s *submission) ID() ledger.Hash {
	sum, _ := s.checked.Verified().ID().Sum() // of a statement that was verified
	return sum
}

// Place implements [ledger.Submission].
func (s *submission) Place(v ledger.View, at time.Time) (ledger.Placement, error) {
	read, err := s.checked.Read(v)
	if err != nil {
		return ledger.Placement{}, err
	}
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(s.register.seed), v.Size()))
	result, err := s.checked.Decide(read, at.UnixMilli(), seed)
	if err != nil {
		return ledger.Placement{}, err
	}
	s.record = result.Parsed
	p := ledger.Placement{Entry: result.Entry}
	for _, o := range result.Objects {
		p.Objects = append(p.Objects, ledger.Object{Digest: sha256.Sum256(o.Bytes), Bytes: o.Bytes})
	}
	for _, d := range result.Erase {
		sum, _ := d.Sum() // of a statement that was parsed
		p.Erase = append(p.Erase, sum)
	}
	for _, c := range result.Cells {
		p.Cells = append(p.Cells, ledger.Cell{Table: c.Table, Key: c.Key, Value: c.Value})
	}
	return p, nil
}

// Origin implements [admission.InForce].
func (r *Register) Origin() string { return r.origin }

// Current implements [admission.InForce].
func (r *Register) Current(slot admission.Slot) (*admission.Logged, error) {
	doc, err := r.store.Get(context.Background(), "force", string(slot))
	if err != nil || doc == nil {
		return nil, err
	}
	var ref admission.Ref
	if err := attest.Decode(doc, &ref); err != nil {
		return nil, fmt.Errorf("reading %s: %w", slot, err)
	}
	return r.reopen(ref.Entry)
}

// Logged implements [admission.InForce].
func (r *Register) Logged(id attest.ID) (*admission.Logged, error) {
	sum, ok := id.Sum()
	if !ok {
		return nil, nil
	}
	index, found, err := r.store.Lookup(context.Background(), sum)
	if err != nil || !found {
		return nil, err
	}
	return r.reopen(index)
}

func (r *Register) reopen(index uint64) (*admission.Logged, error) {
	entry, err := r.Log.Entry(context.Background(), index)
	if err != nil {
		return nil, err
	}
	return admission.Reopen(index, entry.Bytes, r.Object)
}

// Object implements [admission.InForce].
func (r *Register) Object(d attest.Digest) ([]byte, error) {
	return r.store.Get(context.Background(), ledger.ObjectTable, d.Hex())
}
