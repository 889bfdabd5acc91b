package register

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Consent is the register as a person's approval asks for it.
func (c *Client) Consent() consent.Register { return remote{c} }

// remote is a register over the wire as [consent.Register].
type remote struct{ client *Client }

// Statement implements consent.Register.
func (r remote) Statement(ctx context.Context, id attest.ID) (*admission.Logged, error) {
	l, _, err := r.client.Logged(ctx, string(id))
	return l, err
}

// Object implements consent.Register.
func (r remote) Object(ctx context.Context, d attest.Digest) ([]byte, error) {
	b, err := r.client.Object(ctx, d)
	if connect.CodeOf(err) == connect.CodeNotFound {
		return nil, fmt.Errorf("%w: %w", consent.ErrNotFound, err)
	}
	return b, err
}

// Issuer implements consent.Register.
func (r remote) Issuer(ctx context.Context, p attest.Party) (*attest.Issuer, error) {
	return r.client.Issuer(ctx, p)
}

// Search implements consent.Register.
func (r remote) Search(ctx context.Context, q consent.Query) (consent.Page, error) {
	answer, err := r.client.Search(ctx, &deedv1.SearchRequest{
		Kind: string(q.Kind), Decision: string(q.Decision), Agent: q.Agent, Person: q.Person, Action: q.Action,
		Warrant: string(q.Warrant), SinceMs: q.Since, Before: q.Before, Limit: int32(q.Limit),
	})
	if err != nil {
		return consent.Page{}, err
	}
	var page consent.Page
	if answer.GetMore() {
		page.Next = answer.GetNext()
	}
	for _, f := range answer.GetResults() {
		page.Found = append(page.Found, consent.Found{ID: attest.ID(f.GetId()), Index: f.GetIndex(), Received: f.GetReceivedAtMs(), Faults: f.GetFaults()})
	}
	return page, nil
}
