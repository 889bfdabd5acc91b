package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/policy"
)

// ErrExists: the directory is there already and is not empty.
var ErrExists = errors.New("it exists already")

// Create makes the directory of a new register, with the first three entries in
// its log, and opens it. It never touches a directory that has anything in it
// (ErrExists).
func Create(ctx context.Context, dir string, o Options) (*Instance, error) {
	o, err := o.complete()
	if err != nil {
		return nil, fmt.Errorf("creating register: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("creating register: %w", err)
	}
	if err := free(dir); err != nil {
		return nil, fmt.Errorf("creating register in %s: %w", dir, err)
	}
	if err := create(ctx, dir, o); err != nil {
		return nil, fmt.Errorf("creating register in %s: %w", dir, err)
	}
	return open(ctx, filepath.Join(dir, ConfigFile), o)
}

// free reports whether a directory may be made there.
func free(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(list) > 0:
		return ErrExists
	}
	return nil
}

// create makes everything beside dir and renames it when it is whole.
func create(ctx context.Context, dir string, o Options) (err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".init-*") // mode 0700
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(stage) // best effort: err is what matters
		}
	}()
	if err := fill(ctx, stage, o); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // only if it is empty
		return err
	}
	if err := os.Rename(stage, dir); err != nil {
		return err
	}
	return syncDir(parent)
}

// fill makes the register in an empty directory and closes it again.
func fill(ctx context.Context, dir string, o Options) error {
	for _, sub := range []string{"keys", TrustDir} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	if err := WriteFile(filepath.Join(dir, ConfigFile), newConfigText(o), 0o644); err != nil {
		return err
	}
	c, err := ReadConfig(filepath.Join(dir, ConfigFile))
	if err != nil {
		return err
	}
	if err := writeSecrets(dir, c, &o); err != nil {
		return err
	}
	if o.Bundle, err = writeBundle(dir, o); err != nil {
		return err
	}
	if err := WritePolicy(filepath.Join(dir, PolicyDir), policy.Default()); err != nil {
		return err
	}
	i, err := open(ctx, filepath.Join(dir, ConfigFile), o)
	if err != nil {
		return err
	}
	return errors.Join(i.begin(ctx, dir, o), i.Close())
}

func writeSecrets(dir string, c Config, o *Options) error {
	s, err := newSecrets(o.Origin, o.Rand)
	if err != nil {
		return err
	}
	if err := s.write(c.Keys); err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, AdminFile), []byte(o.Admin+"\n"), keyMode); err != nil {
		return err
	}
	if o.AdminKey != nil {
		return nil
	}
	if o.AdminKey, err = NewKey(Ed25519, o.Rand); err != nil {
		return err
	}
	return WriteKey(filepath.Join(dir, AdminKeyFile), o.AdminKey)
}

// Lives of what the throwaway CA issues: long enough to come back to a trial
// after a weekend.
const (
	devRootTTL = 90 * 24 * time.Hour
	devSVIDTTL = 24 * time.Hour
)

// writeBundle writes the bundle into the directory and returns it.
func writeBundle(dir string, o Options) ([]byte, error) {
	doc := o.Bundle
	if o.Dev {
		ca, err := spiffeca.New(spiffeca.Config{
			TrustDomain: o.TrustDomain, Now: o.Now, Rand: o.Rand, RootTTL: devRootTTL, SVIDTTL: devSVIDTTL,
		})
		if err != nil {
			return nil, err
		}
		if err := os.Mkdir(filepath.Join(dir, CADir), 0o700); err != nil {
			return nil, err
		}
		if err := ca.Save(filepath.Join(dir, CADir)); err != nil {
			return nil, err
		}
		doc = ca.BundleDocument()
	}
	return doc, WriteFile(filepath.Join(dir, o.bundlePath()), doc, 0o644)
}

// WritePolicy writes the three files of a policy set into a directory, made if
// it is not there.
func WritePolicy(dir string, src policy.Source) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("writing policy: %w", err)
	}
	for name, text := range map[string][]byte{PoliciesFile: src.Policies, SchemaFile: src.Schema, EntitiesFile: src.Entities} {
		if err := WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// begin writes the first entries, and the files that others pin.
func (i *Instance) begin(ctx context.Context, dir string, o Options) error {
	if err := i.firstEntries(ctx, o); err != nil {
		return err
	}
	entry, err := i.Log.Entry(ctx, 0)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		LogVKeyFile:   i.VKey(),
		MLDSAVKeyFile: i.MLDSAVKey(),
		GenesisFile:   ledger.HashLeaf(entry.Bytes).String(),
	} {
		if err := WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			return err
		}
	}
	return i.writeTrust(ctx, filepath.Join(dir, TrustDir), o)
}
