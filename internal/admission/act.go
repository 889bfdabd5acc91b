package admission

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/policy"
)

// act is what Check established about an intent or record.
type act struct {
	action       *attest.Action
	chain        warrant.Chain // empty without a warrant
	linked       bool          // the chain leads to the signer
	accountable  string        // as the issuer register names them, or ""
	grant        int
	registration attest.ID // of the signer, or ""
	approvals    []approved
	instructions []instructed
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
	if a.Phase == attest.Outcome {
		return c.outcome(a)
	}
	c.act = &act{action: a}
	for _, step := range []func(*act) error{c.authority, c.fields, c.approvals, c.evidence, c.initiator, c.authorize} {
		if err := step(c.act); err != nil {
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
	return c.optional(a.Outcome.Counterparty)
}

// outcome: of an intent by the same agent in the same session.
func (c *check) outcome(a *attest.Action) error {
	logged, err := c.logged(a.Intent, "intent")
	if err != nil {
		return err
	}
	if i := statementOf[*attest.Action](logged); i == nil || i.Phase != attest.Intent ||
		i.Agent != a.Agent || i.Session.ID != a.Session.ID {
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
	chain, faults := warrant.Check(links)
	for _, f := range faults {
		c.denyFault(f)
	}
	x.chain, x.grant = chain, x.action.Authority.Grant
	x.linked = c.reaches(chain.Leaf().Warrant.Holder, faults)
	if c.statements[links[0].ID].Allowed() { // else D11 may have failed, and the name is anyone's
		x.accountable = links[0].Warrant.Root.Accountable
	}
	if x.grant >= len(links[len(links)-1].Warrant.Grants) {
		c.deny("warrant.outside")
	}
	return nil
}

// reaches reports whether a chain with these faults leads to the signer, link by
// signed link. One that does not says nothing about this agent, whoever set its
// root off. How much it grants, and for how long, does not matter here.
func (c *check) reaches(holder attest.Holder, faults []*attest.Fault) bool {
	for _, f := range faults {
		if f.Code == "d1.issuer" || f.Code == "d2.parent" {
			return false
		}
	}
	s := c.verified.Signer()
	return s.Party == attest.Party{ID: holder.SPIFFEID, Kind: attest.BySVID} && (holder.Key == "" || holder.Key == s.KeySum)
}

// fields: where the agent sent the seed of its own commitments, they are to the
// values of this action.
func (c *check) fields(x *act) error {
	own := x.action.Fields
	if own == nil || own.Seed == "" {
		return nil
	}
	object, ok := c.objects[own.Seed]
	if !ok {
		return nil // the agent keeps the seed
	}
	seed, err := attest.ParseSeed(object)
	if err != nil {
		return err
	}
	root := attest.Commit(seed, attest.AgentFields(x.action, x.rootWarrant()))
	if root != own.Root {
		return attest.Refuse("action.fields", "fields.root", string(root), string(own.Root))
	}
	return nil
}

func (x *act) rootWarrant() attest.ID {
	if len(x.chain.Links()) == 0 {
		return ""
	}
	return x.chain.Root().ID
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

// evidence: what the root warrant rests on.
func (c *check) evidence(x *act) error {
	links := x.chain.Links()
	if len(links) == 0 {
		return nil
	}
	root := links[0].Warrant
	ids := append([]attest.ID(nil), root.Root.Evidence...)
	if root.Task.Instruction != "" {
		ids = append(ids, root.Task.Instruction)
	}
	seen := map[attest.ID]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		logged, err := c.logged(id, "root.evidence")
		if err != nil {
			return err
		}
		c.weigh(x, root, logged)
	}
	return nil
}

// weigh sorts one evidence of the root into its kind.
func (c *check) weigh(x *act, root *attest.Warrant, logged *Logged) {
	switch s := logged.Verified.Statement().(type) {
	case *attest.Instruction:
		flows, ok := x.chain.Instruction()
		carried := ok && flows == logged.ID()
		addressed := logged.Allowed() && s.Addressee == root.Holder.SPIFFEID
		x.instructions = append(x.instructions, instructed{
			logged: logged, statement: s, addressed: addressed, bound: addressed && carried,
			requests: requested(s, x.action),
		})
	case *attest.Trigger:
		if x.trigger == nil && logged.Allowed() && c.setsOff(s, x) {
			x.trigger = logged
		}
	default:
		x.unknown = append(x.unknown, logged.ID())
	}
}

func requested(i *attest.Instruction, a *attest.Action) bool {
	what := warrant.ActOf(a)
	for _, r := range i.Requests {
		if warrant.Permits(r.Grant(), what) == nil {
			return true
		}
	}
	return false
}

// initiator: the trigger that the agent names is looked up; its claim is not
// evidence.
func (c *check) initiator(x *act) error {
	id := x.action.Initiator.Trigger
	if id == "" {
		return nil
	}
	logged, err := c.logged(id, "initiator.trigger")
	if err != nil {
		return err
	}
	t := statementOf[*attest.Trigger](logged)
	if t == nil {
		c.deny("reference.kind")
		return nil
	}
	if logged.Allowed() && c.setsOff(t, x) {
		x.trigger = logged
	}
	return nil
}

// setsOff reports whether a trigger is addressed to this agent or to a holder of
// its chain, and was not recorded by the agent itself.
func (c *check) setsOff(t *attest.Trigger, x *act) bool {
	if t.Recorder == x.action.Agent {
		return false
	}
	for _, l := range x.chain.Links() {
		if l.Warrant.Holder.SPIFFEID == t.Addressee {
			return true
		}
	}
	return t.Addressee == x.action.Agent
}

// authorize asks every warrant of the chain and the organisation's policy.
func (c *check) authorize(x *act) error {
	set, err := c.inForce()
	if err != nil {
		return err
	}
	agent, err := c.registration(x.action.Agent)
	if err != nil {
		return err
	}
	x.registration = agent.id
	links := x.chain.Links()
	compiled := make([]*policy.Warrant, len(links))
	for i, l := range links {
		if compiled[i], err = c.cache.warrant(l); err != nil {
			return err
		}
	}
	c.decision = policy.Decide(set, compiled, c.request(x, agent))
	c.faults = append(c.faults, c.decision.Faults...)
	if n := len(links); n > 0 {
		c.granted(x, n)
	}
	return nil
}

// granted: the grant that the action names is one that permits it, or uses
// would be debited elsewhere; and the leaf is short-lived.
func (c *check) granted(x *act, links int) {
	if granted := c.decision.Granted; len(granted) == links && !slices.Contains(granted[links-1], x.grant) {
		c.deny("warrant.outside")
	}
	leaf := x.chain.Leaf().Warrant
	if c.quotas.LeafTTL > 0 && leaf.Expires-leaf.NotBefore > c.quotas.LeafTTL {
		c.deny("warrant.ttl")
	}
}

// request is the only source of Cedar's context: verified facts.
func (c *check) request(x *act, agent registration) policy.Request {
	a := x.action
	domain := attest.TrustDomain(a.Agent)
	r := policy.Request{
		Agent:  policy.Principal{ID: a.Agent, TrustDomain: domain, Path: strings.TrimPrefix(a.Agent, "spiffe://"+domain)},
		Action: a.Request.Action, Resource: a.Request.Resource,
		Open: a.Arguments(), At: c.at, Phase: string(a.Phase), Mode: string(c.mode),
		Reversible: a.Request.Reversible, Target: a.Target, Credential: "none", Approvers: x.approvers(),
	}
	for _, s := range a.Sealed {
		r.Sealed = append(r.Sealed, s.Name)
	}
	if agent.statement != nil {
		r.Agent.Registered, r.Agent.Owner = agent.statement.Status != "retired", agent.statement.Owner
		r.Agent.Suspended = agent.suspended
	}
	if a.Credential != nil {
		r.Credential = a.Credential.Kind
	}
	if links := x.chain.Links(); len(links) > 0 {
		root, leaf := links[0].Warrant, links[len(links)-1].Warrant
		r.Warrant.Present, r.Warrant.Depth = true, leaf.Depth
		r.Warrant.Basis, r.Warrant.Accountable = string(root.Root.Basis), root.Root.Accountable
		r.Warrant.Purpose = leaf.Task.Purpose
	}
	b, k := c.humanBinding(x)
	r.Human.Binding, r.Human.Key = int(b), int(k)
	return r
}

// approvers names the people who approved exactly this action, each once: two
// approvals of one person are not four eyes.
func (x *act) approvers() []string {
	var people []string
	for _, a := range x.approvals {
		if a.exact {
			people = append(people, a.statement.Person)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// humanBinding is the strongest human evidence as far as Check can tell: whether an
// approval is used already is known only in log order, and denies then.
func (c *check) humanBinding(x *act) (agency.Binding, agency.Key) {
	a := agency.Attribute(x.agencyEvidence(c.at, nil))
	return a.Binding, a.Key
}
