package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"github.com/deedlog/deed/attest"
)

type resolvedSchema = resolved.Schema

// loadSchema parses and resolves a schema and tries it on sample facts, so that
// a schema that would refuse every request is refused here.
func loadSchema(text []byte) (*resolvedSchema, error) {
	var parsed schema.Schema
	if err := parsed.UnmarshalCedar(text); err != nil {
		return nil, err
	}
	if err := expansion(parsed.AST()); err != nil {
		return nil, err
	}
	s, err := parsed.Resolve()
	if err != nil {
		return nil, err
	}
	if err := environments(s); err != nil {
		return nil, err
	}
	return s, tryFacts(s)
}

// asked reports whether agents may ask for an action on resources; the other
// actions of a schema are groups.
func asked(a resolved.Action) bool {
	return a.AppliesTo != nil && slices.Contains(a.AppliesTo.Principals, agentType) &&
		slices.Contains(a.AppliesTo.Resources, resourceType)
}

// samples are two requests that between them have every optional fact and lack
// it.
func samples() [2]Request {
	full := Request{
		Agent:      Principal{ID: "spiffe://sample.example/agent", TrustDomain: "sample.example", Path: "/agent", Owner: "sample"},
		Resource:   attest.Resource{Kind: "sample", ID: "sample"},
		At:         1,
		Target:     &attest.Target{Endpoint: "sample", Kind: "internal", Protocol: "sample"},
		Credential: "svid",
		Sealed:     []string{"sample"}, Approvers: []string{"sample"},
	}
	bare := full
	bare.Agent.Owner, bare.Target = "", nil
	return [2]Request{full, bare}
}

// tryFacts validates sample facts against the schema, but for the arguments,
// which are the organisation's to declare.
func tryFacts(s *resolvedSchema) error {
	v := validate.New(s)
	for _, r := range samples() {
		agent := cedar.Entity{UID: cedar.NewEntityUID(agentType, "sample"), Attributes: r.Agent.attributes()}
		thing := cedar.Entity{UID: cedar.NewEntityUID(resourceType, "sample"), Attributes: resource(r.Resource).attributes()}
		for _, e := range [...]cedar.Entity{agent, thing} {
			if err := v.Entity(e); err != nil {
				return fmt.Errorf("%s: %w", e.UID.Type, err)
			}
		}
	}
	found := false
	for _, uid := range slices.SortedFunc(maps.Keys(s.Actions), byName) {
		if !asked(s.Actions[uid]) {
			continue
		}
		found = true
		if uid.Type != actionType {
			return fmt.Errorf("%s: actions of agents belong to the namespace Deed", uid)
		}
		if err := tryContext(s, uid); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("no action applies to principal Deed::Agent and resource Deed::Resource")
	}
	return nil
}

func byName(a, b cedar.EntityUID) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
}

// tryContext holds the declared context of one action against sample facts, one
// attribute at a time, so that the message can name it.
func tryContext(s *resolvedSchema, uid cedar.EntityUID) error {
	declared := s.Actions[uid].AppliesTo.Context
	if _, ok := declared["args"].Type.(resolved.RecordType); !ok {
		return fmt.Errorf("%s: context.args must be a record of the action's arguments", uid)
	}
	for _, r := range samples() {
		facts := newQuestion(r, &memos{}).members(organisationFacts)
		for _, name := range slices.Sorted(maps.Keys(declared)) {
			value, known := facts[name]
			if name == "args" || !known && declared[name].Optional {
				continue
			}
			if !known || !accepts(declared[name].Type, value) {
				return fmt.Errorf("%s: context.%s is not what Deed supplies", uid, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(facts)) {
			if _, ok := declared[name]; !ok {
				return fmt.Errorf("%s: context.%s is missing", uid, name)
			}
		}
	}
	return nil
}

// accepts reports whether a value is of a type.
func accepts(t resolved.IsType, value cedar.Value) bool {
	return validatorOf(resolved.RecordType{"value": {Type: t}}).accepts(cedar.NewRecord(cedar.RecordMap{"value": value}))
}

// recordValidator tells whether a record is of a type. Cedar's validator takes
// only whole entities, so the record becomes the attributes of one.
type recordValidator struct{ *validate.Validator }

const probeType cedar.EntityType = "Probe"

func validatorOf(t resolved.RecordType) recordValidator {
	return recordValidator{validate.New(&resolvedSchema{Entities: map[cedar.EntityType]resolved.Entity{
		probeType: {Name: probeType, Shape: t},
	}})}
}

func (v recordValidator) accepts(r cedar.Record) bool {
	return v.Entity(cedar.Entity{UID: cedar.NewEntityUID(probeType, ""), Attributes: r}) == nil
}
