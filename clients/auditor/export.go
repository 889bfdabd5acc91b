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

// Export makes the bundle about some entries, each named by its index in decimal
// or by its statement's ID: they, all that they rely on, and all objects, with
// proofs that lead to one checkpoint. The proofs are checked with the key that
// the genesis names; whether that is the right key is for the verifier to say.
func (c *Client) Export(ctx context.Context, names ...string) (*verifier.Bundle, error) {
	if len(names) == 0 {
		return nil, errors.New("exporting: no entry named")
	}
	var last error
	for range maxRounds {
		contents, err := c.collect(ctx, names)
		if err == nil {
			return verifier.Build(contents)
		}
		if last = err; !errors.Is(err, ledger.ErrProof) {
			break
		}
	}
	return nil, fmt.Errorf("exporting: %w", last)
}

// collection is a bundle on its way.
type collection struct {
	entries map[uint64]*fetched
	byID    map[attest.ID]bool
	objects map[attest.Digest][]byte
}

func (c *Client) collect(ctx context.Context, names []string) (out verifier.Contents, err error) {
	k := &collection{map[uint64]*fetched{}, map[attest.ID]bool{}, map[attest.Digest][]byte{}}
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
	}
	if err := c.close(ctx, k); err != nil {
		return out, err
	}
	if err := c.align(ctx, k); err != nil {
		return out, err
	}
	if err := c.objects(ctx, k); err != nil {
		return out, err
	}
	out.Entries = make(map[uint64]verifier.Item, len(k.entries))
	for index, f := range k.entries {
		out.Entries[index] = verifier.Item{Entry: f.receipt.GetEntry(), Proof: f.proof.Bytes()}
	}
	out.Objects = slices.Collect(maps.Values(k.objects))
	return out, nil
}

func (k *collection) add(f *fetched) {
	k.entries[f.proof.Index] = f
	k.byID[f.entry.Envelope] = true
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
		if len(k.entries) == verifier.MaxMembers/2 {
			return errors.New("they rely on more entries than a bundle may hold")
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
func (c *Client) align(ctx context.Context, k *collection) error {
	base := k.newest()
	opened, err := c.open(ctx, k, base.proof.Checkpoint)
	if err != nil {
		return err
	}
	for index, f := range k.entries {
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
	for _, index := range slices.Sorted(maps.Keys(k.entries)) {
		if f := k.entries[index]; base == nil || f.tree.Size > base.tree.Size {
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
	size := 0
	for _, index := range slices.Sorted(maps.Keys(k.entries)) {
		f := k.entries[index]
		k.objects[f.entry.Admission] = f.receipt.GetRecord()
		for _, d := range append([]attest.Digest{f.record.Envelope, f.entry.ServerFields.Seed}, f.record.Objects...) {
			if k.objects[d] != nil {
				continue
			}
			object, err := c.object(ctx, d)
			if err != nil {
				return err
			}
			if object != nil {
				k.objects[d] = object
			}
			if size += len(object); size > verifier.MaxBundle {
				return errors.New("their objects are larger than a bundle may be")
			}
		}
	}
	return nil
}
