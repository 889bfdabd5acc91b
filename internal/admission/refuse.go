package admission

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// refusal: of an action under a warrant of this log. A person may refuse what
// nobody asked for yet, and what has happened: it takes back the approvals of the
// same person, and nothing else.
func (c *check) refusal(r *attest.Refusal) error {
	logged, err := c.logged(r.Warrant, "warrant")
	if err != nil {
		return err
	}
	if statementOf[*attest.Warrant](logged) == nil {
		c.deny("reference.kind")
	}
	c.optional(r.Display)
	return nil
}

// NeverLate reports whether a statement is taken although the warrant that it
// names is revoked: a second revocation is no contradiction, nor is a refusal.
func NeverLate(s attest.Statement) bool {
	switch s.(type) {
	case *attest.Revocation, *attest.Refusal:
		return true
	}
	return false
}

// refuser is a person who may have refused an action, and the key of the state
// that says so.
type refuser struct{ person, key string }

func refusedKey(exact attest.Digest, person string) string { return exact.Hex() + "/" + person }

// RefusedKey is the key in the table refused of a person's refusal of an action;
// ok is false where nobody can refuse exactly it.
func RefusedKey(a *attest.Action, person string) (key string, ok bool) {
	if a == nil {
		return "", false
	}
	exact := a.Exact()
	return refusedKey(exact, person), exact != ""
}

// prepareRefusers lists whose refusal would matter: of those whose approval the
// action names, and of those whom a gate asks.
func (p *Prepared) prepareRefusers() {
	if p.act == nil || len(p.act.approvals) == 0 && len(p.act.gates) == 0 {
		return
	}
	exact := p.act.action.Exact() // "" where nobody can have refused it
	add := func(person string) { p.refusers = append(p.refusers, refuser{person, refusedKey(exact, person)}) }
	for _, a := range p.act.approvals {
		add(a.statement.Person)
	}
	for _, g := range p.act.gates {
		for _, person := range g.Approvers {
			add(person)
		}
	}
	slices.SortFunc(p.refusers, func(a, b refuser) int { return strings.Compare(a.person, b.person) })
	p.refusers = slices.Compact(p.refusers)
}

func (p *Prepared) readRefused(v View, r *Read) error {
	for _, who := range p.refusers {
		ref, ok, err := get(v, refusedTable, who.key, "", readRef)
		if err != nil {
			return err
		}
		if ok {
			r.Refused = append(r.Refused, Refused{Entry: ref.Entry, ID: ref.ID, Person: who.person})
		}
	}
	return nil
}

// takenBack reports whether the person refused the action after approving it: the
// last word counts, in the order of the log.
func (o *outcomeOf) takenBack(a approved) bool {
	for _, r := range o.read.Refused {
		if r.Person == a.statement.Person {
			return r.Entry > a.logged.Index
		}
	}
	return false
}

// approvalState says of the approvals that an action names which were used
// before, and which their person took back.
type approvalState struct{ used, refused map[attest.ID]bool }

func (o *outcomeOf) approvalState() (s approvalState) {
	for _, u := range o.read.Used {
		s.used = marked(s.used, u.ID)
	}
	for _, a := range o.act.approvals {
		if o.takenBack(a) {
			s.refused = marked(s.refused, a.logged.ID())
		}
	}
	return s
}

func marked(set map[attest.ID]bool, id attest.ID) map[attest.ID]bool {
	if set == nil {
		set = map[attest.ID]bool{}
	}
	set[id] = true
	return set
}
