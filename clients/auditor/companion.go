package auditor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/verifier"
)

// Anyone who is registered may countersign an action, and as often as he likes. So
// what is taken along of what was said about one subject afterwards is bounded, and so
// is what is looked at to choose it.
const (
	maxCompanions = 32
	maxOutcomes   = 4
	maxLooked     = 1024
	maxPages      = 64
)

// companions adds what was said about the subjects after they were logged: what
// services and gateways saw of an action, and the outcome of an intent. It returns how
// many countersignatures are left out, by subject. The register finds them by a
// search, which shows nothing to be absent.
func (c *Client) companions(ctx context.Context, k *collection, subjects []*fetched) (left map[uint64]int, err error) {
	left = map[uint64]int{}
	for _, about := range subjects {
		if about.record.Kind != attest.KindAction || about.record.Attribution == nil {
			continue
		}
		said, err := c.saidOf(ctx, about)
		if err != nil {
			return nil, fmt.Errorf("searching what was said of entry %d: %w", about.proof.Index, err)
		}
		status, err := c.outcomes(ctx, k, about, said)
		if err != nil {
			return nil, err
		}
		if left[about.proof.Index], err = c.countersignatures(ctx, k, about, said, status); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// saidOf lists what the register finds about an entry, ascending.
func (c *Client) saidOf(ctx context.Context, about *fetched) (found []*deedv1.SearchResult, err error) {
	req := &deedv1.SearchRequest{Of: string(about.record.ID), Limit: 1000}
	for range maxPages {
		page, err := c.evidence.Search(ctx, req)
		if err != nil {
			return nil, err
		}
		found = append(found, page.GetResults()...)
		if !page.GetMore() {
			break
		}
		if page.GetNext() == 0 || req.Before != 0 && page.GetNext() >= req.Before {
			return nil, errors.New("the register's pages do not end")
		}
		req.Before = page.GetNext()
	}
	slices.SortFunc(found, func(a, b *deedv1.SearchResult) int { return cmp.Compare(a.GetIndex(), b.GetIndex()) })
	return found, nil
}

// outcomes adds the outcome of an intent; where the log denied it, what the agent
// reported all the same. It returns what the agent says came of the action.
func (c *Client) outcomes(ctx context.Context, k *collection, about *fetched, said []*deedv1.SearchResult) (status string, err error) {
	taken := 0
	for _, allowed := range [...]bool{true, false} {
		for _, r := range said {
			if r.GetKind() != string(attest.KindAction) || r.GetSigner() != about.record.Signer.Name || taken == maxOutcomes ||
				(r.GetDecision() == string(admission.Allow)) != allowed {
				continue
			}
			f, s, err := c.told(ctx, about, r)
			if err != nil {
				return "", err
			}
			if a, ok := s.(*attest.Action); ok && a.Outcome != nil && status == "" {
				status = a.Outcome.Status
			}
			if s != nil {
				k.add(f)
				taken++
			}
		}
	}
	if s, err := c.statement(ctx, about); err != nil || status != "" {
		return status, err
	} else if a, ok := s.(*attest.Action); ok && a.Outcome != nil {
		return a.Outcome.Status, nil // of a record
	}
	return "", nil
}

// told fetches an entry that the register says is about another one, and what it
// says; nil where it is not: the bundle is refused otherwise (docs/spec/bundle.md,
// "Closure").
func (c *Client) told(ctx context.Context, about *fetched, r *deedv1.SearchResult) (*fetched, attest.Statement, error) {
	f, err := c.fetch(ctx, byIndex(r.GetIndex(), 0))
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(f.record.Read.Statements, func(s admission.Ref) bool { return s.ID == about.record.ID }) {
		return f, nil, nil
	}
	s, err := c.statement(ctx, f)
	return f, s, err
}

// seen is a countersignature, and whether it says otherwise than the agent.
type seen struct {
	*fetched
	differs bool
}

// countersignatures adds those of an action, and returns how many it leaves out. One
// that the log denied counts for nothing.
func (c *Client) countersignatures(ctx context.Context, k *collection, about *fetched, said []*deedv1.SearchResult, status string) (left int, err error) {
	own, err := c.statement(ctx, about)
	if err != nil {
		return 0, err
	}
	a, ok := own.(*attest.Action)
	if !ok {
		return 0, nil
	}
	bySigner := map[string][]*deedv1.SearchResult{}
	for _, r := range said {
		if r.GetKind() == string(attest.KindCountersignature) && r.GetDecision() == string(admission.Allow) {
			bySigner[r.GetSigner()] = append(bySigner[r.GetSigner()], r)
			left++
		}
	}
	looked := map[string][]seen{}
	for _, r := range inTurn(bySigner, maxLooked) {
		f, s, err := c.told(ctx, about, r)
		if err != nil {
			return 0, err
		}
		if s, ok := s.(*attest.Countersignature); ok && f.record.Decision.Effect == admission.Allow {
			_, differ := verifier.Compare(s, a, about.record.Decision.Effect == admission.Allow, status)
			looked[s.By] = append(looked[s.By], seen{f, len(differ) > 0})
		} else {
			left-- // it is none
		}
	}
	for _, s := range chosen(looked, maxCompanions) {
		k.add(s.fetched)
		left--
	}
	return left, nil
}

// chosen takes the most telling of what several saw: one of each signer before a second
// of any, and what says otherwise than the agent before what agrees, the older first.
func chosen(bySigner map[string][]seen, most int) []seen {
	telling := func(a, b seen) int {
		if a.differs != b.differs {
			return map[bool]int{true: -1, false: 1}[a.differs]
		}
		return cmp.Compare(a.proof.Index, b.proof.Index)
	}
	var out []seen
	for round := 0; ; round++ {
		var turn []seen
		for _, list := range bySigner {
			if slices.SortFunc(list, telling); round < len(list) {
				turn = append(turn, list[round])
			}
		}
		slices.SortFunc(turn, telling)
		out = append(out, turn[:min(len(turn), most-len(out))]...)
		if len(turn) == 0 || len(out) == most {
			return out
		}
	}
}

// inTurn takes one of each list after the other, in the order of their names, at most
// so many.
func inTurn[T any](lists map[string][]T, most int) (out []T) {
	names := slices.Sorted(maps.Keys(lists))
	for round := 0; ; round++ {
		before := len(out)
		for _, name := range names {
			if list := lists[name]; round < len(list) && len(out) < most {
				out = append(out, list[round])
			}
		}
		if len(out) == before {
			return out
		}
	}
}
