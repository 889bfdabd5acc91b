package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

const (
	reindexing = ".reindex"        // the new file while it is written
	reindexed  = ".before-reindex" // the old one afterwards
	// rewriteBatch is the number of entries of one commit.
	rewriteBatch = 1024
)

// Reindex makes the database of a register again from what the log itself has:
// the entries and their objects. Index, search rows, state, tiles and the tree
// are computed anew, every statement is checked and decided again as its record
// says, and the root has to be the one that is stored and, at the size of the
// head file's checkpoint, the one that is signed. The register must not be
// served meanwhile.
type Reindex struct {
	Config Config
	// Report gets what is wrong with the log itself. Then no new file is made.
	Report   func(*ledger.Corrupt)
	Progress ledger.Progress // may be nil
}

// Reindexed is what became of it.
type Reindexed struct {
	Entries uint64 `json:"entries"`
	// Kept is where the old file is now.
	Kept string `json:"kept"`
}

// Run writes a new file beside the old one and puts it in its place when it is
// whole. A crash before that leaves the old one, and what it leaves of the new
// one is thrown away by the next run. The old one is kept under another name,
// which must not exist (ErrExists), unless it is the same file: that is left by a
// run that ended just before the new one was in place.
func (r Reindex) Run(ctx context.Context) (out Reindexed, err error) {
	old, temp := r.Config.Store, r.Config.Store+reindexing
	out.Kept = old + reindexed
	if err := unkept(old, out.Kept); err != nil {
		return out, fmt.Errorf("keeping the old file as %s: %w", out.Kept, err)
	}
	signed, err := SavedHead(r.Config)
	if err != nil {
		return out, fmt.Errorf("reading head file: %w", err)
	}
	from, err := layout.OpenUnindexed(ctx, old, r.Progress)
	if err != nil {
		return out, err
	}
	// It stays locked until the new file is in its place.
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, fmt.Errorf("removing what an earlier run has left: %w", err)
	}
	if out.Entries, err = r.rewrite(ctx, from, temp, signed); err != nil {
		if bad := os.Remove(temp); !errors.Is(bad, fs.ErrNotExist) { // there may be none yet
			err = errors.Join(err, bad)
		}
		return out, err
	}
	// Its second name is on the disk before the first is given away.
	if err := errors.Join(os.Link(old, out.Kept), syncDir(filepath.Dir(old))); err != nil {
		return out, fmt.Errorf("keeping the old file: %w", err)
	}
	if err := os.Rename(temp, old); err != nil {
		return out, fmt.Errorf("putting the new file in place: %w", err)
	}
	return out, syncDir(filepath.Dir(old))
}

// unkept makes sure that nothing is under the name for the old file. A second name
// of the very file that is in place is no copy.
func unkept(old, kept string) error {
	second, err := os.Lstat(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if first, err := os.Lstat(old); err != nil || !os.SameFile(first, second) {
		return errors.Join(ErrExists, err)
	}
	return os.Remove(kept)
}

// rewrite makes the new file, and opens it once more as a start would.
func (r Reindex) rewrite(ctx context.Context, from *boltstore.Unindexed, path string, signed *ledger.Checkpoint) (uint64, error) {
	head, err := from.Load(ctx)
	if err != nil {
		return 0, err
	}
	if signed != nil && signed.Size > head.Size {
		return 0, fmt.Errorf("%d entries are signed, %d are stored: this database is an old copy, or has lost entries", signed.Size, head.Size)
	}
	store, err := layout.Open(path)
	if err != nil {
		return 0, err
	}
	err = r.copy(ctx, from, store, head, signed)
	if err := errors.Join(err, store.Close()); err != nil {
		return 0, err
	}
	if store, err = layout.Open(path); err != nil {
		return 0, err
	}
	got, err := store.Load(ctx)
	if err == nil && !got.Equal(head) {
		err = fmt.Errorf("the new file has %d entries with root %s, the old one %d with root %s", got.Size, got.Root, head.Size, head.Root)
	}
	return head.Size, errors.Join(err, store.Close())
}

// copy derives the entries and writes them, some at a time.
func (r Reindex) copy(ctx context.Context, from *boltstore.Unindexed, to ledger.Store, head ledger.Head, signed *ledger.Checkpoint) error {
	rewrite, err := ledger.NewRewrite(ctx, to)
	if err != nil {
		return err
	}
	w := &rewriter{from: from, to: rewrite, size: head.Size, signed: signed}
	b := server.Rebuild{Origin: r.Config.Origin, Report: r.Report, Progress: r.Progress}
	if err := b.Derive(ctx, from, head, func(d server.Derived) error { return w.add(ctx, d) }); err != nil {
		return err
	}
	if got := rewrite.Head(); !got.Equal(head) {
		return fmt.Errorf("the entries have root %s at size %d and time %d, stored are %s, %d and %d: the head or an entry is damaged",
			got.Root, got.Size, got.Time, head.Root, head.Size, head.Time)
	}
	return nil
}

// rewriter gathers entries for a commit.
type rewriter struct {
	from   *boltstore.Unindexed
	to     *ledger.Rewrite
	size   uint64
	signed *ledger.Checkpoint

	entries []ledger.Entry
	time    int64
	rows    []ledger.IndexedRow
	cells   []ledger.Cell
	at      map[cell]int // of cells
	objects uint64       // written so far
}

type cell struct{ table, key string }

func (w *rewriter) add(ctx context.Context, d server.Derived) error {
	index := w.to.Head().Size + uint64(len(w.entries))
	w.entries, w.time = append(w.entries, d.Entry), d.Time
	for _, r := range d.Rows {
		w.rows = append(w.rows, ledger.IndexedRow{Row: r, Index: index})
	}
	for _, c := range d.Cells { // the last of each key counts
		k := cell{c.Table, c.Key}
		if i, ok := w.at[k]; ok {
			w.cells[i] = c
			continue
		}
		if w.at == nil {
			w.at = map[cell]int{}
		}
		w.at[k] = len(w.cells)
		w.cells = append(w.cells, c)
	}
	if n := index + 1; len(w.entries) < rewriteBatch && n != w.size && (w.signed == nil || n != w.signed.Size) {
		return nil
	}
	return w.commit(ctx)
}

// commit writes what was gathered, and the share of the objects that goes with it.
func (w *rewriter) commit(ctx context.Context) error {
	n := w.to.Head().Size + uint64(len(w.entries))
	until := w.from.Count() / w.size * n
	if until += w.from.Count() % w.size * n / w.size; n == w.size {
		until = w.from.Count()
	}
	objects, err := w.from.Sound(ctx, w.objects, until)
	if err != nil {
		return err
	}
	if err := w.to.Append(ctx, w.entries, w.time, objects, w.cells, w.rows); err != nil {
		return err
	}
	w.objects, w.entries, w.rows, w.cells = until, nil, nil, nil
	clear(w.at)
	if s := w.signed; s != nil && s.Size == n && s.Root != w.to.Head().Root {
		return fmt.Errorf("the entries have root %s at size %d, and %s is signed: they are not what was logged", w.to.Head().Root, n, s.Root)
	}
	return nil
}
