package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
)

// erasure: a quorum says it, of objects that statements of this log name, which no
// rule needs, or which are tokens. That all statements which name them are listed, the register knows
// alone.
func (c *check) erasure(e *attest.Erasure) error {
	for _, o := range e.Objects {
		for _, id := range o.Statements {
			logged, err := c.logged(id, "objects.statements")
			if err != nil {
				return err
			}
			named := slices.Contains(attest.Erasable(logged.Verified.Statement()), o.Digest)
			named = named && o.Digest != logged.Record.Signer.KeyID // by any other name it is needed
			if !named || !slices.Contains(logged.Record.Objects, o.Digest) {
				c.deny("erasure.object")
			}
		}
	}
	return c.quorum()
}

// readErased refuses an object that was erased, which does not come back, and an
// approval for a gate that nobody could check any more.
func (p *Prepared) readErased(v View, _ *Read) error {
	doc, err := v.Get(erasedTable, anyMark)
	if err != nil || doc == nil {
		return err
	}
	for _, d := range p.relied {
		switch gone, err := v.Get(erasedTable, d.Hex()); {
		case err != nil:
			return err
		case gone != nil:
			return attest.Refuse("object.erased", "objects", "no object that was erased", string(d))
		}
	}
	for _, d := range p.tokens {
		switch gone, err := v.Get(erasedTable, d.Hex()); {
		case err != nil:
			return err
		case gone != nil: // since the check, which read it
			return attest.Refuse("trust.changed", "root.evidence", "tokens that are there", string(d))
		}
	}
	for _, a := range p.displayed() {
		switch gone, err := v.Get(erasedTable, a.statement.Display.Hex()); {
		case err != nil:
			return err
		case gone != nil:
			return attest.Refuse("approval.erased", "authority.approvals", "approvals of which it is there what was shown", string(a.logged.ID()))
		}
	}
	return nil
}

// displayed are the approvals that an action names, by people whom a gate asks for what
// they were shown. Whether that was ever sent is in their records; that it was erased
// since is not.
func (p *Prepared) displayed() (out []approved) {
	if p.act == nil {
		return nil
	}
	for _, a := range p.act.approvals {
		if slices.ContainsFunc(p.act.gates, func(g gate) bool { return g.Display && slices.Contains(g.Approvers, a.statement.Person) }) {
			out = append(out, a)
		}
	}
	return out
}

// erase notes what is erased, and has it destroyed with the entry.
func (o *outcomeOf) erase(s *state, e *attest.Erasure, here Ref) {
	put(s, erasedTable, anyMark, here)
	for _, object := range e.Objects {
		put(s, erasedTable, object.Digest.Hex(), here)
		o.erased = append(o.erased, object.Digest)
	}
}

// ErasedBy returns the entry of the erasure that destroyed an object, and whether
// there is one.
func ErasedBy(v View, d attest.Digest) (Ref, bool, error) {
	return get(v, erasedTable, d.Hex(), "", readRef)
}

// WithErased is the record and the entry of a result as they were before some
// objects that no rule needs were destroyed: they are not there to be given to
// Check, so they are written in.
func (r Result) WithErased(gone []attest.Digest) (record, entry []byte, err error) {
	if len(gone) == 0 {
		return r.Record, r.Entry, nil
	}
	again := *r.Parsed
	again.Objects = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(again.Objects), gone...))))
	if record, err = attest.Encode(&again); err != nil {
		return nil, nil, err
	}
	e, err := ParseEntry(r.Entry)
	if err != nil {
		return nil, nil, err
	}
	e.Admission = attest.DigestOf(record)
	entry, err = attest.Encode(e)
	return record, entry, err
}
