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
	doc := v.bundle.Object(i.entry.Admission)
	if doc == nil {
		return v.unknown("object.present", where, "the record "+string(i.entry.Admission), "none")
	}
	if i.record, err = admission.ParseRecord(doc); err != nil {
		return v.fail("record.profile", where, "an admission record in canonical JSON", err.Error())
	}
	if !formed(i.record) {
		return v.fail("record.profile", where, "a record of digests and of a submitter in form", "other text")
	}
	i.bytes = files.Entry
	return true
}

// formed: what is taken over from a record and not computed again is at least of
// its form.
func formed(r *admission.Record) bool {
	by := r.Submitter
	known := by == admission.Anonymous || by.Kind == "svid" && attest.ValidSPIFFEID(by.Name)
	return known && !slices.ContainsFunc(r.Objects, func(d attest.Digest) bool { return !d.Valid() })
}

// closure: every entry is a subject or named by one, directly or not; every
// object is named by an entry. What is missing is found where it is needed.
func (v *verification) closure() bool {
	v.nameItems()
	reached := v.reached()
	objects := map[attest.Digest]bool{}
	ok := true
	for _, i := range v.items {
		for _, d := range i.objects() {
			objects[d] = true
		}
		if !reached[i.index] {
			ok = v.fail("bundle.closure", entryName(i.index), "only entries that a subject relies on", "one that none does")
		}
	}
	for d := range v.bundle.objects {
		if !objects[d] {
			ok = v.fail("bundle.closure", objectPrefix+d.Hex(), "only objects that an entry names", "one that none does")
		}
	}
	if ok {
		v.pass("bundle.closure")
	}
	return ok
}

// nameItems makes the entries known by the names of their statements.
func (v *verification) nameItems() {
	for _, i := range v.items {
		if _, ok := v.byID[i.entry.Envelope]; !ok {
			v.byID[i.entry.Envelope] = i
		}
	}
}

// reached walks from the subjects along the names in the records.
func (v *verification) reached() map[uint64]bool {
	reached := map[uint64]bool{}
	next := v.bundle.Subjects()
	for len(next) > 0 {
		index := next[0]
		next = next[1:]
		at, ok := slices.BinarySearchFunc(v.items, index, func(i *item, n uint64) int {
			return compareIndex(i.index, n)
		})
		if reached[index] || !ok {
			continue
		}
		reached[index] = true
		for _, id := range v.items[at].record.Names() {
			if named := v.byID[id]; named != nil {
				next = append(next, named.index)
			}
		}
	}
	return reached
}

func compareIndex(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// objects lists what an entry may have in a bundle.
func (i *item) objects() []attest.Digest {
	out := []attest.Digest{i.entry.Admission, i.entry.ServerFields.Seed, i.record.Envelope, i.record.Signer.KeyID}
	for _, e := range i.record.Endorsements {
		out = append(out, e.Envelope)
	}
	return append(out, i.record.Objects...)
}
