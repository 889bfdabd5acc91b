package consent

import (
	"errors"

	"github.com/deedlog/deed/attest"
)

// ErrIncomplete is of an action that lacks what an approval copies. An agent opens
// every argument of what a human is to approve.
var ErrIncomplete = errors.New("the action cannot be approved: it needs a request, a warrant, and every argument in plain")

// Mismatch is of a drafted action that contradicts itself, or is another log's.
type Mismatch string

// Error says what does not match.
func (m Mismatch) Error() string { return string(m) }

// Copy makes an approval one of exactly this action. Errors: [ErrIncomplete].
func Copy(s *attest.Approval, a *attest.Action) error {
	if a.Request == nil || a.Authority == nil || len(a.Sealed) > 0 {
		return ErrIncomplete
	}
	s.Action, s.Agent, s.Resource, s.Target = a.Request.Action, a.Agent, a.Request.Resource, a.Target
	s.Request, s.Warrant = a.Request.Digest(), a.Authority.Warrant
	s.Arguments = nil
	for _, o := range a.Open {
		s.Arguments = append(s.Arguments, attest.NamedValue{Name: o.Name, Value: o.Value})
	}
	return nil
}

// Check is Copy, and checks the action before anybody is shown it: a draft may hold
// anything. The approval has its log, nonce and times already; person and display
// may be missing. Errors: [ErrIncomplete], [Mismatch], and faults of the form.
func Check(s *attest.Approval, a *attest.Action) error {
	if err := Copy(s, a); err != nil {
		return err
	}
	if a.Log != "" && a.Log != s.Log {
		return Mismatch("the action is for the log " + attest.Quote(a.Log) + ", and this is " + s.Log)
	}
	root, err := attest.ArgumentsRoot(a.Open, nil)
	if err != nil || root != a.Request.Arguments {
		return Mismatch("the arguments that the action shows are not those that it commits to")
	}
	probe := *s
	if probe.Person == "" {
		probe.Person = "nobody"
	}
	probe.Display = attest.DigestOf(nil)
	_, err = attest.Payload(&probe)
	return err
}
