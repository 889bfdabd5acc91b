package consent

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// People are those whom an action that asks concerns.
type People struct {
	Instructor  string   // who signed the instruction, or is said to have given it
	Issuers     []string // who signed warrants of the chain
	Accountable string
	Owner       string   // of the agent
	Approvers   []string // whom gates and the rules that denied it name; nil: whoever is registered
}

// approversNamed finds the people in a rule such as
// context.approvers.containsAny(["bob", "carol"]).
var (
	approversNamed = regexp.MustCompile(`approvers\s*\.\s*contains(?:Any|All)?\s*\(([^)]*)\)`)
	quotedName     = regexp.MustCompile(`"([^"\\]*)"`)
)

// People finds those whom an action concerns. Errors: those of the register.
func (v *View) People(ctx context.Context, r Register) (p People, err error) {
	if v.Instruction != nil {
		p.Instructor = v.Instruction.Person
	}
	for _, l := range v.Chain.Links {
		if l.Warrant.Issuer.Kind == attest.ByPerson {
			p.Issuers = append(p.Issuers, l.Warrant.Issuer.ID)
		}
	}
	if root := v.Chain.Root().Root; root != nil {
		p.Accountable = root.Accountable
	}
	if p.Owner, err = ownerOf(ctx, r, v.Action.Agent); err != nil || v.Logged == nil {
		return p, err
	}
	text, err := (&pending{r: r, policies: map[attest.ID]string{}}).policy(ctx, v.Logged)
	p.Approvers = v.approvers(text)
	return p, err
}

// approvers are the people whom gates and the rules that denied the action ask for;
// nil where one of these rules takes anybody's approval.
func (v *View) approvers(policies string) (names []string) {
	d := v.Logged.Record.Decision
	if slices.Contains(d.Faults, "policy.denied") {
		if names = namedApprovers(policies, d.Determining); names == nil {
			return nil
		}
	}
	for _, g := range v.Gates() {
		names = append(names, g.Approvers...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// namedApprovers are the people whom each of some rules asks for. A rule that looks
// at approvals and names nobody takes anybody's.
func namedApprovers(text string, forbade []string) []string {
	var names []string
	for _, id := range forbade {
		rule, _ := ruleOf(text, id)
		for _, call := range approversNamed.FindAllStringSubmatch(rule, -1) {
			for _, name := range quotedName.FindAllStringSubmatch(call[1], -1) {
				names = append(names, name[1])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ownerOf is who owns an agent: by its own registration, else by that of the
// longest path above it.
func ownerOf(ctx context.Context, r Register, id string) (string, error) {
	root := len("spiffe://" + attest.TrustDomain(id))
	for path := id; ; {
		page, err := r.Search(ctx, Query{Kind: attest.KindAgent, Decision: admission.Allow, Agent: path, Limit: 1})
		if err != nil {
			return "", err
		}
		for _, f := range page.Found {
			l, err := r.Statement(ctx, f.ID)
			if err != nil {
				return "", err
			}
			if a, ok := l.Verified.Statement().(*attest.Agent); ok && a.Agent == path && (path == id || a.Prefix) {
				return a.Owner, nil
			}
		}
		cut := strings.LastIndexByte(path, '/')
		if cut <= root {
			return "", nil
		}
		path = path[:cut]
	}
}

// Concern says why an action concerns a person, or "" where it does not: it is then
// not theirs to see.
func (p People) Concern(person string) string {
	switch {
	case slices.Contains(p.Approvers, person):
		return "what stopped it asks for you"
	case p.Instructor == person:
		return "you gave the instruction"
	case slices.Contains(p.Issuers, person):
		return "you issued the warrant"
	case p.Accountable == person:
		return "you are accountable for it"
	case p.Owner == person:
		return "you own the agent"
	case len(p.Approvers) == 0:
		return "anyone who is registered may approve it"
	}
	return ""
}
