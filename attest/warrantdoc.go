package attest

import "strconv"

// Limits of a warrant (docs/spec/warrants.md).
const (
	MaxWarrant = 16 << 10 // bytes of the statement
	MaxChain   = 8        // links: depths 0 to 7
)

// Basis says why a root warrant was issued.
type Basis string

// The bases of a root warrant.
const (
	EventTrigger     Basis = "event_trigger"     // something happened
	HumanInstruction Basis = "human_instruction" // a human asked for this
	HumanStanding    Basis = "human_standing"    // a human's standing order
	OrgStanding      Basis = "org_standing"      // the organisation's standing order
)

var bases = []string{string(EventTrigger), string(HumanInstruction), string(HumanStanding), string(OrgStanding)}

// Human reports whether the basis claims a human's act.
func (b Basis) Human() bool { return b == HumanInstruction || b == HumanStanding }

// Warrant is a task-scoped, holder-bound, expiring grant. At depth 0 it has a
// root, deeper a parent.
type Warrant struct {
	Depth     int           `json:"depth"`
	Expires   int64         `json:"expires"` // ms, exclusive
	Gates     []WarrantGate `json:"gates"`
	Grants    []Grant       `json:"grants"`
	Holder    Holder        `json:"holder"`
	Issuer    Party         `json:"issuer"`
	Log       string        `json:"log"`
	MaxDepth  int           `json:"max_depth"`
	Never     []Denial      `json:"never"`
	Nonce     string        `json:"nonce"`
	NotBefore int64         `json:"not_before"` // ms, inclusive
	Parent    ID            `json:"parent,omitzero"`
	Root      *WarrantRoot  `json:"root,omitzero"`
	Task      Task          `json:"task"`
	V         int           `json:"v"`
}

// Holder is who may use a warrant: a workload, optionally pinned to a key and to
// a registration.
type Holder struct {
	Key          Digest `json:"key,omitzero"`          // digest of the SubjectPublicKeyInfo
	Registration ID     `json:"registration,omitzero"` // the agent statement it was issued under
	SPIFFEID     string `json:"spiffe_id"`
}

// Task is what a warrant is for.
type Task struct {
	ID          string `json:"id"` // 16 random bytes in hex
	Instruction ID     `json:"instruction,omitzero"`
	Purpose     string `json:"purpose"`
}

// WarrantRoot is why a root warrant exists and who answers for it.
type WarrantRoot struct {
	Accountable string `json:"accountable"`
	Basis       Basis  `json:"basis"`
	Evidence    []ID   `json:"evidence"`
}

// Kind returns KindWarrant.
func (*Warrant) Kind() Kind { return KindWarrant }

// Head returns the common members.
func (w *Warrant) Head() Head { return Head{w.Log, w.Nonce, w.V} }

// SignedBy is the issuer.
func (w *Warrant) SignedBy() Party { return w.Issuer }

func (w *Warrant) validate(c *checker) {
	c.head(w.Head())
	c.party("issuer", w.Issuer, ByPerson, BySVID)
	c.spiffeID("holder.spiffe_id", w.Holder.SPIFFEID)
	c.optionalDigest("holder.key", w.Holder.Key)
	c.optionalID("holder.registration", w.Holder.Registration)
	c.gates(w.Gates)
	c.grants("grants", w.Grants)
	c.that(len(w.Never) <= maxItems, "never", "at most 64", strconv.Itoa(len(w.Never)))
	for _, n := range w.Never {
		c.actions("never.actions", n.Actions)
		if n.Resource != nil {
			c.match("never.resource", *n.Resource)
		}
	}
	c.time("not_before", w.NotBefore)
	c.that(w.Expires > w.NotBefore, "expires", "after not_before", strconv.FormatInt(w.Expires, 10))
	c.random("task.id", w.Task.ID)
	c.text("task.purpose", w.Task.Purpose, 128)
	c.optionalID("task.instruction", w.Task.Instruction)
	w.validatePlace(c)
}

// validatePlace checks depth, parent and root, which go together.
func (w *Warrant) validatePlace(c *checker) {
	c.that(w.Depth >= 0 && w.Depth < MaxChain, "depth", "0 to 7", strconv.Itoa(w.Depth))
	c.that(w.MaxDepth >= w.Depth && w.MaxDepth < MaxChain, "max_depth", "depth to 7", strconv.Itoa(w.MaxDepth))
	c.that((w.Depth == 0) == (w.Root != nil), "root", "at depth 0 and only there", strconv.Itoa(w.Depth))
	c.that((w.Depth == 0) == (w.Parent == ""), "parent", "below depth 0 and only there", string(w.Parent))
	c.optionalID("parent", w.Parent)
	if w.Root != nil {
		c.oneOf("root.basis", string(w.Root.Basis), bases...)
		c.person("root.accountable", w.Root.Accountable)
		c.ids("root.evidence", w.Root.Evidence, 8)
	}
}
