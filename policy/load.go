package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"github.com/deedlog/deed/attest"
)

// Load checks a policy set and makes it ready. It refuses, as policy.invalid
// with the field policies, schema or entities, what is over a cap, does not
// parse, or does not pass Cedar's strict validation, and a schema that does not
// accept the facts that Deed supplies.
//
// Every policy needs an @id of [a-z0-9_/-]{1,64}, used once, that does not begin
// with "warrant/". Templates are not supported.
func Load(src Source) (*Set, error) {
	if err := src.caps(); err != nil {
		return nil, err
	}
	schema, err := loadSchema(src.Schema)
	if err != nil {
		return nil, invalid("schema", "a schema for the facts that Deed supplies", err)
	}
	validator := validate.New(schema)
	policies, err := parse(src.Policies)
	if err != nil {
		return nil, invalid("policies", "Cedar policies, each with an @id", err)
	}
	if len(policies) > maxCount {
		return nil, over("policies", maxCount, "policies", len(policies))
	}
	for _, p := range policies {
		if strings.HasPrefix(string(p.id), warrantPrefix) {
			return nil, attest.Refuse("policy.invalid", "policies", "an @id that does not begin with "+warrantPrefix, string(p.id))
		}
		if err := validator.Policy("", (*xast.Policy)(p.policy.AST())); err != nil {
			return nil, invalid("policies", "policies that the schema allows", p.at(first(err)))
		}
	}
	entities, err := loadEntities(src.Entities, validator)
	if err != nil {
		return nil, invalid("entities", "entities that the schema allows", err)
	}
	s := &Set{id: src.digest(), entities: entities}
	s.declare(schema)
	s.policies = newIndex(policies, s.entities)
	return s, nil
}

// declare notes the actions that agents may ask for, and gives every action its
// groups, which cedar-go does not take from the schema by itself.
func (s *Set) declare(schema *resolvedSchema) {
	s.actions, s.undoable = make(map[string]recordValidator, len(schema.Actions)), map[string]bool{}
	for uid, action := range schema.Actions {
		if asked(action) { // whose type is actionType, and args a record: tryFacts saw to it
			s.actions[string(uid.ID)] = validatorOf(action.AppliesTo.Context["args"].Type.(resolved.RecordType))
		}
		s.entities[uid] = cedar.Entity{UID: uid, Parents: action.Entity.Parents}
	}
	groups := newGraph(s.entities)
	reversible := groups.spread(map[cedar.EntityUID]bitset{cedar.NewEntityUID(actionType, reversibleGroup): {1}}, 1)
	for action := range s.actions {
		n := groups.number[cedar.NewEntityUID(actionType, cedar.String(action))]
		s.undoable[action] = action != reversibleGroup && reversible[n].next(0) == 0
	}
}

// reversibleGroup is the group of the actions that can be undone.
const reversibleGroup = "reversible"

// invalid is the fault policy.invalid.
func invalid(field, expected string, err error) error {
	return attest.Refuse("policy.invalid", field, expected, err.Error())
}

// first picks one of the messages of the type checker, whose order changes from
// run to run: the first in alphabetical order, but not the one that follows from
// others.
func first(err error) error {
	all := strings.Split(err.Error(), "\n")
	telling := slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		return strings.HasPrefix(s, "unable to find an applicable action")
	})
	if len(telling) == 0 {
		telling = all
	}
	return errors.New(slices.Min(telling))
}
