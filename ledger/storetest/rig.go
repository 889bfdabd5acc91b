package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
)

// Origin is the origin of the logs in this package.
const Origin = "log.example/2026"

// Keys returns the two keys of Origin, the same ones each time.
func Keys(t testing.TB) (*ledger.Ed25519Key, *ledger.MLDSAKey) {
	t.Helper()
	seed := rand.NewChaCha8(sha256.Sum256([]byte("storetest keys")))
	ed, err := ledger.NewEd25519Key(seed, Origin)
	if err != nil {
		t.Fatal(err)
	}
	pq, err := ledger.NewMLDSAKey(seed, Origin)
	if err != nil {
		t.Fatal(err)
	}
	return ed, pq
}

// A Clock is a clock that stands still until it is moved. Its zero value shows
// 2026-01-01 UTC.
type Clock struct{ offset atomic.Int64 }

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) { c.offset.Add(int64(d)) }

// A Text is a submission that logs itself, in the form "<time in ms> <text>",
// with an object, a cell that counts and a row.
type Text string

// ID implements ledger.Submission.
func (s Text) ID() ledger.Hash { return sha256.Sum256([]byte(s)) }

// Place implements ledger.Submission. The entry tells the state that it saw.
func (s Text) Place(v ledger.View, at time.Time) (ledger.Placement, error) {
	last, err := v.Get("text", "last")
	if err != nil {
		return ledger.Placement{}, err
	}
	o := ledger.Object{Digest: sha256.Sum256([]byte(s)), Bytes: []byte(s)}
	entry := fmt.Sprintf("%d %d %s after %s", v.Size(), at.UnixMilli(), string(s), last)
	return ledger.Placement{
		Entry:   []byte(entry),
		Objects: []ledger.Object{o},
		Cells:   []ledger.Cell{{Table: "text", Key: "last", Value: []byte(s)}},
		Rows:    []ledger.Row{{Name: "length", Key: fmt.Sprint(len(s))}},
	}, nil
}

// Config returns the configuration of a log of Origin over s and h.
func Config(t testing.TB, s ledger.Store, h ledger.HeadFile) ledger.Config {
	t.Helper()
	ed, pq := Keys(t)
	clock := new(Clock)
	return ledger.Config{Store: s, Origin: Origin, Signer: ed, Cosigner: pq, HeadFile: h, Now: clock.Now}
}

// Open opens a log that the end of the test closes.
func Open(t testing.TB, c ledger.Config) *ledger.Log {
	t.Helper()
	l, err := ledger.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// VerifyReceipt verifies a receipt as a client would, and returns the
// checkpoint of its proof.
func VerifyReceipt(t testing.TB, r ledger.Receipt) ledger.OpenedCheckpoint {
	t.Helper()
	ed, pq := Keys(t)
	p, err := ledger.ParseProof(r.Proof)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ledger.OpenCheckpoint(p.Checkpoint, ed.VKey().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.VerifyMLDSA(p.Checkpoint, pq.VKey().String()); err != nil {
		t.Fatal(err)
	}
	if p.Index != r.Index {
		t.Fatalf("receipt for entry %d has a proof for %d", r.Index, p.Index)
	}
	if err := ledger.VerifyInclusion(p, r.Entry, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// CheckStore runs ledger.Check and fails the test for every fault.
func CheckStore(t testing.TB, s ledger.Store) {
	t.Helper()
	err := ledger.Check(context.Background(), s, func(c *ledger.Corrupt) { t.Error(c) }, nil)
	if err != nil {
		t.Error(err)
	}
}
