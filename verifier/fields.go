package verifier

import (
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// decisionFields say what was decided, and why, in the words of the fault list.
func (s *Subject) decisionFields() [][2]string {
	d := s.Decision
	decision := string(d.Effect)
	if s.Mode != "" {
		decision += ", mode " + string(s.Mode)
	}
	if !d.Evaluated {
		decision += ", policy could not be evaluated"
	}
	out := [][2]string{{"decision", decision}}
	for _, code := range d.Faults {
		out = append(out, [2]string{"because", code + ": " + attest.Faults[code].Cause})
	}
	out = append(out, [2]string{"determined by", strings.Join(d.Determining, ", ")})
	return append(out, [2]string{"policy errors", strings.Join(d.Errors, ", ")})
}

// attributionFields are the axes, each by itself.
func (s *Subject) attributionFields() [][2]string {
	a := s.Attribution
	if a == nil {
		return nil
	}
	return [][2]string{
		{"class", className(a.Agency) + fmt.Sprintf(" (row %d)", a.Row)},
		{"authority", string(a.Authority)},
		{"binding", fmt.Sprintf("at least B%d", a.Binding)},
		{"key", fmt.Sprintf("at least K%d", a.Key)},
		{"order", orderWords(a.Order)},
		{"authorizing", orNone(a.Authorizing)},
		{"accountable", orNone(a.Accountable)},
		{"flags", strings.Join(a.Flags, ", ")},
	}
}

func className(c agency.Class) string {
	if c == agency.None {
		return "none"
	}
	return string(c)
}

func orderWords(o agency.Order) string {
	switch o {
	case agency.OrderBefore:
		return "a human's act was logged before the action"
	case agency.OrderAfter:
		return "a human's act was logged after the action"
	}
	return "no human's act was logged that counts"
}

func orNone(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

// summary is the subject in one or two sentences.
func (s *Subject) summary() string {
	out := s.Signer.Name + " signed this " + string(s.Kind) + "."
	if a := s.Action; a != nil && a.Name != "" {
		out = s.Signer.Name + " stated: " + a.Name + " on " + a.Resource
		if len(a.Arguments) > 0 {
			out += ", " + strings.Join(a.Arguments, ", ")
		}
		out += "."
	}
	if a := s.Attribution; a != nil {
		out += fmt.Sprintf(" Class %s, authority %s; authorizing %s, accountable %s.",
			className(a.Agency), a.Authority, orNone(a.Authorizing), orNone(a.Accountable))
	}
	if len(s.Contested) > 0 {
		out += " Contested: a key or root that this rests on was declared compromised; both readings are below."
	}
	return out
}
