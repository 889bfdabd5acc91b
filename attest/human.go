package attest

import "strconv"

// Commitment is a root over salted fields; Seed, where given, names the object
// that opens it.
type Commitment struct {
	Root Digest `json:"root"`
	Seed Digest `json:"seed,omitzero"`
}

func (c *checker) commitment(field string, k Commitment) {
	if k.Root.Valid() && (k.Seed == "" || k.Seed.Valid()) {
		return // and no name of a member was put together
	}
	c.digest(field+".root", k.Root)
	c.optionalDigest(field+".seed", k.Seed)
}

// Instruction is what a human asked for. The human signs it, or a service that
// recorded it does, which is weaker and is graded so.
type Instruction struct {
	Addressee  string     `json:"addressee"` // SPIFFE ID of the agent that was asked
	At         int64      `json:"at"`
	Commitment Commitment `json:"commitment"` // of the text
	Expires    int64      `json:"expires"`
	Log        string     `json:"log"`
	MaxActions int64      `json:"max_actions,omitzero"`
	Nonce      string     `json:"nonce"`
	Person     string     `json:"person"`
	RecordedBy string     `json:"recorded_by,omitzero"` // SPIFFE ID of the recording service
	Requests   []Request  `json:"requests"`
	V          int        `json:"v"`
}

// Request is a typed part of an instruction: an action the human named.
type Request struct {
	Action    string     `json:"action"`
	Arguments []Argument `json:"arguments"`
	Resource  Match      `json:"resource"`
}

// Kind returns KindInstruction.
func (*Instruction) Kind() Kind { return KindInstruction }

// Head returns the common members.
func (i *Instruction) Head() Head { return Head{i.Log, i.Nonce, i.V} }

// SignedBy is the person, or the service that recorded the instruction.
func (i *Instruction) SignedBy() Party {
	if i.RecordedBy != "" {
		return Party{ID: i.RecordedBy, Kind: BySVID}
	}
	return Party{ID: i.Person, Kind: ByPerson}
}

func (i *Instruction) validate(c *checker) {
	c.head(i.Head())
	c.person("person", i.Person)
	c.spiffeID("addressee", i.Addressee)
	if i.RecordedBy != "" {
		c.spiffeID("recorded_by", i.RecordedBy)
	}
	c.commitment("commitment", i.Commitment)
	c.time("at", i.At)
	c.that(i.Expires > i.At, "expires", "after at", strconv.FormatInt(i.Expires, 10))
	c.that(i.MaxActions >= 0 && i.MaxActions < maxInteger, "max_actions", "a positive number", strconv.FormatInt(i.MaxActions, 10))
	c.that(len(i.Requests) <= maxItems, "requests", "at most 64", strconv.Itoa(len(i.Requests)))
	for _, r := range i.Requests {
		c.grants("requests", []Grant{r.Grant()})
	}
}

// Grant is the request as a grant, so that one rule decides what it contains.
func (r Request) Grant() Grant {
	return Grant{Actions: []string{r.Action}, Arguments: r.Arguments, Resource: r.Resource}
}

// Trigger is what set off work that no human asked for at that moment, recorded
// by the service that saw it.
type Trigger struct {
	Addressee string `json:"addressee"` // SPIFFE ID of the agent that was set off
	At        int64  `json:"at"`
	Cause     Cause  `json:"cause"`
	Expires   int64  `json:"expires"` // ms: afterwards it sets nothing off any more
	Log       string `json:"log"`
	Nonce     string `json:"nonce"`
	Recorder  string `json:"recorder"` // SPIFFE ID
	Ref       Digest `json:"ref,omitzero"`
	Source    string `json:"source"` // such as cron:nightly-reconcile
	V         int    `json:"v"`
}

// Cause says what kind of thing set off autonomous work.
type Cause string

// The causes of autonomous work.
const (
	AgentSpawned Cause = "agent_spawned"
	Event        Cause = "event"
	Goal         Cause = "goal"
	Schedule     Cause = "schedule"
)

// Kind returns KindTrigger.
func (*Trigger) Kind() Kind { return KindTrigger }

// Head returns the common members.
func (t *Trigger) Head() Head { return Head{t.Log, t.Nonce, t.V} }

// SignedBy is the recording service.
func (t *Trigger) SignedBy() Party { return Party{ID: t.Recorder, Kind: BySVID} }

func (t *Trigger) validate(c *checker) {
	c.head(t.Head())
	c.spiffeID("addressee", t.Addressee)
	c.spiffeID("recorder", t.Recorder)
	c.time("at", t.At)
	c.that(t.Expires > t.At, "expires", "after at", strconv.FormatInt(t.Expires, 10))
	c.oneOf("cause", string(t.Cause), string(AgentSpawned), string(Event), string(Goal), string(Schedule))
	c.optionalDigest("ref", t.Ref)
	c.text("source", t.Source, 256)
}

// Approval is a human's consent to one exact action, once.
type Approval struct {
	Action    string       `json:"action"`
	Agent     string       `json:"agent"`
	Arguments []NamedValue `json:"arguments"` // plain, as shown to the human
	At        int64        `json:"at"`
	Display   Digest       `json:"display"` // of what was shown
	Expires   int64        `json:"expires"`
	Log       string       `json:"log"`
	Nonce     string       `json:"nonce"`
	Person    string       `json:"person"`
	Request   Digest       `json:"request"` // the action's request digest
	Resource  Resource     `json:"resource"`
	Target    *Target      `json:"target,omitzero"`
	V         int          `json:"v"`
	Warrant   ID           `json:"warrant"`
}

// NamedValue is an argument in plain.
type NamedValue struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Kind returns KindApproval.
func (*Approval) Kind() Kind { return KindApproval }

// Head returns the common members.
func (a *Approval) Head() Head { return Head{a.Log, a.Nonce, a.V} }

// SignedBy is the person.
func (a *Approval) SignedBy() Party { return Party{ID: a.Person, Kind: ByPerson} }

func (a *Approval) validate(c *checker) {
	c.head(a.Head())
	c.person("person", a.Person)
	c.time("at", a.At)
	c.that(a.Expires > a.At, "expires", "after at", strconv.FormatInt(a.Expires, 10))
	c.digest("display", a.Display)
	c.digest("request", a.Request)
	c.exact(a.exact())
}
