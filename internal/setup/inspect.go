package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/deedlog/deed/internal/offline"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// Depth is how much of a database is read.
type Depth string

// The depths. Each finds what the one before it finds.
const (
	DepthRoot       Depth = "root"       // the entries, and the root that they have: [ledger.Rehash]
	DepthStatements Depth = "statements" // and every statement with its signature: [offline.Statements]
	DepthAll        Depth = "all"        // and all else that is stored
)

// Inspection reads the whole database of a register that is not being served,
// and reports every fault with its place: [ledger.CheckSigned] with the head
// file's checkpoint, then [server.Rebuild].
//
// A damaged file can make the database library loop, so run it in a process of
// its own.
type Inspection struct {
	Config Config
	Report func(*ledger.Corrupt)
	// Progress may be nil.
	Progress ledger.Progress
	// Pages: look at how the file is built too, at the end. A page that is
	// damaged may end the process.
	Pages bool
	// Remember keeps what was computed of an entry for the next Run.
	Remember bool
	// Depth is how much is read; empty is all.
	Depth Depth

	rebuild server.Rebuild
}

// Run reads the database as it is now. The error is nil if all of it was read,
// whether or not there were faults. It returns the number of entries.
func (i *Inspection) Run(ctx context.Context) (size uint64, err error) {
	store, err := OpenStore(i.Config)
	if Refuses(err) {
		return 0, err
	}
	if err != nil {
		i.Report(&ledger.Corrupt{Bucket: "file", Key: i.Config.Store, Want: "a database", Got: err.Error()})
		return 0, nil
	}
	size, err = i.read(ctx, store)
	return size, errors.Join(err, store.Close())
}

func (i *Inspection) read(ctx context.Context, store *boltstore.Store) (size uint64, err error) {
	signed, err := SavedHead(i.Config)
	if err != nil {
		i.Report(&ledger.Corrupt{Bucket: "head file", Key: i.Config.Head, Want: "a checkpoint that this log has signed", Got: err.Error()})
	}
	progress, stop := store.ReadAhead(ctx, i.Progress)
	defer stop()
	switch i.Depth {
	case DepthRoot:
		err = ledger.Rehash(ctx, store, signed, i.Report, progress)
	case DepthStatements:
		return offline.Statements{Store: store, Signed: signed, Report: i.Report, Progress: progress}.Run(ctx)
	default:
		err = ledger.CheckSigned(ctx, store, signed, i.Report, progress)
	}
	if err != nil {
		return 0, err
	}
	head, err := store.Load(ctx)
	var bad *ledger.Corrupt
	if errors.As(err, &bad) {
		return 0, nil // reported already
	}
	if err != nil {
		return 0, fmt.Errorf("loading head: %w", err)
	}
	if i.Depth == DepthRoot {
		return head.Size, nil
	}
	i.rebuild.Origin, i.rebuild.Report, i.rebuild.Progress, i.rebuild.Remember = i.Config.Origin, i.Report, progress, i.Remember
	if err := i.rebuild.Run(ctx, store, head); err != nil || !i.Pages {
		return head.Size, err
	}
	return head.Size, i.pages(ctx, store)
}

// pages checks how the file is built, and says so meanwhile: for as long as the
// slowest disk would need, so that a check that does not end is still noticed.
func (i *Inspection) pages(ctx context.Context, store *boltstore.Store) error {
	const perSecond = 4 << 20 // bytes
	info, err := os.Stat(i.Config.Store)
	if err != nil {
		return fmt.Errorf("checking pages: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(info.Size()/perSecond)*time.Second)
	said := make(chan struct{})
	go func() {
		defer close(said)
		for i.Progress != nil && ctx.Err() == nil {
			i.Progress("pages", 0, 0)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	defer func() { stop(); <-said }()
	return store.CheckPages(i.Report)
}

// OpenStore opens the database of a register that is not being served, for reading.
// Of another program's it is boltstore.ErrOlder or ErrNewer.
func OpenStore(c Config) (*boltstore.Store, error) { return layout.OpenReadOnly(c.Store) }

// Refuses reports whether an error of [OpenStore] is no damage: the database is in
// use, or another program's.
func Refuses(err error) bool {
	return errors.Is(err, boltstore.ErrLocked) || errors.Is(err, boltstore.ErrOlder) || errors.Is(err, boltstore.ErrNewer)
}

// SavedHead reads the checkpoint of the head file, nil if there is none. Its
// signature is verified if the log's key is there; to check a copy elsewhere
// takes no keys.
func SavedHead(c Config) (*ledger.Checkpoint, error) {
	text, err := (&boltstore.HeadFile{Path: c.Head}).Load()
	if err != nil || text == nil {
		return nil, err
	}
	signed, err := ledger.ParseSignedCheckpoint(text)
	if err != nil {
		return nil, err
	}
	if signed.Origin != c.Origin {
		return nil, fmt.Errorf("its origin is %q, not %q", signed.Origin, c.Origin)
	}
	if secrets, err := readSecrets(c.Keys, c.Origin); err == nil {
		if _, err := ledger.OpenCheckpoint(text, secrets.log.VKey().String()); err != nil {
			return nil, err
		}
	}
	return &signed.Checkpoint, nil
}
