package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/ledger"
)

// Receipt is the answer to a statement that is in the log, allowed or denied.
type Receipt struct {
	Index  uint64
	ID     attest.ID
	Kind   attest.Kind // also beside an error, if the statement could be read
	Entry  []byte
	Record []byte
	Proof  []byte // C2SP tlog-proof
	// Fault is the first fault of a denied statement, nil of an allowed one.
	Fault *attest.Fault
}

// attempts is how often a statement is checked again when trust moves under it.
const attempts = 4

// Submit is the life of one statement. It returns when the entry is durable,
// included and published. A statement whose signer is proven is logged even if
// it is denied. A fault means that nothing was kept; after any other error the
// statement may be in the log, and submitting it again tells.
//
//	check    form, signer, chain, evidence, policy; in parallel with others
//	append   the sequencer gives it a place: session, counters, record; commits,
//	         syncs, signs, publishes
//	answer   entry, record and a proof of inclusion; a repeated statement gets
//	         those of the first time
func (s *Server) Submit(ctx context.Context, sub admission.Submission) (Receipt, error) {
	start := time.Now()
	receipt, err := s.submit(ctx, sub)
	s.count(receipt, err)
	s.metrics.Took(metrics.Total, time.Since(start))
	return receipt, err
}

func (s *Server) submit(ctx context.Context, sub admission.Submission) (Receipt, error) {
	for attempt := 1; ; attempt++ {
		place, err := s.check(sub)
		if errors.Is(err, ledger.ErrOverloaded) {
			return Receipt{}, err
		}
		if err != nil {
			return s.repeated(ctx, sub, err)
		}
		wait, err := s.begin(ctx, place)
		if err != nil {
			return Receipt{Kind: place.kind()}, err
		}
		receipt, err := s.finish(place, wait)
		if moved(err) && attempt < attempts {
			continue // trust or policy changed between check and place
		}
		return receipt, err
	}
}

// check runs all that needs no counters and prepares the statement's turn.
func (s *Server) check(sub admission.Submission) (*placement, error) {
	start := time.Now()
	sub.Admit = s.admits
	checked, err := admission.Check(sub, s.register, s.cache, s.now().UnixMilli())
	s.metrics.Took(metrics.Check, time.Since(start))
	if err != nil {
		return nil, err
	}
	failpoint.Hit("after-verify")
	p, err := s.place(checked)
	if e, ok := checked.Verified().Statement().(*attest.Erasure); ok && err == nil && !checked.Denied() {
		p.seen, err = s.erasable(context.Background(), e)
	}
	return p, err
}

// begin queues a statement. What decides over trust is waited for even if the
// caller goes away: what is remembered of the slots must not outlive it.
func (s *Server) begin(ctx context.Context, p *placement) (wait func() (ledger.Receipt, error), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.control() {
		ctx = context.WithoutCancel(ctx)
	}
	wait, err = s.log.Begin(ctx, p)
	if err == nil {
		p.queued = time.Now()
		s.condition.enter(p.queued)
	}
	return wait, err
}

// finish waits for the log's answer and makes the receipt of it.
func (s *Server) finish(p *placement, wait func() (ledger.Receipt, error)) (Receipt, error) {
	receipt, err := wait()
	now := time.Now()
	s.condition.leave(now, err)
	s.metrics.Took(metrics.Wait, now.Sub(p.queued))
	if moved(err) || p.control() { // also after an error: it may be logged all the same
		s.register.Changed()
	}
	if err != nil {
		return Receipt{Kind: p.kind()}, err
	}
	s.erased(p)
	if bytes.Equal(receipt.Entry, p.result.Entry) {
		return receiptOf(receipt, p.result.Parsed, p.result.Record), nil
	}
	return s.receipt(receipt) // it was there before
}

// repeated answers a statement that does not pass any more but is in the log
// already: a retry may come after an SVID has expired or trust has moved. The
// signature is verified with the key that was proven when it was logged, so
// nobody else learns whether it is there. Of certificates, which come with the
// signature and lead nowhere here, no key was: it has to be the very signature.
// why is the answer otherwise.
func (s *Server) repeated(ctx context.Context, sub admission.Submission, why error) (Receipt, error) {
	parsed, err := attest.Parse(sub.Envelope)
	if err != nil {
		return Receipt{}, why
	}
	refused := Receipt{Kind: parsed.Statement().Kind()}
	id := sub.Envelope.ID(parsed.Statement().SignedBy().Name())
	logged, err := s.register.Logged(id)
	if err != nil || logged == nil {
		return refused, why
	}
	signer := logged.Verified.Signer()
	if len(signer.Roots()) > 0 && !bytes.Equal(sub.Envelope.Signature, logged.Verified.Envelope().Signature) {
		return refused, why
	}
	release, err := s.admits(signer.Key)
	if err != nil {
		return refused, err
	}
	defer release()
	if _, err := parsed.Verify(signer); err != nil {
		return refused, why
	}
	receipt, err := s.log.Receipt(ctx, logged.Index)
	if err != nil {
		return refused, err
	}
	return s.receipt(receipt)
}

func moved(err error) bool {
	f := attest.AsFault(err)
	return f != nil && f.Code == "trust.changed"
}

// place prepares a checked statement for its turn. The seed is drawn here, at
// the edge, because placing must be repeatable.
func (s *Server) place(c *admission.Checked) (*placement, error) {
	p := &placement{steady: &s.register.steady, denials: defaultDenials}
	p.id, _ = c.Verified().ID().Sum()
	policy, err := s.register.Current(admission.PolicySlot)
	if err != nil {
		return nil, fmt.Errorf("looking up the quota: %w", err)
	}
	if policy != nil {
		p.denials = policy.Verified.Statement().(*attest.Policy).Quotas.Denials
	}
	var seed [32]byte
	if _, err := io.ReadFull(s.rand, seed[:]); err != nil {
		return nil, fmt.Errorf("drawing a seed: %w", err)
	}
	p.checked = c.Prepare(seed)
	return p, nil
}

// receipt completes the log's answer with the record that the entry commits to.
func (s *Server) receipt(r ledger.Receipt) (Receipt, error) {
	entry, err := admission.ParseEntry(r.Entry)
	if err != nil {
		return Receipt{}, fmt.Errorf("reading entry %d: %w", r.Index, err)
	}
	doc, err := s.register.need(entry.Admission)
	if err != nil {
		return Receipt{}, fmt.Errorf("reading record of entry %d: %w", r.Index, err)
	}
	record, err := admission.ParseRecord(doc)
	if err != nil {
		return Receipt{}, fmt.Errorf("reading record of entry %d: %w", r.Index, err)
	}
	return receiptOf(r, record, doc), nil
}

func receiptOf(r ledger.Receipt, record *admission.Record, doc []byte) Receipt {
	out := Receipt{Index: r.Index, ID: record.ID, Kind: record.Kind, Entry: r.Entry, Record: doc, Proof: r.Proof}
	if record.Decision.Effect == admission.Deny {
		out.Fault = denial(record)
	}
	return out
}

// denial is the first of the record's faults, in words.
func denial(r *admission.Record) *attest.Fault {
	code := r.Decision.Faults[0]
	return &attest.Fault{Code: code, Expected: attest.Faults[code].Fix, Found: attest.Faults[code].Cause}
}
