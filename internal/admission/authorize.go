package admission

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/policy"
)

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
	c.leafHolder(x)
	links := x.chain.Links()
	compiled := make([]*policy.Warrant, len(links))
	for i, l := range links {
		if compiled[i], err = c.cache.warrant(l); err != nil {
			return err
		}
	}
	x.undoable = set.Reversible(x.action.Request.Action)
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
	if !slices.Contains(c.decision.Granted[links-1], x.grant) {
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
// approvals of one person are not four eyes, nor are two by one key.
func (x *act) approvers() []string {
	var people []string
	for _, a := range x.approvals {
		if a.exact {
			people = append(people, a.statement.Person)
		}
	}
	slices.Sort(people)
	var keys distinct
	return slices.DeleteFunc(slices.Compact(people), func(person string) bool {
		return keys.take(x.approvals, func(a approved) bool { return a.exact && a.statement.Person == person }) == nil
	})
}

// humanBinding is the strongest human evidence as far as Check can tell: whether an
// approval is used already is known only in log order, and denies then.
func (c *check) humanBinding(x *act) (agency.Binding, agency.Key) {
	a := agency.Attribute(x.agencyEvidence(c.at, approvalState{}))
	return a.Binding, a.Key
}
