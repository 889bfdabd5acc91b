package verifier

import (
	"fmt"

	"github.com/deedlog/deed/attest"
)

// erasures says of objects that may be missing, and are, which erasure destroyed
// them, or that none is shown. Nothing that is required rests on them.
func (v *verification) erasures() bool {
	for _, i := range v.items {
		v.tokens(i)
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

// tokens says which tokens an entry rests on and are not here. What was found with
// them is required and cannot be checked: the register's word for it is not taken.
func (v *verification) tokens(i *item) {
	for _, id := range i.unseen {
		of := v.byID[id]
		t, ok := of.statement().(*attest.Token)
		if !ok {
			continue
		}
		expected := "the token of " + entryName(of.index)
		if by, s := v.erasureOf(t.Object); by != nil {
			v.unknown("token.erased", entryName(i.index), expected, fmt.Sprintf("none: erased by entry %d, of %s, on the basis %s, put by %s", by.index, instant(by.entry.ReceivedAt), s.Basis, s.By))
			if of == i {
				i.gone = append(i.gone, fmt.Sprintf("The token was erased by entry %d, of %s: %s put it, on the basis %s, and gave as the reason %s. What the register found of it, and of what rests on it, is the register's word.",
					by.index, instant(by.entry.ReceivedAt), s.By, s.Basis, attest.Quote(s.Reason)))
			}
			continue
		}
		v.unknown("token.sealed", entryName(i.index), expected+", which the register gives out from "+instant(t.Expires)+" on", "none: it was sealed when the bundle was made, or erased")
	}
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
