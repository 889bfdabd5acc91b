package policy

import (
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
)

// index finds, among the policies of a set, those whose scope a request is in.
// Scopes cannot err, and Cedar asks them before the conditions: leaving out a
// policy whose scope is false changes neither decision nor reasons nor errors.
//
// All that entities say about scopes is worked out beforehand, so that a request
// costs three look-ups, however many policies there are and however deep groups
// lie in each other.
type index struct {
	policies                    []scoped // in ascending order of their IDs
	principal, action, resource axis
}

// scoped is a policy without its scope, which the index answers for.
type scoped struct {
	id    cedar.PolicyID
	rest  *cedar.Policy
	needs facts
}

// newIndex indexes policies over entities and keeps neither.
func newIndex(policies policySet, entities cedar.EntityMap) *index {
	n := len(policies)
	x := &index{make([]scoped, n), newAxis(agentType, n), newAxis(actionType, n), newAxis(resourceType, n)}
	for i, p := range policies {
		rest := *p.policy.AST()
		rest.Principal = scope(&x.principal, i, rest.Principal)
		rest.Action = scope(&x.action, i, rest.Action)
		rest.Resource = scope(&x.resource, i, rest.Resource)
		x.policies[i] = scoped{p.id, cedar.NewPolicyFromAST(&rest), needsOf(rest.Conditions)}
	}
	g := newGraph(entities)
	for _, a := range [...]*axis{&x.principal, &x.action, &x.resource} {
		a.flatten(g)
	}
	return x
}

// authorize asks the policies about a question. They see those of the facts that
// they ask for, and of these only the ones that they may.
func (x *index) authorize(v *view, may facts) (cedar.Decision, cedar.Diagnostic) {
	chosen := x.candidates(v.question)
	return cedar.Authorize(chosen, v, v.ask(chosen.needs()&may))
}

// candidates returns the policies whose scope a question is in.
func (x *index) candidates(q *question) candidates {
	c := candidates{x, slices.Clone(x.principal.policies(q.principal))}
	c.chosen.intersect(x.action.policies(q.action))
	c.chosen.intersect(x.resource.policies(q.resource))
	return c
}

// candidates are some of the policies of an index.
type candidates struct {
	from   *index
	chosen bitset
}

// All iterates over the policies in order.
func (c candidates) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	all := c.from.policies
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := c.chosen.next(0); i >= 0 && yield(all[i].id, all[i].rest); {
			i = c.chosen.next(i + 1)
		}
	}
}

// needs are the facts that any of the policies asks for.
func (c candidates) needs() (all facts) {
	for i := c.chosen.next(0); i >= 0; i = c.chosen.next(i + 1) {
		all |= c.from.policies[i].needs
	}
	return all
}

// axis is one part of the scopes of all policies: principal, action or resource.
// What it is asked about is always of one entity type, so that "is" is settled
// when the index is made.
type axis struct {
	kind  cedar.EntityType
	any   bitset                     // policies that take every entity of the kind
	equal map[cedar.EntityUID]bitset // that take this entity
	under map[cedar.EntityUID]bitset // that take this entity and what is in it
	flat  map[cedar.EntityUID]bitset // all that take this entity; of any other it is any
}

func newAxis(kind cedar.EntityType, n int) axis {
	return axis{kind, newBitset(n), map[cedar.EntityUID]bitset{}, map[cedar.EntityUID]bitset{}, map[cedar.EntityUID]bitset{}}
}

// scope files policy i and returns what of its scope is left for Cedar to ask:
// nothing, but for a form that Cedar did not have when this was written.
func scope[S xast.IsScopeNode](a *axis, i int, whole S) S {
	switch s := any(whole).(type) {
	case xast.ScopeTypeAll:
		a.any.add(i)
	case xast.ScopeTypeEq:
		a.file(a.equal, s.Entity, i)
	case xast.ScopeTypeIn:
		a.file(a.under, s.Entity, i)
	case xast.ScopeTypeInSet:
		for _, uid := range s.Entities {
			a.file(a.under, uid, i)
		}
	case xast.ScopeTypeIs:
		if s.Type == a.kind {
			a.any.add(i)
		}
	case xast.ScopeTypeIsIn:
		if s.Type == a.kind {
			a.file(a.under, s.Entity, i)
		}
	default:
		a.any.add(i)
		return whole
	}
	return any(xast.ScopeTypeAll{}).(S)
}

func (a *axis) file(in map[cedar.EntityUID]bitset, uid cedar.EntityUID, i int) {
	if in[uid] == nil {
		in[uid] = newBitset(len(a.any) * wordBits)
	}
	in[uid].add(i)
}

// flatten works out flat: for every entity that is named in a scope or has groups.
func (a *axis) flatten(g *graph) {
	reached := g.spread(a.under, len(a.any))
	for uid, n := range g.number {
		a.flat[uid] = reached[n]
	}
	for _, named := range [...]map[cedar.EntityUID]bitset{a.equal, a.under} {
		for uid, policies := range named {
			if a.flat[uid] == nil {
				a.flat[uid] = make(bitset, len(a.any))
			}
			a.flat[uid].union(policies)
		}
	}
	for _, policies := range a.flat {
		policies.union(a.any)
	}
	a.equal, a.under = nil, nil
}

// policies returns those that take an entity. The caller must not change them.
func (a *axis) policies(uid cedar.EntityUID) bitset {
	if flat, ok := a.flat[uid]; ok {
		return flat
	}
	return a.any
}
