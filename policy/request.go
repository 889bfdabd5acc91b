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
	Credential string // kind of credential used at the target; "" and "none" are none
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
	for name, v := range r.Open {
		if !readable(name) || !wellFormedValue(v) || slices.Contains(r.Sealed, name) {
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

func (r Request) principal() cedar.Entity {
	attrs := cedar.RecordMap{
		"trust_domain": cedar.String(r.Agent.TrustDomain),
		"path":         cedar.String(r.Agent.Path),
		"registered":   cedar.Boolean(r.Agent.Registered),
		"suspended":    cedar.Boolean(r.Agent.Suspended),
	}
	if r.Agent.Owner != "" {
		attrs["owner"] = cedar.String(r.Agent.Owner)
	}
	return cedar.Entity{
		UID:        cedar.NewEntityUID(agentType, cedar.String(r.Agent.ID)),
		Attributes: cedar.NewRecord(attrs),
	}
}

func (r Request) resource() cedar.Entity {
	return cedar.Entity{
		UID: cedar.NewEntityUID(resourceType, cedar.String(r.Resource.Kind+"/"+r.Resource.ID)),
		Attributes: cedar.NewRecord(cedar.RecordMap{
			"kind": cedar.String(r.Resource.Kind),
			"id":   cedar.String(r.Resource.ID),
		}),
	}
}

// facts is the context that an organisation's policies see.
func (r Request) facts() cedar.RecordMap {
	args := make(cedar.RecordMap, len(r.Open))
	for name, v := range r.Open {
		args[cedar.String(name)], _ = cedarValue(v) // wellFormed has checked it
	}
	facts := cedar.RecordMap{
		"args":       cedar.NewRecord(args),
		"names":      stringSet(r.names()),
		"at":         cedar.Long(r.At),
		"phase":      cedar.String(r.Phase),
		"mode":       cedar.String(r.Mode),
		"reversible": cedar.Boolean(r.Reversible),
		"credential": cedar.String(r.credential()),
		"warrant": cedar.NewRecord(cedar.RecordMap{
			"present":     cedar.Boolean(r.Warrant.Present),
			"depth":       cedar.Long(r.Warrant.Depth),
			"basis":       cedar.String(r.Warrant.Basis),
			"accountable": cedar.String(r.Warrant.Accountable),
			"purpose":     cedar.String(r.Warrant.Purpose),
		}),
		"approvals": cedar.Long(len(r.Approvers)),
		"approvers": stringSet(r.Approvers),
		"human": cedar.NewRecord(cedar.RecordMap{
			"binding": cedar.Long(r.Human.Binding),
			"key":     cedar.Long(r.Human.Key),
		}),
	}
	if r.Target != nil {
		facts["target"] = cedar.NewRecord(cedar.RecordMap{
			"kind":     cedar.String(r.Target.Kind),
			"protocol": cedar.String(r.Target.Protocol),
			"endpoint": cedar.String(r.Target.Endpoint),
		})
	}
	return facts
}

// narrow is the context that warrants see: of the facts only those that [Compile]
// writes conditions on, because making a record of all of them costs more than
// asking a warrant, and the two shapes.
func (r Request) narrow(facts cedar.RecordMap) cedar.Record {
	kinds, lists := r.shapes()
	return cedar.NewRecord(cedar.RecordMap{
		"args": facts["args"], "at": facts["at"], "kinds": kinds, "lists": lists, "names": facts["names"],
	})
}

func (r Request) credential() string {
	if r.Credential == "" {
		return "none"
	}
	return r.Credential
}
