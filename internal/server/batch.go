package server

import (
	"context"
	"sync"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// submitAll submits the statements of a batch. Those of one signer go in the
// order of the request, because a session's statements follow each other;
// those of different signers go side by side.
func (s *Server) submitAll(ctx context.Context, reqs []*deedv1.SubmitRequest) []*deedv1.SubmitResult {
	results := make([]*deedv1.SubmitResult, len(reqs))
	var wait sync.WaitGroup
	for _, group := range bySigner(reqs) {
		wait.Go(func() {
			for _, i := range group {
				receipt, err := s.submitMessage(ctx, reqs[i])
				results[i] = s.resultMessage(receipt, err)
			}
		})
	}
	wait.Wait()
	return results
}

// bySigner groups the positions of a batch by the key that signed, in order.
func bySigner(reqs []*deedv1.SubmitRequest) [][]int {
	var groups [][]int
	at := map[attest.Digest]int{}
	for i, r := range reqs {
		key := attest.Digest(r.GetEnvelope().GetKeyid())
		g, ok := at[key]
		if !ok {
			g = len(groups)
			at[key] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}
