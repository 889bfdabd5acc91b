package policy

import (
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
	}
	bare := full
	bare.Agent.Owner, bare.Target, bare.Credential = "", nil, ""
	return [2]Request{full, bare}
}

// tryFacts validates sample facts against the schema, but for the arguments,
// which are the organisation's to declare.
func tryFacts(s *resolvedSchema) error {
	v := validate.New(s)
	for _, r := range samples() {
		for _, e := range [...]cedar.Entity{r.principal(), r.resource()} {
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
	if a.Type != b.Type {
		return compare(a.Type, b.Type)
	}
	return compare(a.ID, b.ID)
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// tryContext tries sample facts as the context of one action. The validator only
// takes whole requests and names no attribute, so it is asked about a schema
// of one action whose context has one attribute at a time.
func tryContext(s *resolvedSchema, uid cedar.EntityUID) error {
	action := s.Actions[uid]
	declared := action.AppliesTo.Context
	if _, ok := declared["args"].Type.(resolved.RecordType); !ok {
		return fmt.Errorf("%s: context.args must be a record of the action's arguments", uid)
	}
	for name, attribute := range declared {
		for _, r := range samples() {
			value, known := r.facts()[name]
			if name == "args" || !known && attribute.Optional {
				continue
			}
			if !known || !accepts(attribute.Type, value) {
				return fmt.Errorf("%s: context.%s is not what Deed supplies", uid, name)
			}
		}
	}
	for name := range samples()[0].facts() {
		attribute, ok := declared[name]
		if !ok || name == "target" && !attribute.Optional {
			return fmt.Errorf("%s: context.%s is missing or, for target, not optional", uid, name)
		}
	}
	return nil
}

// accepts reports whether a value is of a type, through the validator.
func accepts(t resolved.IsType, value cedar.Value) bool {
	probe := cedar.NewEntityUID("Probe", "")
	one := &resolvedSchema{Entities: map[cedar.EntityType]resolved.Entity{
		"Probe": {Name: "Probe", Shape: resolved.RecordType{"value": {Type: t}}},
	}}
	return validate.New(one).Entity(cedar.Entity{
		UID:        probe,
		Attributes: cedar.NewRecord(cedar.RecordMap{"value": value}),
	}) == nil
}
