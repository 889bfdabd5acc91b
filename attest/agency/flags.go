package agency

import "github.com/deedlog/deed/attest"

// flags returns the flags in ascending order.
func flags(e Evidence, a Attribution) []string {
	var out []string
	if contradicts(e, a) {
		out = append(out, FlagClaimContradicts)
	}
	if a.Row == 6 && e.HasRequests {
		out = append(out, FlagExceededInstruction)
	}
	if len(a.Ratified) > 0 {
		out = append(out, FlagRatifiedBy)
	}
	return out
}

// contradicts reports whether signed evidence speaks against the agent's claim.
// That nothing speaks for it is no contradiction, and a claim that this version
// does not know contradicts nothing.
func contradicts(e Evidence, a Attribution) bool {
	named := a.Agency == HumanDirected || a.Agency == HumanInstructed
	switch e.Claim {
	case "human":
		standing := e.Basis == attest.OrgStanding || e.Basis == attest.EventTrigger
		return a.Agency == Autonomous || a.Agency == Unattributed && standing && a.Binding == B0
	case "self":
		return named
	case "agent":
		return named && e.Hops <= 0 // below another agent, that agent may have asked
	case "schedule", "event":
		return named || a.Agency == Autonomous && string(a.Cause) != e.Claim
	}
	return false
}

// ratified names human evidence from after the act: what the caller lists, and
// what came in as evidence but too late to count.
func ratified(e Evidence) []string {
	names := set(e.Ratified)
	for _, h := range e.Humans {
		late := h.Person != "" && !h.Before && h.Bound
		if late && h.Binding.known() >= B3 && h.Key.known() >= K2 {
			names = append(names, string(h.Ref))
		}
	}
	return set(names)
}
