package admission

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// write makes record, entry, objects and cells.
func (o *outcomeOf) write() (Result, error) {
	record := o.record()
	recordDoc, err := encode(record)
	if err != nil {
		return Result{}, fmt.Errorf("writing record: %w", damaged(err))
	}
	object := objectOf(recordDoc)
	entry := Entry{
		Admission: object.Digest, Control: o.read.Control, Envelope: record.ID,
		Kind: record.Kind, ReceivedAt: o.received, ServerFields: o.commitment(record), V: 1,
	}
	if a, ok := o.verified.Statement().(*attest.Action); ok {
		entry.Fields = a.Fields
	}
	entryDoc, err := encode(&entry)
	if err != nil {
		return Result{}, fmt.Errorf("writing entry: %w", damaged(err))
	}
	r := Result{Entry: entryDoc, Record: recordDoc, Effect: record.Decision.Effect, Parsed: record}
	r.Objects = slices.Clone(o.kept)
	r.Objects[0] = object
	r.Cells, err = o.cells(entryDoc, record)
	r.Erase = o.erased
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
		Endorsements: o.endorsements, Envelope: o.kept[1].Digest, ID: o.verified.ID(),
		Kind: o.verified.Statement().Kind(), Log: o.verified.Statement().Head().Log, Mode: o.mode,
		Objects: o.relied, Read: o.read, Rules: Rules,
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
	refusedTable = "refused" // exact action and person -> refusal
	revokedTable = "revoked" // warrant -> entry
	sealedTable  = "sealed"  // object -> until when it is not given out
	logTable     = "log"     // "control" -> running hash

	compromisedTable = "compromised" // what -> mark
	erasedTable      = "erased"      // object -> entry
	bundleTable      = "bundle"      // root statement -> what it carries
)

// Tables lists the tables in which cells are written.
func Tables() []string {
	return []string{bundleTable, compromisedTable, erasedTable, forceTable, logTable, outcomeTable, refusedTable, revokedTable, sealedTable, sessionTable, spentTable, usedTable}
}

// state collects the cells of one entry, and the first error of encoding them.
type state struct {
	plain *plain
	cells []Cell
	err   error
}

func put[D document](s *state, table, key string, d D) {
	start := len(s.plain.doc)
	d.write(s.plain)
	doc := s.plain.since(start)
	if doc == nil {
		s.plain.off = false
		var err error
		if doc, err = attest.Encode(d); err != nil {
			s.err = fmt.Errorf("encoding state %s/%s: %w", table, key, damaged(err))
		}
	}
	s.cells = append(s.cells, Cell{table, key, doc})
}

// own copies the values out of the writer's buffer, all at once.
func (s *state) own() {
	size := 0
	for _, c := range s.cells {
		size += len(c.Value)
	}
	all := make([]byte, 0, size)
	for i, c := range s.cells {
		all = append(all, c.Value...)
		s.cells[i].Value = slices.Clip(all[len(all)-len(c.Value):])
	}
}

// cells is what changes in the register: a denied statement takes its place in
// its session and changes nothing else.
func (o *outcomeOf) cells(entry []byte, r *Record) ([]Cell, error) {
	s := state{plain: newPlain(), cells: make([]Cell, 0, 4+len(o.spend))}
	defer scratch.Put(s.plain)
	if a, ok := o.verified.Statement().(*attest.Action); ok && !o.fork {
		put(&s, sessionTable, o.tip, Tip{Closed: o.closes(a, r.Decision.Effect), ID: r.ID, Seq: a.Session.Seq})
	}
	if r.Kind.Control() {
		put(&s, logTable, "control", o.read.Control.Next(o.read.Size, entry))
	}
	o.seal(&s)
	if r.Decision.Effect == Allow {
		o.effects(&s, Ref{Entry: o.read.Size, ID: r.ID})
	}
	s.own()
	return s.cells, s.err
}

// effects is what an allowed statement changes.
func (o *outcomeOf) effects(s *state, here Ref) {
	for _, slot := range slotsOf(o.verified.Statement()) {
		put(s, forceTable, string(slot), here)
	}
	switch st := o.verified.Statement().(type) {
	case *attest.Revocation:
		put(s, revokedTable, string(st.Warrant), here)
	case *attest.Root:
		put(s, bundleTable, string(here.ID), Carried{st.Bundle})
	case *attest.Refusal:
		put(s, refusedTable, refusedKey(st.Exact(), st.Person), here)
	case *attest.Compromise:
		o.mark(s, st, here)
	case *attest.Erasure:
		o.erase(s, st, here)
	case *attest.Action:
		if st.Phase == attest.Outcome {
			put(s, outcomeTable, string(st.Intent), here)
		}
	}
	if o.act == nil {
		return
	}
	for i, spent := range o.spend {
		put(s, spentTable, o.pools[i].key, spent)
	}
	for _, a := range o.act.approvals {
		put(s, usedTable, string(a.logged.ID()), here)
	}
}

// mark notes what is declared compromised.
func (o *outcomeOf) mark(s *state, c *attest.Compromise, here Ref) {
	m := Mark{Entry: here.Entry, ID: here.ID, Since: c.Since, What: o.about(c)}
	put(s, compromisedTable, anyMark, m)
	put(s, compromisedTable, m.What, m)
}

func sessionKey(a *attest.Action) string { return a.Agent + " " + a.Session.ID }

func spentKey(id attest.ID, grant int) string { return string(id) + "/" + strconv.Itoa(grant) }
