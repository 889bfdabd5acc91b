package main

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// asked is an action that an approval could let pass.
type asked struct {
	action   *attest.Action
	logged   *admission.Logged // nil: a draft that is not in the log yet
	received int64
	warrant  *attest.Warrant
	approved []consent
}

// consent is an approval in the log.
type consent struct {
	id        attest.ID
	statement *attest.Approval
}

// pendingSearch looks for what waits for an approval. The register keeps no list
// of that: it follows from denied actions, and from what came after them.
type pendingSearch struct {
	client   *client
	now      int64
	policies map[attest.ID]string // texts of policy sets
	chains   map[attest.ID]bool   // warrants: does the chain hold
	seen     map[string]bool      // agent and request digest
}

func (c *client) pending(ctx context.Context, agent string, since, now int64) ([]asked, error) {
	p := &pendingSearch{c, now, map[attest.ID]string{}, map[attest.ID]bool{}, map[string]bool{}}
	query := &deedv1.SearchRequest{Kind: string(attest.KindAction), Decision: string(admission.Deny), Agent: agent, SinceMs: since, Limit: 1000}
	var out []asked
	for {
		page, err := c.search(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, r := range page.GetResults() {
			a, err := p.look(ctx, r)
			if err != nil {
				return nil, err
			}
			if a != nil {
				out = append(out, *a)
			}
		}
		if query.Before = page.GetNext(); !page.GetMore() {
			return out, nil
		}
	}
}

// look decides whether a denied action waits for an approval.
func (p *pendingSearch) look(ctx context.Context, r *deedv1.SearchResult) (*asked, error) {
	if !curable(r.GetFaults()) {
		return nil, nil
	}
	l, _, err := p.client.logged(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	a, ok := l.Verified.Statement().(*attest.Action)
	if !ok || approve(new(attest.Approval), a) != nil {
		return nil, nil
	}
	key := a.Agent + " " + string(a.Request.Digest())
	if p.seen[key] {
		return nil, nil // a later try of the same
	}
	p.seen[key] = true
	for _, still := range []func(context.Context, *admission.Logged, *attest.Action) (bool, error){p.policyAsks, p.holds, p.undone} {
		if ok, err := still(ctx, l, a); err != nil || !ok {
			return nil, err
		}
	}
	out := &asked{action: a, logged: l, received: r.GetReceivedAtMs()}
	if _, out.warrant, err = p.client.warrantOf(ctx, string(a.Authority.Warrant)); err != nil {
		return nil, err
	}
	out.approved, err = p.client.approvals(ctx, a, p.now)
	return out, err
}

// curable reports whether approving could mend all that an action was denied for.
func curable(faults []string) bool {
	return len(faults) > 0 && !slices.ContainsFunc(faults, func(code string) bool {
		return code != "policy.denied" && !strings.HasPrefix(code, "approval.")
	})
}

// asksForHuman finds the facts in a policy that an approval changes.
var asksForHuman = regexp.MustCompile(`\b(approvals|approvers|human)\b`)

// commentLine is a line of a policy that says nothing to Cedar. A comment behind a
// rule stays: what looks like one may be within a text.
var commentLine = regexp.MustCompile(`(?m)^\s*//.*$`)

// policyAsks reports whether the rules that denied look at approvals. Where the
// policy cannot be read for it, it says yes: too long a list misleads nobody.
func (p *pendingSearch) policyAsks(ctx context.Context, l *admission.Logged, _ *attest.Action) (bool, error) {
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
		if _, rule, ok := strings.Cut(text, `@id("`+id+`")`); ok {
			rule, _, _ = strings.Cut(rule, "@id(")
			if !asksForHuman.MatchString(rule) {
				return false
			}
		}
	}
	return true
}

// policy is the text that decided about an entry.
func (p *pendingSearch) policy(ctx context.Context, l *admission.Logged) (string, error) {
	i := slices.IndexFunc(l.Record.Read.Force, func(pin admission.Pin) bool { return pin.Slot == admission.PolicySlot })
	if i < 0 || l.Record.Read.Force[i].ID == "" {
		return "", nil
	}
	id := l.Record.Read.Force[i].ID
	if text, ok := p.policies[id]; ok {
		return text, nil
	}
	put, _, err := p.client.logged(ctx, string(id))
	if err != nil {
		return "", err
	}
	if s, ok := put.Verified.Statement().(*attest.Policy); ok {
		text, err := p.client.object(ctx, s.Policies)
		if err != nil {
			return "", err
		}
		p.policies[id] = commentLine.ReplaceAllString(string(text), "")
	}
	return p.policies[id], nil
}

// holds reports whether the chain of warrants does: else an approval is for
// nothing.
func (p *pendingSearch) holds(ctx context.Context, _ *admission.Logged, a *attest.Action) (bool, error) {
	if ok, known := p.chains[a.Authority.Warrant]; known {
		return ok, nil
	}
	logged, links, err := p.client.chain(ctx, string(a.Authority.Warrant))
	if err != nil {
		return false, err
	}
	faults, err := p.client.chainFaults(ctx, logged, links, p.now)
	p.chains[a.Authority.Warrant] = len(faults) == 0
	return len(faults) == 0, err
}

// undone reports whether the same request has not been allowed since.
func (p *pendingSearch) undone(ctx context.Context, l *admission.Logged, a *attest.Action) (bool, error) {
	done := false
	err := p.client.each(ctx, p.client.like(attest.KindAction, a), func(later *admission.Logged) {
		s, ok := later.Verified.Statement().(*attest.Action)
		done = done || ok && later.Index > l.Index && s.Request != nil && s.Request.Digest() == a.Request.Digest()
	})
	return !done, err
}

// approvals are those of exactly this request that have not expired. Whether one
// was used is known when it is: the register denies it then.
func (c *client) approvals(ctx context.Context, a *attest.Action, now int64) (out []consent, err error) {
	want := a.Request.Digest()
	err = c.each(ctx, c.like(attest.KindApproval, a), func(l *admission.Logged) {
		s, ok := l.Verified.Statement().(*attest.Approval)
		if ok && s.Request == want && now < s.Expires {
			out = append(out, consent{l.ID(), s})
		}
	})
	return out, err
}

// like finds the allowed entries of a kind that are about the same agent, action
// and warrant.
func (c *client) like(kind attest.Kind, a *attest.Action) *deedv1.SearchRequest {
	return &deedv1.SearchRequest{
		Kind: string(kind), Decision: string(admission.Allow), Agent: a.Agent, Action: a.Request.Action,
		Warrant: string(a.Authority.Warrant), Limit: 1000,
	}
}

// each calls do for everything that a search finds, newest first.
func (c *client) each(ctx context.Context, query *deedv1.SearchRequest, do func(*admission.Logged)) error {
	for {
		page, err := c.search(ctx, query)
		if err != nil {
			return err
		}
		for _, r := range page.GetResults() {
			l, _, err := c.logged(ctx, r.GetId())
			if err != nil {
				return err
			}
			do(l)
		}
		if query.Before = page.GetNext(); !page.GetMore() {
			return nil
		}
	}
}
