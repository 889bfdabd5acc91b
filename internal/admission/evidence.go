package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/warrant"
)

// evidence: what the root warrant rests on.
func (c *check) evidence(x *act) error {
	links := x.chain.Links()
	if len(links) == 0 {
		return nil
	}
	root := links[0].Warrant
	ids := slices.Clone(root.Root.Evidence)
	if root.Task.Instruction != "" {
		ids = append(ids, root.Task.Instruction)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		logged, err := c.logged(id, "root.evidence")
		if err != nil {
			return err
		}
		if err := c.weigh(x, root, logged); err != nil {
			return err
		}
	}
	return nil
}

// weigh sorts one evidence of the root into its kind.
func (c *check) weigh(x *act, root *attest.Warrant, logged *Logged) error {
	switch s := logged.Verified.Statement().(type) {
	case *attest.Instruction:
		flows, _ := x.chain.Instruction()
		addressed := logged.Allowed() && s.Addressee == root.Holder.SPIFFEID
		x.instructions = append(x.instructions, instructed{
			logged: logged, statement: s, addressed: addressed, bound: addressed && flows == logged.ID(),
			requests: requested(s, x.action),
		})
	case *attest.Trigger:
		if x.trigger == nil && logged.Allowed() && c.setsOff(s, x) {
			x.trigger = logged
		}
	case *attest.Token:
		return c.weighToken(x, logged, s)
	default:
		x.unknown = append(x.unknown, logged.ID())
	}
	return nil
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

// agencyEvidence states the evidence for the attribution table, as of a time in
// ms, and of what has become of the approvals by then. A chain that does not lead
// to the signer is no evidence about its action. Nor is an approval, where the warrant
// that it names is held by another agent of the signer's name: the person approved
// what that one asked for.
func (x *act) agencyEvidence(at int64, approvals approvalState) agency.Evidence {
	e := agency.Evidence{Sound: true, Claim: x.action.Initiator.Claim}
	if x.linked {
		x.chainEvidence(at, &e)
	}
	for _, a := range x.approvals {
		h := a.human(at, approvals)
		h.Bound = h.Bound && !x.namesake
		e.Humans = append(e.Humans, h)
	}
	return e
}

// chainEvidence is what the chain says: its root, and what that rests on.
func (x *act) chainEvidence(at int64, e *agency.Evidence) {
	e.Basis, e.Accountable, e.Hops = x.chain.Root().Warrant.Root.Basis, x.accountable, x.chain.Hops()
	e.Humans = append(e.Humans, x.rootEvidence(at)...)
	for _, i := range x.instructions {
		e.Humans = append(e.Humans, i.human(at))
		e.HasRequests = e.HasRequests || len(i.statement.Requests) > 0
	}
	e.Humans = append(e.Humans, x.humans(at)...)
	if t := statementOf[*attest.Trigger](x.trigger); t != nil && at < t.Expires {
		e.Trigger = &agency.Trigger{Ref: x.trigger.ID(), Key: agency.K1, Cause: t.Cause, Before: true}
	}
	for _, id := range x.unknown {
		e.Missing = append(e.Missing, string(id))
	}
	e.Disagree = x.disagree()
}

// rootEvidence is the root warrant itself: signed by a human's own key it is a
// scope that signed links bind to this agent (B2).
func (x *act) rootEvidence(at int64) []agency.Human {
	root := x.chain.Root()
	if root.Signer.Kind != attest.ByPerson {
		return nil
	}
	w := root.Warrant
	return []agency.Human{{
		Ref: root.ID, Kind: "warrant", Person: w.Issuer.ID, Binding: agency.B2, Key: held(root.Signer),
		Before: true, Unexpired: at < w.Expires, FirstUse: true, Bound: true,
	}}
}

// held is how hard a person's signature is to make without the person: an
// authenticator that signs has verified its user.
func held(s attest.Signer) agency.Key {
	if s.IsPasskey() {
		return agency.K4
	}
	return agency.K3
}

func (i instructed) human(at int64) agency.Human {
	key := held(i.logged.Verified.Signer())
	if i.logged.Verified.Signer().Kind != attest.ByPerson {
		key = agency.K1 // a service recorded it: as good as the operator's word
	}
	return agency.Human{
		Ref: i.logged.ID(), Kind: "instruction", Person: i.statement.Person, Binding: agency.B3, Key: key,
		Before: true, Unexpired: at < i.statement.Expires, FirstUse: true, Bound: i.bound, Requests: i.requests,
	}
}

func (a approved) human(at int64, state approvalState) agency.Human {
	id := a.logged.ID()
	return agency.Human{
		Ref: id, Kind: "approval", Person: a.statement.Person, Binding: agency.B4, Key: held(a.logged.Verified.Signer()),
		Before: true, Unexpired: at < a.statement.Expires, FirstUse: !state.used[id], Bound: a.exact && !state.refused[id],
	}
}

// disagree names evidence of this chain that says different things: two humans
// who each instructed it, a human's instruction under a root that says no human
// asked, or a login for an instruction by another than the one who asked.
func (x *act) disagree() []string {
	ids := x.otherPerson()
	for _, i := range x.instructions {
		if !i.addressed {
			continue
		}
		standing := !x.chain.Root().Warrant.Root.Basis.Human()
		if standing && x.trigger != nil {
			ids = append(ids, string(i.logged.ID()), string(x.trigger.ID()))
		}
		for _, j := range x.instructions {
			if j.addressed && j.statement.Person != i.statement.Person {
				ids = append(ids, string(i.logged.ID()), string(j.logged.ID()))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
