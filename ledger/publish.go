package ledger

import (
	"errors"
	"fmt"

	"github.com/deedlog/deed/internal/failpoint"
)

// A commitment is a batch that is on disk, on its way to the publisher.
type commitment struct {
	batch []*pending
	head  Head
	tree  *tree
}

// handOver leaves a committed batch to the publisher, and waits if that is busy
// and has another one waiting.
func (l *Log) handOver(batch []*pending) {
	l.inFlight.Add(1)
	l.committed <- commitment{batch, l.seq.head, l.seq.tree}
}

// runPublisher publishes what the sequencer commits, until that ends.
func (l *Log) runPublisher() {
	defer close(l.done)
	for c := range l.committed {
		round := []commitment{c}
		for more := true; more; { // one signature is for all that is committed
			select {
			case c, ok := <-l.committed:
				if more = ok; ok {
					round = append(round, c)
				}
			default:
				more = false
			}
		}
		l.release(round)
		l.inFlight.Add(-len(round))
	}
}

// release publishes the newest of some commitments and answers them all.
func (l *Log) release(round []commitment) {
	newest := round[len(round)-1]
	err := l.Err()
	for attempt := 1; err == nil; attempt++ {
		if err = l.publish(newest.head, newest.tree); err == nil || errors.Is(err, ErrStopped) {
			break
		}
		if attempt < maxAttempts {
			err = nil
		}
	}
	l.unsigned.Store(err != nil)
	at := l.published.Load()
	failpoint.Hit("after-publish-before-answer")
	for _, c := range round {
		for _, p := range c.batch {
			p.outcome.at = at
			if err != nil && p.outcome.err == nil {
				p.outcome = outcome{err: err}
			}
			p.answer <- p.outcome
		}
	}
}

// catchUp publishes a committed head that could not be signed before. It is the
// sequencer's, and waits until the publisher is idle.
func (l *Log) catchUp() error {
	l.inFlight.Wait()
	if err := l.publish(l.seq.head, l.seq.tree); err != nil {
		return err
	}
	l.unsigned.Store(false)
	return nil
}

// publish signs a committed head, saves it, and only then lets it out. It does
// nothing if that head is out.
func (l *Log) publish(h Head, t *tree) error {
	if p := l.published.Load(); p != nil && p.tree.size == h.Size {
		return nil
	}
	c := Checkpoint{Origin: l.config.Origin, Size: h.Size, Root: h.Root}
	text, err := l.sign(c)
	if err != nil {
		// The entries are committed. Whoever sends them again gets them.
		return fmt.Errorf("%w: signing head of size %d: %w", ErrUnknown, c.Size, err)
	}
	if failpoint.Mutant("publish-before-head-file") {
		l.published.Store(&published{tree: t, root: c.Root, text: text})
	}
	if failpoint.Mutant("skip-head-file") {
		l.published.Store(&published{tree: t, root: c.Root, text: text})
		return nil
	}
	if err := l.config.HeadFile.Save(text); err != nil {
		return l.stop(fmt.Errorf("saving head file: %w", err))
	}
	failpoint.Hit("after-head-file-before-publish")
	l.published.Store(&published{tree: t, root: c.Root, text: text})
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
