package auditor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/verifier"
)

// ErrControl: the log has more control entries than a bundle may hold. Leave them
// out: see [Options].
var ErrControl = errors.New("the log has more control entries than a bundle may hold")

// maxControl bounds the entries of a bundle with control entries: each has an entry,
// a proof, a record and an envelope, and those that are checked have more.
const maxControl = verifier.MaxMembers / 5

// control adds the control entries of the log. Those that bear on an entry of the
// bundle come with all that they rely on; of the rest record and envelope, which show
// that they do not.
func (c *Client) control(ctx context.Context, k *collection, wanted bool) error {
	if !wanted {
		return nil
	}
	if err := c.controlEntries(ctx, k); err != nil {
		return err
	}
	said := map[uint64]attest.Statement{}
	for index, f := range k.others {
		s, err := c.said(ctx, k, f)
		if err != nil {
			return err
		}
		said[index] = s
	}
	for grown := true; grown; {
		grown = false
		for index, f := range k.others {
			if k.any(func(r *admission.Record) bool { return verifier.Bears(said[index], index, r) }) {
				k.add(f)
				grown = true
			}
		}
		if err := c.close(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// said is what a control entry says; its record and envelope are kept. Where the
// register does not give the envelope out it is nothing, and the verifier says so.
func (c *Client) said(ctx context.Context, k *collection, f *fetched) (attest.Statement, error) {
	k.objects[f.entry.Admission] = f.receipt.GetRecord()
	if err := c.keep(ctx, k, f.record.Envelope); err != nil {
		return nil, err
	}
	envelope := k.objects[f.record.Envelope]
	if envelope == nil {
		return nil, nil
	}
	return f.read(envelope)
}

// any asks of the records of the entries that are checked.
func (k *collection) any(asked func(*admission.Record) bool) bool {
	for _, f := range k.entries {
		if asked(f.record) {
			return true
		}
	}
	return false
}

// controlEntries finds all control entries, denied ones too.
func (c *Client) controlEntries(ctx context.Context, k *collection) error {
	for _, kind := range attest.Kinds() {
		if !kind.Control() {
			continue
		}
		for _, effect := range []admission.Effect{admission.Allow, admission.Deny} {
			indexes, err := c.find(ctx, kind, effect)
			if err != nil {
				return err
			}
			for _, index := range indexes {
				if err := c.other(ctx, k, index); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// errGrew: the log took another control entry meanwhile.
var errGrew = errors.New("the log goes on taking control entries")

// end adds the last entry of a tree, and counts whether the control entries before
// it are all there.
func (c *Client) end(ctx context.Context, k *collection, size uint64) error {
	all := k.all()
	last := all[size-1]
	if last == nil {
		if err := c.other(ctx, k, size-1); err != nil {
			return err
		}
		if last = k.others[size-1]; last.entry.Kind.Control() {
			return errGrew
		}
	}
	var n int64
	for index, f := range all {
		if f.entry.Kind.Control() && index < size-1 {
			n++
		}
	}
	if n < last.entry.Control.Count && k.round < maxRounds {
		return errGrew
	}
	return nil // if some are missing for good, the verifier says so
}

// other fetches an entry that is not in the bundle yet.
func (c *Client) other(ctx context.Context, k *collection, index uint64) error {
	if k.entries[index] != nil || k.others[index] != nil {
		return nil
	}
	if len(k.entries)+len(k.others) >= maxControl {
		return ErrControl
	}
	f, err := c.fetch(ctx, byIndex(index, 0))
	if err != nil {
		return err
	}
	k.others[index] = f
	return nil
}

// A Walk is a line of entries, each of which names the one before.
type Walk string

// The walks.
const (
	WalkApproval Walk = "approval" // uses of the warrant that an approval is for
	WalkSession  Walk = "session"  // statements of the session
	WalkWarrant  Walk = "warrant"  // uses of all warrants of the chain
)

// ParseWalk reads the name of a walk.
func ParseWalk(name string) (Walk, error) {
	all := []Walk{WalkApproval, WalkSession, WalkWarrant}
	if !slices.Contains(all, Walk(name)) {
		return "", fmt.Errorf("%q is no walk: want one of %v", name, all)
	}
	return Walk(name), nil
}

// walk adds the walks back from some entries.
func (c *Client) walk(ctx context.Context, k *collection, walks []Walk, subjects []uint64) error {
	for _, w := range walks {
		for _, index := range subjects {
			back := c.pools
			if w == WalkSession {
				back = c.session
			}
			if err := back(ctx, k, k.entries[index], w); err != nil {
				return err
			}
		}
	}
	return c.close(ctx, k)
}

// session goes back along the tips of a session.
func (c *Client) session(ctx context.Context, k *collection, f *fetched, _ Walk) error {
	for f.record.Read.Session != nil {
		next, err := c.step(ctx, k, string(f.record.Read.Session.ID))
		if err != nil {
			return err
		}
		if next.proof.Index >= f.proof.Index {
			return fmt.Errorf("entry %d names a later one as the one before it", f.proof.Index)
		}
		f = next
	}
	return nil
}

// pools goes back along the pools that an entry drew from: all of them, or that of
// the warrant that it is under.
func (c *Client) pools(ctx context.Context, k *collection, f *fetched, w Walk) error {
	s, err := c.statement(ctx, f)
	if err != nil {
		return err
	}
	a, ok := s.(*attest.Action)
	if !ok || a.Authority == nil {
		return nil
	}
	for _, pool := range f.record.Read.Spent {
		if w == WalkApproval && pool.ID != a.Authority.Warrant {
			continue
		}
		if err := c.pool(ctx, k, f, pool); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) pool(ctx context.Context, k *collection, f *fetched, pool admission.Spent) error {
	same := func(s admission.Spent) bool { return s.ID == pool.ID && s.Grant == pool.Grant }
	for {
		i := slices.IndexFunc(f.record.Read.Spent, same)
		if i < 0 || f.record.Read.Spent[i].Entry == 0 {
			return nil
		}
		before := f.record.Read.Spent[i].Entry
		if before >= f.proof.Index {
			return fmt.Errorf("entry %d names a later one as the one before it", f.proof.Index)
		}
		next, err := c.step(ctx, k, fmt.Sprint(before))
		if err != nil {
			return err
		}
		f = next
	}
}

// step fetches the next entry of a walk, if it is not there yet.
func (c *Client) step(ctx context.Context, k *collection, name string) (*fetched, error) {
	req, err := request(name)
	if err != nil {
		return nil, err
	}
	for _, f := range k.entries {
		if string(f.entry.Envelope) == name || fmt.Sprint(f.proof.Index) == name {
			return f, nil
		}
	}
	if len(k.entries) >= maxEntries {
		return nil, errTooMany
	}
	f, err := c.fetch(ctx, req)
	if err == nil {
		k.add(f)
	}
	return f, err
}
