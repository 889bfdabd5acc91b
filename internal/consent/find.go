package consent

import (
	"context"
	"errors"

	"github.com/deedlog/deed/attest"
)

// ErrNotAsked is of an entry that no approval could let pass: it is no action, was
// allowed, or was denied for something else.
var ErrNotAsked = errors.New("it is no action that asks for an approval")

// Find gets one action that asks for an approval, with the approvals that are there.
// It does not say whether the chain of warrants holds, or whether it was done since.
// Errors: [ErrNotAsked], and those of the register.
func Find(ctx context.Context, r Register, id attest.ID, now int64) (*Asked, error) {
	l, err := r.Statement(ctx, id)
	if err != nil {
		return nil, err
	}
	a, ok := l.Verified.Statement().(*attest.Action)
	if !ok || l.Allowed() || !curable(l.Record.Decision.Faults) || Copy(new(attest.Approval), a) != nil {
		return nil, ErrNotAsked
	}
	out := &Asked{Action: a, Logged: l}
	page, err := r.Search(ctx, Query{Agent: a.Agent, Before: l.Index + 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, f := range page.Found {
		if f.ID == id {
			out.Received = f.Received
		}
	}
	if _, out.Warrant, err = Warrant(ctx, r, a.Authority.Warrant); err != nil {
		return nil, err
	}
	return out, Complete(ctx, r, out, now)
}

// Waits reports whether a denied action waits for an approval, as [Pending] would find.
// Errors: those of the register.
func Waits(ctx context.Context, r Register, id attest.ID, now int64) (bool, error) {
	l, err := r.Statement(ctx, id)
	if err != nil || l.Allowed() {
		return false, err
	}
	a, err := newPending(r, Search{Now: now}).look(ctx, Found{ID: id, Index: l.Index, Faults: l.Record.Decision.Faults})
	return a != nil, err
}

// Done reports whether the same request was allowed since.
func Done(ctx context.Context, r Register, a *Asked) (bool, error) {
	undone, err := (&pending{r: r}).undone(ctx, a.Logged, a.Action)
	return !undone, err
}
