package verifier

import (
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// container: a Bundle exists only when [Open] or [Build] checked its form.
func (v *verification) container() bool {
	v.pass("bundle.size")
	v.pass("bundle.container")
	v.pass("bundle.manifest")
	v.pass("object.digest")
	return true
}

// parse reads entries, proofs and records; all of them, so that every one that
// is out of form is named.
func (v *verification) parse() bool {
	ok := true
	for _, index := range v.bundle.Indexes() {
		i := &item{index: index}
		if v.parseItem(i) {
			v.items = append(v.items, i)
		} else {
			ok = false
		}
	}
	if ok {
		v.pass("entry.profile")
		v.pass("record.profile")
	}
	return ok
}

func (v *verification) parseItem(i *item) bool {
	files, _ := v.bundle.Item(i.index)
	where := entryName(i.index)
	var err error
	if i.entry, err = admission.ParseEntry(files.Entry); err != nil {
		return v.fail("entry.profile", where, "an entry in canonical JSON", err.Error())
	}
	if i.entry.V != 1 {
		return v.unknown("entry.profile", where, "an entry of version 1", strconv.Itoa(i.entry.V))
	}
	if i.proof, err = ledger.ParseProof(files.Proof); err != nil {
		return v.fail("proof.profile", where, "a tlog-proof", err.Error())
	}
	if i.proof.Extra != nil || i.proof.Index != i.index {
		return v.fail("proof.profile", where, "a proof for this index, without extra data", strconv.FormatUint(i.proof.Index, 10))
	}
	i.bytes = files.Entry
	doc := v.bundle.Object(i.entry.Admission)
	if doc == nil {
		return true // closure says whether it needs one
	}
	if i.record, err = admission.ParseRecord(doc); err != nil {
		return v.fail("record.profile", where, "an admission record in canonical JSON", err.Error())
	}
	if !formed(i.record) {
		return v.fail("record.profile", where, "a record of digests and of a submitter in form", "other text")
	}
	return true
}

// formed: what is taken over from a record and not computed again is at least of
// its form.
func formed(r *admission.Record) bool {
	by := r.Submitter
	known := by == admission.Anonymous || by.Kind == "svid" && attest.ValidSPIFFEID(by.Name)
	return known && !slices.ContainsFunc(r.Objects, func(d attest.Digest) bool { return !d.Valid() })
}
