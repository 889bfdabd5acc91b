package register

import (
	"context"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// Contents collects what the bundle about some entries holds: them, all that
// they rely on, all objects.
func (r *Register) Contents(t testing.TB, subjects ...uint64) verifier.Contents {
	t.Helper()
	return r.ContentsWith(t, subjects)
}

// ContentsWith is Contents with entries that are not subjects themselves, such as
// countersignatures of one.
func (r *Register) ContentsWith(t testing.TB, subjects []uint64, along ...uint64) verifier.Contents {
	t.Helper()
	c := verifier.Contents{Subjects: subjects, Entries: map[uint64]verifier.Item{}}
	objects := map[attest.Digest]bool{}
	keep := func(d attest.Digest) {
		o, err := r.Object(d)
		if err != nil {
			t.Fatal(err)
		}
		if o != nil && !objects[d] {
			objects[d] = true
			c.Objects = append(c.Objects, o)
		}
	}
	for next := slices.Concat(subjects, along); len(next) > 0; next = next[1:] {
		if _, done := c.Entries[next[0]]; done {
			continue
		}
		item, entry, record := r.item(t, next[0])
		c.Entries[next[0]] = item
		for _, d := range append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, record.Envelope}, record.Objects...) {
			keep(d)
		}
		for _, id := range record.Names() {
			named, err := r.Logged(id)
			if err != nil || named == nil {
				t.Fatalf("entry %d names %s: %v", next[0], id, err)
			}
			next = append(next, named.Index)
		}
	}
	return c
}

// Bundle makes the bundle about some entries.
func (r *Register) Bundle(t testing.TB, subjects ...uint64) *verifier.Bundle {
	t.Helper()
	b, err := verifier.Build(r.Contents(t, subjects...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (r *Register) item(t testing.TB, index uint64) (verifier.Item, *admission.Entry, *admission.Record) {
	t.Helper()
	receipt, err := r.Log.Receipt(context.Background(), index)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := admission.ParseEntry(receipt.Entry)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := r.Object(entry.Admission)
	if err != nil {
		t.Fatal(err)
	}
	record, err := admission.ParseRecord(doc)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.Item{Entry: receipt.Entry, Proof: receipt.Proof}, entry, record
}

// TrustFiles is the trust directory of a reader who got everything from
// elsewhere, and it is right.
func (w *World) TrustFiles(t testing.TB) map[string][]byte {
	t.Helper()
	first, err := w.Log.Entry(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	genesis := ledger.HashLeaf(first.Bytes)
	files, err := verifier.TrustFiles(verifier.TrustSource{
		LogKey: w.Keys.Ed25519.VKey().String(), MLDSAKey: w.Keys.MLDSA44.VKey().String(), Genesis: &genesis,
		Bundles:   map[string][][]byte{Domain: {w.CA.BundleDocument()}},
		ServerKey: w.Server.Public,
		People: []verifier.TrustPerson{
			{Name: w.Alice.Name, Key: w.Alice.Public}, {Name: w.Bob.Name, Key: w.Bob.Public},
			{Name: w.Carol.Name, Key: w.Carol.Public, Administrator: true}, {Name: w.Dave.Name, Key: w.Dave.Public, Administrator: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
