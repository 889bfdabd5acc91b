package agency

import "github.com/deedlog/deed/attest"

// Class is the agency class: on whose agency the action was taken.
type Class string

// The classes (docs/spec/attribution.md, "Class").
const (
	None            Class = "" // unsound: no class
	Autonomous      Class = "autonomous"
	Conflicted      Class = "conflicted"
	HumanDelegated  Class = "human_delegated"
	HumanDirected   Class = "human_directed"
	HumanInstructed Class = "human_instructed"
	HumanTasked     Class = "human_tasked"
	Indeterminate   Class = "indeterminate"
	Unattributed    Class = "unattributed"
)

// Classes lists every class but [None].
func Classes() []Class {
	return []Class{Autonomous, Conflicted, HumanDelegated, HumanDirected, HumanInstructed, HumanTasked, Indeterminate, Unattributed}
}

// Order says when a human's act was logged, relative to the action.
type Order string

// The orders.
const (
	OrderAfter  Order = "after"
	OrderBefore Order = "before"
	OrderNone   Order = "none" // there is no such act
)

// The flags that stand beside a class and never change it.
const (
	FlagClaimContradicts = "claim_contradicts"
	// FlagContested is for a verifier to add when a compromise that was declared
	// later claims an earlier time; [Attribute] never sets it.
	FlagContested           = "contested"
	FlagExceededInstruction = "exceeded_instruction"
	FlagRatifiedBy          = "ratified_by"
)

// Attribution is the finding, on separate axes. Binding and Key are "at least"
// values: those of Human, the strongest evidence for which every condition
// holds. It encodes with [attest.Encode]; all lists are sorted, each name once.
type Attribution struct {
	Accountable string       `json:"accountable,omitzero"` // rows 2 to 9
	Agency      Class        `json:"agency"`
	Authority   Authority    `json:"authority"`
	Authorizing string       `json:"authorizing,omitzero"` // the person, rows 4 to 7
	Basis       attest.Basis `json:"basis,omitzero"`       // of the root warrant, rows 2 to 9
	Binding     Binding      `json:"binding"`              // of Human, rows 4 to 9
	Cause       attest.Cause `json:"cause,omitzero"`       // of the trigger, row 8
	Decisive    []attest.ID  `json:"decisive"`             // the evidence that decided, rows 4 to 8
	Disagree    []string     `json:"disagree,omitempty"`   // row 3
	Flags       []string     `json:"flags"`
	Hops        int          `json:"hops"`                 // between the act that decided and the agent, rows 4 to 8
	Human       attest.ID    `json:"human,omitzero"`       // what binding, key and order describe
	Key         Key          `json:"key"`                  // of Human, rows 4 to 9
	Missing     []string     `json:"missing,omitempty"`    // row 2
	Order       Order        `json:"order"`                // of Human, else of what was logged after the act
	Ratified    []string     `json:"ratified,omitempty"`   // with FlagRatifiedBy
	Row         int          `json:"row"`                  // 1 to 9
	TriggerKey  Key          `json:"trigger_key,omitzero"` // of the trigger, row 8
}
