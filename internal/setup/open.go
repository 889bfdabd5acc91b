package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// layout is that of the databases of this program.
const layout boltstore.Layout = server.Layout

// Instance is an open register. Close it.
type Instance struct {
	// Dir is the directory of the configuration.
	Dir    string
	Config Config
	Store  *boltstore.Store
	Log    *ledger.Log
	Server *server.Server
	// Scrub looks for damage; Serve runs it.
	Scrub *ledger.Scrub

	head    *boltstore.HeadFile
	metrics *metrics.Metrics
	secrets secrets
	logger  *slog.Logger
}

// Open opens a register by its configuration. The context is for opening only;
// a nil logger is none. Nothing is served yet: see [Instance.Serve].
func Open(ctx context.Context, configPath string, logger *slog.Logger) (*Instance, error) {
	o, err := Options{Origin: "any", Dev: true, Logger: logger}.complete()
	if err != nil {
		return nil, err
	}
	return open(ctx, configPath, o)
}

// open uses the clock, randomness and logger of o.
func open(ctx context.Context, configPath string, o Options) (*Instance, error) {
	c, err := ReadConfig(configPath)
	if err != nil {
		return nil, err
	}
	secrets, err := readSecrets(c.Keys, c.Origin)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(configPath))
	if err != nil {
		return nil, err
	}
	i := &Instance{Dir: dir, Config: c, secrets: secrets, logger: o.Logger, metrics: server.NewMetrics(c.domains())}
	i.head = &boltstore.HeadFile{Path: c.Head}
	if i.Store, err = layout.Open(c.Store); err != nil {
		return nil, fmt.Errorf("opening %s: %w", c.Store, err)
	}
	i.Log, err = ledger.Open(ctx, ledger.Config{
		Store: timedStore{i.Store, i.metrics}, Origin: c.Origin,
		Signer: timedSigner{secrets.log, i.metrics}, Cosigner: timedCosigner{secrets.mldsa, i.metrics},
		HeadFile: newTimedHead(i.head, i.metrics), Now: o.Now,
	})
	if err != nil {
		return nil, errors.Join(err, i.Store.Close(), i.head.Close())
	}
	i.Scrub = i.newScrub(o.Now)
	i.Server, err = server.New(server.Config{
		Log: i.Log, Store: i.Store, Origin: c.Origin, ServerKey: secrets.server,
		Now: o.Now, Rand: o.Rand, Logger: o.Logger, Metrics: i.metrics, ReadyAge: c.Ready.CheckpointAge,
	})
	if err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// Close finishes what is under way and closes log, store and head file.
func (i *Instance) Close() error {
	if err := errors.Join(i.Log.Close(), i.Store.Close(), i.head.Close()); err != nil {
		return fmt.Errorf("closing register: %w", err)
	}
	return nil
}

// VKey is the log's Ed25519 verifier key.
func (i *Instance) VKey() string { return i.secrets.log.VKey().String() }

// MLDSAVKey is the log's ML-DSA-44 verifier key.
func (i *Instance) MLDSAVKey() string { return i.secrets.mldsa.VKey().String() }

// CA loads the throwaway CA of a register that was made with Options.Dev.
func (i *Instance) CA() (*spiffeca.CA, error) { return LoadCA(i.Dir) }

// LoadCA loads the throwaway CA in a register's directory.
func LoadCA(dir string) (*spiffeca.CA, error) {
	return spiffeca.Load(filepath.Join(dir, CADir), spiffeca.Config{})
}

// RotateCA gives the throwaway CA a new root, and writes the bundle file that
// the register reads.
func RotateCA(dir string) error {
	ca, err := LoadCA(dir)
	if err != nil {
		return err
	}
	if err := ca.RotateRoot(); err != nil {
		return err
	}
	if err := ca.Save(filepath.Join(dir, CADir)); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, CADir, bundleFile), ca.BundleDocument(), 0o644)
}
