package consent

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Search says where Pending looks.
type Search struct {
	Agent string // of this SPIFFE ID only; "" is all
	Since int64  // ms: denied at or after
	Now   int64  // ms
	// Most ends the search when so many are found, and Pages when so many pages of
	// denied actions were looked at; 0 is never.
	Most, Pages int
	// OfAgent is how many of one agent are found, the newest; 0 is all. One that asks
	// for too much does not hide what others ask for.
	OfAgent int
}

// pending looks for what waits for an approval.
type pending struct {
	Search
	r        Register
	policies map[attest.ID]string // texts of policy sets
	chains   map[attest.ID]bool   // warrants: does the chain hold
	seen     map[string]bool      // agent and request digest
	found    map[string]int       // of an agent
	more     bool                 // something was passed over
}

func newPending(r Register, s Search) *pending {
	return &pending{s, r, map[attest.ID]string{}, map[attest.ID]bool{}, map[string]bool{}, map[string]int{}, false}
}

// Pending finds the actions that were denied for want of an approval, newest first:
// the faults are all approval.*, or policy.denied by rules that look at approvals or
// at a human; the chain of warrants holds; and the same request was not allowed
// since. more says that the limits of the search left some out, or may have. Errors:
// those of the register.
func Pending(ctx context.Context, r Register, s Search) (out []Asked, more bool, err error) {
	p := newPending(r, s)
	query := Query{Kind: attest.KindAction, Decision: admission.Deny, Agent: s.Agent, Since: s.Since, Limit: pageSize}
	for pages := 1; ; pages++ {
		page, err := r.Search(ctx, query)
		if err != nil {
			return nil, false, err
		}
		for _, f := range page.Found {
			if s.Most > 0 && len(out) == s.Most {
				return out, true, nil
			}
			a, err := p.look(ctx, f)
			if err != nil {
				return nil, false, err
			}
			if a != nil {
				out = append(out, *a)
			}
		}
		if query.Before = page.Next; query.Before == 0 || pages == s.Pages {
			return out, p.more || query.Before != 0, nil
		}
	}
}

// look decides whether a denied action waits for an approval.
func (p *pending) look(ctx context.Context, f Found) (*Asked, error) {
	if !curable(f.Faults) {
		return nil, nil
	}
	l, err := p.r.Statement(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	a, ok := l.Verified.Statement().(*attest.Action)
	if !ok || Copy(new(attest.Approval), a) != nil {
		return nil, nil
	}
	key := a.Agent + " " + string(a.Request.Digest())
	if p.seen[key] {
		return nil, nil // a later try of the same
	}
	p.seen[key] = true
	if p.OfAgent > 0 && p.found[a.Agent] == p.OfAgent {
		p.more = true
		return nil, nil
	}
	for _, still := range []func(context.Context, *admission.Logged, *attest.Action) (bool, error){p.policyAsks, p.holds, p.undone} {
		if ok, err := still(ctx, l, a); err != nil || !ok {
			return nil, err
		}
	}
	out := &Asked{Action: a, Logged: l, Received: f.Received}
	if _, out.Warrant, err = Warrant(ctx, p.r, a.Authority.Warrant); err != nil {
		return nil, err
	}
	p.found[a.Agent]++
	return out, Complete(ctx, p.r, out, p.Now)
}

// curable reports whether approving could mend all that an action was denied for.
func curable(faults []string) bool {
	return len(faults) > 0 && !slices.ContainsFunc(faults, func(code string) bool {
		return code != "policy.denied" && !strings.HasPrefix(code, "approval.") && !strings.HasPrefix(code, "gate.")
	})
}

// asksForHuman finds the facts in a policy that an approval changes.
var asksForHuman = regexp.MustCompile(`\b(approvals|approvers|human)\b`)

// commentLine is a line of a policy that says nothing to Cedar. A comment behind a
// rule stays: what looks like one may be within a text.
var commentLine = regexp.MustCompile(`(?m)^\s*//.*$`)

// policyAsks reports whether the rules that denied look at approvals. Where the
// policy cannot be read for it, it says yes: too long a list misleads nobody.
func (p *pending) policyAsks(ctx context.Context, l *admission.Logged, _ *attest.Action) (bool, error) {
	if !slices.Contains(l.Record.Decision.Faults, "policy.denied") {
		return true, nil
	}
	text, err := p.policy(ctx, l)
	if err != nil || text == "" {
		return true, err
	}
	return rulesAsk(text, l.Record.Decision.Determining), nil
}

// rulesAsk reports whether each of the rules that forbade looks at approvals. Where
// none forbade, no permit matched: any of them may be the one that waits.
func rulesAsk(text string, forbade []string) bool {
	if len(forbade) == 0 {
		return asksForHuman.MatchString(text)
	}
	for _, id := range forbade {
		if rule, ok := ruleOf(text, id); ok && !asksForHuman.MatchString(rule) {
			return false
		}
	}
	return true
}

// ruleOf is the text of one rule.
func ruleOf(text, id string) (string, bool) {
	_, rule, ok := strings.Cut(text, `@id("`+id+`")`)
	rule, _, _ = strings.Cut(rule, "@id(")
	return rule, ok
}

// policy is the text that decided about an entry.
func (p *pending) policy(ctx context.Context, l *admission.Logged) (string, error) {
	i := slices.IndexFunc(l.Record.Read.Force, func(pin admission.Pin) bool { return pin.Slot == admission.PolicySlot })
	if i < 0 || l.Record.Read.Force[i].ID == "" {
		return "", nil
	}
	id := l.Record.Read.Force[i].ID
	if text, ok := p.policies[id]; ok {
		return text, nil
	}
	put, err := p.r.Statement(ctx, id)
	if err != nil {
		return "", err
	}
	if s, ok := put.Verified.Statement().(*attest.Policy); ok {
		text, err := p.r.Object(ctx, s.Policies)
		if err != nil {
			return "", err
		}
		p.policies[id] = commentLine.ReplaceAllString(string(text), "")
	}
	return p.policies[id], nil
}

// holds reports whether the chain of warrants does: else an approval is for
// nothing.
func (p *pending) holds(ctx context.Context, _ *admission.Logged, a *attest.Action) (bool, error) {
	if ok, known := p.chains[a.Authority.Warrant]; known {
		return ok, nil
	}
	chain, err := ChainOf(ctx, p.r, a.Authority.Warrant)
	if err != nil {
		return false, err
	}
	faults, err := chain.Faults(ctx, p.r, p.Now)
	p.chains[a.Authority.Warrant] = len(faults) == 0
	return len(faults) == 0, err
}

// undone reports whether the same request has not been allowed since.
func (p *pending) undone(ctx context.Context, l *admission.Logged, a *attest.Action) (bool, error) {
	done := false
	err := each(ctx, p.r, like(attest.KindAction, a), func(later *admission.Logged) {
		s, ok := later.Verified.Statement().(*attest.Action)
		done = done || ok && later.Index > l.Index && s.Request != nil && s.Request.Digest() == a.Request.Digest()
	})
	return !done, err
}
