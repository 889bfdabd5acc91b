package main

import (
	"context"
	"errors"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

const verifyRow = "Deed, whole log, every statement opened and verified"

// verifying measures going through a register's log offline: the tree and the
// control hash computed anew, and every statement opened from its objects, with
// its signature.
type verifying struct {
	*run
	register *submitting // whose log is read, as long as it is by then
}

func (m *verifying) round() error {
	w, n := m.register.world, 0
	took, err := m.measure("verify", func() (err error) {
		n, err = w.verifyLog(m.ctx)
		return err
	})
	if err != nil {
		return err
	}
	m.table.add(verifyRow+cpuRow, "us CPU", took.each(n))
	m.table.add(verifyRow+rateRow, "/s", took.rate(n))
	return nil
}

// verifyLog returns the number of entries.
func (w *world) verifyLog(ctx context.Context) (int, error) {
	audit := verifier.NewAudit()
	object := func(d attest.Digest) ([]byte, error) {
		b, err := w.store.Get(ctx, ledger.ObjectTable, d.Hex())
		if err == nil && b == nil {
			err = errors.New("an object is missing")
		}
		return b, err
	}
	err := eachEntry(ctx, w.store, func(index uint64, e ledger.Entry) error {
		for _, fault := range audit.Add(e.Bytes) {
			return fault
		}
		_, err := admission.Reopen(index, e.Bytes, object)
		return err
	})
	if err != nil {
		return 0, err
	}
	signed, err := ledger.ParseSignedCheckpoint(w.log.Checkpoint())
	if err != nil {
		return 0, err
	}
	for _, fault := range audit.Close(signed.Checkpoint) {
		return 0, fault
	}
	return int(audit.Size()), nil
}
