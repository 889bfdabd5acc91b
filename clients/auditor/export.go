package auditor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// maxRounds bounds how often an export starts over because the log grew.
const maxRounds = 4

// Options say what a bundle holds besides its subjects and what they rely on.
type Options struct {
	// Control adds every control entry of the log and its last entry: what was in
	// force, revoked or compromised is then shown, and not the register's word.
	Control bool
	// Walks are entries that show what the register held before a subject.
	Walks []Walk
}

// Export makes the bundle about some entries with the control entries of the log;
// see [Client.ExportWith].
func (c *Client) Export(ctx context.Context, names ...string) (*verifier.Bundle, error) {
	return c.ExportWith(ctx, Options{Control: true}, names...)
}

// ExportWith makes the bundle about some entries, each named by its index in
// decimal or by its statement's ID: they, what was said of them afterwards, all
// that they rely on, and all objects, with proofs that lead to one checkpoint. The proofs are checked with the key that
// the genesis names; whether that is the right key is for the verifier to say.
func (c *Client) ExportWith(ctx context.Context, o Options, names ...string) (*verifier.Bundle, error) {
	if len(names) == 0 {
		return nil, errors.New("exporting: no entry named")
	}
	var last error
	for round := range maxRounds {
		contents, err := c.collect(ctx, o, names, round+1)
		if err == nil {
			return verifier.Build(contents)
		}
		if last = err; !errors.Is(err, ledger.ErrProof) && !errors.Is(err, errGrew) {
			break
		}
	}
	return nil, fmt.Errorf("exporting: %w", last)
}

// maxEntries bounds the entries of a bundle.
const maxEntries = verifier.MaxMembers / 2

var errTooMany = errors.New("they rely on more entries than a bundle may hold")

// collection is a bundle on its way.
type collection struct {
	entries map[uint64]*fetched
	byID    map[attest.ID]bool
	objects map[attest.Digest][]byte
	others  map[uint64]*fetched // control entries that bear on none of them, and the last entry
	round   int                 // from 1
}

func (c *Client) collect(ctx context.Context, o Options, names []string, round int) (out verifier.Contents, err error) {
	k := &collection{map[uint64]*fetched{}, map[attest.ID]bool{}, map[attest.Digest][]byte{}, map[uint64]*fetched{}, round}
	var subjects []*fetched
	for _, name := range names {
		req, err := request(name)
		if err != nil {
			return out, err
		}
		f, err := c.fetch(ctx, req)
		if err != nil {
			return out, err
		}
		k.add(f)
		out.Subjects = append(out.Subjects, f.proof.Index)
		subjects = append(subjects, f)
	}
	if out.LeftOut, err = c.companions(ctx, k, subjects); err != nil {
		return out, err
	}
	for _, step := range []func() error{
		func() error { return c.close(ctx, k) },
		func() error { return c.walk(ctx, k, o.Walks, out.Subjects) },
		func() error { return c.control(ctx, k, o.Control) },
	} {
		if err := step(); err != nil {
			return out, err
		}
	}
	if err := c.align(ctx, k, o.Control); err != nil {
		return out, err
	}
	if err := c.objects(ctx, k); err != nil {
		return out, err
	}
	out.Entries = make(map[uint64]verifier.Item, len(k.entries)+len(k.others))
	for index, f := range k.all() {
		out.Entries[index] = verifier.Item{Entry: f.receipt.GetEntry(), Proof: f.proof.Bytes()}
	}
	out.Objects = slices.Collect(maps.Values(k.objects))
	return out, nil
}

func (k *collection) add(f *fetched) {
	delete(k.others, f.proof.Index)
	k.entries[f.proof.Index] = f
	k.byID[f.entry.Envelope] = true
}

// all are the entries of the bundle by index.
func (k *collection) all() map[uint64]*fetched {
	all := maps.Clone(k.entries)
	maps.Copy(all, k.others)
	return all
}

// close adds everything that the records name, and what those name.
func (c *Client) close(ctx context.Context, k *collection) error {
	var next []attest.ID
	for _, f := range k.entries {
		next = append(next, f.record.Names()...)
	}
	for ; len(next) > 0; next = next[1:] {
		if k.byID[next[0]] {
			continue
		}
		if len(k.entries) == maxEntries {
			return errTooMany
		}
		req, err := request(string(next[0]))
		if err != nil {
			return err
		}
		f, err := c.fetch(ctx, req)
		if err != nil {
			return err
		}
		if f.entry.Envelope != next[0] {
			return fmt.Errorf("asked for %s, got %s", next[0], f.entry.Envelope)
		}
		k.add(f)
		next = append(next, f.record.Names()...)
	}
	return nil
}

// align makes all proofs lead to one checkpoint, the newest that came along. A
// log that went on meanwhile is asked again for proofs in the tree of that size.
func (c *Client) align(ctx context.Context, k *collection, control bool) error {
	base := k.newest()
	if control {
		if err := c.end(ctx, k, base.tree.Size); err != nil {
			return err
		}
	}
	opened, err := c.open(ctx, k, base.proof.Checkpoint)
	if err != nil {
		return err
	}
	for index, f := range k.all() {
		if f.tree.Size != base.tree.Size {
			again, err := c.fetch(ctx, byIndex(index, base.tree.Size))
			if err != nil {
				return err
			}
			f.proof.Hashes = again.proof.Hashes
		}
		f.proof.Extra, f.proof.Checkpoint = nil, base.proof.Checkpoint
		if err := ledger.VerifyInclusion(f.proof, f.receipt.GetEntry(), opened); err != nil {
			return err
		}
	}
	return nil
}

// newest is the entry that came with the largest checkpoint.
func (k *collection) newest() *fetched {
	var base *fetched
	all := k.all()
	for _, index := range slices.Sorted(maps.Keys(all)) {
		if f := all[index]; base == nil || f.tree.Size > base.tree.Size {
			base = f
		}
	}
	return base
}

// open opens a checkpoint with the key that the genesis names.
func (c *Client) open(ctx context.Context, k *collection, note []byte) (o ledger.OpenedCheckpoint, err error) {
	first := k.entries[0]
	if first == nil {
		return o, errors.New("nothing of it relies on the genesis")
	}
	s, err := c.statement(ctx, first)
	if err != nil {
		return o, err
	}
	genesis, ok := s.(*attest.Genesis)
	if !ok {
		return o, fmt.Errorf("entry 0 is no genesis, but %s", s.Kind())
	}
	return ledger.OpenCheckpoint(note, genesis.LogKeys.Ed25519)
}

// objects fetches what the entries name. What the register does not have is left
// out: it may have been erased.
func (c *Client) objects(ctx context.Context, k *collection) error {
	for _, index := range slices.Sorted(maps.Keys(k.entries)) {
		f := k.entries[index]
		k.objects[f.entry.Admission] = f.receipt.GetRecord()
		for _, d := range append([]attest.Digest{f.record.Envelope, f.entry.ServerFields.Seed}, f.record.Objects...) {
			if err := c.keep(ctx, k, d); err != nil {
				return err
			}
		}
	}
	size := 0
	for _, o := range k.objects {
		size += len(o)
	}
	if size > verifier.MaxBundle {
		return errors.New("their objects are larger than a bundle may be")
	}
	return nil
}

// keep fetches an object, if it is not there yet.
func (c *Client) keep(ctx context.Context, k *collection, d attest.Digest) error {
	if k.objects[d] != nil {
		return nil
	}
	object, err := c.object(ctx, d)
	if err == nil && object != nil {
		k.objects[d] = object
	}
	return err
}
