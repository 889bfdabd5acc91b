// Package agency decides whether an action was a human's or the agent's own:
// evidence in, attribution out, by one table (docs/spec/attribution.md).
//
// # Reading order
//
// [Evidence] is what the caller has verified, [Human] one evidence of a human's
// act. [Attribute] is the table: nine rows, first match wins. [Attribution] is
// the finding, on separate axes. [Statement] and [Stronger] put it in words.
//
//	a := agency.Attribute(agency.Evidence{
//		Sound: true,
//		Basis: attest.HumanInstruction,
//		Humans: []agency.Human{{
//			Person: "alice", Binding: agency.B3, Key: agency.K3,
//			Before: true, Unexpired: true, Bound: true, Requests: true,
//		}},
//	})
//	// a.Agency == agency.HumanInstructed, a.Row == 5
//
// Every function is pure and total: no input is an error, levels and names that
// the table does not know count as nothing, and equal evidence in any order
// gives equal bytes.
//
// # Caveats
//
// The table believes its input: signatures, times, order and containment are
// established by the caller (internal/admission), and a class is only as good
// as that. Absence of human evidence never makes an action autonomous, a human
// token alone never makes it a human's, and the agent's own claim is no
// evidence at all.
package agency
