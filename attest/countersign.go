package attest

// Countersignature is what another workload than the agent saw of an action: the
// service that was called, or the enforcement point that the call went through.
// It is compared with the agent's own statement, and moves neither its class nor
// its authority.
type Countersignature struct {
	Agent      string      `json:"agent"` // SPIFFE ID, as the signer saw it
	At         int64       `json:"at"`    // ms: when it saw it, by its own clock
	By         string      `json:"by"`    // SPIFFE ID of the signer
	Credential *Credential `json:"credential,omitzero"`
	Log        string      `json:"log"`
	Nonce      string      `json:"nonce"`
	Of         ID          `json:"of,omitzero"`      // intent or record, where it was told
	Ref        Digest      `json:"ref,omitzero"`     // of its own note, such as a line of its log
	Request    Digest      `json:"request,omitzero"` // request digest, as it came with the call
	Role       Role        `json:"role"`
	Status     string      `json:"status"` // done | failed | refused | unknown
	Target     *Target     `json:"target,omitzero"`
	V          int         `json:"v"`
}

// Role is where the signer of a countersignature stands.
type Role string

// The roles of a countersignature.
const (
	GatewayRole Role = "gateway" // the call went through it
	ServiceRole Role = "service" // it was called
)

// ActionDigestHeader is the HTTP header in which a call carries the request
// digest of the action that it is, and [IntentHeader] the one with the ID of the
// statement. A service or a gateway copies them into its countersignature, its
// log into its lines (docs/operating.md, "Finding what is missing").
const (
	ActionDigestHeader = "X-Action-Digest"
	IntentHeader       = "X-Action-Intent"
)

// Kind returns KindCountersignature.
func (*Countersignature) Kind() Kind { return KindCountersignature }

// Head returns the common members.
func (s *Countersignature) Head() Head { return Head{s.Log, s.Nonce, s.V} }

// SignedBy is the service or gateway.
func (s *Countersignature) SignedBy() Party { return Party{ID: s.By, Kind: BySVID} }

func (s *Countersignature) validate(c *checker) {
	c.head(s.Head())
	c.spiffeID("agent", s.Agent)
	c.spiffeID("by", s.By)
	c.time("at", s.At)
	c.oneOf("role", string(s.Role), string(GatewayRole), string(ServiceRole))
	c.oneOf("status", s.Status, "done", "failed", "refused", "unknown")
	c.that(s.Of != "" || s.Request != "", "of", "the statement's ID or its request digest", "neither")
	c.optionalID("of", s.Of)
	c.optionalDigest("request", s.Request)
	c.optionalDigest("ref", s.Ref)
	if s.Credential != nil {
		c.credential(*s.Credential)
	}
	if s.Target != nil {
		c.target(*s.Target)
	}
}
