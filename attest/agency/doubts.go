package agency

import "slices"

// classDoubts says what the class is not a proof of.
func classDoubts(a Attribution) []string {
	switch a.Agency {
	case HumanDirected:
		return []string{"This does not show that the person understood the consent or gave it freely."}
	case HumanInstructed:
		if a.Binding == B4 {
			return []string{"This does not show that the person understood the consent or gave it freely."}
		}
		return []string{
			"This does not show that the person had this exact action in mind: a request may contain many actions.",
			"This does not show that the person understood the instruction or gave it freely.",
		}
	case HumanTasked:
		return []string{
			"This does not show that the person asked for this action, nor that it serves the task.",
			"This does not show that the person understood the instruction or gave it freely.",
		}
	case HumanDelegated:
		return []string{"This does not show that the person asked for this action or knew of it."}
	case Autonomous:
		return append(triggerDoubts(a.TriggerKey),
			"This does not show that no human asked for the action outside this register: absence of evidence of a human's act is not evidence of its absence.",
			"This does not show who set up what set the work off, nor that the accountable person knew of the action.",
		)
	case Unattributed:
		return []string{
			"This does not show that no human asked for the action.",
			"This does not show that the agent took it of its own agency.",
		}
	case Conflicted:
		return []string{"This does not show which of the statements is right."}
	case Indeterminate:
		return []string{"This does not show what the finding would be with what is missing at hand."}
	}
	return []string{"This does not show who took the action, nor on whose authority or instruction."}
}

func triggerDoubts(k Key) []string {
	if k > K1 {
		return nil
	}
	return []string{"The record of what set the work off is the organisation's own; this does not exclude that the record is wrong."}
}

// humanDoubts says what the key of the human evidence is not a proof of.
func humanDoubts(a Attribution) []string {
	var out []string
	if a.Binding > B0 {
		out = keyDoubts(a.Key)
	}
	if a.Binding == B1 {
		out = append(out, "A login shows that a session was opened; it does not show what was asked for in it.")
	}
	if slices.Contains(a.Flags, FlagRatifiedBy) {
		out = append(out, "Whether an act after the action ratifies it is a question of law; this does not answer it.")
	}
	return out
}

func keyDoubts(k Key) []string {
	const registered = "This does not show that the key was rightly registered or certified as this person's; that rests on whoever did so."
	switch k {
	case K4:
		return []string{registered, "This does not show that the user whom the authenticator verified was the person it is registered to."}
	case K3:
		return []string{registered, "This does not show that the person was present when the key signed, nor that no one else had the use of it."}
	case K2:
		return []string{"This does not exclude that the identity provider, or someone in control of it, made the token without the person."}
	case K1:
		return []string{"This does not exclude that the organisation's own systems made the record without the person."}
	}
	return []string{"This does not exclude that anyone at all wrote the string."}
}

// Stronger says what evidence would have supported a stronger finding, or the
// same finding better. It is the same for the same attribution, byte for byte.
func Stronger(a Attribution) string {
	switch a.Agency {
	case HumanDirected:
		if a.Key >= K4 {
			return "No evidence in this table is stronger; what was shown to the person, a hardware attestation of the authenticator or a receipt by the called service would be further facts."
		}
		return "The same consent signed by an authenticator with WebAuthn user verification would have been stronger."
	case HumanInstructed:
		if a.Binding == B4 {
			return "The same consent signed by a key that the person holds would have been stronger."
		}
		return strongerThanInstruction(a.Key)
	case HumanTasked:
		return "An instruction with a request that contains this action, or a consent to exactly this action signed by a key that the person holds, logged before the action, would have been stronger."
	case HumanDelegated:
		return "An instruction to this agent, or a consent to exactly this action signed by a key that the person holds, logged before the action, would have been stronger."
	case Autonomous:
		return strongerTrigger(a.TriggerKey)
	case Unattributed:
		return "A finding needs, logged before the action, either a human's unexpired act that is bound to this agent and rests on at least an identity provider's signature, or an order of the organisation with a signed record of what set the work off and an accountable person."
	case Conflicted:
		return "The finding needs evidence that agrees: it can only be made once one of the statements is shown to be wrong or not to belong to this action."
	case Indeterminate:
		return "The finding can be made once what is missing is supplied or shown to make no difference."
	}
	return "A finding needs a record whose signature, identity and chain of warrants stand up to verification."
}

func strongerThanInstruction(k Key) string {
	if k == K2 {
		return "The same instruction signed by a key that the person holds, or better such a consent to exactly this action, logged before it, would have been stronger."
	}
	return "A consent to exactly this action, signed by a key that the person holds and logged before it, would have been stronger."
}

func strongerTrigger(k Key) string {
	if k <= K1 {
		return "The same finding would rest on more if a party outside the organisation had signed the record of what set the work off."
	}
	return "The same finding would rest on more if the called service or another independent party had also recorded what set the work off."
}
