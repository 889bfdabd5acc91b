package admission

import (
	"fmt"

	"github.com/deedlog/deed/attest"
)

// View is the register just before an entry: the entries that come before it in
// the same batch are in it.
type View interface {
	Size() uint64
	// Get returns a state value, or nil where there is none.
	Get(table, key string) ([]byte, error)
}

// Read is [Prepared.Read] for a statement that is not prepared.
func (c *Checked) Read(v View) (Read, error) { return c.Prepare([32]byte{}).Read(v) }

// Read takes from the register what Decide needs. Where trust moved since the
// check it refuses with trust.changed, and the caller checks again.
func (p *Prepared) Read(v View) (Read, error) {
	r := Read{Size: v.Size(), Statements: p.references}
	for _, part := range []func(View, *Read) error{p.readControl, p.readForce, p.readSession, p.readOutcome,
		p.readRevoked, p.readCompromised, p.readErased, p.readUsed, p.readRefused, p.readSpent} {
		if err := part(v, &r); err != nil {
			return Read{}, err
		}
	}
	return r, nil
}

// get reads a state value; ok is false where there is none. quick reads one of
// the usual form, and known is what it probably says.
func get[T any](v View, table, key, known string, quick func([]byte, string) (T, bool)) (out T, ok bool, err error) {
	doc, err := v.Get(table, key)
	if err != nil || doc == nil {
		return out, false, err
	}
	if out, ok = quick(doc, known); ok {
		return out, true, nil
	}
	return decode[T](table, key, doc)
}

func decode[T any](table, key string, doc []byte) (out T, ok bool, err error) {
	if err := attest.Decode(doc, &out); err != nil {
		return out, false, fmt.Errorf("reading state %s/%s: %w", table, key, damaged(err))
	}
	return out, true, nil
}

func (p *Prepared) readControl(v View, r *Read) error {
	control, ok, err := get(v, logTable, "control", "", readControl)
	if !ok {
		control = StartControl()
	}
	r.Control = control
	return err
}

// readForce makes sure that every slot still holds what it held.
func (p *Prepared) readForce(v View, r *Read) error {
	for _, pin := range p.force {
		now, _, err := get(v, forceTable, string(pin.Slot), string(pin.ID), readRef)
		if err != nil {
			return err
		}
		if now.ID != pin.ID {
			return attest.Refuse("trust.changed", string(pin.Slot), string(pin.ID), string(now.ID))
		}
	}
	r.Force = p.force
	return nil
}

func (p *Prepared) readSession(v View, r *Read) error {
	a, ok := p.verified.Statement().(*attest.Action)
	if !ok {
		return nil
	}
	tip, ok, err := get(v, sessionTable, p.tip, string(a.Session.Prev), readTip)
	if ok {
		r.Session = &tip
	}
	return err
}

func (p *Prepared) readOutcome(v View, r *Read) error {
	a, ok := p.verified.Statement().(*attest.Action)
	if !ok || a.Phase != attest.Outcome {
		return nil
	}
	ref, ok, err := get(v, outcomeTable, string(a.Intent), "", readRef)
	if ok {
		r.Outcome = &ref
	}
	return err
}

// readRevoked looks for revocations of every warrant that the statement names.
func (p *Prepared) readRevoked(v View, r *Read) error {
	for _, id := range p.revocable {
		ref, ok, err := get(v, revokedTable, string(id), "", readRef)
		if err != nil {
			return err
		}
		if ok {
			r.Revoked = append(r.Revoked, Ref{Entry: ref.Entry, ID: id})
		}
	}
	return nil
}

// readUsed looks for uses of the approvals that the action names, which are ascending.
func (p *Prepared) readUsed(v View, r *Read) error {
	if p.act == nil {
		return nil
	}
	for _, a := range p.act.approvals {
		ref, ok, err := get(v, usedTable, string(a.logged.ID()), "", readRef)
		if err != nil {
			return err
		}
		if ok {
			r.Used = append(r.Used, Ref{Entry: ref.Entry, ID: a.logged.ID()})
		}
	}
	return nil
}

// readSpent reads the pools of the chain, root first, then the instruction's
// count.
func (p *Prepared) readSpent(v View, r *Read) error {
	r.Spent = make([]Spent, len(p.pools))
	for i, pool := range p.pools {
		s, ok, err := get(v, spentTable, pool.key, string(pool.id), readSpent)
		if err != nil {
			return err
		}
		if !ok {
			s = Spent{ID: pool.id, Grant: pool.grant}
		}
		r.Spent[i] = s
	}
	return nil
}

// InSlot returns the statement that a slot points to, with its entry; no ID
// when there is none.
func InSlot(v View, slot Slot) (Ref, error) {
	ref, _, err := get(v, forceTable, string(slot), "", readRef)
	return ref, err
}
