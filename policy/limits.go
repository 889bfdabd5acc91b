package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/ast"
	"github.com/deedlog/deed/attest"
)

// Caps of a policy set, checked before a parser sees a byte of it.
const (
	maxPolicies = 256 << 10 // bytes of the policies
	maxSchema   = 64 << 10
	maxEntities = 256 << 10 // bytes of the entities
	maxNesting  = 64        // open brackets; cedar-go's parsers recurse
)

// Caps of one policy. cedar-go's type checker takes time and memory exponential
// in the first two and cubic in the third; its parser and evaluator recurse, and
// a kilobyte of operators can take four megabytes of stack.
const (
	maxChain  = 16 // accesses in a row: a.b.c is 2
	maxIs     = 8
	maxHas    = 32
	maxPolicy = 64 << 10 // bytes
)

// maxCount is how many policies there may be.
const maxCount = 1024

// Caps of a schema. Resolving it copies a common type wherever it is named, so
// that 30 short types can grow to a billion.
const (
	maxTypes        = 16 << 10 // types after copying, over all declarations
	maxTypeLevels   = 10       // records and sets in each other
	maxDeclared     = 1024     // entity types and actions
	maxEnvironments = 512      // combinations of principal, action and resource
)

// caps checks the bytes of the three parts.
func (src Source) caps() error {
	parts := [...]struct {
		field string
		text  []byte
		most  int
	}{
		{"policies", src.Policies, maxPolicies},
		{"schema", src.Schema, maxSchema},
		{"entities", src.Entities, maxEntities},
	}
	for _, p := range parts {
		if n := len(p.text); n > p.most {
			return over(p.field, p.most, "bytes", n)
		}
		if !utf8.Valid(p.text) {
			return attest.Refuse("policy.invalid", p.field, "UTF-8", "other bytes")
		}
		if n := nesting(p.text, p.field == "schema"); n > maxNesting {
			return over(p.field, maxNesting, "brackets open", n)
		}
	}
	if n := longest(src.Policies); n > maxPolicy {
		return over("policies", maxPolicy, "bytes in one policy", n)
	}
	return hardest(src.Policies).caps()
}

// caps checks the hardest policy of a text.
func (e effort) caps() error {
	switch {
	case e.chain > maxChain:
		return over("policies", maxChain, "accesses in a row", e.chain)
	case e.is > maxIs:
		return over("policies", maxIs, "uses of is in one policy", e.is)
	case e.has > maxHas:
		return over("policies", maxHas, "uses of has in one policy", e.has)
	}
	return nil
}

func over(field string, most int, what string, found int) error {
	return attest.Refuse("policy.invalid", field, "at most "+strconv.Itoa(most)+" "+what, strconv.Itoa(found))
}

// grown is what a type becomes when the common types in it are copied.
type grown struct{ types, levels int }

// grower computes it, once per common type.
type grower struct {
	common map[string]ast.IsType
	known  map[string]grown // also those under way, as nothing: Resolve finds the cycle
}

// expansion refuses a schema that would grow too large when resolved.
func expansion(s *ast.Schema) error {
	g := grower{map[string]ast.IsType{}, map[string]grown{}}
	spaces := map[types.Path]ast.Namespace{
		"": {Entities: s.Entities, Enums: s.Enums, Actions: s.Actions, CommonTypes: s.CommonTypes},
	}
	for name, space := range s.Namespaces {
		spaces[name] = space
	}
	for name, space := range spaces {
		for ident, t := range space.CommonTypes {
			g.common[qualified(name, string(ident))] = t.Type
		}
	}
	total, declared := 0, 0
	for name, space := range spaces {
		declared += len(space.Entities) + len(space.Enums) + len(space.Actions)
		for _, t := range declaredTypes(space) {
			size := g.grow(name, t)
			total = min(total+size.types, maxTypes+1)
			if size.levels > maxTypeLevels {
				return fmt.Errorf("a type of more than %d records and sets in each other", maxTypeLevels)
			}
		}
	}
	if total > maxTypes || declared > maxDeclared {
		return fmt.Errorf("more than %d declarations or, common types being copied, %d types", maxDeclared, maxTypes)
	}
	return nil
}

func qualified(space types.Path, name string) string {
	if space == "" {
		return name
	}
	return string(space) + "::" + name
}

// declaredTypes are the types of a namespace that will be resolved.
func declaredTypes(space ast.Namespace) []ast.IsType {
	var all []ast.IsType
	for _, e := range space.Entities {
		all = append(all, e.Shape, e.Tags)
	}
	for _, a := range space.Actions {
		if a.AppliesTo != nil {
			all = append(all, a.AppliesTo.Context)
		}
	}
	return all
}

func (g grower) grow(space types.Path, t ast.IsType) grown {
	switch t := t.(type) {
	case ast.SetType:
		inner := g.grow(space, t.Element)
		return grown{inner.types + 1, inner.levels + 1}
	case ast.RecordType:
		sum := grown{1, 1}
		for _, attribute := range t {
			inner := g.grow(space, attribute.Type)
			sum.types = min(sum.types+inner.types, maxTypes+1)
			sum.levels = max(sum.levels, inner.levels+1)
		}
		return sum
	case ast.TypeRef:
		return g.named(space, string(t))
	default:
		return grown{types: 1}
	}
}

// named looks a common type up as Cedar does: in the namespace, then outside.
func (g grower) named(space types.Path, name string) grown {
	path := qualified(space, name)
	if _, ok := g.common[path]; !ok {
		path, space = name, ""
		if cut := strings.LastIndex(name, "::"); cut >= 0 {
			space = types.Path(name[:cut])
		}
	}
	if size, ok := g.known[path]; ok {
		return size
	}
	g.known[path] = grown{types: 1}
	g.known[path] = g.grow(space, g.common[path]) // an entity type and what is built in are one type
	return g.known[path]
}

// environments refuses a schema of too many combinations, each of which every
// policy is checked in.
func environments(s *resolvedSchema) error {
	n := 0
	for _, a := range s.Actions {
		if a.AppliesTo != nil {
			n += len(a.AppliesTo.Principals) * len(a.AppliesTo.Resources)
		}
	}
	if n > maxEnvironments {
		return fmt.Errorf("more than %d combinations of principal, action and resource", maxEnvironments)
	}
	return nil
}
