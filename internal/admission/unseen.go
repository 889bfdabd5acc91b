package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
)

// A token that was erased, or that was sealed when a bundle was made, is not there
// when what rests on it is checked again. Then all that does not need it is
// computed, and the rest is the record's word: what the log found of the token
// itself, of a root warrant whether it vouched, of an action the finding and what
// the policies said. Who asks is told which tokens that were ([Checked.Unseen]).

// unseen reports whether the record's word is taken for a token that is not there.
func (c *check) unseen(id attest.ID) bool {
	if c.sent.Recorded == nil {
		return false
	}
	c.lacks = append(c.lacks, id)
	return true
}

// Unseen names, ascending, the token statements whose tokens were not there, for
// which the record was believed. Nothing that they could change was checked.
func (c *Checked) Unseen() []attest.ID { return c.lacks }

// takeOver puts in what the record says of tokens that are not there: what was
// looked up for what they say, and what was decided.
func (c *check) takeOver() error {
	if len(c.lacks) == 0 {
		return nil
	}
	slices.Sort(c.lacks)
	c.lacks = slices.Compact(c.lacks)
	c.recorded = c.sent.Recorded
	for _, p := range c.recorded.Read.Force {
		if _, err := c.current(p.Slot); err != nil {
			return err
		}
	}
	for _, s := range c.recorded.Read.Statements {
		if _, err := c.logged(s.ID, "read.statements"); err != nil {
			return err
		}
	}
	said := c.recorded.Decision
	c.faults = slices.DeleteFunc(c.faults, ofToken)
	for _, code := range said.Faults {
		if ofToken(code) {
			c.deny(code)
		}
	}
	if c.act != nil {
		c.decision.Determining, c.decision.Errors, c.decision.Evaluated = said.Determining, said.Errors, said.Evaluated
	}
	return nil
}

// ofToken reports whether a fault can come from what a token says, or be kept away
// by it.
func ofToken(code string) bool {
	switch code {
	case "d11.root", "policy.denied", "policy.error", "policy.none", "token.agent", "token.nonce":
		return true
	}
	return false
}
