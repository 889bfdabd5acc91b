package verifier_test

import (
	"bytes"
	"testing"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"

	"github.com/deedlog/deed/attest"
)

// audited reads entries and compares them with a checkpoint.
func audited(entries [][]byte, c ledger.Checkpoint) (checks []string) {
	a := verifier.NewAudit()
	for _, e := range entries {
		for _, f := range a.Add(e) {
			checks = append(checks, f.Check)
		}
	}
	for _, f := range a.Close(c) {
		checks = append(checks, f.Check)
	}
	return checks
}

// TestAudit: a whole log is sound, and each change of one entry is noticed by
// its own check, beside the root.
func TestAudit(t *testing.T) {
	w := world(t, "one")
	bundle := build(t, w.contents["human_tasked"])
	item, _ := bundle.Item(0)
	proof, err := ledger.ParseProof(item.Proof)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := ledger.ParseSignedCheckpoint(proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	log := w.log[:signed.Size]
	if found := audited(log, signed.Checkpoint); len(found) > 0 {
		t.Fatalf("a sound log: %v", found)
	}
	revoked := 0
	for i, e := range log {
		if bytes.Contains(e, []byte(`"kind":"revocation"`)) {
			revoked = i
		}
	}
	if revoked == 0 || revoked == len(log)-1 {
		t.Fatal("the story has no revocation before its end")
	}
	for check, change := range map[string]func(*admission.Entry){
		"audit.control": func(e *admission.Entry) { e.Control.Count-- },
		"entry.order":   func(e *admission.Entry) { e.ReceivedAt -= 3600_000 },
		"audit.once":    func(e *admission.Entry) { first, _ := admission.ParseEntry(log[1]); e.Envelope = first.Envelope },
		"audit.genesis": func(e *admission.Entry) { e.Kind = attest.KindGenesis },
		"entry.profile": func(e *admission.Entry) { e.Kind = "\x01" },
	} {
		e, err := admission.ParseEntry(log[len(log)-1])
		if err != nil {
			t.Fatal(err)
		}
		change(e)
		doc, err := attest.Encode(e)
		if err != nil {
			doc = []byte("{}")
		}
		changed := append(bytesOf(log[:len(log)-1]), doc)
		if found := audited(changed, signed.Checkpoint); len(found) != 2 || found[0] != check || found[1] != "audit.root" {
			t.Errorf("%s: found %v", check, found)
		}
	}
	// The operator leaves a revocation out of the hash of all that follows.
	hidden := append(bytesOf(log[:revoked]), log[revoked+1:]...)
	if found := audited(hidden, signed.Checkpoint); len(found) < 2 || found[0] != "audit.control" {
		t.Errorf("a revocation that is not in the log: %v", found)
	}
}

func bytesOf(list [][]byte) [][]byte { return append([][]byte(nil), list...) }

// TestAuditStatement: an entry is held against what it commits to, which its leaf does
// not show. What cannot be had is not false.
func TestAuditStatement(t *testing.T) {
	w := world(t, "one")
	for what, c := range map[string]struct {
		check string
		lie   func(f *forgery, e *admission.Entry, r *admission.Record)
	}{
		"as it is": {"", func(*forgery, *admission.Entry, *admission.Record) {}},
		"another kind": {"entry.kind", func(_ *forgery, e *admission.Entry, r *admission.Record) {
			e.Kind, r.Kind = attest.KindAction, attest.KindAction
		}},
		"another statement": {"audit.statement", func(f *forgery, e *admission.Entry, _ *admission.Record) {
			other, _ := f.parts(1)
			e.Envelope = other.Envelope
		}},
		"no envelope": {"statement.profile", func(f *forgery, _ *admission.Entry, r *admission.Record) { r.Envelope = f.put([]byte("{}")) }},
		"no statement": {"statement.profile", func(f *forgery, _ *admission.Entry, r *admission.Record) {
			r.Envelope = f.put(attest.Envelope{Payload: []byte("{}"), KeyID: r.Signer.KeyID, Signature: make([]byte, 64)}.JSON())
		}},
		"not shown": {"unknown", func(_ *forgery, _ *admission.Entry, r *admission.Record) { r.Envelope = attest.DigestOf(nil) }},
	} {
		f := forge(t, w)
		f.edit("revocation", func(e *admission.Entry, r *admission.Record) { c.lie(f, e, r) })
		index := w.Entries["revocation"]
		faults, err := verifier.ReadEntry(f.entries[index]).Statement(index, func(d attest.Digest) ([]byte, error) {
			if o := f.objects[d]; o != nil {
				return o, nil
			}
			return nil, ledger.ErrNotPublished
		})
		switch {
		case (err != nil) != (c.check == "unknown"):
			t.Errorf("%s: %v", what, err)
		case err == nil && (len(faults) > 0) != (c.check != ""), len(faults) > 0 && (faults[0].Check != c.check || faults[0].Index != index):
			t.Errorf("%s: %v, want %s", what, faults, c.check)
		}
	}
	f := forge(t, w)
	e, _ := f.parts(7)
	f.objects[e.Admission] = []byte("{}")
	faults, err := verifier.ReadEntry(f.entries[7]).Statement(7, func(d attest.Digest) ([]byte, error) { return f.objects[d], nil })
	if err != nil || len(faults) != 1 || faults[0].Check != "record.profile" {
		t.Errorf("no record: %v, %v", faults, err)
	}
}
