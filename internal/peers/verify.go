package main

import (
	"context"
	"errors"

	"github.com/deedlog/deed/internal/offline"
	"github.com/deedlog/deed/ledger"
)

const verifyRow = "Deed, whole log, every statement opened and verified"

// verifying measures going through a register's log offline, as "deed log check
// --depth statements" does: the tree and the control hash computed anew, and every
// statement opened from its objects, with its signature.
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
	signed, err := ledger.ParseSignedCheckpoint(w.log.Checkpoint())
	if err != nil {
		return 0, err
	}
	var fault error
	size, err := offline.Statements{
		Store: w.store, Signed: &signed.Checkpoint, Report: func(c *ledger.Corrupt) { fault = c },
	}.Run(ctx)
	return int(size), errors.Join(err, fault)
}
