package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/warrant"
)

// What is declared compromised is in a table of the register, by what it is:
//
//	key/<digest of the key in hex> <signer name>
//	id/<SPIFFE ID>
//	bundle/<digest of a root's bundle>
//	any                                  the last declaration, if there is one
//
// Where there is none, nothing else is looked up. What rests on a root statement
// rests on the bytes that it carries: another one with the same bytes, earlier or
// under another name, is no better (docs/spec/admission.md, "State").
const (
	anyMark    = "any"
	rootPrefix = "root/" // of what a statement rests on, by the root statement's ID
)

func keyMark(party attest.Party, key attest.Digest) string {
	return "key/" + key.Hex() + " " + party.Name()
}

func idMark(id string) string                { return "id/" + id }
func rootMark(id attest.ID) string           { return rootPrefix + string(id) }
func bundleMark(bundle attest.Digest) string { return "bundle/" + string(bundle) }

// markOf is what a declaration is about, of anything but a root.
func markOf(t attest.CompromisedThing) string {
	switch t.Kind {
	case attest.HumanKey:
		return keyMark(attest.Party{ID: t.ID, Kind: attest.ByPerson}, t.Key)
	case attest.SVIDKey:
		return keyMark(attest.Party{ID: t.ID, Kind: attest.BySVID}, t.Key)
	}
	return idMark(t.ID)
}

// about is what a declaration is about, by its key in the table; "" where it names
// as a root what is none.
func (c *Checked) about(s *attest.Compromise) string {
	if s.Thing.Kind != attest.RootEntry {
		return markOf(s.Thing)
	}
	root := statementOf[*attest.Root](c.statements[attest.ID(s.Thing.ID)])
	if root == nil {
		return ""
	}
	return bundleMark(root.Bundle)
}

// MarkKey is the key in the table of something that a statement rests on: of a root
// statement, that of the bytes that it carries.
func MarkKey(v View, what string) (string, error) {
	id, isRoot := strings.CutPrefix(what, rootPrefix)
	if !isRoot {
		return what, nil
	}
	carried, ok, err := get(v, bundleTable, id, "", readCarried)
	if err == nil && !ok {
		err = fmt.Errorf("reading state %s/%s: there is none", bundleTable, id)
	}
	return bundleMark(carried.Bundle), err
}

// compromise: the person himself or a quorum says it of a person's key, a quorum
// of a root; an administrator, or the owner, of what a workload signs with.
func (c *check) compromise(s *attest.Compromise) error {
	if s.Since > c.at {
		return attest.Refuse("control.early", "since", "a time that has come", number(s.Since))
	}
	switch s.Thing.Kind {
	case attest.HumanKey:
		return c.compromisedPerson(s)
	case attest.RootEntry:
		return c.compromisedRoot(attest.ID(s.Thing.ID))
	}
	who, err := c.registration(s.Thing.ID)
	if err != nil {
		return err
	}
	owner := who.statement != nil && who.statement.Owner == s.By
	if !owner && !c.administrator() {
		c.deny("control.administrator")
	}
	return nil
}

func (c *check) compromisedPerson(s *attest.Compromise) error {
	logged, err := c.current(KeySlot(s.Thing.Key))
	if err != nil {
		return err
	}
	if keyOwner(logged, s.Thing.Key) != s.Thing.ID {
		c.deny("compromise.key")
	}
	if s.By == s.Thing.ID {
		return nil // whoever has the key may say that it is worth nothing
	}
	return c.quorum()
}

func (c *check) compromisedRoot(id attest.ID) error {
	logged, err := c.logged(id, "thing.id")
	if err != nil {
		return err
	}
	if statementOf[*attest.Root](logged) == nil {
		c.deny("reference.kind")
	}
	return c.quorum()
}

// suspect is something that a statement rests on, as it may be marked.
type suspect struct {
	what string
	own  bool    // the signer's or an endorser's
	of   *Logged // what was signed with it, of a statement that this one relies on
}

// suspects lists all that is asked for.
func (c *Checked) suspects() []suspect {
	s := c.verified.Signer()
	out := signerSuspects(nil, s, nil)
	for slot, root := range c.pins {
		if root != nil && isRoot(slot) { // nobody is proven without one, but a record may name more
			out = append(out, suspect{what: rootMark(root.ID()), own: true})
		}
	}
	for _, e := range c.endorsers {
		out = signerSuspects(out, e, nil)
	}
	switch st := c.verified.Statement().(type) {
	case *attest.Compromise:
		if what := c.about(st); what != "" {
			out = append(out, suspect{what: what})
		}
	case *attest.Root:
		out = append(out, suspect{what: bundleMark(st.Bundle)})
	}
	if !c.relies() {
		return out
	}
	for _, id := range sortedKeys(c.statements) {
		if l := c.statements[id]; statementOf[*attest.Action](l) == nil { // which is no authority
			out = append(out, l.suspects()...)
		}
	}
	return out
}

// suspects is what a logged statement rests on.
func (l *Logged) suspects() []suspect {
	s := l.Verified.Signer()
	out := signerSuspects(nil, s, l)
	for _, p := range l.Record.Read.Force {
		if isRoot(p.Slot) {
			out = append(out, suspect{what: rootMark(p.ID), of: l})
		}
	}
	return out
}

// isRoot reports whether a slot holds a root of trust. What was looked up of those,
// a signer or endorser was proven with.
func isRoot(slot Slot) bool { return strings.HasPrefix(string(slot), "root/") }

func signerSuspects(out []suspect, s attest.Signer, of *Logged) []suspect {
	if s.KeySum != "" {
		out = append(out, suspect{what: keyMark(s.Party, s.KeySum), own: of == nil, of: of})
	}
	if s.Kind == attest.ByPerson { // whose certificates sign is one's own like a key
		out = append(out, suspect{what: keyMark(s.Party, s.KeyID), own: of == nil, of: of})
	}
	if s.Kind == attest.BySVID {
		out = append(out, suspect{what: idMark(s.ID), own: of == nil, of: of})
	}
	return out
}

// relies reports whether the statement takes authority or evidence from those that
// it names. What ends or reports something does not.
func (c *Checked) relies() bool {
	switch s := c.verified.Statement().(type) {
	case *attest.Revocation, *attest.Refusal, *attest.Compromise, *attest.Erasure:
		return false
	case *attest.Action:
		return s.Phase != attest.Outcome
	}
	return true
}

// Suspects lists, ascending, what may be marked as compromised and bear on the
// statement, by its key in the register's table.
func (c *Checked) Suspects() []string {
	var out []string
	for _, s := range c.suspects() {
		out = append(out, s.what)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Contests reports whether a logged statement rests on what a declaration is
// about, and was checked at or after the time that it claims. roots are, where it
// is about a root, the statements that carry the same bytes; endorsers are those
// whose endorsements are with the statement.
func Contests(s *attest.Compromise, roots []attest.ID, l *Logged, endorsers []attest.Signer) bool {
	what := []string{markOf(s.Thing)} // nothing that is marked, of a root
	for _, id := range roots {
		what = append(what, rootMark(id))
	}
	rests := l.suspects()
	for _, e := range endorsers {
		rests = signerSuspects(rests, e, l)
	}
	return l.Record.CheckedAt >= s.Since && slices.ContainsFunc(rests, func(r suspect) bool { return slices.Contains(what, r.what) })
}

// readCompromised looks for marks on what the statement rests on.
func (p *Prepared) readCompromised(v View, r *Read) error {
	doc, err := v.Get(compromisedTable, anyMark)
	if err != nil || doc == nil {
		return err
	}
	for _, what := range p.Suspects() {
		key, err := MarkKey(v, what)
		if err != nil {
			return err
		}
		m, ok, err := get(v, compromisedTable, key, "", readMark)
		if err != nil {
			return err
		}
		if ok {
			m.What = what
			r.Compromised = append(r.Compromised, m)
		}
	}
	return nil
}

// Compromised reports whether what a registered person signs with is declared
// compromised.
func Compromised(v View, p *attest.Person) (bool, error) {
	party := attest.Party{ID: p.Name, Kind: attest.ByPerson}
	for _, key := range [...]attest.Digest{p.Identity(), p.Credential().Digest()} {
		if doc, err := v.Get(compromisedTable, keyMark(party, key)); err != nil || doc != nil {
			return doc != nil, err
		}
	}
	return false, nil
}

// compromised: whoever signs or endorses is not marked; nothing is relied on that
// was signed with what is, since the time that is claimed.
func (o *outcomeOf) compromised() error {
	if len(o.read.Compromised) == 0 {
		return nil
	}
	marks := map[string]Mark{}
	for _, m := range o.read.Compromised {
		marks[m.What] = m
	}
	for _, s := range o.suspects() {
		m, marked := marks[s.what]
		switch {
		case !marked:
		case s.own:
			return attest.Refuse("signer.compromised", "keyid", "what is not declared compromised", s.what)
		case s.of != nil && s.of.Record.CheckedAt >= m.Since:
			o.deny("reference.compromised")
			o.tainted = append(o.tainted, s.of.ID())
		case s.of == nil:
			o.marked(m)
		}
	}
	return nil
}

// marked: the statement itself is about what is marked.
func (o *outcomeOf) marked(m Mark) {
	if c, ok := o.verified.Statement().(*attest.Compromise); !ok {
		o.deny("reference.compromised") // a bundle that was taken back
	} else if c.Since >= m.Since {
		o.deny("compromise.known")
	}
}

// distrust takes tainted statements out of the evidence and names them: with them
// the finding could be another one.
func (o *outcomeOf) distrust(e *agency.Evidence) {
	for _, id := range o.tainted {
		counts := o.act.linked && slices.ContainsFunc(o.act.chain.Links(), func(l warrant.Link) bool { return l.ID == id })
		e.Humans = slices.DeleteFunc(e.Humans, func(h agency.Human) bool {
			counts = counts || h.Ref == id
			return h.Ref == id
		})
		if e.Trigger != nil && e.Trigger.Ref == id {
			counts, e.Trigger = true, nil
		}
		if counts {
			e.Missing = append(e.Missing, string(id))
		}
	}
}
