package warrant

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

// Link is one warrant of a chain with the name of its statement and who signed
// it.
type Link struct {
	ID      attest.ID
	Warrant *attest.Warrant
	Signer  attest.Signer
}

// Chain is a chain of warrants, root first, as [Check] has seen it. The zero
// Chain has no links and permits nothing.
type Chain struct {
	links []Link
	// within[i][g] is the lowest index of a grant of link i-1 that contains
	// grant g of link i, or -1; within[0] is nil.
	within [][]int
}

// Links returns the links, root first. The caller must not change them.
func (c Chain) Links() []Link { return c.links }

// Root returns the first link, or the zero Link.
func (c Chain) Root() Link {
	if len(c.links) == 0 {
		return Link{}
	}
	return c.links[0]
}

// Leaf returns the last link, or the zero Link.
func (c Chain) Leaf() Link {
	if len(c.links) == 0 {
		return Link{}
	}
	return c.links[len(c.links)-1]
}

// Hops is the number of delegations between the root warrant's holder and the
// leaf's.
func (c Chain) Hops() int { return max(0, len(c.links)-1) }

// Path returns the grant of each link, root first, that a use of the leaf's
// grant debits (rule D7): the leaf's own, and above it each time the lowest
// one that contains the next. Faults: warrant.outside where the leaf has no
// such grant, d5.grants where a link grants more than the one above.
func (c Chain) Path(grant int) ([]int, error) {
	if len(c.links) == 0 || grant < 0 || grant >= len(c.Leaf().Warrant.Grants) {
		return nil, outside("authority.grant", "a grant of the leaf warrant", strconv.Itoa(grant))
	}
	path := make([]int, len(c.links))
	for i := len(path) - 1; i >= 0; i-- {
		path[i] = grant
		if i == 0 {
			break
		}
		next := c.within[i][grant]
		if next < 0 {
			return nil, wider(at(i, "grants."+strconv.Itoa(grant)), "contained in a grant of the parent", "more")
		}
		grant = next
	}
	return path, nil
}

// Permits applies the grants of a path and every link's denials to an act. The
// first fault from the root down is returned; its field starts with the link.
// Faults: warrant.outside.
func (c Chain) Permits(path []int, r Act) *attest.Fault {
	if f := c.checkPath(path, "warrant.outside"); f != nil {
		return f
	}
	for i, l := range c.links {
		if err := Permits(l.Warrant.Grants[path[i]], r); err != nil {
			f := attest.AsFault(err)
			return faultOf(f.Code, at(i, "grants."+strconv.Itoa(path[i])+"."+f.Field), f.Expected, f.Found)
		}
		for n, denial := range l.Warrant.Never {
			if Forbids(denial, r) {
				return faultOf("warrant.outside", at(i, "never."+strconv.Itoa(n)), "no act that a warrant denies", r.Action)
			}
		}
	}
	return nil
}

// checkPath reports a path that is not of this chain.
func (c Chain) checkPath(path []int, code string) *attest.Fault {
	if len(c.links) == 0 || len(path) != len(c.links) {
		return faultOf(code, "warrants", strconv.Itoa(len(c.links))+" links, at least 1", strconv.Itoa(len(path)))
	}
	for i, l := range c.links {
		if path[i] < 0 || path[i] >= len(l.Warrant.Grants) {
			return faultOf(code, at(i, "grants"), "a grant of the warrant", strconv.Itoa(path[i]))
		}
	}
	return nil
}

// Instruction returns the instruction that the root's task names, if every link
// down to the leaf names it too: it flows down links and is lost where one
// leaves it out (rule D8).
func (c Chain) Instruction() (attest.ID, bool) {
	id := attest.ID("")
	for i, l := range c.links {
		if i == 0 {
			id = l.Warrant.Task.Instruction
		}
		if l.Warrant.Task.Instruction != id {
			return "", false
		}
	}
	return id, id != ""
}

// at names a member of a link: warrants.2.expires.
func at(depth int, field string) string {
	return "warrants." + strconv.Itoa(depth) + "." + field
}

// report collects faults with the depth of the link they are about.
type report struct {
	found []placed
}

type placed struct {
	depth int
	fault *attest.Fault
}

// unless records a fault of a link unless ok.
func (r *report) unless(ok bool, code string, depth int, field, expected, found string) {
	if !ok {
		r.found = append(r.found, placed{depth, faultOf(code, at(depth, field), expected, found)})
	}
}

// sorted returns the faults by code, depth and field.
func (r *report) sorted() []*attest.Fault {
	slices.SortStableFunc(r.found, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.fault.Code, b.fault.Code), cmp.Compare(a.depth, b.depth),
			cmp.Compare(a.fault.Field, b.fault.Field))
	})
	var out []*attest.Fault
	for _, p := range r.found {
		out = append(out, p.fault)
	}
	return out
}
