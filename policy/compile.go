package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// warrantPrefix begins the policy IDs of warrants and of nothing else.
const warrantPrefix = "warrant/"

// Warrant is one link of a chain, compiled: a Cedar policy set of its own. It
// may be used by several goroutines and kept as long as the warrant is.
type Warrant struct {
	text     string
	depth    int
	policies *index
	grants   map[cedar.PolicyID]int // index of the grant that a permit stands for
}

// Compile writes a warrant as Cedar. The text is a function of the warrant
// alone. A grant becomes the permit "warrant/<depth>/grant/<n>", an item of the
// deny list the forbid "warrant/<depth>/never/<n>", the times the forbid
// "warrant/<depth>/window". Holder, uses, budgets and parents are not Cedar's
// part. The warrant is one that a statement holds: its texts are UTF-8.
func Compile(w *attest.Warrant) (*Warrant, error) {
	c := compiler{depth: w.Depth}
	for n, g := range w.Grants {
		c.grant(n, g)
	}
	for n, d := range w.Never {
		c.never(n, d)
	}
	c.window(w.NotBefore, w.Expires)
	if c.err != nil {
		return nil, fmt.Errorf("policy: compiling warrant: %w", c.err)
	}
	link := &Warrant{text: c.text.String(), depth: w.Depth, grants: make(map[cedar.PolicyID]int, len(w.Grants))}
	policies, err := parse([]byte(link.text))
	if err != nil {
		return nil, fmt.Errorf("policy: compiling warrant: %w", err)
	}
	link.policies = newIndex(policies, nil)
	for n := range w.Grants {
		link.grants[cedar.PolicyID(c.id("grant", n))] = n
	}
	return link, nil
}

// Text returns the Cedar text, for people.
func (w *Warrant) Text() string { return w.text }

// compiler writes the policies of one warrant and keeps an error.
type compiler struct {
	depth int
	text  strings.Builder
	err   error
}

func (c *compiler) id(kind string, n int) string {
	return warrantPrefix + strconv.Itoa(c.depth) + "/" + kind + "/" + strconv.Itoa(n)
}

// policy writes one policy: its id, its head and its conditions.
func (c *compiler) policy(id, head string, conditions ...string) {
	c.text.WriteString("@id(" + quote(id) + ")\n" + head)
	for _, condition := range conditions {
		c.text.WriteString("\n" + condition)
	}
	c.text.WriteString(";\n")
}

// check keeps an error and names where it was.
func (c *compiler) check(where string, err error) {
	if err != nil {
		c.err = fmt.Errorf("%s: %w", where, err)
	}
}

func (c *compiler) grant(n int, g attest.Grant) {
	id := c.id("grant", n)
	names := make([]string, len(g.Arguments))
	conditions := []string{"when { " + c.match(id, g.Resource) + " }", "when { context.names.isEmpty() }"}
	for i, a := range g.Arguments {
		condition, err := argument(a.Name, a.Constraint, 0)
		c.check(id+" "+a.Name, err)
		names[i] = a.Name
		conditions = append(conditions, "when { "+condition+" }")
	}
	if len(names) > 0 {
		conditions[1] = "when { " + quoteAll(names) + ".containsAll(context.names) }"
	}
	c.policy(id, "permit (principal, action in "+c.actions(id, g.Actions)+", resource is Deed::Resource)", conditions...)
}

func (c *compiler) never(n int, d attest.Denial) {
	id := c.id("never", n)
	head := "forbid (principal, action in " + c.actions(id, d.Actions) + ", resource"
	if d.Resource == nil {
		c.policy(id, head+")")
		return
	}
	c.policy(id, head+" is Deed::Resource)", "when { "+c.match(id, *d.Resource)+" }")
}

func (c *compiler) window(from, until int64) {
	c.policy(warrantPrefix+strconv.Itoa(c.depth)+"/window", "forbid (principal, action, resource)",
		"unless { context.at >= "+strconv.FormatInt(from, 10)+" && context.at < "+strconv.FormatInt(until, 10)+" }")
}

func (c *compiler) actions(id string, actions []string) string {
	uids := make([]string, len(actions))
	for i, a := range actions {
		if !attest.ValidAction(a) {
			c.check(id, fmt.Errorf("%q is not an action", a))
		}
		uids[i] = string(actionType) + "::" + quote(a)
	}
	return "[" + strings.Join(uids, ", ") + "]"
}

// match writes the condition on the resource. Its ID is always a canonical path.
func (c *compiler) match(id string, m attest.Match) string {
	k := m.Match
	kind := "resource.kind == " + quote(m.Kind) + " && "
	switch {
	case !single(k):
		c.check(id, errors.New("a match with no member or several"))
		return kind + "false"
	case k.Exact != nil:
		return kind + c.oneID(id, []attest.Value{*k.Exact})
	case len(k.OneOf) > 0:
		return kind + c.oneID(id, k.OneOf)
	case k.Prefix != "":
		return kind + under("resource.id", k.Prefix)
	default:
		c.check(id, errors.New("a resource is matched by exact, one_of or prefix"))
		return kind + "false"
	}
}

func (c *compiler) oneID(id string, values []attest.Value) string {
	ids := make([]string, len(values))
	for i, v := range values {
		if v.Kind != attest.TextValue {
			c.check(id, errors.New("a resource ID that is not text"))
		}
		ids[i] = v.Text
	}
	if len(ids) == 1 {
		return "resource.id == " + quote(ids[0])
	}
	return quoteAll(ids) + ".contains(resource.id)"
}
