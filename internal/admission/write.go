package admission

import (
	"fmt"
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
	r.Objects = []Object{
		{entry.Admission, recordDoc}, {record.Envelope, o.envelope}, {entry.ServerFields.Seed, attest.SeedObject(seed)},
	}
	for _, d := range record.Objects {
		r.Objects = append(r.Objects, Object{d, o.objects[d]})
	}
	r.Cells, err = o.cells(entryDoc, record)
	return r, err
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

// state collects the cells of one entry, and the first error of encoding them.
type state struct {
	cells []Cell
	err   error
}

func (s *state) put(table, key string, v any) {
	doc, err := attest.Encode(v)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("encoding state %s/%s: %w", table, key, damaged(err))
	}
	s.cells = append(s.cells, Cell{table, key, doc})
}

// cells is what changes in the register: a denied statement takes its place in
// its session and changes nothing else.
func (o *outcomeOf) cells(entry []byte, r *Record) ([]Cell, error) {
	var s state
	if a, ok := o.verified.Statement().(*attest.Action); ok && !o.fork {
		s.put(sessionTable, sessionKey(a), Tip{ID: r.ID, Seq: a.Session.Seq})
	}
	if r.Kind.Control() {
		s.put(logTable, "control", o.read.Control.Next(o.read.Size, entry))
	}
	if r.Decision.Effect == Allow {
		o.effects(&s, Ref{Entry: o.read.Size, ID: r.ID})
	}
	return s.cells, s.err
}

// effects is what an allowed statement changes.
func (o *outcomeOf) effects(s *state, here Ref) {
	for _, slot := range slotsOf(o.verified.Statement()) {
		s.put(forceTable, string(slot), here)
	}
	switch st := o.verified.Statement().(type) {
	case *attest.Revocation:
		s.put(revokedTable, string(st.Warrant), here)
	case *attest.Action:
		if st.Phase == attest.Outcome {
			s.put(outcomeTable, string(st.Intent), here)
		}
	}
	if o.act == nil {
		return
	}
	for _, spent := range o.spend {
		s.put(spentTable, spentKey(spent.ID, spent.Grant), spent)
	}
	for _, a := range o.act.approvals {
		s.put(usedTable, string(a.logged.ID()), here)
	}
}

func sessionKey(a *attest.Action) string { return a.Agent + " " + a.Session.ID }

func spentKey(id attest.ID, grant int) string { return string(id) + "/" + strconv.Itoa(grant) }
