package register

import (
	"bytes"
	"context"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/admission"
)

// answers reports whether a receipt is of a statement that was sent, and of a decision
// as the register answered it. Whoever has the log's key can sign an entry that has the
// statement's name and another kind: a revocation that is logged so is counted by no
// control hash, and no bundle shows it.
func (r *Receipt) answers(ctx context.Context, c *Client, e attest.Envelope, effect admission.Effect) error {
	s, err := attest.ParsePayload(e.Payload)
	if err != nil {
		return console.False("the register logged what is no statement: %w", err)
	}
	id := e.ID(s.SignedBy().Name())
	switch {
	case r.Entry.Envelope != id:
		return console.False("the receipt is of %s, what was submitted is %s", r.Entry.Envelope, id)
	case r.Record.Decision.Effect != effect:
		return console.False("the register answers to %s, its record says %s", effect, r.Record.Decision.Effect)
	case !sameFields(r.Entry.Fields, s):
		return console.False("the receipt's entry does not have the action's own commitment, fields")
	}
	if err := r.kind(s); err != nil {
		return err
	}
	return r.holds(ctx, c, e)
}

// kind reports whether entry and record are of the kind of a statement.
func (r *Receipt) kind(s attest.Statement) error {
	if r.Entry.Kind == s.Kind() && r.Record.Kind == s.Kind() {
		return nil
	}
	return console.False("the statement is of the kind %s, the log's entry gives %s and its record %s", s.Kind(), r.Entry.Kind, r.Record.Kind)
}

func sameFields(logged *attest.Commitment, s attest.Statement) bool {
	a, ok := s.(*attest.Action)
	if !ok || a.Fields == nil {
		return logged == nil
	}
	return logged != nil && *logged == *a.Fields
}

// holds reports whether the record names the envelope that was sent, or one with
// another signature over the same statement, that came before it.
func (r *Receipt) holds(ctx context.Context, c *Client, e attest.Envelope) error {
	if r.Record.Envelope == attest.DigestOf(e.JSON()) {
		return nil
	}
	object, err := c.Object(ctx, r.Record.Envelope)
	if err != nil {
		return err
	}
	if logged, err := attest.ParseEnvelope(object); err != nil || !bytes.Equal(logged.Payload, e.Payload) {
		return console.False("the receipt's record names %s, which is no envelope of what was submitted", r.Record.Envelope)
	}
	return nil
}
