package attest

import (
	"crypto/sha256"
	"strconv"
)

// Refusal is a human's no to one exact action (docs/spec/statements.md,
// "refusal"). Approvals of that action which the same person gave before it do not
// count any more; one given later does.
type Refusal struct {
	Action    string       `json:"action"`
	Agent     string       `json:"agent"`
	Arguments []NamedValue `json:"arguments"` // plain, as shown to the human
	At        int64        `json:"at"`
	Display   Digest       `json:"display"` // of what was shown
	Log       string       `json:"log"`
	Nonce     string       `json:"nonce"`
	Person    string       `json:"person"`
	Reason    string       `json:"reason,omitzero"`
	Request   Digest       `json:"request"` // the request digest of what was shown
	Resource  Resource     `json:"resource"`
	Target    *Target      `json:"target,omitzero"`
	V         int          `json:"v"`
	Warrant   ID           `json:"warrant"`
}

// Kind returns KindRefusal.
func (*Refusal) Kind() Kind { return KindRefusal }

// Head returns the common members.
func (r *Refusal) Head() Head { return Head{r.Log, r.Nonce, r.V} }

// SignedBy is the person.
func (r *Refusal) SignedBy() Party { return Party{ID: r.Person, Kind: ByPerson} }

func (r *Refusal) validate(c *checker) {
	c.head(r.Head())
	c.person("person", r.Person)
	c.time("at", r.At)
	c.digest("display", r.Display)
	c.digest("request", r.Request)
	c.optionalText("reason", r.Reason, 256)
	c.exact(r.exact())
}

// exact checks what an approval and a refusal say of the action.
func (c *checker) exact(e exact) {
	c.spiffeID("agent", e.Agent)
	c.action("action", e.Action)
	c.resource("resource", e.Resource)
	c.id("warrant", e.Warrant)
	if e.Target != nil {
		c.target(*e.Target)
	}
	c.that(len(e.Arguments) <= maxItems, "arguments", "at most 64", strconv.Itoa(len(e.Arguments)))
	for i, v := range e.Arguments {
		ok := validArgument(v.Name) && (i == 0 || e.Arguments[i-1].Name < v.Name)
		c.that(ok, "arguments.name", "argument names in ascending order, each once", v.Name)
	}
}

// exact is one exact action as people see it: in plain, without salts.
type exact struct {
	Action    string       `json:"action"`
	Agent     string       `json:"agent"`
	Arguments []NamedValue `json:"arguments"`
	Resource  Resource     `json:"resource"`
	Target    *Target      `json:"target,omitzero"`
	Warrant   ID           `json:"warrant"`
}

func (r *Refusal) exact() exact {
	return exact{r.Action, r.Agent, r.Arguments, r.Resource, r.Target, r.Warrant}
}

func (a *Approval) exact() exact {
	return exact{a.Action, a.Agent, a.Arguments, a.Resource, a.Target, a.Warrant}
}

// exactTag separates the digest of an exact action from every other hash.
const exactTag = "deed/exact/v1\x00"

// digest names the exact action. Amounts that are equal give the same digest.
func (e exact) digest() Digest {
	arguments := make([]NamedValue, len(e.Arguments))
	for i, a := range e.Arguments {
		if parts, ok := a.Value.Amount.Parts(); ok && a.Value.Kind == AmountValue {
			a.Value.Amount = AmountOf(parts, a.Value.Amount.Unit)
		}
		arguments[i] = a
	}
	e.Arguments = arguments
	doc, err := Encode(e)
	if err != nil {
		return "" // of no statement that is valid
	}
	return DigestFrom(sha256.Sum256(append([]byte(exactTag), doc...)))
}

// Exact names the action that is refused, whatever salts its request has: asked
// for again with others, it is the same (docs/spec/bytes.md, "Exact actions").
func (r *Refusal) Exact() Digest { return r.exact().digest() }

// Exact names the action that is approved, as [Refusal.Exact] does.
func (a *Approval) Exact() Digest { return a.exact().digest() }

// Exact names an action as [Refusal.Exact] does; "" where it seals an argument, has
// no request or no warrant: then nobody can approve or refuse exactly it.
func (a *Action) Exact() Digest {
	if a.Request == nil || a.Authority == nil || len(a.Sealed) > 0 {
		return ""
	}
	e := exact{Action: a.Request.Action, Agent: a.Agent, Resource: a.Request.Resource, Target: a.Target, Warrant: a.Authority.Warrant}
	for _, o := range a.Open {
		e.Arguments = append(e.Arguments, NamedValue{o.Name, o.Value})
	}
	return e.digest()
}
