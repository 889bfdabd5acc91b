package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

// HeadFile keeps the last signed checkpoint in a file of its own. Put it on
// another volume than the database, or at least leave it out of the backups
// from which the database would be restored: it is what tells an old copy.
type HeadFile struct {
	Path string
}

var _ ledger.HeadFile = HeadFile{}

// Load implements ledger.HeadFile.
func (h HeadFile) Load() ([]byte, error) {
	text, err := os.ReadFile(h.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading head file: %w", err)
	}
	if text == nil {
		text = []byte{} // an empty file is not a missing one
	}
	return text, nil
}

// Save implements ledger.HeadFile. A crash leaves the old text or the new, and
// when Save returned, the new: the bytes are synced before the rename, and the
// directory, which holds the name, after it.
func (h HeadFile) Save(text []byte) error {
	temp := h.Path + ".tmp"
	if failpoint.Mutant("head-file-in-place") {
		temp = h.Path
	}
	if err := failpoint.Err("before-head-temp"); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	if err := writeSynced(temp, text); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	if err := failpoint.Err("after-head-temp-sync"); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	if err := os.Rename(temp, h.Path); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	if err := failpoint.Err("after-head-rename-before-dir-sync"); err != nil {
		return fmt.Errorf("syncing directory of head file: %w", err)
	}
	if err := syncDirectory(filepath.Dir(h.Path)); err != nil {
		return fmt.Errorf("syncing directory of head file: %w", err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	failpoint.Hit("in-head-temp")
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
