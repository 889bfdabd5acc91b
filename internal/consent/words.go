package consent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// Words are what is approved, the same for the same action, state and approval.
// They are kept as the object that the approval's display names.
func (v *View) Words(s *attest.Approval) string {
	return v.words(s, func(line func(name, value string)) {
		line("approves", "exactly this, once, until just before "+Instant(s.Expires)+", "+Span(s.Expires-s.At))
	})
}

// RefusalWords are what is refused, as Words are what is approved. The refusal's
// display names them.
func (v *View) RefusalWords(s *attest.Approval, reason string) string {
	return v.words(s, func(line func(name, value string)) {
		line("refuses", "exactly this, until the same person approves it; takes back what that person approved of it before")
		if reason != "" {
			line("reason", attest.Quote(reason))
		}
	})
}

// words are what is shown, with lines that say what signing it does.
func (v *View) words(s *attest.Approval, effect func(line func(name, value string))) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-12s %s\n", name+":", value) }
	line("agent", s.Agent)
	line("action", s.Action)
	line("resource", s.Resource.Kind+" "+attest.Quote(s.Resource.ID))
	for _, a := range s.Arguments {
		line("argument", a.Name+" "+a.Value.String())
	}
	if len(s.Arguments) == 0 {
		line("arguments", "none")
	}
	line("target", TargetWords(s.Target))
	if !v.Action.Request.Reversible {
		line("reversible", "no, as the agent says")
	} else {
		line("reversible", "yes, as the agent says")
	}
	effect(line)
	if v.Logged != nil {
		line("asked", fmt.Sprintf("%s, entry %d, %s", Instant(v.Received), v.Logged.Index, v.Logged.ID()))
		line("denied", DenialWords(v.Logged))
	} else {
		line("asked", "not yet: this is a draft")
	}
	for _, g := range v.Approved {
		line("approved", g.Words())
	}
	for _, r := range v.Refused {
		line("refused", r.Words())
	}
	v.warrantWords(line)
	for _, r := range v.Compared() {
		line("instruction", r.Text)
	}
	line("request", string(s.Request))
	line("log", s.Log)
	return b.String()
}

func (v *View) warrantWords(line func(name, value string)) {
	w, root := v.Chain.Leaf(), v.Chain.Root()
	line("warrant", string(v.Action.Authority.Warrant)+" of "+w.Issuer.Name()+", for "+attest.Quote(w.Task.Purpose))
	line("holds", "from "+Instant(w.NotBefore)+" until just before "+Instant(w.Expires))
	if root.Root != nil {
		line("rests on", string(root.Root.Basis)+" of "+root.Issuer.Name()+"; "+root.Root.Accountable+" is accountable")
	}
	for _, g := range v.Gates() {
		line("gate", warrant.DescribeGate(g))
	}
	for _, f := range v.ChainFaults {
		line("fault", f.Error())
	}
	switch {
	case v.Outside != nil:
		line("within it", "no: "+v.Outside.Error())
	case len(v.ChainFaults) == 0:
		line("within it", "yes")
	}
}

// Words say who approved, and until when.
func (g Given) Words() string {
	s := "by " + g.Statement.Person + " until just before " + Instant(g.Statement.Expires) + ": " + string(g.ID)
	if g.Unseen {
		s += ", of which it is not there what was shown"
	}
	return s
}

// DenialWords are why an action was denied: faults, and the rules of the policy
// where that denied.
func DenialWords(l *admission.Logged) string { return FaultWords(l.Record.Decision) }

// FaultWords are the faults of a decision, as in [DenialWords].
func FaultWords(d admission.Decision) string {
	s := strings.Join(d.Faults, ", ")
	if rules := d.Determining; len(rules) > 0 && slices.Contains(d.Faults, "policy.denied") {
		s += " by " + strings.Join(rules, ", ")
	}
	return s
}

// RequestWords say what a request asks for, in the words of a warrant's grant.
func RequestWords(r attest.Request) string {
	s := r.Action + " on " + r.Resource.Kind + " " + r.Resource.Match.String()
	if len(r.Arguments) == 0 {
		return s + ", with no arguments"
	}
	args := make([]string, len(r.Arguments))
	for i, a := range r.Arguments {
		args[i] = a.Name + " " + a.Constraint.String()
	}
	return s + ", with " + strings.Join(args, ", ")
}

// ValueWords are the arguments of an action, each with its value. Text is quoted,
// so that it cannot pass for words of ours.
func ValueWords(a *attest.Action) string {
	var words []string
	for _, o := range a.Open {
		words = append(words, o.Name+" "+o.Value.String())
	}
	for _, s := range a.Sealed {
		words = append(words, s.Name+" sealed")
	}
	if len(words) == 0 {
		return "no arguments"
	}
	return strings.Join(words, ", ")
}

// TargetWords say where an action goes.
func TargetWords(t *attest.Target) string {
	if t == nil {
		return "none named"
	}
	return t.Kind + ", " + t.Protocol + " to " + t.Endpoint
}

// ActionsWords say how many actions an instruction may carry.
func ActionsWords(s *attest.Instruction) string {
	if s.MaxActions == 0 {
		return "not limited in number"
	}
	return fmt.Sprintf("at most %d", s.MaxActions)
}

// InstructionWords say what an instruction asks, before it is signed; text is what it
// commits to.
func InstructionWords(s *attest.Instruction, text string) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-11s %s\n", name+":", value) }
	line("person", s.SignedBy().Name())
	if s.RecordedBy != "" {
		line("for", s.Person+", as this service says")
	}
	line("asks", s.Addressee)
	line("text", attest.Quote(text))
	for n, r := range s.Requests {
		line(fmt.Sprintf("request %d", n), RequestWords(r))
	}
	if len(s.Requests) == 0 {
		line("requests", "none: what is done is the agent's choice")
	}
	line("actions", ActionsWords(s))
	line("holds", "from "+Instant(s.At)+" until just before "+Instant(s.Expires)+", "+Span(s.Expires-s.At))
	line("log", s.Log)
	return b.String()
}

// Instant is a time of the log, in ms; "" for none.
func Instant(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// Span is a length of time in ms, to the second.
func Span(ms int64) string {
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}
