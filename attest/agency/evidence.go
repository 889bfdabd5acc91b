package agency

import "github.com/deedlog/deed/attest"

// Binding says what a human's act covers (docs/spec/attribution.md, "Binding").
type Binding int

// The levels of binding, weakest first; each contains those before it.
const (
	B0 Binding = iota // nothing
	B1                // a login
	B2                // a scope bound to this agent by a signed link
	B3                // the instruction
	B4                // the exact action with its arguments
)

// Key says how hard the evidence is to make without the one it speaks for
// (docs/spec/attribution.md, "Key").
type Key int

// The levels of key, weakest first.
const (
	K0 Key = iota // a string
	K1            // operator-signed
	K2            // IdP-signed
	K3            // human-held key, X.509
	K4            // WebAuthn with user verification
)

// Authority is the finding of the warrants and the policy. It is printed beside
// the class and never decides it.
type Authority string

// The findings about authority.
const (
	AuthorityIndeterminate Authority = "indeterminate" // could not be evaluated
	AuthorityNotEvaluated  Authority = "not_evaluated"
	AuthorityOutside       Authority = "outside"
	AuthorityWithin        Authority = "within"
)

// Human is one verified evidence of a human's act. The caller has verified the
// signature and capped Key where the credential rests on a root that only the
// log vouches for. The booleans say of each condition that it was established;
// false stands for "no" and for "not shown" alike.
type Human struct {
	Before    bool      `json:"before"`    // logged at a smaller index than the action
	Binding   Binding   `json:"binding"`   // what the act covers
	Bound     bool      `json:"bound"`     // names this agent, itself or down the chain, and this target if it names one
	FirstUse  bool      `json:"first_use"` // no earlier action consumed it; asked of B4 only
	Key       Key       `json:"key"`
	Kind      string    `json:"kind"`   // of the evidence, for reports; decides nothing
	Person    string    `json:"person"` // who acted; "" makes the evidence unusable
	Ref       attest.ID `json:"ref"`
	Requests  bool      `json:"requests"` // a request of the instruction contains this action, resource and arguments; asked of B3 only
	Unexpired bool      `json:"unexpired"`
}

// Trigger is the record of what set off work under a standing order. The caller
// gives one only if the chain or the action names it and it addresses this agent
// or, along the chain, an agent above it.
type Trigger struct {
	Before bool         `json:"before"` // logged at a smaller index than the action
	Cause  attest.Cause `json:"cause"`
	Key    Key          `json:"key"` // K1+ when a service signed it
	Ref    attest.ID    `json:"ref"`
}

// Evidence is all that the table looks at. Its zero value is unsound. The JSON
// form is that of the vectors (testdata/vectors/agency.json).
type Evidence struct {
	// Accountable is named by the issuer register, never by the agent.
	Accountable string    `json:"accountable"`
	Authority   Authority `json:"authority"`
	// Basis is the root warrant's, "" without a warrant.
	Basis attest.Basis `json:"basis"`
	// Claim is the agent's own initiator claim: for a flag only.
	Claim string `json:"claim"`
	// Disagree names verified evidences that disagree, both named in signed
	// statements of this chain.
	Disagree []string `json:"disagree"`
	// HasRequests: an instruction of this chain has typed requests. For a flag only.
	HasRequests bool `json:"has_requests"`
	// Hops counts the delegations between the act at the root of the chain and
	// the acting agent.
	Hops   int     `json:"hops"`
	Humans []Human `json:"humans"`
	// Missing names what could change the row and is missing, erased or of a
	// kind this version cannot use.
	Missing []string `json:"missing"`
	// Ratified names human evidence logged after the act: for a flag only.
	Ratified []string `json:"ratified"`
	// Sound: signatures, identities and the chain were verified.
	Sound   bool     `json:"sound"`
	Trigger *Trigger `json:"trigger,omitzero"`
}
