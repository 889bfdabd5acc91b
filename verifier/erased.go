package verifier

import (
	"fmt"

	"github.com/deedlog/deed/attest"
)

// erasures says of objects that may be missing, and are, which erasure destroyed
// them, or that none is shown. Nothing that is required rests on them.
func (v *verification) erasures() bool {
	for _, i := range v.items {
		for _, d := range i.erased {
			by, s := v.erasureOf(d)
			where, expected := entryName(i.index), "the object "+string(d)
			if by == nil {
				v.open("object.erasable", where, expected, "none: erased or kept back")
				continue
			}
			found := fmt.Sprintf("none: erased by entry %d, of %s, on the basis %s, put by %s", by.index, instant(by.entry.ReceivedAt), s.Basis, s.By)
			v.open("object.erased", where, expected, found)
			i.gone = append(i.gone, fmt.Sprintf("The object %s, which the statement names, was erased by entry %d, of %s: %s put it, on the basis %s, and gave as the reason %s.",
				d, by.index, instant(by.entry.ReceivedAt), s.By, s.Basis, attest.Quote(s.Reason)))
		}
	}
	return true
}

// erasureOf is the erasure of the bundle that destroyed an object, or nil.
func (v *verification) erasureOf(d attest.Digest) (*item, *attest.Erasure) {
	for _, i := range v.items {
		if s, ok := i.statement().(*attest.Erasure); ok && i.logged.Allowed() && s.Names(d) {
			return i, s
		}
	}
	return nil, nil
}
