package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/deedlog/deed/internal/failpoint"
)

// A batch goes through these steps, and a crash between any two of them is
// harmless:
//
//	place     in memory only
//	commit    entries, objects, state and the unsigned head: one transaction, synced
//	          (crash: Open signs this very head, or one that includes it)
//	sign      exactly a committed head; the signature is verified
//	          (crash: nobody has seen it; the same head is signed again)
//	head file the other slot of it, synced
//	          (crash: it is not larger than the database, so Open goes on)
//	publish   the checkpoint is served from now on
//	answer    the callers get index, entry and proof
//
// So no signature leaves before the transaction that it covers is on disk, and
// the head file never knows less than the world does.
//
// The first two steps are the sequencer's, one goroutine; the others are the
// publisher's, another one (publish.go), so that a batch is signed while the
// next one is written. At most four batches are committed and not signed.
type sequencer struct {
	// ctx is for the store. A caller who goes away does not interrupt a batch
	// that others wait for, so it is none of the callers'.
	ctx     context.Context
	head    Head  // as committed
	tree    *tree // of head
	callers int   // that the last batch had, or left waiting
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
	defer close(l.committed)
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

// sequence places and commits a batch, and leaves it to the publisher; or
// answers it, if that fails.
func (l *Log) sequence(batch []*pending) {
	l.seq.callers = len(batch) + len(l.queue)
	err := l.Err()
	for attempt := 1; err == nil; attempt++ {
		if err = l.attempt(batch); err == nil {
			return
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
	for _, p := range batch {
		p.answer <- outcome{err: err}
	}
}

// again reports whether a batch may be placed anew after this error.
func again(err error) bool {
	return !errors.Is(err, ErrStopped) &&
		(errors.Is(err, ErrConflict) || errors.Is(err, ErrRetryable) || errors.Is(err, ErrUnknown))
}

// attempt places and commits a batch, and hands it over. An error is for all of
// the batch.
func (l *Log) attempt(batch []*pending) error {
	at, err := l.entryTime()
	if err != nil {
		return err
	}
	// A head that could not be signed before goes first, so that a signer that
	// is away does not leave more and more entries unpublished.
	if l.unsigned.Load() {
		if err := l.catchUp(); err != nil {
			return err
		}
	}
	b := newBatch(l.seq.ctx, l.config.Store, l.seq.tree)
	for _, p := range batch {
		p.outcome = l.placeOne(b, p, at)
		p.tried = p.tried || p.outcome.entry.Bytes != nil
	}
	failpoint.Hit("after-place")
	if failpoint.Mutant("answer-before-commit") {
		answerEarly(l, b, batch)
	}
	if err := l.commit(b, at.UnixMilli()); err != nil {
		return err
	}
	l.handOver(batch)
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
	return outcome{index: b.Size() - 1, entry: b.delta.Entries[len(b.delta.Entries)-1]}
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
	l.tiles.put(d.Tiles)
	failpoint.Hit("after-commit-before-sign")
	return nil
}

// stop ends the log for good. What is published stays readable.
func (l *Log) stop(cause error) error {
	l.stopped.CompareAndSwap(nil, &cause)
	return l.Err()
}
