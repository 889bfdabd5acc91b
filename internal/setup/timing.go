package setup

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// timed* are the parts of a log, measured from outside. They change nothing of
// what passes through.

type timedStore struct {
	*boltstore.Store
	m *metrics.Metrics
}

// Commit implements ledger.Store.
func (s timedStore) Commit(ctx context.Context, expect ledger.Head, d ledger.Delta) error {
	start := time.Now()
	err := s.Store.Commit(ctx, expect, d)
	s.m.Stepped(metrics.Commit, time.Since(start), err)
	if err == nil {
		s.m.Batch(len(d.Entries))
	}
	return err
}

type timedHead struct {
	ledger.HeadFile
	m     *metrics.Metrics
	saved *atomic.Int64 // when, in Unix ms
}

// newTimedHead measures a head file, and tells when it was saved last.
func newTimedHead(f ledger.HeadFile, m *metrics.Metrics) timedHead {
	h := timedHead{f, m, new(atomic.Int64)}
	m.Read(metrics.CheckpointTime, func() float64 { return float64(h.saved.Load()) / 1000 })
	return h
}

// Save implements ledger.HeadFile.
func (h timedHead) Save(checkpoint []byte) error {
	start := time.Now()
	err := h.HeadFile.Save(checkpoint)
	h.m.Stepped(metrics.HeadFile, time.Since(start), err)
	if err == nil {
		h.saved.Store(time.Now().UnixMilli())
	}
	return err
}

type timedSigner struct {
	ledger.Signer
	m *metrics.Metrics
}

// Sign implements ledger.Signer.
func (s timedSigner) Sign(text []byte) ([]byte, error) {
	start := time.Now()
	sig, err := s.Signer.Sign(text)
	s.m.Stepped(metrics.SignEd25519, time.Since(start), err)
	return sig, err
}

type timedCosigner struct {
	ledger.Cosigner
	m *metrics.Metrics
}

// Cosign implements ledger.Cosigner.
func (s timedCosigner) Cosign(c ledger.Checkpoint, at time.Time) ([]byte, error) {
	start := time.Now()
	sig, err := s.Cosigner.Cosign(c, at)
	s.m.Stepped(metrics.SignMLDSA, time.Since(start), err)
	return sig, err
}
