package consent

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// Chain is a warrant with those above it, root first.
type Chain struct {
	Logged []*admission.Logged
	Links  []warrant.Link
}

// Leaf is the warrant that an action names.
func (c Chain) Leaf() *attest.Warrant { return c.Links[len(c.Links)-1].Warrant }

// Root is the warrant that rests on no other.
func (c Chain) Root() *attest.Warrant { return c.Links[0].Warrant }

// ChainOf gets a warrant and those above it. Faults: d3.depth of a chain that is too
// long.
func ChainOf(ctx context.Context, r Register, id attest.ID) (c Chain, err error) {
	for id != "" {
		if len(c.Links) == attest.MaxChain {
			return c, attest.Refuse("d3.depth", "warrants", "at most "+strconv.Itoa(attest.MaxChain), "more")
		}
		l, w, err := Warrant(ctx, r, id)
		if err != nil {
			return c, err
		}
		c.Logged = append(c.Logged, l)
		c.Links = append(c.Links, warrant.Link{ID: l.ID(), Warrant: w, Signer: l.Verified.Signer()})
		id = w.Parent
	}
	slices.Reverse(c.Logged)
	slices.Reverse(c.Links)
	return c, nil
}

// Warrant gets a warrant from the register.
func Warrant(ctx context.Context, r Register, id attest.ID) (*admission.Logged, *attest.Warrant, error) {
	l, err := r.Statement(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	w, ok := l.Verified.Statement().(*attest.Warrant)
	if !ok {
		return nil, nil, fmt.Errorf("%s is a %s, not a warrant", id, l.Record.Kind)
	}
	return l, w, nil
}

// Faults collects what does not hold about a chain now: signatures, the rules of
// delegation, the issuer's registration, windows and revocations. Uses and budgets
// are counted by the register when an action is submitted.
func (c Chain) Faults(ctx context.Context, r Register, now int64) ([]*attest.Fault, error) {
	_, faults := warrant.Check(c.Links)
	registered, err := r.Issuer(ctx, c.Root().Issuer)
	if err != nil {
		return nil, err
	}
	if registered != nil && !attest.In(now, registered.From, registered.Until) {
		registered = nil
	}
	// Whether a token vouched for it was for the log to say: it may be sealed.
	if f := warrant.CheckRoot(c.Links[0], registered, c.Logged[0].Allowed()); f != nil {
		faults = append(faults, f)
	}
	for i := range c.Links {
		more, err := c.linkFaults(ctx, r, i, now)
		if err != nil {
			return nil, err
		}
		faults = append(faults, more...)
	}
	return faults, nil
}

// linkFaults are what does not hold about one warrant of a chain.
func (c Chain) linkFaults(ctx context.Context, r Register, i int, now int64) (faults []*attest.Fault, err error) {
	l, w := c.Logged[i], c.Links[i].Warrant
	fault := func(code, expected, found string) {
		faults = append(faults, &attest.Fault{Code: code, Field: fmt.Sprintf("warrants.%d", i), Expected: expected, Found: found})
	}
	if !l.Allowed() {
		fault("reference.denied", "a warrant that the log allowed", string(l.ID()))
	}
	if now < w.NotBefore || now >= w.Expires {
		fault("d10.holder", "a time from "+Instant(w.NotBefore)+" until before "+Instant(w.Expires), Instant(now))
	}
	page, err := r.Search(ctx, Query{Kind: attest.KindRevocation, Warrant: l.ID(), Decision: admission.Allow, Limit: 1})
	for _, f := range page.Found {
		fault("warrant.revoked", "no revocation", fmt.Sprintf("entry %d", f.Index))
	}
	return faults, err
}
