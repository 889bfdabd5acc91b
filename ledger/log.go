package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/deedlog/deed/internal/failpoint"
)

// Config says what a log is made of. Store, Origin, Signer, HeadFile and Now
// are required.
type Config struct {
	// Store is owned by the caller, who closes it after the log.
	Store Store
	// Origin is the log's identity, the first line of its checkpoints. It must
	// be the name of the signer's key and, if there is one, of the cosigner's.
	Origin string
	// Signer makes the Ed25519 signature.
	Signer Signer
	// Cosigner makes the log's own ML-DSA-44 cosignature. Nil: none is made.
	Cosigner Cosigner
	// HeadFile keeps the last signed checkpoint.
	HeadFile HeadFile
	// Now is the clock. The package uses no other.
	Now func() time.Time

	// Recover lets Open start a log that has entries but no head file. Use it
	// once, after the head file was lost and the database was shown, by
	// other means, to be the newest.
	Recover bool

	// QueueLimit bounds the submissions that wait; more are ErrOverloaded.
	// Default 4096.
	QueueLimit int
	// MaxBatch bounds the entries of one commit. Default 512.
	MaxBatch int
	// Linger is how long a batch of fewer than 64 may wait for others, if there
	// were more callers a moment ago. A lone caller never waits. Default 200
	// microseconds; negative is none.
	Linger time.Duration
}

const (
	defaultQueueLimit = 4096
	defaultMaxBatch   = 512
	defaultLinger     = 200 * time.Microsecond
)

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Store == nil:
		return c, errors.New("config has no Store")
	case c.Signer == nil:
		return c, errors.New("config has no Signer")
	case c.HeadFile == nil:
		return c, errors.New("config has no HeadFile")
	case c.Now == nil:
		return c, errors.New("config has no Now")
	}
	if c.QueueLimit <= 0 {
		c.QueueLimit = defaultQueueLimit
	}
	if c.MaxBatch <= 0 {
		c.MaxBatch = defaultMaxBatch
	}
	if c.Linger == 0 {
		c.Linger = defaultLinger
	}
	return c, c.checkKeys()
}

func (c Config) checkKeys() error {
	k := c.Signer.VKey()
	if k.Type() != TypeEd25519 || k.Name() != c.Origin || c.Signer.Name() != c.Origin || c.Signer.KeyHash() != k.KeyHash() {
		return fmt.Errorf("signer is %s, want an Ed25519 key named %q", k.label(), c.Origin)
	}
	if len(c.Origin) > 255 {
		return fmt.Errorf("origin of %d bytes, the limit is 255", len(c.Origin))
	}
	if c.Cosigner == nil {
		return nil
	}
	if k := c.Cosigner.VKey(); k.Type() != TypeMLDSA44 || k.Name() != c.Origin {
		return fmt.Errorf("cosigner is %s, want an ML-DSA-44 key named %q", k.label(), c.Origin)
	}
	return nil
}

// A Log is an open log: one goroutine sequences, one publishes, any number append
// and read.
// All methods may be called concurrently.
type Log struct {
	config Config
	queue  chan *pending
	done   chan struct{} // closed when all that was queued is answered

	committed chan commitment // from sequencer to publisher
	inFlight  sync.WaitGroup  // commitments that are not answered
	unsigned  atomic.Bool     // the last head that was committed could not be signed

	published atomic.Pointer[published]
	tiles     tileCache
	stopped   atomic.Pointer[error] // why the log stopped for good
	batchTime atomic.Int64          // nanoseconds that the last batch took

	mu     sync.RWMutex // held to send on queue; to close it, exclusively
	closed bool

	seq sequencer // of the sequencing goroutine alone, once Open returned
}

// A published is a checkpoint that is out, with the tree that it states.
type published struct {
	tree *tree
	root Hash
	text []byte
}

// A pending is a submission on its way through the sequencer.
type pending struct {
	id      Hash
	sub     Submission
	gone    func() bool  // whether the caller has given up
	answer  chan outcome // has room for the one answer
	tried   bool         // was placed before, in a batch that failed; sequencer only
	outcome outcome      // being prepared; sequencer only
}

// An outcome is what the sequencer tells the caller, who makes the receipt of
// it: proofs are computed in parallel, not in the sequencer.
type outcome struct {
	index     uint64
	entry     Entry // of a duplicate none
	duplicate bool
	at        *published
	err       error
}

// Append places s, and returns when its entry is durable, included in the tree,
// signed and published; or if an entry with its ID is there, when a proof of
// that one is at hand.
//
// Errors: the one of Place, as it is; ErrPlacement; [ErrOverloaded], [ErrClock],
// ErrRetryable, ErrUnknown, after which the same submission may be sent
// again; ErrStopped and ErrClosed. When ctx ends, its error is returned and s
// may still be logged: sending it again gives the receipt, and never a second
// entry.
func (l *Log) Append(ctx context.Context, s Submission) (Receipt, error) {
	wait, err := l.Begin(ctx, s)
	if err != nil {
		return Receipt{}, err
	}
	return wait()
}

// Begin queues s and returns at once. What one goroutine begins is placed in the
// order in which it was begun, and as few commits as possible take it all. wait
// returns what [Log.Append] would; call it once.
func (l *Log) Begin(ctx context.Context, s Submission) (wait func() (Receipt, error), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &pending{
		id: s.ID(), sub: s,
		gone:   func() bool { return ctx.Err() != nil },
		answer: make(chan outcome, 1),
	}
	failpoint.Hit("before-queue")
	if err := l.enqueue(p); err != nil {
		return nil, err
	}
	return func() (Receipt, error) {
		select {
		case o := <-p.answer:
			return l.receipt(ctx, p, o)
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		}
	}, nil
}

func (l *Log) enqueue(p *pending) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return ErrClosed
	}
	if err := l.Err(); err != nil {
		return err
	}
	select {
	case l.queue <- p:
		return nil
	default:
		return &Overloaded{RetryAfter: l.retryAfter()}
	}
}

// retryAfter is the time that a full queue takes at the pace of the last batch.
func (l *Log) retryAfter() time.Duration {
	batches := l.config.QueueLimit/l.config.MaxBatch + 1
	d := time.Duration(batches) * time.Duration(l.batchTime.Load())
	return min(max(d, 50*time.Millisecond), 5*time.Second)
}

func (l *Log) receipt(ctx context.Context, p *pending, o outcome) (Receipt, error) {
	if o.err != nil {
		return Receipt{}, o.err
	}
	failpoint.Hit("after-answer-before-receipt")
	if o.entry.Bytes == nil {
		var err error
		if o.entry, err = l.earlier(ctx, p.id, o); err != nil {
			return Receipt{}, err
		}
	}
	r, err := l.receiptAt(ctx, o.at, o.index, o.entry)
	if err != nil {
		return Receipt{}, err
	}
	r.Duplicate = o.duplicate
	return r, nil
}

// earlier reads the entry that an identity leads to. The way there is not under
// the tree, so the entry has to name the identity too: damage must not answer a
// submission with the entry of another.
func (l *Log) earlier(ctx context.Context, id Hash, o outcome) (Entry, error) {
	if o.index >= o.at.tree.size {
		return Entry{}, &Corrupt{Bucket: "ids", Key: id.String(), Want: fmt.Sprint("an index below ", o.at.tree.size), Got: fmt.Sprint(o.index)}
	}
	e, err := l.Entry(ctx, o.index)
	if err == nil && e.ID != id {
		err = &Corrupt{Bucket: "ids", Key: id.String(), Want: "its own entry", Got: fmt.Sprint("entry ", o.index, " of ", e.ID)}
	}
	return e, err
}

// Err returns nil while the log can append, and an error that wraps ErrStopped
// and names the cause after it met a fault that is final. A process that serves
// this log should end then.
func (l *Log) Err() error {
	if cause := l.stopped.Load(); cause != nil {
		return fmt.Errorf("%w: %w", ErrStopped, *cause)
	}
	return nil
}

// Close refuses further appends, finishes those that wait, and returns. It does
// not close the store. Reading stays possible until the store is closed.
func (l *Log) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	<-l.done
	return nil
}
