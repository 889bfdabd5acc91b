package admission

import (
	"github.com/deedlog/deed/attest"
)

// instruction: a person's own, or recorded by a service. Nothing more is
// checked here: what it is worth is decided where it is used.
func (c *check) instruction(i *attest.Instruction) error {
	return c.seed(i.Commitment.Seed, "commitment.seed")
}

// trigger: a registered recorder says so, and nobody records what sets himself
// off: an agent that could would never be unattributed.
func (c *check) trigger(t *attest.Trigger) error {
	who, err := c.registration(t.Recorder)
	if err != nil {
		return err
	}
	if t.Recorder == t.Addressee || !who.active() || !who.statement.Recorder {
		c.deny("trigger.recorder")
	}
	return nil
}

// approval: of an action under a warrant of this log.
func (c *check) approval(a *attest.Approval) error {
	logged, err := c.logged(a.Warrant, "warrant")
	if err != nil {
		return err
	}
	if statementOf[*attest.Warrant](logged) == nil {
		c.deny("reference.kind")
	}
	c.optional(a.Display)
	return nil
}

// seed keeps the object that opens a commitment, where it was sent.
func (c *check) seed(d attest.Digest, field string) error {
	c.optional(d)
	if b, ok := c.objects[d]; ok {
		if _, err := attest.ParseSeed(b); err != nil {
			return attest.Refuse("object.form", field, "a seed: 64 hex digits", "other bytes")
		}
	}
	return nil
}

// optional keeps an object that was sent; it may also stay with the submitter.
func (c *check) optional(d attest.Digest) {
	if b, ok := c.sent.Objects[d]; ok {
		c.objects[d] = b
	}
}
