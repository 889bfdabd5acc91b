package attest

import (
	"crypto/sha256"
	"strconv"
)

// Phase says which part of an action a statement is about.
type Phase string

// The phases of an action.
const (
	Intent  Phase = "intent"  // before: asks, is authorised, consumes
	Record  Phase = "record"  // intent and outcome in one
	Outcome Phase = "outcome" // after: what came of an intent
	// Of the session, without a request: it lives; it has ended.
	Heartbeat Phase = "heartbeat"
	Terminal  Phase = "terminal"
)

// Action is an agent's attestation of one action.
type Action struct {
	Agent      string         `json:"agent"` // SPIFFE ID
	Authority  *Authority     `json:"authority,omitzero"`
	ClaimedAt  int64          `json:"claimed_at"` // the agent's clock; proves nothing
	Credential *Credential    `json:"credential,omitzero"`
	Fields     *Commitment    `json:"fields,omitzero"`
	Initiator  Initiator      `json:"initiator"`
	Instance   string         `json:"instance,omitzero"`
	Intent     ID             `json:"intent,omitzero"` // of an outcome
	Log        string         `json:"log"`
	Nonce      string         `json:"nonce"`
	Open       []Opening      `json:"open,omitempty"`
	Outcome    *Result        `json:"outcome,omitzero"`
	Phase      Phase          `json:"phase"`
	Progress   *Progress      `json:"progress,omitzero"` // of a heartbeat or terminal
	Request    *ActionRequest `json:"request,omitzero"`
	Sealed     []Sealed       `json:"sealed,omitempty"`
	Session    Session        `json:"session"`
	Software   *Software      `json:"software,omitzero"`
	Target     *Target        `json:"target,omitzero"`
	Trace      string         `json:"trace,omitzero"` // W3C traceparent
	V          int            `json:"v"`
}

// Authority names what the agent acts under; the chain follows from the
// warrant's parents.
type Authority struct {
	Approvals []ID `json:"approvals"`
	Grant     int  `json:"grant"` // index in the warrant's grants
	Warrant   ID   `json:"warrant"`
}

// ActionRequest is what is to be done; its digest is the in-toto subject.
type ActionRequest struct {
	Action     string   `json:"action"`
	Arguments  Digest   `json:"arguments"` // root over the arguments
	Count      int      `json:"count"`     // of arguments
	Resource   Resource `json:"resource"`
	Reversible bool     `json:"reversible"`
}

// Resource is what an action is done to.
type Resource struct {
	ID   string `json:"id"` // canonical path
	Kind string `json:"kind"`
}

// Target is where an action takes effect.
type Target struct {
	Endpoint string `json:"endpoint"` // host, or service name
	Kind     string `json:"kind"`     // internal | external
	Protocol string `json:"protocol"`
}

// Credential commits to the credential that was used at the target, so that the
// target's own log can be joined to this record.
type Credential struct {
	Commitment Digest `json:"commitment"`
	Kind       string `json:"kind"` // svid | oauth | vault_lease | api_key
}

// Initiator is the agent's own claim of who set it off: used for a flag only.
type Initiator struct {
	Claim   string `json:"claim"` // human | agent | schedule | event | self | unknown
	Trigger ID     `json:"trigger,omitzero"`
}

// Result is what came of an action.
type Result struct {
	Counterparty Digest      `json:"counterparty,omitzero"` // object: what the called service signed
	Result       *Commitment `json:"result,omitzero"`
	Status       string      `json:"status"` // done | failed | timed_out | unknown | reverted
}

// Software is what ran: a build and a model, as the agent says.
type Software struct {
	Build Digest `json:"build,omitzero"`
	Model string `json:"model,omitzero"`
}

// Kind returns KindAction.
func (*Action) Kind() Kind { return KindAction }

// Head returns the common members.
func (a *Action) Head() Head { return Head{a.Log, a.Nonce, a.V} }

// SignedBy is the agent.
func (a *Action) SignedBy() Party { return Party{ID: a.Agent, Kind: BySVID} }

// Digest is the request digest: SHA-256 of the canonical JSON of action,
// argumentsDigest, resourceId and resourceKind, the preimage of the IETF agent
// audit record, so that an export needs no new signature.
func (r ActionRequest) Digest() Digest {
	doc, err := appendMembers(make([]byte, 0, 256), [][2]string{{`{"action":`, r.Action},
		{`,"argumentsDigest":`, r.Arguments.Hex()}, {`,"resourceId":`, r.Resource.ID}, {`,"resourceKind":`, r.Resource.Kind}})
	if err != nil {
		return "" // invalid UTF-8 only; the profile excludes it
	}
	return DigestFrom(sha256.Sum256(doc))
}

func (a *Action) validate(c *checker) {
	c.head(a.Head())
	c.spiffeID("agent", a.Agent)
	c.time("claimed_at", a.ClaimedAt)
	c.oneOf("initiator.claim", a.Initiator.Claim, "human", "agent", "schedule", "event", "self", "unknown")
	c.optionalID("initiator.trigger", a.Initiator.Trigger)
	c.optionalText("instance", a.Instance, 256)
	c.optionalText("trace", a.Trace, 128)
	c.session(a.Session)
	if a.Fields != nil {
		c.commitment("fields", *a.Fields)
	}
	if a.Authority != nil {
		c.id("authority.warrant", a.Authority.Warrant)
		c.that(a.Authority.Grant >= 0 && a.Authority.Grant < MaxGrants, "authority.grant", "0 to 63", strconv.Itoa(a.Authority.Grant))
		c.ids("authority.approvals", a.Authority.Approvals, 8)
	}
	a.validateContext(c)
	a.validatePhase(c)
}

func (a *Action) validateContext(c *checker) {
	if a.Target != nil {
		c.target(*a.Target)
	}
	if a.Credential != nil {
		c.credential(*a.Credential)
	}
	if a.Software != nil {
		c.optionalDigest("software.build", a.Software.Build)
		c.optionalText("software.model", a.Software.Model, 128)
		c.that(*a.Software != Software{}, "software", "a build or a model", "neither")
	}
}

func (c *checker) credential(k Credential) {
	c.digest("credential.commitment", k.Commitment)
	c.oneOf("credential.kind", k.Kind, "svid", "oauth", "vault_lease", "api_key")
}

func (c *checker) target(t Target) {
	c.oneOf("target.kind", t.Kind, "internal", "external")
	c.that(plainName([]byte(t.Protocol)), "target.protocol", "[a-z0-9_]{1,64}", t.Protocol)
	c.that(ValidHost(t.Endpoint), "target.endpoint", "a canonical DNS name", t.Endpoint)
}

func (c *checker) resource(field string, r Resource) {
	if !plainName([]byte(r.Kind)) {
		c.that(false, field+".kind", "[a-z0-9_]{1,64}", r.Kind)
	}
	if !ValidPath(r.ID) {
		c.that(false, field+".id", "a canonical path", r.ID)
	}
}

// validatePhase checks that request, intent and outcome fit the phase.
func (a *Action) validatePhase(c *checker) {
	c.oneOf("phase", string(a.Phase), string(Intent), string(Record), string(Outcome), string(Heartbeat), string(Terminal))
	outcome, asks := a.Phase == Outcome, a.Phase.Asks()
	c.that((a.Intent != "") == outcome, "intent", "of an outcome and only there", string(a.Intent))
	c.optionalID("intent", a.Intent)
	c.that((a.Request != nil) == asks, "request", "in an intent or record and only there", string(a.Phase))
	c.that((a.Outcome != nil) == (outcome || a.Phase == Record), "outcome", "in an outcome or record and only there", string(a.Phase))
	c.that(asks || a.Authority == nil && len(a.Open)+len(a.Sealed) == 0, "authority", "in an intent or record and only there", string(a.Phase))
	c.that(asks || a.Session.ParallelOf == "", "session.parallel_of", "in an intent or record and only there", string(a.Session.ParallelOf))
	a.validateProgress(c)
	if a.Outcome != nil {
		c.oneOf("outcome.status", a.Outcome.Status, "done", "failed", "timed_out", "unknown", "reverted")
		c.optionalDigest("outcome.counterparty", a.Outcome.Counterparty)
		if a.Outcome.Result != nil {
			c.commitment("outcome.result", *a.Outcome.Result)
		}
	}
	if a.Request != nil {
		a.validateRequest(c)
	}
}

// validateRequest recomputes the arguments root from what is opened and sealed.
func (a *Action) validateRequest(c *checker) {
	r := a.Request
	c.action("request.action", r.Action)
	c.resource("request.resource", r.Resource)
	c.digest("request.arguments", r.Arguments)
	n := len(a.Open) + len(a.Sealed)
	if r.Count != n || n > maxItems {
		c.that(false, "request.count", strconv.Itoa(n)+" arguments, at most 64", strconv.Itoa(r.Count))
	}
	root, err := ArgumentsRoot(a.Open, a.Sealed)
	if c.err == nil {
		c.err = err
	}
	if c.err == nil && root != r.Arguments {
		c.err = Refuse("action.open", "request.arguments", string(root), string(r.Arguments))
	}
}

// Arguments returns the opened arguments by name.
func (a *Action) Arguments() map[string]Value {
	out := make(map[string]Value, len(a.Open))
	for _, o := range a.Open {
		out[o.Name] = o.Value
	}
	return out
}
