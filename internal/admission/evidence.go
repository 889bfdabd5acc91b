package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// agencyEvidence states the evidence for the attribution table, as of a time in
// ms. used says which approvals an earlier entry has consumed. A chain that does
// not lead to the signer is no evidence about its action.
func (x *act) agencyEvidence(at int64, used map[attest.ID]bool) agency.Evidence {
	e := agency.Evidence{Sound: true, Claim: x.action.Initiator.Claim}
	if x.linked {
		x.chainEvidence(at, &e)
	}
	for _, a := range x.approvals {
		e.Humans = append(e.Humans, a.human(at, used))
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
	if x.trigger != nil {
		t := statementOf[*attest.Trigger](x.trigger)
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
		Ref: root.ID, Kind: "warrant", Person: w.Issuer.ID, Binding: agency.B2, Key: agency.K3,
		Before: true, Unexpired: at < w.Expires, FirstUse: true, Bound: true,
	}}
}

func (i instructed) human(at int64) agency.Human {
	key := agency.K3
	if i.logged.Verified.Signer().Kind != attest.ByPerson {
		key = agency.K1 // a service recorded it: as good as the operator's word
	}
	return agency.Human{
		Ref: i.logged.ID(), Kind: "instruction", Person: i.statement.Person, Binding: agency.B3, Key: key,
		Before: true, Unexpired: at < i.statement.Expires, FirstUse: true, Bound: i.bound, Requests: i.requests,
	}
}

func (a approved) human(at int64, used map[attest.ID]bool) agency.Human {
	return agency.Human{
		Ref: a.logged.ID(), Kind: "approval", Person: a.statement.Person, Binding: agency.B4, Key: agency.K3,
		Before: true, Unexpired: at < a.statement.Expires, FirstUse: !used[a.logged.ID()], Bound: a.exact,
	}
}

// disagree names evidence of this chain that says different things: two humans
// who each instructed it, or a human's instruction under a root that says no
// human asked.
func (x *act) disagree() []string {
	var ids []string
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
