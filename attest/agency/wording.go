package agency

import (
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
)

// Statement puts an attribution in words: what the evidence shows and what it
// does not show, in complete sentences that are the same for the same
// attribution, byte for byte (docs/spec/attribution.md, "Wording").
func Statement(a Attribution) (says, doesNotShow []string) {
	says = classSays(a)
	if a.Row >= 2 {
		if a.Accountable != "" {
			says = append(says, fmt.Sprintf("The register names %q as accountable.", a.Accountable))
		}
		says = append(says, authoritySays(a.Authority))
		says = append(says, flagsSay(a)...)
	}
	doesNotShow = append(classDoubts(a), humanDoubts(a)...)
	if a.Row >= 2 {
		doesNotShow = append(doesNotShow, "This does not show what effect the action had.")
	}
	return says, append(doesNotShow, "This does not show that no other action took place.")
}

// classSays holds the sentences of the class itself.
func classSays(a Attribution) []string {
	switch a.Agency {
	case HumanDirected, HumanInstructed, HumanTasked, HumanDelegated:
		return humanSays(a)
	case Autonomous:
		return append(autonomousSays(a), besideSays(a)...)
	case Unattributed:
		return append([]string{"The verified evidence shows neither that a human asked for this action nor that the agent took it of its own agency."}, besideSays(a)...)
	case Conflicted:
		return []string{
			"Verified evidences that the signed documents behind this action rely on disagree with each other: " + quoted(a.Disagree) + ".",
			"No finding is made on whose agency the action was taken.",
		}
	case Indeterminate:
		return []string{
			"Something that could change the finding is missing, was erased or cannot be used: " + quoted(a.Missing) + ".",
			"No finding is made on whose agency the action was taken.",
		}
	case None:
		return []string{
			"The signature, the identity or the chain of warrants behind this action did not stand up to verification.",
			"Nothing is attributed to anyone on this record.",
		}
	}
	return []string{fmt.Sprintf("The class %q is not one that this version of the table has.", string(a.Agency))}
}

func humanSays(a Attribution) []string {
	says := actSays(a)
	switch {
	case a.Agency == HumanDirected:
		says = append(says, "The consent had not been used for an earlier action.")
	case a.Agency == HumanInstructed && a.Binding == B4:
		says = append(says, "The consent had not been used for an earlier action.",
			"The consent does not rest on a key that the person holds, so the action counts as instructed and not as directed.")
	case a.Agency == HumanInstructed:
		says = append(says, "A request written in the instruction contains this action, on this resource, with these arguments.")
	case a.Agency == HumanTasked:
		says = append(says, "No request written in the instruction contains this action.",
			"A human set the task; as far as the verified evidence goes, the agent chose this action.")
	case a.Agency == HumanDelegated:
		says = append(says, basisSays(a.Basis), "As far as the verified evidence goes, the agent chose this action.")
	}
	switch a.Binding {
	case B4:
		return says
	case B3:
		return append(says, hopsSay("The instruction", a.Hops))
	}
	return append(says, hopsSay("The grant", a.Hops))
}

// actSays names the human's act, when it was logged and what it rests on.
func actSays(a Attribution) []string {
	const logged = " was entered in the register, and it had not expired."
	switch a.Binding {
	case B4:
		return []string{
			fmt.Sprintf("Before the action, a consent of %q to exactly this action, on this resource, with these arguments,"+logged, a.Authorizing),
			"The consent names this agent, and no target other than that of this action.",
			"The consent " + keySays(a.Key),
		}
	case B3:
		return []string{
			fmt.Sprintf("Before the action, an instruction of %q"+logged, a.Authorizing),
			"The instruction " + keySays(a.Key),
		}
	}
	return []string{
		fmt.Sprintf("Before the action, a grant by %q, bound to this agent by signed links,"+logged, a.Authorizing),
		"The grant " + keySays(a.Key),
	}
}

func keySays(k Key) string {
	switch k {
	case K4:
		return "rests at least on a signature by an authenticator that is registered as this person's and that reported having verified its user for this signature (WebAuthn user verification)."
	case K3:
		return "rests at least on a signature by a private key that is registered or certified as this person's."
	case K2:
		return "rests at least on a token that an identity provider signed."
	case K1:
		return "rests at least on a signature by one of the organisation's own systems."
	}
	return "rests at least on an unsigned string."
}

func hopsSay(what string, n int) string {
	switch {
	case n <= 0:
		return what + " was given to this agent directly, without a delegation in between."
	case n == 1:
		return what + " reached this agent through one signed delegation."
	}
	return fmt.Sprintf("%s reached this agent through %d signed delegations.", what, n)
}

func basisSays(b attest.Basis) string {
	switch b {
	case attest.HumanInstruction:
		return "The first warrant of the chain says that it was issued on a human's instruction."
	case attest.HumanStanding:
		return "The first warrant of the chain says that it was issued on a human's standing order."
	case attest.OrgStanding:
		return "The first warrant of the chain says that it was issued on a standing order of the organisation."
	case attest.EventTrigger:
		return "The first warrant of the chain says that it was issued for work that an event sets off."
	}
	return "No warrant of this chain says why it was issued."
}

func autonomousSays(a Attribution) []string {
	return []string{
		"The agent took this action of its own agency, under an order of the organisation.",
		basisSays(a.Basis),
		"Before the action, a record was entered in the register that " + causeSays(a.Cause) + " set the work off.",
		"The record " + triggerSays(a.TriggerKey),
		hopsSay("The order", a.Hops),
	}
}

func causeSays(c attest.Cause) string {
	switch c {
	case attest.AgentSpawned:
		return "another agent"
	case attest.Event:
		return "an event"
	case attest.Goal:
		return "a standing goal"
	case attest.Schedule:
		return "a schedule"
	}
	return "something"
}

func triggerSays(k Key) string {
	if k >= K3 {
		return "rests at least on a signature by a key that is registered or certified as a human's."
	}
	return keySays(k)
}

// besideSays reports human evidence that did not decide.
func besideSays(a Attribution) []string {
	what := ""
	switch a.Binding {
	case B1:
		what = "a login by a human"
	case B2:
		what = "a grant by a human that is bound to this agent"
	case B3:
		what = "an instruction by a human"
	case B4:
		what = "a consent by a human to exactly this action"
	default:
		return []string{"No act of a human that was logged before the action counts towards a finding."}
	}
	return []string{
		"Before the action, " + what + " was entered in the register; it falls short of what the table asks to attribute the action to a human.",
		"That evidence " + keySays(a.Key),
	}
}

func authoritySays(a Authority) string {
	switch a {
	case AuthorityWithin:
		return "The warrants and the policy in force were evaluated: the action is within the authority given."
	case AuthorityOutside:
		return "The warrants and the policy in force were evaluated: the action is outside the authority given."
	case AuthorityNotEvaluated:
		return "Whether the action is within the authority given was not evaluated."
	}
	return "Whether the action is within the authority given could not be determined."
}

func flagsSay(a Attribution) (says []string) {
	for _, f := range a.Flags {
		switch f {
		case FlagClaimContradicts:
			says = append(says, "The agent's own claim about who set the action off contradicts the evidence; the claim was not used for this finding.")
		case FlagContested:
			says = append(says, "A compromise that was declared later claims an earlier time; this finding has to be read beside the one made under that claim.")
		case FlagExceededInstruction:
			says = append(says, "The instruction lists requests, and this action exceeds them.")
		case FlagRatifiedBy:
			says = append(says, "After the action, evidence of a human's act concerning it was entered in the register, which does not change this finding: "+quoted(a.Ratified)+".")
		default:
			says = append(says, fmt.Sprintf("The flag %q is not one that this version of the table has.", f))
		}
	}
	return says
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
