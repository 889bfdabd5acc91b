package verifier

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// replay is the check of one entry: the register's own functions on the
// recorded input. It is also that input: the [admission.InForce] that answers
// from the record's read, and the [admission.View] of what the bundle's earlier
// entries left behind.
type replay struct {
	*verification
	*item
	where   string
	checked *admission.Checked
	shown   admission.Read // what the register would have read if the bundle were all of the log
	cells   []admission.Cell
}

// maxWait is how long, in ms, a checked statement may have waited for its entry.
const maxWait = 10_000

// replay goes through the entries in the order of the log. One that fails is
// relied on by none.
func (v *verification) replay() bool {
	for _, i := range v.items {
		if !i.included {
			continue
		}
		r := &replay{verification: v, item: i, where: entryName(i.index)}
		if !i.checked {
			r.count()
			continue
		}
		if runSteps(r, entryChecks, func(string, string) {}) {
			r.establish()
		}
	}
	return true
}

func (r *replay) establish() {
	r.item.admitted = r.checked
	r.item.logged = &admission.Logged{Index: r.index, Verified: r.checked.Verified(), Record: r.record}
	r.item.gates = r.checked.Gates(r.record.Read, r.entry.ReceivedAt)
	r.lead()
	r.believe()
	for _, c := range r.cells {
		r.state[cellKey{c.Table, c.Key}] = written{c.Value, r.index}
	}
	if r.sealed && r.entry.Kind.Control() { // the hash is over the entry as logged
		if doc, err := attest.Encode(r.record.Read.Control.Next(r.index, r.bytes)); err == nil {
			r.state[controlCell] = written{doc, r.index}
		}
	}
}

func (r *replay) rules() bool {
	if r.record.Rules != admission.Rules || r.record.V != 1 {
		return r.unknown("record.rules", r.where, fmt.Sprintf("rules of version %d", admission.Rules), fmt.Sprintf("version %d", r.record.Rules))
	}
	r.pass("record.rules", r.where)
	wait := r.entry.ReceivedAt - r.record.CheckedAt
	if r.record.CheckedAt <= 0 || wait < 0 || wait > maxWait {
		return r.fail("record.time", r.where, "a check at most 10 s before the entry", "checked "+instant(r.record.CheckedAt)+", received "+instant(r.entry.ReceivedAt))
	}
	r.pass("record.time", r.where)
	return true
}

// objects: all that the record relies on is here, but for what may be erased or
// kept back: seeds, what was shown to people, and tokens. Without a token the entry
// is gone through all the same, and shows nothing that rests on it.
func (r *replay) objects() bool {
	envelope, err := attest.ParseEnvelope(r.bundle.Object(r.record.Envelope))
	if r.bundle.Object(r.record.Envelope) == nil {
		return r.unknown("object.present", r.where, "the envelope "+string(r.record.Envelope), "none")
	}
	if err != nil {
		return r.fail("statement.profile", r.where, "a DSSE envelope", err.Error())
	}
	parsed, err := attest.Parse(envelope)
	if err != nil {
		return r.fail("statement.profile", r.where, "a statement of the format", err.Error())
	}
	if s := parsed.Statement(); s.Kind() != r.entry.Kind {
		return r.otherKind(s) // else record.recomputed says so
	}
	erasable, spare := attest.Erasable(parsed.Statement()), attest.Spare(parsed.Statement())
	for _, d := range r.record.Objects {
		switch {
		case r.bundle.Object(d) != nil:
		case slices.Contains(spare, d):
			r.erased = append(r.erased, d)
		case slices.Contains(erasable, d):
			r.token = d
		default:
			return r.unknown("object.present", r.where, "the object "+string(d), "none")
		}
	}
	r.pass("object.present", r.where)
	return true
}

// references: every statement that the record names is in the bundle, at the
// entry that it says, before this one, and stood up to its own checks.
func (r *replay) references() bool {
	refs := slices.Clone(r.record.Read.Statements)
	for _, p := range r.record.Read.Force {
		if p.ID != "" {
			refs = append(refs, admission.Ref{Entry: p.Entry, ID: p.ID})
		}
	}
	for _, p := range r.record.Read.Refused {
		refs = append(refs, admission.Ref{Entry: p.Entry, ID: p.ID})
	}
	for _, ref := range refs {
		named := r.byID[ref.ID]
		switch {
		case named == nil:
			return r.unknown("reference.logged", r.where, "the statement "+string(ref.ID)+" of "+entryName(ref.Entry), "none in this bundle")
		case named.index != ref.Entry || ref.Entry >= r.index:
			return r.fail("reference.logged", r.where, "a statement of an earlier entry, at its index", entryName(ref.Entry)+" for the statement of "+entryName(named.index))
		case named.logged == nil:
			return r.unknown("reference.logged", r.where, entryName(named.index)+", which it relies on, to stand up to its checks", "it does not")
		}
	}
	r.pass("reference.logged", r.where)
	return true
}

// force: what the record says was in force is what the bundle's entries last put
// into that very slot. The statements that it names stood up to their checks,
// so a slot that they did not take, being denied or of something else, does not
// hold them.
func (r *replay) force() bool {
	for _, p := range r.record.Read.Force {
		var last admission.Ref
		if value := r.state[cellKey{forceTable, string(p.Slot)}].value; value != nil {
			if err := attest.Decode(value, &last); err != nil { // written by the replay
				return r.unknown("read.force", r.where, "a state to compare with", err.Error())
			}
		}
		if last.ID != p.ID {
			return r.fail("read.force", r.where, string(p.Slot)+" as the bundle's entries left it: "+nameOr(last.ID), nameOr(p.ID))
		}
	}
	return true
}

func nameOr(id attest.ID) string {
	if id == "" {
		return "nothing"
	}
	return string(id)
}

// unrecorded is the answer to a question that the record says was never asked.
type unrecorded struct{ slot admission.Slot }

// Error names the slot.
func (e *unrecorded) Error() string { return "the record does not say what was at " + string(e.slot) }

// Origin implements [admission.InForce].
func (r *replay) Origin() string { return r.opened.Checkpoint().Origin }

// Current implements [admission.InForce].
func (r *replay) Current(slot admission.Slot) (*admission.Logged, error) {
	for _, p := range r.record.Read.Force {
		if p.Slot != slot {
			continue
		}
		if p.ID == "" {
			return nil, nil
		}
		return r.byID[p.ID].logged, nil
	}
	return nil, &unrecorded{slot}
}

// Logged implements [admission.InForce].
func (r *replay) Logged(id attest.ID) (*admission.Logged, error) {
	for _, s := range r.record.Read.Statements {
		if s.ID == id {
			return r.byID[id].logged, nil
		}
	}
	return nil, nil
}

// Object implements [admission.InForce].
func (r *replay) Object(d attest.Digest) ([]byte, error) { return r.bundle.Object(d), nil }

// admit runs the register's own check on the recorded input.
func (r *replay) admit() bool {
	envelope, err := attest.ParseEnvelope(r.bundle.Object(r.record.Envelope))
	if err != nil { // objects parsed it
		return r.fail("statement.profile", r.where, "a DSSE envelope", err.Error())
	}
	sent := admission.Submission{Envelope: envelope, Objects: map[attest.Digest][]byte{}, Submitter: r.record.Submitter}
	for _, d := range r.record.Objects {
		if o := r.bundle.Object(d); o != nil {
			sent.Objects[d] = o
		}
	}
	r.checked, err = admission.Check(sent, r, r.cache, r.record.CheckedAt)
	if r.blind() && (err != nil || !r.reproduced()) {
		sent.Recorded = r.record
		r.checked, err = admission.Check(sent, r, r.cache, r.record.CheckedAt)
	}
	if err != nil {
		return r.refused(err)
	}
	r.item.unseen = r.checked.Unseen()
	for _, check := range []string{"statement.profile", "statement.signature", "signer.chain"} {
		r.pass(check, r.where)
	}
	return true
}

// blind reports whether a token is not here that the entry is about or names.
func (r *replay) blind() bool {
	return r.token != "" || slices.ContainsFunc(r.record.Read.Statements, func(ref admission.Ref) bool { return r.byID[ref.ID].token != "" })
}

// reproduced reports whether the record is the one that the rules give without the
// tokens that are not here: it was made when they were gone, or does not rest on
// them.
func (r *replay) reproduced() bool {
	var none [32]byte // the record does not depend on the seed
	result, err := r.checked.Decide(r.record.Read, r.entry.ReceivedAt, none)
	if err != nil {
		return false
	}
	doc, _, err := r.takeOver(result)
	return err == nil && firstDifference(doc, r.bundle.Object(r.entry.Admission)) < 0
}

// refused sorts what the register's own functions would have refused: such an
// entry cannot be in an honest log.
func (r *replay) refused(err error) bool {
	var gap *unrecorded
	fault := attest.AsFault(err)
	switch {
	case errors.As(err, &gap):
		return r.fail("read.bounds", r.where, "a record that says what was at "+string(gap.slot), "none")
	case fault == nil:
		return r.unknown("record.recomputed", r.where, "the register's check, made again", err.Error())
	case fault.Code == "object.missing":
		return r.unknown("object.present", r.where, "the object "+fault.Found, "none")
	}
	return r.fail(checkOf(fault.Code), r.where, "a statement that the register's rules take", fault.Error())
}

// checkOf is the check that a fault code belongs to.
func checkOf(code string) string {
	group, _, _ := strings.Cut(code, ".")
	switch group {
	case "envelope", "key", "d0", "ssh", "cms", "fulcio", "tsa":
		return "statement.signature"
	case "profile", "statement", "action":
		return "statement.profile"
	case "signer", "certificate":
		return "signer.chain"
	case "reference":
		return "reference.logged"
	}
	return "record.recomputed"
}

// recompute makes record and entry again, with the recorded read, and compares
// them byte for byte. What was erased is taken over from the record.
func (r *replay) recompute() bool {
	const check = "record.recomputed"
	seed, ok := r.seed()
	if !ok {
		return false
	}
	result, err := r.checked.Decide(r.record.Read, r.entry.ReceivedAt, seed)
	if err != nil {
		return r.refused(err)
	}
	recordDoc, entryDoc, err := r.takeOver(result)
	if err != nil {
		return r.fail(check, r.where, "a record and an entry of the format", err.Error())
	}
	if want := r.bundle.Object(r.entry.Admission); firstDifference(recordDoc, want) >= 0 {
		return r.fail(check, r.where, "the record that the rules give: "+differing(recordDoc, want), differing(want, recordDoc))
	}
	if firstDifference(entryDoc, r.bytes) >= 0 {
		return r.fail(check, r.where, "the entry that the rules give: "+differing(entryDoc, r.bytes), differing(r.bytes, entryDoc))
	}
	r.cells = result.Cells
	if len(r.item.unseen) == 0 { // else it is in part the register's word: see tokens
		r.pass(check, r.where)
	}
	return true
}

// seed opens the register's own commitment, where it is here.
func (r *replay) seed() (seed [32]byte, ok bool) {
	object := r.bundle.Object(r.entry.ServerFields.Seed)
	if object == nil {
		r.sealed = true
		ok = r.entry.ServerFields.Root.Valid() && r.entry.ServerFields.Seed.Valid()
		if !ok {
			r.fail("record.recomputed", r.where, "a commitment of the register in server_fields", string(r.entry.ServerFields.Root))
		}
		return seed, ok
	}
	seed, err := attest.ParseSeed(object)
	if err != nil {
		return seed, r.fail("record.recomputed", r.where, "a seed of server_fields", err.Error())
	}
	return seed, true
}

// takeOver writes what cannot be recomputed into the recomputed documents.
func (r *replay) takeOver(result admission.Result) (record, entry []byte, err error) {
	gone := r.erased
	if r.token != "" {
		gone = append(slices.Clone(gone), r.token)
	}
	record, entry, err = result.WithErased(gone)
	if err != nil || !r.sealed {
		return record, entry, err
	}
	e, err := admission.ParseEntry(entry)
	if err != nil {
		return nil, nil, err
	}
	e.ServerFields = r.entry.ServerFields
	entry, err = attest.Encode(e)
	return record, entry, err
}

// differing prints the first top-level member of doc that other has not, or has
// otherwise.
func differing(doc, other []byte) string {
	var a, b map[string]jsontext.Value
	if json.Unmarshal(doc, &a) != nil || json.Unmarshal(other, &b) != nil {
		return strconv.Itoa(len(doc)) + " bytes"
	}
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if string(a[name]) != string(b[name]) {
			return name + " " + printable(string(a[name]))
		}
	}
	return "no other member"
}
