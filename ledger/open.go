package ledger

import (
	"context"
	"fmt"

	"github.com/deedlog/deed/internal/failpoint"
)

// Open checks the store against the head file, signs the stored head, and
// starts the sequencer. It refuses
//
//   - a database that is smaller than the checkpoint in the head file, or is
//     not its continuation (ErrRollback): an old copy was restored;
//   - a head file of another origin or key;
//   - a database with entries and no head file, unless Config.Recover;
//   - a clock that is behind the last entry (ErrClock);
//   - a stored head that the entries and tiles at the right edge do not hash to
//     ([*Corrupt]).
//
// The context is for opening only.
func Open(ctx context.Context, c Config) (*Log, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	l := &Log{
		config: c, queue: make(chan *pending, c.QueueLimit), committed: make(chan commitment, 1), done: make(chan struct{}),
	}
	l.seq.ctx = context.WithoutCancel(ctx)
	saved, err := l.readHeadFile()
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	if err := l.load(ctx, saved); err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	if _, err := l.entryTime(); err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	failpoint.Hit("during-open-before-sign")
	if err := l.publish(l.seq.head, l.seq.tree); err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	go l.run()
	go l.runPublisher()
	return l, nil
}

// readHeadFile returns the checkpoint that was signed last, verified, or nil if
// there is none.
func (l *Log) readHeadFile() (*Checkpoint, error) {
	text, err := l.config.HeadFile.Load()
	if err != nil {
		return nil, fmt.Errorf("reading head file: %w", err)
	}
	if text == nil {
		return nil, nil
	}
	o, err := openCheckpoint(text, l.config.Signer.VKey())
	if err != nil {
		return nil, fmt.Errorf("reading head file: %w", err)
	}
	c := o.Checkpoint()
	return &c, nil
}

// load takes head and tree from the store, if they continue the checkpoint that
// was signed last.
func (l *Log) load(ctx context.Context, signed *Checkpoint) error {
	head, err := l.config.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading head: %w", err)
	}
	if signed == nil && head.Size > 0 && !l.config.Recover {
		return fmt.Errorf("%w: %d entries, but no head file", ErrRollback, head.Size)
	}
	t, err := loadTree(ctx, l.config.Store, head)
	if err != nil {
		return fmt.Errorf("loading tree: %w", err)
	}
	if signed != nil && !failpoint.Mutant("trust-old-copy") {
		if err := l.continues(ctx, t, *signed); err != nil {
			return err
		}
	}
	l.seq.head, l.seq.tree = head, t
	return nil
}

// continues recomputes the root of the stored tree at the size that was signed.
func (l *Log) continues(ctx context.Context, t *tree, signed Checkpoint) error {
	if signed.Size > t.size {
		return fmt.Errorf("%w: %d entries are signed, %d are stored", ErrRollback, signed.Size, t.size)
	}
	n := &nodes{ctx: ctx, tree: t, reader: l.config.Store}
	root, err := n.root(signed.Size)
	if err != nil {
		return fmt.Errorf("computing root of size %d: %w", signed.Size, err)
	}
	if root != signed.Root {
		return fmt.Errorf("%w: root of size %d is %s, %s is signed", ErrRollback, signed.Size, root, signed.Root)
	}
	return nil
}

// reload is load after a commit that failed. The store must continue what this
// process has published, and what the head file has. If it cannot be read, the
// log stops: what the store holds is then not known.
func (l *Log) reload() error {
	l.inFlight.Wait()
	saved, err := l.readHeadFile()
	if err != nil {
		return l.stop(err)
	}
	if err := l.load(l.seq.ctx, saved); err != nil {
		return l.stop(fmt.Errorf("reloading after a failed commit: %w", err))
	}
	p := l.published.Load()
	c := Checkpoint{Origin: l.config.Origin, Size: p.tree.size, Root: p.root}
	if err := l.continues(l.seq.ctx, l.seq.tree, c); err != nil {
		return l.stop(fmt.Errorf("reloading after a failed commit: %w", err))
	}
	return nil
}

// verify checks the log's own signatures of a checkpoint.
func (c Config) verify(s SignedCheckpoint) error {
	if _, err := s.verify(c.Signer.VKey()); err != nil {
		return err
	}
	if c.Cosigner != nil {
		if _, err := s.verify(c.Cosigner.VKey()); err != nil {
			return err
		}
	}
	return nil
}
