package consent

import (
	"context"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Refused is a refusal in the log. It does not expire.
type Refused struct {
	ID        attest.ID
	Index     uint64
	Statement *attest.Refusal
}

// Refusal makes a refusal of what an approval is of, by the same person, with the
// same display: see [Check] and [View.RefusalWords]. The reason may be empty.
func Refusal(s *attest.Approval, reason string) *attest.Refusal {
	return &attest.Refusal{
		Action: s.Action, Agent: s.Agent, Arguments: s.Arguments, At: s.At, Display: s.Display, Log: s.Log, Nonce: s.Nonce,
		Person: s.Person, Reason: reason, Request: s.Request, Resource: s.Resource, Target: s.Target, V: s.V, Warrant: s.Warrant,
	}
}

// Words say who refused, when, and why. A reason is quoted, so that it cannot pass
// for words of ours.
func (r Refused) Words() string {
	s := "by " + r.Statement.Person + " " + Instant(r.Statement.At)
	if r.Statement.Reason != "" {
		s += ", " + attest.Quote(r.Statement.Reason)
	}
	return s + ": " + string(r.ID)
}

// refusals are the newest of each person of exactly this action, whatever its
// salts.
func refusals(ctx context.Context, r Register, a *attest.Action) (out []Refused, err error) {
	exact, seen := a.Exact(), map[string]bool{}
	err = each(ctx, r, like(attest.KindRefusal, a), func(l *admission.Logged) {
		s, ok := l.Verified.Statement().(*attest.Refusal)
		if ok && !seen[s.Person] && s.Exact() == exact {
			seen[s.Person] = true
			out = append(out, Refused{l.ID(), l.Index, s})
		}
	})
	return out, err
}

// lastWords leaves of what people said what stands: of each the last word, in the
// order of the log. A refusal falls with an approval of the very request that was
// given after it.
func (a *Asked) lastWords() {
	a.Approved = slices.DeleteFunc(a.Approved, func(yes Given) bool {
		return slices.ContainsFunc(a.Refused, func(no Refused) bool {
			return no.Statement.Person == yes.Statement.Person && no.Index > yes.Index
		})
	})
	a.Refused = slices.DeleteFunc(a.Refused, func(no Refused) bool {
		return slices.ContainsFunc(a.Approved, func(yes Given) bool { return yes.Statement.Person == no.Statement.Person })
	})
}
