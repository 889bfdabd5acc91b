package policy

import (
	"math/bits"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
)

// facts is a set of members of the context, by their places in known.
type facts uint32

const (
	factCount = 14
	argsFact  = 0 // the place of args
)

// known are the members of the context and how each is made of a question; nil
// is not known. Cedar's records hash and copy all that they hold when they are
// made: only what some policy asks for is made.
var known = [factCount]struct {
	name cedar.String
	make func(*question) cedar.Value
}{
	{"args", (*question).args},
	{"names", func(q *question) cedar.Value { return q.shape().names }},
	{"at", func(q *question) cedar.Value { return cedar.Long(q.At) }},
	{"kinds", func(q *question) cedar.Value { return q.shape().kinds }},
	{"lists", (*question).lists},
	{"phase", func(q *question) cedar.Value { return cedar.String(q.Phase) }},
	{"mode", func(q *question) cedar.Value { return cedar.String(q.Mode) }},
	{"reversible", func(q *question) cedar.Value { return cedar.Boolean(q.Reversible) }},
	{"credential", func(q *question) cedar.Value { return cedar.String(q.Credential) }},
	{"warrant", func(q *question) cedar.Value { return q.memos.warrants.get(q.Warrant, Authority.record) }},
	{"approvals", func(q *question) cedar.Value { return cedar.Long(len(q.Approvers)) }},
	{"approvers", func(q *question) cedar.Value { return stringSet(q.Approvers) }},
	{"human", func(q *question) cedar.Value { return q.memos.humans.get(q.Human, Human.record) }},
	{"target", (*question).targetRecord},
}

// What the two sorts of policies may ask for.
var (
	shapeFacts        = factsOf("kinds", "lists") // which only warrants see
	warrantFacts      = factsOf("args", "names", "at") | shapeFacts
	organisationFacts = everyFact &^ shapeFacts
)

const everyFact facts = 1<<factCount - 1

func factsOf(names ...cedar.String) (set facts) {
	for i, k := range known {
		for _, name := range names {
			if k.name == name {
				set |= 1 << i
			}
		}
	}
	return set
}

// needsOf are the facts that conditions can tell the absence of: the members of
// the context that they name, and all if the context stands for itself.
func needsOf(conditions []xast.ConditionType) (needs facts) {
	for _, c := range conditions {
		xast.Inspect(xast.NewNode(c.Body), func(n xast.IsNode) bool {
			var of xast.IsNode
			var name cedar.String
			switch n := n.(type) {
			case xast.NodeTypeAccess:
				of, name = n.Arg, n.Value
			case xast.NodeTypeHas:
				of, name = n.Arg, n.Value
			}
			if isContext(of) {
				needs |= factsOf(name)
				return false
			}
			if isContext(n) {
				needs = everyFact
			}
			return true
		})
	}
	return needs
}

func isContext(n xast.IsNode) bool {
	v, _ := n.(xast.NodeTypeVariable)
	return v.Name == "context"
}

// question is a request as Cedar is asked it. What is made of it is kept, for
// several sets of policies are asked.
type question struct {
	Request
	memos                       *memos
	principal, action, resource cedar.EntityUID
	facts                       [factCount]cedar.Value
	context                     cedar.Record // of the last time, for the same needs
	needs                       facts
}

func newQuestion(r Request, m *memos) *question {
	return &question{
		Request:   r,
		memos:     m,
		principal: cedar.NewEntityUID(agentType, cedar.String(r.Agent.ID)),
		action:    cedar.NewEntityUID(actionType, cedar.String(r.Action)),
		resource:  cedar.NewEntityUID(resourceType, cedar.String(r.Resource.Kind+"/"+r.Resource.ID)),
	}
}

// ask is the question with those of the facts that are needed.
func (q *question) ask(needs facts) cedar.Request {
	if needs != q.needs {
		q.context, q.needs = cedar.NewRecord(q.members(needs)), needs
	}
	return cedar.Request{Principal: q.principal, Action: q.action, Resource: q.resource, Context: q.context}
}

// members are those of the facts that are needed and known.
func (q *question) members(needs facts) cedar.RecordMap {
	members := make(cedar.RecordMap, bits.OnesCount32(uint32(needs)))
	for i, k := range known {
		if needs&(1<<i) == 0 {
			continue
		}
		if v := q.fact(i); v != nil {
			members[k.name] = v
		}
	}
	return members
}

// argumentRecord is the fact args.
func (q *question) argumentRecord() cedar.Record { return q.fact(argsFact).(cedar.Record) }

func (q *question) fact(i int) cedar.Value {
	if q.facts[i] == nil {
		q.facts[i] = known[i].make(q)
	}
	return q.facts[i]
}
