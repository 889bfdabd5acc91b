package verifier

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
)

// Contest is a declaration, made after an entry or after something that it relies
// on, that somebody else may have had what that rests on at that time. Both readings are given; which of them
// holds, no bundle shows (docs/spec/verdict.md, "Contested").
type Contest struct {
	Attribution *agency.Attribution `json:"attribution,omitzero"` // of an action, if what was signed with it is not believed
	By          string              `json:"by"`                   // who declared it
	Declared    string              `json:"declared"`             // when, by the register's clock
	Entries     []uint64            `json:"entries"`              // that rest on it: this one, or what it relies on
	Index       uint64              `json:"index"`                // of the declaration
	Lines       []string            `json:"lines"`
	Shows       []string            `json:"shows"` // of that attribution
	Since       string              `json:"since"` // as claimed
	What        string              `json:"what"`
}

// contests lists the declarations that reach back to an entry, or to what it relies
// on. It does not rely on what it is only about.
func (v *verification) contests(i *item) []Contest {
	out := []Contest{}
	relied := v.relied(i, about(i.statement()))
	for _, c := range v.items {
		s, ok := c.statement().(*attest.Compromise)
		if !ok || !c.logged.Allowed() {
			continue
		}
		if resting := v.resting(relied, i, c, s); len(resting) > 0 {
			out = append(out, v.contest(i, c, s, resting))
		}
	}
	return out
}

// resting lists those of the entries that an entry relies on, itself included, that
// came before a declaration and rest on what it is about.
func (v *verification) resting(relied []*item, i, by *item, s *attest.Compromise) (out []*item) {
	same := v.sameRoots(s)
	for _, on := range relied {
		if on.logged != nil && on.index < by.index && !weighed(i, on, by) && admission.Contests(s, same, on.logged, v.endorsers(on)) {
			out = append(out, on)
		}
	}
	return out
}

// sameRoots lists the root statements that carry the bytes that a declaration is
// about, whatever they are called and whenever they were logged.
func (v *verification) sameRoots(s *attest.Compromise) (ids []attest.ID) {
	named, _ := v.byID[attest.ID(s.Thing.ID)].statement().(*attest.Root)
	if s.Thing.Kind != attest.RootEntry || named == nil {
		return nil
	}
	for _, i := range v.items {
		if root, ok := i.statement().(*attest.Root); ok && root.Bundle == named.Bundle {
			ids = append(ids, i.logged.ID())
		}
	}
	return ids
}

// weighed reports whether the register took a declaration before an entry into
// account, for something that the entry relies on: it does so for the statements
// that the entry names, not for what is in force. The genesis is the reader's own.
func weighed(i, on, by *item) bool {
	named := func(ref admission.Ref) bool { return ref.Entry == on.index }
	return by.index < i.index && (on.index == 0 || len(i.record.Read.Compromised) > 0 && slices.ContainsFunc(i.record.Read.Statements, named))
}

// about is the statement that another one only tells of: what somebody saw, or what
// came of it, is as true whoever was behind that.
func about(s attest.Statement) attest.ID {
	switch s := s.(type) {
	case *attest.Countersignature:
		return s.Of
	case *attest.Action:
		return s.Intent
	}
	return ""
}

// relied lists an entry and all that it names, directly or not, ascending; but for
// one that the first names and does not rely on, or "".
func (v *verification) relied(first *item, but attest.ID) (out []*item) {
	seen := map[*item]bool{}
	for next := []*item{first}; len(next) > 0; next = next[1:] {
		i := next[0]
		if i == nil || i.record == nil || seen[i] {
			continue
		}
		seen[i] = true
		out = append(out, i)
		for _, id := range i.record.Names() {
			if i != first || id != but {
				next = append(next, v.byID[id])
			}
		}
	}
	slices.SortFunc(out, func(a, b *item) int { return compareIndex(a.index, b.index) })
	return out
}

// endorsers are those who endorsed an entry's statement.
func (v *verification) endorsers(i *item) (out []attest.Signer) {
	for _, e := range i.record.Endorsements {
		envelope, err := attest.ParseEnvelope(v.bundle.Object(e.Envelope))
		if err != nil {
			continue // the replay parsed it
		}
		if s, err := attest.PersonKey(v.bundle.Object(envelope.KeyID)).Signer(e.Signer.ID); err == nil {
			out = append(out, s)
		}
	}
	return out
}

func (v *verification) contest(i, by *item, s *attest.Compromise, resting []*item) Contest {
	c := Contest{
		By: s.By, Declared: instant(by.entry.ReceivedAt), Index: by.index, Shows: []string{}, Since: instant(s.Since), What: s.Thing.Words(),
	}
	for _, on := range resting {
		c.Entries = append(c.Entries, on.index)
	}
	if i.record.Attribution != nil {
		a := disbelieved(i, resting)
		c.Attribution = &a
		c.Shows, _ = agency.Statement(a)
		if a.Row > 1 {
			c.Shows = append([]string{"No account is taken of " + namedEntries(resting) + "."}, c.Shows...)
		}
	}
	c.Lines = []string{
		fmt.Sprintf("Entry %d, of %s: %s declared that %s may have been in other hands since %s, and gave as the reason %s.",
			c.Index, c.Declared, c.By, c.What, c.Since, attest.Quote(s.Reason)),
		"At or after that time, by the register's clock, " + rests(resting, i) + " on it.",
		"What is shown above believes what was signed with it. Whether it was in other hands then, this bundle does not show.",
	}
	if c.Attribution == nil {
		c.Lines = append(c.Lines, "If it is not believed, nothing is shown of who made this statement.")
	}
	return c
}

func rests(resting []*item, own *item) string {
	switch {
	case slices.Contains(resting, own):
		return "this statement itself rests"
	case len(resting) == 1:
		return namedEntries(resting) + ", which this one relies on, rests"
	}
	return namedEntries(resting) + ", which this one relies on, rest"
}

// namedEntries are entries with what they are.
func namedEntries(list []*item) string {
	names := make([]string, len(list))
	for n, i := range list {
		names[n] = entryName(i.index) + " (" + string(i.record.Kind) + ")"
	}
	return people(names)
}

// disbelieved is the attribution of an action if what some entries say is not
// believed: nobody's, if the action itself is among them; else undecided.
func disbelieved(i *item, resting []*item) agency.Attribution {
	was := i.record.Attribution
	if len(i.unseen) > 0 {
		was = new(agency.Attribution) // nobody has checked it
	}
	e := agency.Evidence{Authority: agency.AuthorityIndeterminate, Accountable: was.Accountable, Basis: was.Basis, Sound: !slices.Contains(resting, i)}
	for _, on := range resting {
		e.Missing = append(e.Missing, string(on.logged.ID()))
	}
	return agency.Attribute(e)
}
