// Package offline reads the whole log of a register that is not being served, in
// a row and on all cores. [Statements] opens every statement; window.go keeps the
// objects that it needs at hand.
package offline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// Statements reads a whole log, opens every statement from its objects and checks
// its signature, and computes root and control hash anew. Whether a statement
// was to be trusted and allowed it takes from the record: that is decided again
// by the server's Rebuild, which takes several times as long.
type Statements struct {
	Store ledger.Store
	// Signed is the last checkpoint, or nil. The root is compared with the
	// stored head in either case.
	Signed *ledger.Checkpoint
	Report func(*ledger.Corrupt)
	// Progress may be nil.
	Progress ledger.Progress
}

const (
	statementChunk = 512  // entries whose statements are opened side by side
	mostSigners    = 4096 // that are remembered
)

// Run reads the log as it is now and returns how many entries it has. The error
// is nil if all was read, whether or not there were faults; it reads no further
// than to the first entry that is damaged.
func (s Statements) Run(ctx context.Context) (size uint64, err error) {
	head, err := s.Store.Load(ctx)
	if bad, ok := errors.AsType[*ledger.Corrupt](err); ok {
		s.Report(bad)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("loading head: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &statements{Statements: s, ctx: ctx, size: head.Size, audit: verifier.NewAudit(), opener: admission.NewOpener(mostSigners)}
	if err := r.all(); err != nil {
		return head.Size, err
	}
	if r.audit.Size() == head.Size { // else the reason was reported
		r.faults(r.audit.Close(ledger.Checkpoint{Size: head.Size, Root: head.Root}))
	}
	if s.Signed != nil && s.Signed.Size > head.Size {
		s.Report(&ledger.Corrupt{Bucket: "head", Key: fmt.Sprint(head.Size),
			Want: fmt.Sprint("at least the ", s.Signed.Size, " entries that are signed"), Got: fmt.Sprint(head.Size)})
	}
	return head.Size, nil
}

// statements is one run.
type statements struct {
	Statements
	ctx    context.Context
	size   uint64
	audit  *verifier.Audit
	opener *admission.Opener
}

// all opens chunk after chunk, in order, while the next one is being read.
func (r *statements) all() error {
	chunks := make(chan chunk, 1)
	go func() {
		defer close(chunks)
		for w, at := (&window{reader: r.Store}), uint64(0); at < r.size; {
			c := w.chunk(r.ctx, at, min(statementChunk, r.size-at))
			select {
			case chunks <- c:
			case <-r.ctx.Done():
				return
			}
			if at += uint64(len(c.entries)); c.err != nil {
				return
			}
		}
	}()
	for c := range chunks {
		r.say()
		if err := r.take(c); err != nil {
			return err
		}
	}
	r.say()
	return r.ctx.Err()
}

func (r *statements) say() {
	if r.Progress != nil {
		r.Progress("entries", r.audit.Size(), r.size)
	}
}

// take opens the statements of a chunk on all cores and then goes through them.
func (r *statements) take(c chunk) error {
	read, errs := make([]verifier.AuditEntry, len(c.entries)), make([]error, len(c.entries))
	var next atomic.Int64
	var wait sync.WaitGroup
	object := func(d attest.Digest) ([]byte, error) { return c.object(r.ctx, d) }
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(read) && r.ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				read[i] = verifier.ReadStored(c.entries[i])
				if entry := read[i].Entry(); entry != nil { // else the audit names the fault
					_, errs[i] = r.opener.ReopenEntry(c.start+uint64(i), entry, object)
				}
			}
		})
	}
	wait.Wait()
	if err := r.ctx.Err(); err != nil {
		return err
	}
	for i, err := range errs {
		index := r.audit.Size()
		r.faults(r.audit.Next(read[i]))
		r.fault(index, "a statement that can be opened, with its signature", err)
		r.signed()
	}
	if c.err != nil && r.fault(r.audit.Size(), "an entry", c.err) {
		return nil
	}
	return c.err
}

// fault reports what is damage, or wrong with an entry.
func (r *statements) fault(index uint64, want string, err error) (reported bool) {
	bad, damaged := errors.AsType[*ledger.Corrupt](err)
	switch {
	case err == nil:
		return false
	case !damaged || bad.Bucket == "file":
		bad = &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: want, Got: err.Error()}
	}
	r.Report(bad)
	return true
}

func (r *statements) faults(list []verifier.AuditFault) {
	for _, f := range list {
		r.Report(&ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(f.Index), Want: f.Check + ": " + f.Expected, Got: f.Found})
	}
}

// signed compares the root with the signed one, when it is its turn.
func (r *statements) signed() {
	if r.Signed != nil && r.Signed.Size == r.audit.Size() {
		r.faults(r.audit.Close(*r.Signed))
	}
}
