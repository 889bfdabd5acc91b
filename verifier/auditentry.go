package verifier

import (
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// AuditEntry is an entry that was read. That is most of the work of [Audit.Add]
// and depends on no other entry, so it can be done for many at the same time.
type AuditEntry struct {
	doc   []byte
	leaf  ledger.Hash
	entry *admission.Entry
	err   error // why it is none
}

// ReadEntry reads the bytes of an entry.
func ReadEntry(entry []byte) AuditEntry { return readEntry(entry, ledger.HashLeaf(entry)) }

// ReadStored reads an entry whose leaf hash the store has checked.
func ReadStored(e ledger.Entry) AuditEntry { return readEntry(e.Bytes, e.Leaf) }

// Entry is what was read, nil if the bytes are no entry.
func (e AuditEntry) Entry() *admission.Entry { return e.entry }

func readEntry(doc []byte, leaf ledger.Hash) AuditEntry {
	e := AuditEntry{doc: doc, leaf: leaf}
	e.entry, e.err = admission.ParseEntry(doc)
	return e
}
