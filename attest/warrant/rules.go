package warrant

import (
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

// Check applies the rules of delegation to a chain given root first
// (docs/spec/warrants.md, "Chain"). It returns the chain and every fault, by
// code, then depth; the field names the link, such as warrants.2.expires. The
// chain is returned with faults too, for they are logged with it.
//
//	D1 d1.issuer   issuer and signer = the parent's holder, with the key it pins
//	D2 d2.parent   parent = the ID of the link above, same log; the root has none
//	D3 d3.depth    depth = parent's + 1 <= every max_depth above; max_depth <= parent's
//	D4 d4.window   not_before >= parent's, expires <= parent's
//	D5 d5.grants   every grant contained in one of the parent's; every never repeated
//	D6 d6.gates    every gate of the parent repeated, or a stricter one
//	D8 d8.task     the parent's task, or the same without instruction
//	D9 d9.domain   every holder and SVID issuer in the root holder's trust domain
//
// D0 is [attest.Parsed.Verify], D7 [Chain.Debit], D10 [CheckHolder], D11
// [CheckRoot].
func Check(links []Link) (Chain, []*attest.Fault) {
	if f := checkShape(links); f != nil {
		return Chain{}, []*attest.Fault{f}
	}
	c := Chain{links: slices.Clone(links), within: make([][]int, len(links))}
	r := &report{}
	root := links[0].Warrant
	r.unless(root.Depth == 0, "d3.depth", 0, "depth", "0", strconv.Itoa(root.Depth))
	r.unless(root.Parent == "", "d2.parent", 0, "parent", "none at the root", string(root.Parent))
	r.domain(links)
	above := boundAll(root.Grants)
	for i := 1; i < len(links); i++ {
		parent, child := links[i-1], links[i]
		r.issuer(i, parent, child)
		r.parent(i, parent, child)
		r.depth(i, links)
		r.window(i, parent.Warrant, child.Warrant)
		below := boundAll(child.Warrant.Grants)
		c.within[i] = r.grants(i, above, below)
		above = below
		r.never(i, parent.Warrant, child.Warrant)
		r.gates(i, parent.Warrant, child.Warrant)
		r.task(i, parent.Warrant.Task, child.Warrant.Task)
	}
	return c, r.sorted()
}

// checkShape reports what leaves nothing to compare.
func checkShape(links []Link) *attest.Fault {
	if len(links) == 0 {
		return faultOf("d2.parent", "warrants", "at least one warrant", "none")
	}
	if len(links) > attest.MaxChain {
		return faultOf("d3.depth", "warrants", "at most "+strconv.Itoa(attest.MaxChain), strconv.Itoa(len(links)))
	}
	for i, l := range links {
		if l.Warrant == nil {
			return faultOf("d2.parent", "warrants."+strconv.Itoa(i), "a warrant", "none")
		}
	}
	return nil
}

func (r *report) issuer(i int, parent, child Link) {
	holder := attest.Party{ID: parent.Warrant.Holder.SPIFFEID, Kind: attest.BySVID}
	r.unless(child.Warrant.Issuer == holder, "d1.issuer", i, "issuer", holder.Name(), child.Warrant.Issuer.Name())
	r.unless(child.Signer.Party == child.Warrant.Issuer, "d1.issuer", i, "signer", child.Warrant.Issuer.Name(), child.Signer.Name())
	if pinned := parent.Warrant.Holder.Key; pinned != "" {
		r.unless(child.Signer.KeySum == pinned, "d1.issuer", i, "signer.key", string(pinned), string(child.Signer.KeySum))
	}
}

func (r *report) parent(i int, parent, child Link) {
	same := parent.ID.Valid() && child.Warrant.Parent == parent.ID
	r.unless(same, "d2.parent", i, "parent", string(parent.ID), string(child.Warrant.Parent))
	r.unless(child.Warrant.Log == parent.Warrant.Log, "d2.parent", i, "log", parent.Warrant.Log, child.Warrant.Log)
}

func (r *report) depth(i int, links []Link) {
	parent, child := links[i-1].Warrant, links[i].Warrant
	r.unless(child.Depth == parent.Depth+1, "d3.depth", i, "depth", strconv.Itoa(parent.Depth+1), strconv.Itoa(child.Depth))
	most := child.Depth
	for _, above := range links[:i] {
		most = min(most, above.Warrant.MaxDepth)
	}
	r.unless(child.Depth <= most, "d3.depth", i, "depth", "at most "+strconv.Itoa(most), strconv.Itoa(child.Depth))
	r.unless(child.MaxDepth <= parent.MaxDepth, "d3.depth", i, "max_depth", "at most "+strconv.Itoa(parent.MaxDepth), strconv.Itoa(child.MaxDepth))
}

func (r *report) window(i int, parent, child *attest.Warrant) {
	r.unless(child.NotBefore >= parent.NotBefore, "d4.window", i, "not_before", "not before "+instant(parent.NotBefore), instant(child.NotBefore))
	r.unless(child.Expires <= parent.Expires, "d4.window", i, "expires", "at most "+instant(parent.Expires), instant(child.Expires))
}

// grants finds for each grant of the child the lowest that contains it, or -1.
func (r *report) grants(i int, parent, child []bounded) []int {
	within := make([]int, len(child))
	for g, grant := range child {
		var err error
		within[g], err = lowestContaining(parent, grant)
		if err == nil {
			continue
		}
		f := attest.AsFault(err)
		field := "grants." + strconv.Itoa(g)
		if f.Field != "" {
			field += "." + f.Field
		}
		r.unless(false, "d5.grants", i, field, f.Expected, f.Found)
	}
	return within
}

// never checks that the child repeats every denial of the parent as it stands.
func (r *report) never(i int, parent, child *attest.Warrant) {
	kept := make(map[string]bool, len(child.Never))
	for _, n := range child.Never {
		if doc, err := attest.Encode(n); err == nil {
			kept[string(doc)] = true
		}
	}
	for _, n := range parent.Never {
		doc, _ := attest.Encode(n) // nothing, out of form: which is not kept
		r.unless(kept[string(doc)], "d5.grants", i, "never", "every denial of the parent", "without "+describeDenial(n))
	}
}

func (r *report) task(i int, parent, child attest.Task) {
	r.unless(child.ID == parent.ID, "d8.task", i, "task.id", parent.ID, child.ID)
	r.unless(child.Purpose == parent.Purpose, "d8.task", i, "task.purpose", parent.Purpose, child.Purpose)
	r.unless(child.Instruction == parent.Instruction || child.Instruction == "", "d8.task", i, "task.instruction", "the parent's or none", string(child.Instruction))
}

func (r *report) domain(links []Link) {
	domain := attest.TrustDomain(links[0].Warrant.Holder.SPIFFEID)
	for i, l := range links {
		holder := attest.TrustDomain(l.Warrant.Holder.SPIFFEID)
		r.unless(holder == domain, "d9.domain", i, "holder.spiffe_id", domain, holder)
		if l.Warrant.Issuer.Kind == attest.BySVID {
			issuer := attest.TrustDomain(l.Warrant.Issuer.ID)
			r.unless(issuer == domain, "d9.domain", i, "issuer.id", domain, issuer)
		}
	}
}
