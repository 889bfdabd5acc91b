package server

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// recordedInput is the [admission.InForce] that answers what a record says that
// the register answered, and no more.
type recordedInput struct {
	*rebuilding
	index  uint64
	record *admission.Record
	seed   [32]byte
	sent   admission.Submission
	gone   []attest.Digest // objects that were erased
}

// open reads an entry with all that it names.
func (in *recordedInput) open(doc []byte) (*admission.Entry, []byte, error) {
	entry, err := admission.ParseEntry(doc)
	if err != nil {
		return nil, nil, err
	}
	recordDoc, err := in.object(in.index, entry.Admission)
	if err != nil {
		return nil, nil, err
	}
	if in.record, err = admission.ParseRecord(recordDoc); err != nil {
		return nil, nil, fmt.Errorf("reading its record: %w", err)
	}
	seedDoc, err := in.object(in.index, entry.ServerFields.Seed)
	if err != nil {
		return nil, nil, err
	}
	if in.seed, err = attest.ParseSeed(seedDoc); err != nil {
		return nil, nil, fmt.Errorf("reading its seed: %w", err)
	}
	return entry, recordDoc, in.submission()
}

// submission is the statement as it arrived, with what its record kept.
func (in *recordedInput) submission() error {
	doc, err := in.object(in.index, in.record.Envelope)
	if err != nil {
		return err
	}
	envelope, err := attest.ParseEnvelope(doc)
	if err != nil {
		return fmt.Errorf("reading its envelope: %w", err)
	}
	in.sent = admission.Submission{Envelope: envelope, Objects: map[attest.Digest][]byte{}, Submitter: in.record.Submitter}
	for _, d := range in.record.Objects {
		object, err := in.object(in.index, d)
		switch {
		case err != nil && in.erased(d):
			in.gone = append(in.gone, d)
		case err != nil:
			return err
		default:
			in.sent.Objects[d] = object
		}
	}
	return nil
}

// blind reports whether a token was erased that the statement is about or names.
func (in *recordedInput) blind() bool {
	names := func(ref admission.Ref) bool {
		l, err := in.logged(ref.Entry, ref.ID)
		return err == nil && in.lacks(l.Verified.Statement())
	}
	parsed, err := attest.Parse(in.sent.Envelope)
	return err == nil && in.lacks(parsed.Statement()) || slices.ContainsFunc(in.record.Read.Statements, names)
}

// lacks reports whether a statement's token was erased.
func (in *recordedInput) lacks(s attest.Statement) bool {
	t, ok := s.(*attest.Token)
	if !ok || t.Object == "" {
		return false
	}
	object, err := in.Object(t.Object)
	return err == nil && object == nil && in.erased(t.Object)
}

// again checks and decides the statement on what its record says, and wants the same
// record and the same entry.
func (in *recordedInput) again(entry *admission.Entry, recordDoc, doc []byte) (*admission.Checked, admission.Result, error) {
	checked, err := admission.Check(in.sent, in, in.cache, in.record.CheckedAt)
	if err != nil {
		return nil, admission.Result{}, fmt.Errorf("checking it again: %w", err)
	}
	result, err := checked.Decide(in.record.Read, entry.ReceivedAt, in.seed)
	if err != nil {
		return nil, result, fmt.Errorf("deciding it again: %w", err)
	}
	recordAgain, entryAgain, err := result.WithErased(in.gone)
	switch {
	case err != nil:
	case !bytes.Equal(recordAgain, recordDoc):
		err = errors.New("the record that the rules give is another")
	case !bytes.Equal(entryAgain, doc):
		err = errors.New("the entry that the rules give is another")
	}
	result.Entry = entryAgain
	return checked, result, err
}

// Origin implements [admission.InForce].
func (in *recordedInput) Origin() string { return in.Rebuild.Origin }

// Current implements [admission.InForce].
func (in *recordedInput) Current(slot admission.Slot) (*admission.Logged, error) {
	for _, p := range in.record.Read.Force {
		if p.Slot == slot && p.ID == "" {
			return nil, nil
		}
		if p.Slot == slot {
			return in.logged(p.Entry, p.ID)
		}
	}
	return nil, fmt.Errorf("the record does not say what was at %s", slot)
}

// Logged implements [admission.InForce].
func (in *recordedInput) Logged(id attest.ID) (*admission.Logged, error) {
	for _, s := range in.record.Read.Statements {
		if s.ID == id {
			return in.logged(s.Entry, id)
		}
	}
	return nil, nil
}

// Object implements [admission.InForce].
func (in *recordedInput) Object(d attest.Digest) ([]byte, error) {
	return in.store.Get(in.ctx, ledger.ObjectTable, d.Hex())
}

// mostOpened bounds the statements that are kept because others name them.
const mostOpened = 4096

// logged opens the statement of an earlier entry.
func (r *recordedInput) logged(index uint64, id attest.ID) (*admission.Logged, error) {
	r.mu.Lock()
	l := r.opened[id]
	r.mu.Unlock()
	if l == nil {
		entries, err := r.store.Entries(r.ctx, index, 1)
		if err != nil || len(entries) == 0 || index >= r.index {
			return nil, fmt.Errorf("reading entry %d, which it names: %w", index, err)
		}
		if l, err = admission.Reopen(index, entries[0].Bytes,
			func(d attest.Digest) ([]byte, error) { return r.object(index, d) }); err != nil {
			return nil, err
		}
	}
	if l.ID() != id || l.Index != index {
		return nil, fmt.Errorf("it names %s at entry %d, where %s is", id, index, l.ID())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.opened) >= mostOpened {
		clear(r.opened)
	}
	r.opened[id] = l
	return l, nil
}

// remade keeps what the entry leaves behind.
func (in *recordedInput) remade(checked *admission.Checked, result admission.Result, entry *admission.Entry) (*remade, error) {
	m := &remade{prepared: checked.Prepare(in.seed), received: entry.ReceivedAt,
		objects: append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, in.record.Envelope}, in.record.Objects...),
		rows:    rows(checked.Verified().Statement(), result.Parsed)}
	m.id, _ = checked.Verified().ID().Sum()
	for _, c := range result.Cells {
		m.cells = append(m.cells, ledger.Cell(c))
	}
	if result.Effect == admission.Deny {
		m.denied = checked.Verified().Signer().Name()
	}
	var err error
	m.read, err = attest.Encode(in.record.Read)
	return m, err
}

// apply is the entry's turn: what it reads is what the entries before it left,
// and it leaves its own.
func (r *rebuilding) apply(index uint64, e ledger.Entry, m *remade) error {
	if e.ID != m.id {
		r.Report(&ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "the identity " + m.id.String(), Got: e.ID.String()})
	}
	view := rebuiltView{r, index}
	read, err := m.prepared.Read(view)
	if err == nil {
		var doc []byte
		if doc, err = attest.Encode(read); err == nil && !bytes.Equal(doc, m.read) {
			err = fmt.Errorf("%.300s", m.read)
		}
	}
	if err != nil {
		r.Report(&ledger.Corrupt{Bucket: "state", Key: fmt.Sprint("before entry ", index), Want: "what the entries before it left", Got: err.Error()})
	}
	cells := slices.Clone(m.cells)
	if m.denied != "" {
		cell, err := deniedCell(view, m.denied, time.UnixMilli(m.received), unlimited)
		if err != nil {
			return fmt.Errorf("counting denials: %w", err)
		}
		cells = append(cells, cell)
	}
	for _, c := range cells {
		r.put(c)
	}
	r.last = m.received
	if r.next != nil {
		return r.next(Derived{Entry: e, Time: m.received, Cells: cells, Rows: m.rows})
	}
	for _, row := range m.rows {
		if r.rows[row] == nil {
			r.rows[row] = new(rowList)
		}
		r.rows[row].add(index)
	}
	return nil
}

func (r *rebuilding) put(c ledger.Cell) {
	k := cellName{c.Table, c.Key}
	if c.Value == nil {
		delete(r.cells, k)
		return
	}
	r.cells[k] = &cellValue{bytes: c.Value}
}

// rebuiltView is the [admission.View] of what is computed so far.
type rebuiltView struct {
	r    *rebuilding
	size uint64
}

// Size implements [admission.View].
func (v rebuiltView) Size() uint64 { return v.size }

// Get implements [admission.View].
func (v rebuiltView) Get(table, key string) ([]byte, error) {
	if c := v.r.cells[cellName{table, key}]; c != nil {
		return c.bytes, nil
	}
	return nil, nil
}
