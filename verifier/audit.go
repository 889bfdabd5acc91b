package verifier

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Audit reads all entries of a log in order, which are public, and computes what
// the register says of them: the tree, and the running hash over the control
// entries, from which no single bundle can tell that one was left out
// (docs/spec/verdict.md, "Audit").
//
//	a := verifier.NewAudit()
//	for each entry { faults = append(faults, a.Add(entry)...) }
//	faults = append(faults, a.Close(checkpoint)...)
type Audit struct {
	tree     *compact.Range
	control  admission.Control
	received int64
	seen     map[[16]byte]bool // the first half of every statement's name
}

// AuditFault is something false in a log's entries.
type AuditFault struct {
	Index    uint64 `json:"index"`
	Check    string `json:"check"` // a stable name
	Expected string `json:"expected"`
	Found    string `json:"found"`
}

// Error names the entry, the check, what was expected and what was found.
func (f AuditFault) Error() string {
	return fmt.Sprintf("entry %d: %s: expected %s, found %s", f.Index, f.Check, f.Expected, f.Found)
}

// NewAudit starts before entry 0.
func NewAudit() *Audit {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &Audit{tree: factory.NewEmptyRange(0), control: admission.StartControl(), seen: map[[16]byte]bool{}}
}

// Size is the number of entries read.
func (a *Audit) Size() uint64 { return a.tree.End() }

// Control is the number of control entries read.
func (a *Audit) Control() int64 { return a.control.Count }

// Add reads the next entry and returns what is false about it.
func (a *Audit) Add(entry []byte) []AuditFault { return a.Next(ReadEntry(entry)) }

// Next is Add of an entry that was read beforehand.
func (a *Audit) Next(e AuditEntry) []AuditFault {
	index := a.tree.End()
	if err := a.tree.Append(e.leaf[:], nil); err != nil {
		return []AuditFault{{index, "audit.tree", "a leaf hash", err.Error()}}
	}
	if e.err != nil {
		return []AuditFault{{index, "entry.profile", "an entry in the strict profile", e.err.Error()}}
	}
	return a.compare(index, e.doc, e.entry)
}

func (a *Audit) compare(index uint64, entry []byte, e *admission.Entry) (faults []AuditFault) {
	fault := func(ok bool, check, expected, found string) {
		if !ok {
			faults = append(faults, AuditFault{index, check, expected, printable(found)})
		}
	}
	fault((e.Kind == attest.KindGenesis) == (index == 0), "audit.genesis", "a genesis as entry 0 and only there", string(e.Kind))
	fault(e.Control == a.control, "audit.control", controlText(a.control), controlText(e.Control))
	fault(e.ReceivedAt >= a.received, "entry.order", "a time not before that of the entry before", instant(e.ReceivedAt))
	a.received = max(a.received, e.ReceivedAt)
	name, ok := e.Envelope.Sum()
	half := [16]byte(name[:16])
	fault(ok && !a.seen[half], "audit.once", "each statement once", string(e.Envelope))
	a.seen[half] = true
	if e.Kind.Control() {
		a.control = a.control.Next(index, entry)
	}
	return faults
}

func controlText(c admission.Control) string { return fmt.Sprintf("%d entries, %s", c.Count, c.Hash) }

// Close compares the tree with a checkpoint of as many entries.
func (a *Audit) Close(c ledger.Checkpoint) []AuditFault {
	root := ledger.EmptyRoot
	if a.tree.End() > 0 {
		computed, err := a.tree.GetRootHash(nil)
		if err != nil {
			return []AuditFault{{a.tree.End(), "audit.tree", "a root", err.Error()}}
		}
		root = ledger.Hash(computed)
	}
	if a.tree.End() != c.Size || root != c.Root {
		return []AuditFault{{c.Size, "audit.root", fmt.Sprintf("%d entries with the root %s", c.Size, c.Root),
			fmt.Sprintf("%d entries with the root %s", a.tree.End(), root)}}
	}
	return nil
}
