package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// act is what Check established about an intent or record.
type act struct {
	action       *attest.Action
	chain        warrant.Chain // empty without a warrant
	linked       bool          // the chain leads to the signer
	namesake     bool          // the leaf's holder is another of the signer's name
	accountable  string        // as the issuer register names them, or ""
	grant        int
	registration attest.ID // of the signer, or ""
	approvals    []approved
	gates        []gate
	undoable     bool // the policy in force says that such an action can be undone
	instructions []instructed
	tokens       []shown
	trigger      *Logged
	unknown      []attest.ID // evidence of a kind that this version cannot use
}

// approved is an approval that the action names, and whether it is of exactly
// this action.
type approved struct {
	logged    *Logged
	statement *attest.Approval
	exact     bool
}

// instructed is an instruction that the chain names.
type instructed struct {
	logged    *Logged
	statement *attest.Instruction
	addressed bool // allowed, and asks the root's holder
	bound     bool // addressed, and every link carries it
	requests  bool // one of its requests contains this action
}

// action runs the rules of a phase.
func (c *check) action(a *attest.Action) error {
	if err := c.commitments(a); err != nil {
		return err
	}
	switch a.Phase {
	case attest.Outcome:
		return c.outcome(a)
	case attest.Heartbeat:
		return nil // its signer and its place in the session are all there is
	case attest.Terminal:
		return c.terminal(a)
	}
	c.act = &act{action: a}
	for _, step := range [...]func(*check, *act) error{(*check).parallel, (*check).authority, (*check).fields, (*check).approvals,
		(*check).evidence, (*check).initiator, (*check).authorize, (*check).gates} {
		if err := step(c, c.act); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) commitments(a *attest.Action) error {
	if a.Fields != nil {
		if err := c.seed(a.Fields.Seed, "fields.seed"); err != nil {
			return err
		}
	}
	if a.Outcome == nil {
		return nil
	}
	if a.Outcome.Result != nil {
		if err := c.seed(a.Outcome.Result.Seed, "outcome.result.seed"); err != nil {
			return err
		}
	}
	c.optional(a.Outcome.Counterparty)
	return nil
}

// outcome: of an intent by the same agent in the same session.
func (c *check) outcome(a *attest.Action) error {
	logged, err := c.logged(a.Intent, "intent")
	if err != nil {
		return err
	}
	if i := sameSession(logged, a); i == nil || i.Phase != attest.Intent {
		c.deny("outcome.intent")
	}
	if !logged.Allowed() {
		c.deny("reference.denied") // it acted, or reports so, without leave
	}
	return nil
}

// authority: the warrant and its chain hold together.
func (c *check) authority(x *act) error {
	if x.action.Authority == nil {
		return nil
	}
	links, err := c.ancestors(x.action.Authority.Warrant, "authority.warrant", "reference.kind")
	if err != nil || len(links) == 0 {
		return err
	}
	chain, faults := c.cache.check(links)
	for _, f := range faults {
		c.denyFault(f)
	}
	x.chain, x.grant = chain, x.action.Authority.Grant
	x.linked = c.reaches(chain)
	if c.statements[links[0].ID].Allowed() { // else D11 may have failed, and the name is anyone's
		x.accountable = links[0].Warrant.Root.Accountable
	}
	return nil
}

// reaches reports whether a chain leads to the holder of its leaf, link by signed link.
// One that does not says nothing about this agent, whoever set its root off. How much it
// grants, and for how long, does not matter here. Whether the holder above, as it was
// registered then, passed a link on was found when the link was logged.
func (c *check) reaches(chain warrant.Chain) bool {
	return !slices.ContainsFunc(chain.Links(), func(l warrant.Link) bool {
		return slices.Contains(c.statements[l.ID].Record.Decision.Faults, "d1.issuer")
	})
}

// leafHolder: the signer is the leaf's holder, by name, and by key and registration where the
// warrant names them. One of the name alone is somebody else: a retired ID, used again.
func (c *check) leafHolder(x *act) {
	leaf := x.chain.Leaf().Warrant
	if leaf == nil {
		return
	}
	holder, s := leaf.Holder, c.verified.Signer()
	named := s.Party == attest.Party{ID: holder.SPIFFEID, Kind: attest.BySVID}
	same := (holder.Key == "" || holder.Key == s.KeySum) && (holder.Registration == "" || holder.Registration == x.registration)
	x.linked, x.namesake = x.linked && named && same, named && !same
}

// fields: where the agent sent the seed of its own commitments, they are to the
// values of this action.
func (c *check) fields(x *act) error {
	own := x.action.Fields
	if own == nil {
		return nil
	}
	object, ok := c.objects[own.Seed]
	if !ok {
		return nil // the agent keeps the seed, or names none
	}
	seed, err := attest.ParseSeed(object)
	if err != nil {
		return err
	}
	root := attest.Commit(seed, attest.AgentFields(x.action, x.chain.Root().ID))
	if root != own.Root {
		return attest.Refuse("action.fields", "fields.root", string(root), string(own.Root))
	}
	return nil
}

// approvals: each is of exactly this action.
func (c *check) approvals(x *act) error {
	if x.action.Authority == nil {
		return nil
	}
	for _, id := range x.action.Authority.Approvals {
		logged, err := c.logged(id, "authority.approvals")
		if err != nil {
			return err
		}
		a := statementOf[*attest.Approval](logged)
		if a == nil {
			c.deny("reference.kind")
			continue
		}
		if !logged.Allowed() {
			c.deny("reference.denied")
		}
		exact := exactly(a, x.action)
		if !exact {
			c.deny("approval.mismatch")
		}
		x.approvals = append(x.approvals, approved{logged, a, exact && logged.Allowed()})
	}
	return nil
}

// Exactly reports whether an approval is of this action, which has a request and
// names a warrant.
func Exactly(a *attest.Approval, x *attest.Action) bool { return exactly(a, x) }

// exactly reports whether an approval is of this action: the request digest and
// everything in plain that a human was shown.
func exactly(a *attest.Approval, x *attest.Action) bool {
	if a.Request != x.Request.Digest() || a.Action != x.Request.Action || a.Resource != x.Request.Resource ||
		a.Agent != x.Agent || a.Warrant != x.Authority.Warrant || !sameTarget(a.Target, x.Target) {
		return false
	}
	if len(x.Sealed) > 0 || len(a.Arguments) != len(x.Open) {
		return false
	}
	for i, arg := range a.Arguments {
		if arg.Name != x.Open[i].Name || !arg.Value.Equal(x.Open[i].Value) {
			return false
		}
	}
	return true
}

func sameTarget(a, b *attest.Target) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
