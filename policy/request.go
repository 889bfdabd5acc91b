package policy

import (
	"maps"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// Request is one action and what is known of it. Everything in it comes from
// verified facts, never from a claim, but for Phase and Reversible, which are
// the agent's words about its own action.
type Request struct {
	Agent      Principal
	Action     string
	Resource   attest.Resource
	Open       map[string]attest.Value // arguments checked against their commitment
	Sealed     []string                // names of the other arguments
	At         int64                   // ms; the time of the check
	Phase      string
	Mode       string // of the policy in force
	Reversible bool
	Target     *attest.Target
	Credential string // kind of credential used at the target, or "none"
	Warrant    Authority
	Approvers  []string // people who approved exactly this action, each once
	Human      Human
}

// Principal is the agent, from its verified SVID and its registration.
type Principal struct {
	ID          string // SPIFFE ID
	TrustDomain string
	Path        string
	Owner       string // may be empty
	Registered  bool
	Suspended   bool
}

// Authority is what the warrant at the end of the chain says; zero without one.
type Authority struct {
	Present     bool
	Depth       int
	Basis       string
	Accountable string
	Purpose     string
}

// Human is what is proven of a human's part in the action: binding B0 to B4,
// key K0 to K4.
type Human struct{ Binding, Key int }

// The Cedar types that Deed supplies.
const (
	agentType    cedar.EntityType = "Deed::Agent"
	actionType   cedar.EntityType = "Deed::Action"
	resourceType cedar.EntityType = "Deed::Resource"
)

// wellFormed reports whether the request could have come from a statement. What
// is not is never evaluated.
func (r Request) wellFormed() bool {
	for name := range r.Open {
		if slices.Contains(r.Sealed, name) {
			return false
		}
	}
	return r.Agent.ID != "" && attest.ValidAction(r.Action) && attest.ValidPath(r.Resource.ID) &&
		r.Resource.Kind != "" && r.At > 0
}

// names are the names of all arguments, ascending, each once.
func (r Request) names() []string {
	all := slices.AppendSeq(slices.Clone(r.Sealed), maps.Keys(r.Open))
	slices.Sort(all)
	return slices.Compact(all)
}

func (p Principal) attributes() cedar.Record {
	attrs := cedar.RecordMap{
		"trust_domain": cedar.String(p.TrustDomain),
		"path":         cedar.String(p.Path),
		"registered":   cedar.Boolean(p.Registered),
		"suspended":    cedar.Boolean(p.Suspended),
	}
	if p.Owner != "" {
		attrs["owner"] = cedar.String(p.Owner)
	}
	return cedar.NewRecord(attrs)
}

func (r resource) attributes() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{"kind": cedar.String(r.Kind), "id": cedar.String(r.ID)})
}

func (q *question) agentRecord() cedar.Record {
	return q.memos.agents.get(q.Agent, Principal.attributes)
}

func (q *question) resourceRecord() cedar.Record {
	return q.memos.resources.get(resource(q.Resource), resource.attributes)
}

// args is a record of the arguments that were opened.
func (q *question) args() cedar.Value {
	args := make(cedar.RecordMap, len(q.Open))
	for name, v := range q.Open {
		args[cedar.String(name)], _ = cedarValue(v) // a statement has no other values
	}
	return cedar.NewRecord(args)
}

func (q *question) targetRecord() cedar.Value {
	if q.Target == nil {
		return nil
	}
	return q.memos.targets.get(target(*q.Target), target.record)
}

func (t target) record() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"kind":     cedar.String(t.Kind),
		"protocol": cedar.String(t.Protocol),
		"endpoint": cedar.String(t.Endpoint),
	})
}

func (a Authority) record() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"present":     cedar.Boolean(a.Present),
		"depth":       cedar.Long(a.Depth),
		"basis":       cedar.String(a.Basis),
		"accountable": cedar.String(a.Accountable),
		"purpose":     cedar.String(a.Purpose),
	})
}

func (h Human) record() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{"binding": cedar.Long(h.Binding), "key": cedar.Long(h.Key)})
}
