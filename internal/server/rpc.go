package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Limits of one call.
const (
	maxMessage = 1 << 20 // bytes of one Submit
	maxBatch   = 256     // statements of one SubmitBatch
	maxPage    = 1000
	usualPage  = 100
)

// attestationService implements deedv1connect.AttestationServiceHandler.
type attestationService struct{ s *Server }

// Submit takes one statement; a denial is an error that carries the receipt.
func (a attestationService) Submit(ctx context.Context, req *deedv1.SubmitRequest) (*deedv1.SubmitResponse, error) {
	receipt, err := a.s.submitMessage(ctx, req)
	if err != nil {
		return nil, answer(a.s.logger, err)
	}
	if receipt.Fault != nil {
		return nil, deniedAnswer(receipt)
	}
	return &deedv1.SubmitResponse{Receipt: receiptMessage(receipt)}, nil
}

// SubmitBatch takes up to 256 statements; each has a result of its own.
func (a attestationService) SubmitBatch(ctx context.Context, req *deedv1.SubmitBatchRequest) (*deedv1.SubmitBatchResponse, error) {
	reqs := req.GetRequests()
	if n := len(reqs); n == 0 || n > maxBatch {
		return nil, answer(a.s.logger, attest.Refuse("statement.field", "requests", "1 to 256 statements", strconv.Itoa(n)))
	}
	out := &deedv1.SubmitBatchResponse{Results: make([]*deedv1.SubmitResult, len(reqs))}
	var subs []admission.Submission
	var at []int // where the answer to each goes
	for i, r := range reqs {
		sub, err := submission(ctx, r)
		if err != nil {
			a.s.count(Receipt{}, err)
			out.Results[i] = a.s.resultMessage(Receipt{}, err)
			continue
		}
		subs, at = append(subs, sub), append(at, i)
	}
	for n, answer := range a.s.submitBatch(ctx, subs) {
		out.Results[at[n]] = a.s.resultMessage(answer.Receipt, answer.Err)
	}
	return out, nil
}

// submitBatch lets in as many statements as there is room for. The others, at
// the end, are to come again.
func (s *Server) submitBatch(ctx context.Context, subs []admission.Submission) []Answer {
	n, start := s.gate.enter(len(subs)), time.Now()
	defer func() { s.gate.leave(n, time.Since(start)) }()
	answers := s.SubmitBatch(ctx, subs[:n])
	if n < len(subs) {
		err := s.shed(len(subs) - n)
		for range subs[n:] {
			answers = append(answers, Answer{Err: err})
		}
	}
	return answers
}

func (s *Server) submitMessage(ctx context.Context, req *deedv1.SubmitRequest) (Receipt, error) {
	sub, err := submission(ctx, req)
	if err != nil {
		s.count(Receipt{}, err)
		return Receipt{}, err
	}
	return s.letIn(ctx, sub)
}

// letIn submits a statement if there is room. Its place is free again after a panic
// too, which the handler above recovers from.
func (s *Server) letIn(ctx context.Context, sub admission.Submission) (Receipt, error) {
	if s.gate.enter(1) == 0 {
		return Receipt{}, s.shed(1)
	}
	start := time.Now()
	defer func() { s.gate.leave(1, time.Since(start)) }()
	return s.Submit(ctx, sub)
}

func submission(ctx context.Context, req *deedv1.SubmitRequest) (admission.Submission, error) {
	e := req.GetEnvelope()
	return admission.NewSubmission(attest.Envelope{
		Payload: e.GetPayload(), KeyID: attest.Digest(e.GetKeyid()), Signature: e.GetSignature(),
	}, req.GetObjects(), submitter(ctx))
}

func (s *Server) resultMessage(r Receipt, err error) *deedv1.SubmitResult {
	if err == nil {
		out := &deedv1.SubmitResult{Receipt: receiptMessage(r)}
		if r.Fault != nil {
			out.Fault = faultMessage(r.Fault, 0)
		}
		return out
	}
	if f := fault(err); f != nil {
		return &deedv1.SubmitResult{Fault: faultMessage(f, retryAfter(err))}
	}
	e := answer(s.logger, err)
	return &deedv1.SubmitResult{Fault: &deedv1.Fault{Code: "internal", Found: e.Message(), Retryable: true}}
}

func receiptMessage(r Receipt) *deedv1.Receipt {
	return &deedv1.Receipt{
		Index: r.Index, Entry: r.Entry, Record: r.Record, Proof: r.Proof,
		Quorum: "met", // no witness is asked for yet, so the quorum is none
		Id:     string(r.ID),
	}
}

// evidenceService implements deedv1connect.EvidenceServiceHandler.
type evidenceService struct{ s *Server }

// GetProof returns an entry with its record and proof.
func (v evidenceService) GetProof(ctx context.Context, req *deedv1.GetProofRequest) (*deedv1.GetProofResponse, error) {
	receipt, err := v.s.proof(ctx, req)
	if err != nil {
		return nil, answer(v.s.logger, err)
	}
	return &deedv1.GetProofResponse{Receipt: receiptMessage(receipt)}, nil
}

func (s *Server) proof(ctx context.Context, req *deedv1.GetProofRequest) (Receipt, error) {
	index := req.GetIndex()
	if id := req.GetId(); id != "" {
		sum, ok := attest.ID(id).Sum()
		if !ok {
			return Receipt{}, attest.Refuse("statement.field", "id", "id: and 64 hex digits", id)
		}
		at, found, err := s.log.Lookup(ctx, sum)
		if err != nil {
			return Receipt{}, err
		}
		if !found {
			return Receipt{}, ledger.ErrNotPublished
		}
		index = at
	}
	receipt, err := s.inTree(ctx, index, req.GetSize())
	if err != nil {
		return Receipt{}, err
	}
	return s.receipt(receipt)
}

// GetObject returns an evidence object, if it is not sealed.
func (v evidenceService) GetObject(_ context.Context, req *deedv1.GetObjectRequest) (*deedv1.GetObjectResponse, error) {
	d := attest.Digest(req.GetDigest())
	if !d.Valid() {
		return nil, answer(v.s.logger, attest.Refuse("statement.field", "digest", "sha256: and 64 hex digits", string(d)))
	}
	b, err := v.s.readable(d)
	if err != nil {
		return nil, answer(v.s.logger, err)
	}
	if b == nil {
		if by, erased, err := v.s.register.gone(d); err == nil && erased {
			return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("the object was erased by entry %d", by.Entry))
		}
		return nil, answer(v.s.logger, ledger.ErrNotPublished)
	}
	return &deedv1.GetObjectResponse{Object: b}, nil
}

// Search finds entries, newest first.
func (v evidenceService) Search(ctx context.Context, req *deedv1.SearchRequest) (*deedv1.SearchResponse, error) {
	page, err := v.s.Search(ctx, query(req))
	if err != nil {
		return nil, answer(v.s.logger, err)
	}
	out := &deedv1.SearchResponse{More: page.Next > 0, Next: page.Next}
	for _, f := range page.Found {
		out.Results = append(out.Results, resultOf(f))
	}
	return out, nil
}

func query(req *deedv1.SearchRequest) Query {
	q := Query{Since: req.GetSinceMs(), Until: req.GetUntilMs(), Before: req.GetBefore(), Limit: int(req.GetLimit())}
	if q.Limit <= 0 {
		q.Limit = usualPage
	}
	q.Limit = min(q.Limit, maxPage)
	// In the order of how much each condition narrows.
	for _, c := range [...]ledger.Row{
		{Name: byOf, Key: req.GetOf()}, {Name: bySession, Key: req.GetSession()}, {Name: byWarrant, Key: req.GetWarrant()},
		{Name: byAgent, Key: req.GetAgent()}, {Name: byPerson, Key: req.GetPerson()},
		{Name: byAction, Key: req.GetAction()}, {Name: byClass, Key: req.GetClass()},
		{Name: byKind, Key: req.GetKind()}, {Name: byDecision, Key: req.GetDecision()},
	} {
		if c.Key != "" {
			q.Rows = append(q.Rows, c)
		}
	}
	return q
}

func resultOf(f Found) *deedv1.SearchResult {
	r := f.Record
	out := &deedv1.SearchResult{
		Index: f.Index, Id: string(r.ID), Kind: string(r.Kind), ReceivedAtMs: f.ReceivedAt,
		Signer: r.Signer.Name, Decision: string(r.Decision.Effect), Faults: r.Decision.Faults,
	}
	if a, ok := f.Statement.(*attest.Action); ok && a.Request != nil {
		out.Action = a.Request.Action
	}
	if a := r.Attribution; a != nil {
		out.Class, out.Authorizing, out.Accountable = string(a.Agency), a.Authorizing, a.Accountable
	}
	return out
}

// peerKey carries the peer's SPIFFE ID from the connection to the call.
type peerKey struct{}

// withPeer notes who the client's certificate says it is.
func withPeer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			if id, err := workload.PeerID(*r.TLS); err == nil {
				r = r.WithContext(context.WithValue(r.Context(), peerKey{}, id))
			}
		}
		next.ServeHTTP(w, r)
	})
}

func submitter(ctx context.Context) admission.Submitter {
	if id, ok := ctx.Value(peerKey{}).(string); ok && attest.ValidSPIFFEID(id) {
		return admission.Submitter{Kind: "svid", Name: id}
	}
	return admission.Anonymous
}

// withDetail attaches a message to an error.
func withDetail(e *connect.Error, m proto.Message) *connect.Error {
	if detail, err := connect.NewErrorDetail(m); err == nil {
		e.AddDetail(detail)
	}
	return e
}
