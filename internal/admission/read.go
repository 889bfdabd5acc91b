package admission

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
)

// View is the register just before an entry: the entries that come before it in
// the same batch are in it.
type View interface {
	Size() uint64
	// Get returns a state value, or nil where there is none.
	Get(table, key string) ([]byte, error)
}

// Read takes from the register what Decide needs. Where trust moved since the
// check it refuses with trust.changed, and the caller checks again.
func (c *Checked) Read(v View) (Read, error) {
	r := Read{Control: StartControl(), Size: v.Size()}
	for _, part := range []func(View, *Read) error{c.readControl, c.readForce, c.readSession, c.readOutcome,
		c.readRevoked, c.readUsed, c.readSpent} {
		if err := part(v, &r); err != nil {
			return Read{}, err
		}
	}
	for id, l := range c.statements {
		r.Statements = append(r.Statements, Ref{Entry: l.Index, ID: id})
	}
	slices.SortFunc(r.Statements, compareRefs)
	return r, nil
}

func compareRefs(a, b Ref) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

// get decodes a state value; ok is false where there is none.
func get[T any](v View, table, key string) (out T, ok bool, err error) {
	doc, err := v.Get(table, key)
	if err != nil || doc == nil {
		return out, false, err
	}
	if err := attest.Decode(doc, &out); err != nil {
		return out, false, fmt.Errorf("reading state %s/%s: %w", table, key, damaged(err))
	}
	return out, true, nil
}

func (c *Checked) readControl(v View, r *Read) error {
	control, ok, err := get[Control](v, logTable, "control")
	if ok {
		r.Control = control
	}
	return err
}

// readForce records what every slot held, and that it still does.
func (c *Checked) readForce(v View, r *Read) error {
	for _, slot := range sortedKeys(c.pins) {
		now, _, err := get[Ref](v, forceTable, string(slot))
		if err != nil {
			return err
		}
		pin := Pin{Slot: slot}
		if l := c.pins[slot]; l != nil {
			pin.Entry, pin.ID = l.Index, l.ID()
		}
		if now.ID != pin.ID {
			return attest.Refuse("trust.changed", string(slot), string(pin.ID), string(now.ID))
		}
		r.Force = append(r.Force, pin)
	}
	return nil
}

func (c *Checked) readSession(v View, r *Read) error {
	a, ok := c.verified.Statement().(*attest.Action)
	if !ok {
		return nil
	}
	tip, ok, err := get[Tip](v, sessionTable, sessionKey(a))
	if ok {
		r.Session = &tip
	}
	return err
}

func (c *Checked) readOutcome(v View, r *Read) error {
	a, ok := c.verified.Statement().(*attest.Action)
	if !ok || a.Phase != attest.Outcome {
		return nil
	}
	ref, ok, err := get[Ref](v, outcomeTable, string(a.Intent))
	if ok {
		r.Outcome = &ref
	}
	return err
}

// readRevoked looks for revocations of every warrant that the statement names.
func (c *Checked) readRevoked(v View, r *Read) error {
	if _, ok := c.verified.Statement().(*attest.Revocation); ok {
		return nil // a second revocation is no contradiction
	}
	for _, id := range sortedKeys(c.statements) {
		if statementOf[*attest.Warrant](c.statements[id]) == nil {
			continue
		}
		ref, ok, err := get[Ref](v, revokedTable, string(id))
		if err != nil {
			return err
		}
		if ok {
			r.Revoked = append(r.Revoked, Ref{Entry: ref.Entry, ID: id})
		}
	}
	return nil
}

func (c *Checked) readUsed(v View, r *Read) error {
	if c.act == nil {
		return nil
	}
	for _, a := range c.act.approvals {
		ref, ok, err := get[Ref](v, usedTable, string(a.logged.ID()))
		if err != nil {
			return err
		}
		if ok {
			r.Used = append(r.Used, Ref{Entry: ref.Entry, ID: a.logged.ID()})
		}
	}
	slices.SortFunc(r.Used, compareRefs)
	return nil
}

// readSpent reads the pools of the chain, root first, then the instruction's
// count.
func (c *Checked) readSpent(v View, r *Read) error {
	if c.act == nil || len(c.act.chain.Links()) == 0 {
		return nil
	}
	path, err := c.act.chain.Path(c.act.grant)
	if err != nil {
		return nil // denied already; there is nothing to debit
	}
	for i, l := range c.act.chain.Links() {
		if err := readPool(v, r, l.ID, path[i]); err != nil {
			return err
		}
	}
	if i, ok := c.act.counted(); ok {
		return readPool(v, r, i.logged.ID(), 0)
	}
	return nil
}

func readPool(v View, r *Read, id attest.ID, grant int) error {
	s, ok, err := get[Spent](v, spentTable, spentKey(id, grant))
	if !ok {
		s = Spent{ID: id, Grant: grant}
	}
	r.Spent = append(r.Spent, s)
	return err
}

// InSlot returns the statement that a slot points to, with its entry; no ID
// when there is none.
func InSlot(v View, slot Slot) (Ref, error) {
	ref, _, err := get[Ref](v, forceTable, string(slot))
	return ref, err
}
