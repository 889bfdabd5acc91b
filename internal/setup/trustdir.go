package setup

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// writeTrust writes what a verifier may start from: this register's own opinion
// of itself, as its README says.
func (i *Instance) writeTrust(ctx context.Context, dir string, o Options) error {
	entry, err := i.Log.Entry(ctx, 0)
	if err != nil {
		return err
	}
	genesis := ledger.HashLeaf(entry.Bytes)
	server, err := attest.KeyOf(i.secrets.server.Public())
	if err != nil {
		return err
	}
	files, err := verifier.TrustFiles(verifier.TrustSource{
		LogKey: i.VKey(), MLDSAKey: i.MLDSAVKey(), Genesis: &genesis, ServerKey: server,
		Bundles: map[string][][]byte{o.TrustDomain: {o.Bundle}},
		// No people: their keys rest on the administrators in the genesis, until
		// the reader has a list of his own.
	})
	if err != nil {
		return err
	}
	return WriteTrust(dir, files)
}

// WriteTrust writes the files of a trust directory, made if it is not there.
// It removes nothing.
func WriteTrust(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing trust directory: %w", err)
		}
		if err := WriteFile(path, files[name], 0o644); err != nil {
			return fmt.Errorf("writing trust directory: %w", err)
		}
	}
	return nil
}
