package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// RestoreHead makes a new head file, where it was lost, from the newest signed
// checkpoint that is known to have left the register, and opens the register
// with it: the database has to continue that checkpoint. It never replaces a
// head file (ErrExists).
func RestoreHead(ctx context.Context, configPath string, checkpoint []byte) (ledger.Checkpoint, error) {
	c, err := ReadConfig(configPath)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	secrets, err := readSecrets(c.Keys, c.Origin)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	opened, err := ledger.OpenCheckpoint(checkpoint, secrets.log.VKey().String())
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("reading checkpoint: %w", err)
	}
	file := &boltstore.HeadFile{Path: c.Head}
	if old, err := file.Load(); err != nil || old != nil {
		if err == nil {
			err = ErrExists
		}
		return ledger.Checkpoint{}, fmt.Errorf("restoring %s: %w", c.Head, err)
	}
	// Not beside a process that serves the register and has a head file open.
	store, err := OpenStore(c)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if err := store.Close(); err != nil {
		return ledger.Checkpoint{}, err
	}
	if err := errors.Join(file.Save(checkpoint), file.Close()); err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("restoring %s: %w", c.Head, err)
	}
	i, err := Open(ctx, configPath, nil)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	return opened.Checkpoint(), i.Close()
}
