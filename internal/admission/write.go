package admission

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// write makes record, entry, objects and cells.
func (o *outcomeOf) write(seed [32]byte) (Result, error) {
	record := o.record()
	recordDoc, err := attest.Encode(record)
	if err != nil {
		return Result{}, fmt.Errorf("writing record: %w", damaged(err))
	}
	entry := Entry{
		Admission: attest.DigestOf(recordDoc), Control: o.read.Control, Envelope: o.verified.ID(),
		Kind: record.Kind, ReceivedAt: o.received, V: 1,
		ServerFields: attest.Commitment{Root: attest.Commit(seed, serverFields(record)), Seed: attest.DigestOf(attest.SeedObject(seed))},
	}
	if a, ok := o.verified.Statement().(*attest.Action); ok {
		entry.Fields = a.Fields
	}
	entryDoc, err := attest.Encode(&entry)
	if err != nil {
		return Result{}, fmt.Errorf("writing entry: %w", damaged(err))
	}
	r := Result{Entry: entryDoc, Record: recordDoc, Effect: record.Decision.Effect, Parsed: record}
	r.Objects = [][]byte{recordDoc, o.envelope, attest.SeedObject(seed)}
	for _, d := range record.Objects {
		r.Objects = append(r.Objects, o.objects[d])
	}
	r.Cells = o.cells(entryDoc, record)
	return r, nil
}

func (o *outcomeOf) record() *Record {
	s := o.verified.Signer()
	effect := Allow
	if len(o.faults) > 0 {
		effect = Deny
	}
	return &Record{
		Attribution: o.attribution(), Basis: basisV1, CheckedAt: o.at,
		Decision: Decision{
			Determining: o.decision.Determining, Effect: effect, Errors: o.decision.Errors,
			Evaluated: o.act == nil || o.decision.Evaluated, Faults: o.faults,
		},
		Endorsements: o.endorsements, Envelope: attest.DigestOf(o.envelope), ID: o.verified.ID(),
		Kind: o.verified.Statement().Kind(), Log: o.verified.Statement().Head().Log, Mode: o.mode,
		Objects: sortedKeys(o.objects), Read: o.read, Rules: Rules,
		Signer:    RecordSigner{Key: s.KeySum, KeyID: s.KeyID, Kind: s.Kind, Name: s.ID},
		Submitter: o.submitter, V: 1,
	}
}

// The register's tables (docs/spec/admission.md, "State").
const (
	forceTable   = "force"   // slot -> statement ID
	sessionTable = "session" // agent and session -> tip
	spentTable   = "spent"   // warrant and grant, or instruction -> pool
	usedTable    = "used"    // approval -> entry
	outcomeTable = "outcome" // intent -> entry
	revokedTable = "revoked" // warrant -> entry
	logTable     = "log"     // "control" -> running hash
)

// cells is what changes in the register: a denied statement takes its place in
// its session and changes nothing else.
func (o *outcomeOf) cells(entry []byte, r *Record) []Cell {
	var cells []Cell
	put := func(table, key string, v any) {
		doc, err := attest.Encode(v)
		if err != nil {
			panic("encoding state: " + err.Error()) // own structs, checked by tests
		}
		cells = append(cells, Cell{table, key, doc})
	}
	here := Ref{Entry: o.read.Size, ID: r.ID}
	if a, ok := o.verified.Statement().(*attest.Action); ok && !o.fork {
		put(sessionTable, sessionKey(a), Tip{ID: r.ID, Seq: a.Session.Seq})
	}
	if r.Kind.Control() {
		put(logTable, "control", o.read.Control.Next(o.read.Size, entry))
	}
	if r.Decision.Effect == Deny {
		return cells
	}
	for _, slot := range slotsOf(o.verified.Statement()) {
		put(forceTable, string(slot), here)
	}
	switch s := o.verified.Statement().(type) {
	case *attest.Revocation:
		put(revokedTable, string(s.Warrant), here)
	case *attest.Action:
		if s.Phase == attest.Outcome {
			put(outcomeTable, string(s.Intent), here)
		}
	}
	if o.act != nil {
		for _, s := range o.spend {
			put(spentTable, spentKey(s.ID, s.Grant), s)
		}
		for _, a := range o.act.approvals {
			put(usedTable, string(a.logged.ID()), here)
		}
	}
	return slices.Clip(cells)
}

func sessionKey(a *attest.Action) string { return a.Agent + " " + a.Session.ID }

func spentKey(id attest.ID, grant int) string { return string(id) + "/" + strconv.Itoa(grant) }
