package verifier

import (
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Statement compares the entry at an index with its record and its statement, which
// the tree's leaves do not show: the control hash goes by the kind that an entry gives,
// and one that hides its kind is in none (docs/spec/verdict.md, "Audit"). object must
// return bytes with the digest that it was asked for. An error says that one could not
// be had, so that nothing is known; bytes that are no entry give nothing, [Audit.Next]
// says so.
func (e AuditEntry) Statement(index uint64, object func(attest.Digest) ([]byte, error)) ([]AuditFault, error) {
	if e.err != nil {
		return nil, nil
	}
	wrong := func(check, expected, found string) ([]AuditFault, error) {
		return []AuditFault{{index, check, expected, printable(found)}}, nil
	}
	doc, err := object(e.entry.Admission)
	if err != nil {
		return nil, fmt.Errorf("reading the record of entry %d: %w", index, err)
	}
	record, err := admission.ParseRecord(doc)
	if err != nil {
		return wrong("record.profile", "a record in the strict profile", err.Error())
	}
	if doc, err = object(record.Envelope); err != nil {
		return nil, fmt.Errorf("reading the statement of entry %d: %w", index, err)
	}
	envelope, err := attest.ParseEnvelope(doc)
	if err != nil {
		return wrong("statement.profile", "a DSSE envelope", err.Error())
	}
	s, err := attest.ParsePayload(envelope.Payload)
	if err != nil {
		return wrong("statement.profile", "a statement of the format", err.Error())
	}
	if id := envelope.ID(s.SignedBy().Name()); id != e.entry.Envelope {
		return wrong("audit.statement", "the statement "+string(e.entry.Envelope), string(id))
	}
	if s.Kind() != e.entry.Kind {
		return wrong("entry.kind", "an entry of the kind of its statement, "+string(s.Kind()), string(e.entry.Kind))
	}
	return nil, nil
}
