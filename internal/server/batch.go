package server

import (
	"context"
	"fmt"
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
				results[i] = s.submitOne(ctx, reqs[i])
			}
		})
	}
	wait.Wait()
	return results
}

// submitOne recovers for itself: here is no handler above that would.
func (s *Server) submitOne(ctx context.Context, req *deedv1.SubmitRequest) (out *deedv1.SubmitResult) {
	defer func() {
		if r := recover(); r != nil {
			out = s.resultMessage(Receipt{}, fmt.Errorf("submitting in a batch: panic: %v", r))
		}
	}()
	return s.resultMessage(s.submitMessage(ctx, req))
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
