package trust

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/admission"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// place is where the log says something.
type place struct {
	index uint64
	at    int64
	more  string // such as where a bundle came from
}

// controlEntries are the entries that decide what a log trusts. With a key every
// one is proven with it, and together they are shown to be all: the last entry of
// the log states the running hash over them.
type controlEntries struct {
	client *register.Client
	vkey   string
	size   uint64           // of the log that was read
	at     map[string]place // where a key or a bundle was logged first
	all    []controlEntry
}

type controlEntry struct {
	index uint64
	bytes []byte
}

func (c *controlEntries) find(ctx context.Context) error {
	raw, err := c.client.Proof(ctx, "0")
	if err != nil {
		return fmt.Errorf("reading genesis: %w", err)
	}
	first, err := register.ReadReceipt(raw, c.vkey)
	if err != nil {
		return fmt.Errorf("checking entry 0: %w", err)
	}
	c.size = first.Size
	for _, kind := range attest.Kinds() {
		if !kind.Control() {
			continue
		}
		if err := c.each(ctx, kind); err != nil {
			return err
		}
	}
	return c.complete(ctx)
}

// each reads the entries of a kind, denied ones too: the hash is over all.
func (c *controlEntries) each(ctx context.Context, kind attest.Kind) error {
	query := &deedv1.SearchRequest{Kind: string(kind), Before: c.size, Limit: 1000}
	return c.client.Each(ctx, query, func(r *deedv1.SearchResult) error { return c.read(ctx, r.GetId()) })
}

func (c *controlEntries) read(ctx context.Context, id string) error {
	l, raw, err := c.client.Logged(ctx, id)
	if err != nil {
		return err
	}
	r, err := register.ReadReceipt(raw, c.vkey)
	if err != nil {
		return fmt.Errorf("checking entry %d: %w", l.Index, err)
	}
	c.all = append(c.all, controlEntry{l.Index, raw.GetEntry()})
	if l.Allowed() {
		c.statement(l.Verified.Statement(), place{index: l.Index, at: r.Entry.ReceivedAt})
	}
	return nil
}

// complete compares the running hash over what was found with the one that the
// last entry states.
func (c *controlEntries) complete(ctx context.Context) error {
	last := c.size - 1
	raw, err := c.client.Proof(ctx, fmt.Sprint(last))
	if err != nil {
		return err
	}
	r, err := register.ReadReceipt(raw, c.vkey)
	if err != nil {
		return fmt.Errorf("checking entry %d: %w", last, err)
	}
	slices.SortFunc(c.all, func(a, b controlEntry) int { return cmp.Compare(a.index, b.index) })
	sum := admission.StartControl()
	for _, e := range c.all {
		if e.index < last {
			sum = sum.Next(e.index, e.bytes)
		}
	}
	if sum.Count == r.Entry.Control.Count && sum.Hash == r.Entry.Control.Hash {
		return nil
	}
	return console.Hint(console.False("the register does not show every entry that decides what it trusts: the search found %d before entry %d, which states %d", sum.Count, last, r.Entry.Control.Count),
		"read the whole log with 'deed log audit', and ask the operator")
}

func (c *controlEntries) statement(s attest.Statement, where place) {
	switch s := s.(type) {
	case *attest.Genesis:
		c.administrators(s.Administrators, where)
	case *attest.Administrators:
		c.administrators(s.Administrators, where)
	case *attest.Person:
		c.note(personKey(s.Name, s.Identity()), where)
	case *attest.Root:
		where.more = "fetched from " + attest.Quote(s.Source)
		c.note(bundleKey(s.Of(), s.Bundle), where)
	}
}

func (c *controlEntries) administrators(list []attest.Administrator, where place) {
	where.more = "administrator"
	for _, a := range list {
		c.note(personKey(a.Name, a.Key.Digest()), where)
	}
}

// note keeps the first entry that says something.
func (c *controlEntries) note(key string, where place) {
	if old, ok := c.at[key]; !ok || old.index > where.index {
		c.at[key] = where
	}
}

func personKey(name string, identity attest.Digest) string {
	return "person " + name + " " + string(identity)
}

func bundleKey(of string, doc attest.Digest) string {
	return "bundle " + of + " " + string(doc)
}
