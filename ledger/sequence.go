package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/deedlog/deed/internal/failpoint"
)

// The sequencer is one goroutine. A batch goes through these steps, and a crash
// between any two of them is harmless:
//
//	place     in memory only
//	commit    entries, objects, state and the unsigned head: one transaction, synced
//	          (crash: Open signs this very head)
//	sign      exactly the committed head; the signature is verified
//	          (crash: nobody has seen it; the same head is signed again)
//	head file temp, fsync, rename, fsync of the directory
//	          (crash: it is not larger than the database, so Open goes on)
//	publish   the checkpoint is served from now on
//	answer    the callers get index, entry and proof
//
// So no signature leaves before the transaction that it covers is on disk, and
// the head file never knows less than the world does.
type sequencer struct {
	// ctx is for the store. A caller who goes away does not interrupt a batch
	// that others wait for, so it is none of the callers'.
	ctx     context.Context
	head    Head  // as committed
	tree    *tree // of head
	callers int   // that the last batch answered, or left waiting
}

const (
	// clockTolerance is how far the clock may be behind the last entry, whose
	// time is then used again.
	clockTolerance = 2 * time.Second
	// lingerBelow is the batch size from which on a batch does not wait. Without
	// the wait, callers settle into two groups that take turns.
	lingerBelow = 64
	// maxAttempts bounds how often a batch is placed anew after a failed commit.
	maxAttempts = 3
)

// run sequences until the queue is closed and empty.
func (l *Log) run() {
	defer close(l.done)
	for first := range l.queue {
		start := l.config.Now()
		l.sequence(l.collect(first))
		l.batchTime.Store(int64(l.config.Now().Sub(start)))
	}
}

// collect takes what waits, up to MaxBatch. While a batch is committed the next
// one gathers by itself; but its callers come back one after the other, and the
// first should not go alone when the others are a moment behind.
func (l *Log) collect(first *pending) []*pending {
	batch := []*pending{first}
	want := min(l.seq.callers, lingerBelow)
	var timeout <-chan time.Time
	if want > 1 && l.config.Linger > 0 {
		timeout = time.After(l.config.Linger)
	}
	for len(batch) < l.config.MaxBatch {
		select {
		case p, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, p)
			continue
		default:
		}
		if timeout == nil || len(batch) >= want {
			break
		}
		select {
		case <-timeout:
			timeout = nil
		default:
			runtime.Gosched() // an idle process would round the timer up to 1 ms
		}
	}
	return batch
}

// sequence brings a batch through all steps and answers it.
func (l *Log) sequence(batch []*pending) {
	err := l.Err()
	for attempt := 1; err == nil; attempt++ {
		if err = l.attempt(batch); err == nil {
			break
		}
		if !again(err) {
			break
		}
		// The store may hold this batch, or another head. Memory is void: all
		// that follows, dedup included, starts from what the store says now.
		if fatal := l.reload(); fatal != nil {
			err = fatal
		} else if attempt < maxAttempts {
			err = nil
		}
	}
	l.seq.callers = len(batch) + len(l.queue)
	for _, p := range batch {
		if err != nil {
			p.outcome = outcome{err: err}
		}
		p.answer <- p.outcome
	}
}

// again reports whether a batch may be placed anew after this error.
func again(err error) bool {
	return !errors.Is(err, ErrStopped) &&
		(errors.Is(err, ErrConflict) || errors.Is(err, ErrRetryable) || errors.Is(err, ErrUnknown))
}

// attempt places, commits, signs and publishes a batch. An error is for all of
// the batch.
func (l *Log) attempt(batch []*pending) error {
	at, err := l.entryTime()
	if err != nil {
		return err
	}
	// A head that could not be signed before goes first, so that a signer that
	// is away does not leave more and more entries unpublished.
	if err := l.publish(); err != nil {
		return err
	}
	b := newBatch(l.seq.ctx, l.config.Store, l.seq.tree)
	for _, p := range batch {
		p.outcome = l.placeOne(b, p, at)
		p.tried = p.tried || p.outcome.entry != nil
	}
	failpoint.Hit("after-place")
	if failpoint.Mutant("answer-before-commit") {
		answerEarly(l, b, batch)
	}
	if err := l.commit(b, at.UnixMilli()); err != nil {
		return err
	}
	if err := l.publish(); err != nil {
		return err
	}
	for _, p := range batch {
		p.outcome.at = l.published.Load()
	}
	failpoint.Hit("after-publish-before-answer")
	return nil
}

// entryTime is the time for the entries of a batch: whole milliseconds, never
// backwards.
func (l *Log) entryTime() (time.Time, error) {
	now := l.config.Now()
	last := time.UnixMilli(l.seq.head.Time)
	if now.IsZero() || now.UnixMilli() <= 0 || last.Sub(now) > clockTolerance {
		return time.Time{}, fmt.Errorf("%w: %v, the last entry is of %v", ErrClock, now.UTC(), last.UTC())
	}
	return time.UnixMilli(max(now.UnixMilli(), l.seq.head.Time)).UTC(), nil
}

// placeOne finds the submission's earlier entry, or places it.
func (l *Log) placeOne(b *batch, p *pending, at time.Time) outcome {
	if p.gone() && !p.tried {
		return outcome{err: context.Canceled} // nobody listens
	}
	index, found, err := b.lookup(p.id)
	if err != nil {
		return outcome{err: err}
	}
	if found {
		// After a commit with an unknown outcome this may be our own entry.
		return outcome{index: index, duplicate: !p.tried}
	}
	if err := b.place(p.id, p.sub, at); err != nil {
		return outcome{err: err}
	}
	return outcome{index: b.Size() - 1, entry: b.delta.Entries[len(b.delta.Entries)-1].Bytes}
}

// commit writes the batch, if there is anything in it, and then only takes the
// new head for the committed one.
func (l *Log) commit(b *batch, ms int64) error {
	if len(b.delta.Entries) == 0 {
		return nil
	}
	d := b.finish(ms)
	failpoint.Hit("before-commit")
	if failpoint.Mutant("sign-before-sync") || failpoint.Mutant("publish-before-commit") {
		signEarly(l, d.Head, b.tree)
	}
	err := l.config.Store.Commit(l.seq.ctx, l.seq.head, d)
	if errors.Is(err, ErrUnknown) && failpoint.Mutant("sign-from-memory-after-unknown") {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("committing entries %d to %d: %w", b.start, d.Head.Size-1, err)
		if !again(err) {
			return l.stop(err)
		}
		return err
	}
	l.seq.head, l.seq.tree = d.Head, b.tree
	failpoint.Hit("after-commit-before-sign")
	return nil
}

// publish signs the committed head, saves it, and only then lets it out. It does
// nothing if that head is out.
func (l *Log) publish() error {
	if p := l.published.Load(); p != nil && p.tree.size == l.seq.head.Size {
		return nil
	}
	c := Checkpoint{Origin: l.config.Origin, Size: l.seq.head.Size, Root: l.seq.head.Root}
	text, err := l.sign(c)
	if err != nil {
		// The entries are committed. Whoever sends them again gets them.
		return fmt.Errorf("%w: signing head of size %d: %w", ErrUnknown, c.Size, err)
	}
	if failpoint.Mutant("publish-before-head-file") {
		l.published.Store(&published{tree: l.seq.tree, root: c.Root, text: text})
	}
	if failpoint.Mutant("skip-head-file") {
		l.published.Store(&published{tree: l.seq.tree, root: c.Root, text: text})
		return nil
	}
	if err := l.config.HeadFile.Save(text); err != nil {
		return l.stop(fmt.Errorf("saving head file: %w", err))
	}
	failpoint.Hit("after-head-file-before-publish")
	l.published.Store(&published{tree: l.seq.tree, root: c.Root, text: text})
	return nil
}

// sign makes the signed note of a checkpoint, and verifies it as a reader would.
func (l *Log) sign(c Checkpoint) ([]byte, error) {
	sig, err := l.config.Signer.Sign([]byte(c.String()))
	if err != nil {
		return nil, err
	}
	failpoint.Hit("after-sign-ed25519")
	sigs := []Signature{{Name: c.Origin, KeyID: l.config.Signer.KeyHash(), Bytes: sig}}
	if l.config.Cosigner != nil {
		sig, err := l.config.Cosigner.Cosign(c, l.config.Now())
		if err != nil {
			return nil, err
		}
		failpoint.Hit("after-sign-mldsa")
		sigs = append(sigs, Signature{Name: c.Origin, KeyID: l.config.Cosigner.VKey().KeyHash(), Bytes: sig})
	}
	s := SignedCheckpoint{Checkpoint: c, Signatures: sigs}
	if err := l.config.verify(s); err != nil {
		return nil, err
	}
	return s.Bytes(), nil
}

// stop ends the log for good. What is published stays readable.
func (l *Log) stop(cause error) error {
	l.stopped.CompareAndSwap(nil, &cause)
	return l.Err()
}
