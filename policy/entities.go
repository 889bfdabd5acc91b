package policy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"github.com/go-json-experiment/json"
)

// view is the entities that one request is judged with: its principal and its
// resource over the logged entities, which are not copied. It puts the two into
// the groups that the logged entities name for them. Their attributes are made
// when a policy first asks for either.
type view struct {
	*question
	logged              cedar.EntityMap
	principal, resource cedar.Entity
}

// Get returns an entity.
func (v *view) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch uid {
	case v.question.principal:
		if v.principal.UID != uid {
			v.principal = cedar.Entity{UID: uid, Parents: v.logged[uid].Parents, Attributes: v.agentRecord()}
		}
		return v.principal, true
	case v.question.resource:
		if v.resource.UID != uid {
			v.resource = cedar.Entity{UID: uid, Parents: v.logged[uid].Parents, Attributes: v.resourceRecord()}
		}
		return v.resource, true
	}
	e, ok := v.logged[uid]
	return e, ok
}

// loadEntities reads the logged entities and validates each. Agents and
// resources bring parents only: their attributes come from verified facts.
func loadEntities(text []byte, v *validate.Validator) (cedar.EntityMap, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) {
		return nil, errors.New("not a JSON array")
	}
	var entities cedar.EntityMap
	if err := json.Unmarshal(text, &entities); err != nil {
		return nil, err
	}
	sample := samples()[0]
	for _, uid := range slices.SortedFunc(maps.Keys(entities), byName) {
		e := entities[uid]
		if e.UID.Type == agentType || e.UID.Type == resourceType {
			if e.Attributes.Len() > 0 || e.Tags.Len() > 0 {
				return nil, fmt.Errorf("%s: agents and resources have no attributes or tags here, only parents", uid)
			}
			e.Attributes = resource(sample.Resource).attributes()
			if e.UID.Type == agentType {
				e.Attributes = sample.Agent.attributes()
			}
		}
		if err := v.Entity(e); err != nil {
			return nil, fmt.Errorf("%s: %w", uid, err)
		}
	}
	return entities, nil
}
