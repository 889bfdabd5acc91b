// Package auditor fetches evidence from a register over Connect, for somebody
// who then checks it without the register.
//
//	c := auditor.New(http.DefaultClient, "https://deed.example")
//	bundle, err := c.Export(ctx, "1742")    // a bundle about entry 1742
//	files, err := c.Trust(ctx)              // the log's own opinion of itself
//
// # Reading order
//
// [Client.Export] in export.go, [Client.Trust] in trust.go.
//
// # Caveats
//
// What comes from the register is the register's word until package verifier
// has checked it against the reader's own trust directory. A bundle is put
// together even where the register no longer has a seed, or does not give a token
// out yet; what then cannot be shown, the verdict says.
package auditor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Client reads a register.
type Client struct {
	evidence deedv1connect.EvidenceServiceClient
}

// maxAnswer bounds one answer, in bytes: an entry with its record and proof, or an
// object.
const maxAnswer = 2 << 20

// New makes a client of the register at a URL.
func New(client connect.HTTPClient, url string, options ...connect.ClientOption) *Client {
	options = append([]connect.ClientOption{connect.WithReadMaxBytes(maxAnswer)}, options...)
	return Over(deedv1connect.NewEvidenceServiceClient(client, url, options...))
}

// Over makes a client of an evidence service.
func Over(evidence deedv1connect.EvidenceServiceClient) *Client { return &Client{evidence} }

// ErrOther: the register sent another entry than the one that was asked for. A bundle
// about it would verify, and be about something else.
var ErrOther = errors.New("the register sent another entry")

// fetched is an entry as the register gave it, parsed.
type fetched struct {
	receipt *deedv1.Receipt
	entry   *admission.Entry
	record  *admission.Record
	proof   ledger.Proof
	tree    ledger.SignedCheckpoint
}

// request asks for an entry by its index in decimal or by its statement's ID.
func request(name string) (*deedv1.GetProofRequest, error) {
	if strings.HasPrefix(name, "id:") {
		if !attest.ID(name).Valid() {
			return nil, fmt.Errorf("%q is not an ID: want id: and 64 hex digits", name)
		}
		return &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Id{Id: name}}, nil
	}
	index, err := strconv.ParseUint(name, 10, 63)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an index nor an ID", name)
	}
	return byIndex(index, 0), nil
}

func byIndex(index, size uint64) *deedv1.GetProofRequest {
	return &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{Index: index}, Size: size}
}

// fetch gets an entry and checks that the parts belong together.
func (c *Client) fetch(ctx context.Context, req *deedv1.GetProofRequest) (*fetched, error) {
	answer, err := c.evidence.GetProof(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("fetching entry: %w", err)
	}
	f := &fetched{receipt: answer.GetReceipt()}
	if f.receipt == nil {
		return nil, fmt.Errorf("fetching entry: an answer without a receipt")
	}
	if err := f.parse(); err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", f.receipt.GetIndex(), err)
	}
	if id := req.GetId(); id != "" && attest.ID(id) != f.entry.Envelope {
		return nil, fmt.Errorf("%w: %s, not %s", ErrOther, f.entry.Envelope, id)
	}
	if id, at := req.GetId(), req.GetIndex(); id == "" && at != f.proof.Index {
		return nil, fmt.Errorf("%w: entry %d, not entry %d", ErrOther, f.proof.Index, at)
	}
	return f, nil
}

func (f *fetched) parse() (err error) {
	if f.entry, err = admission.ParseEntry(f.receipt.GetEntry()); err != nil {
		return err
	}
	if got := attest.DigestOf(f.receipt.GetRecord()); got != f.entry.Admission {
		return fmt.Errorf("record is %s, the entry commits to %s", got, f.entry.Admission)
	}
	if f.record, err = admission.ParseRecord(f.receipt.GetRecord()); err != nil {
		return err
	}
	if f.proof, err = ledger.ParseProof(f.receipt.GetProof()); err != nil {
		return err
	}
	if f.proof.Index != f.receipt.GetIndex() {
		return fmt.Errorf("the proof is of entry %d", f.proof.Index)
	}
	f.tree, err = ledger.ParseSignedCheckpoint(f.proof.Checkpoint)
	return err
}

// object gets an object, or nil where the register does not have it, or does not
// give it out yet: a token that has not expired.
func (c *Client) object(ctx context.Context, d attest.Digest) ([]byte, error) {
	answer, err := c.evidence.GetObject(ctx, &deedv1.GetObjectRequest{Digest: string(d)})
	if connect.CodeOf(err) == connect.CodeNotFound || sealed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fetching object %s: %w", d, err)
	}
	if got := attest.DigestOf(answer.GetObject()); got != d {
		return nil, fmt.Errorf("fetching object %s: got another one, %s", d, got)
	}
	return answer.GetObject(), nil
}

// statement gets what a fetched entry says. Its signature is not checked.
func (c *Client) statement(ctx context.Context, f *fetched) (attest.Statement, error) {
	doc, err := c.object(ctx, f.record.Envelope)
	if err != nil {
		return nil, err
	}
	return f.read(doc)
}

// read reads what a fetched entry says from its envelope.
func (f *fetched) read(doc []byte) (attest.Statement, error) {
	envelope, err := attest.ParseEnvelope(doc)
	if err != nil {
		return nil, fmt.Errorf("reading statement of entry %d: %w", f.proof.Index, err)
	}
	s, err := attest.ParsePayload(envelope.Payload)
	if err != nil {
		return nil, fmt.Errorf("reading statement of entry %d: %w", f.proof.Index, err)
	}
	return s, nil
}

// sealed reports whether an object may only be read later.
func sealed(err error) bool {
	e, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return false
	}
	for _, d := range e.Details() {
		if m, err := d.Value(); err == nil {
			if f, ok := m.(*deedv1.Fault); ok && f.GetCode() == "object.sealed" {
				return true
			}
		}
	}
	return false
}
