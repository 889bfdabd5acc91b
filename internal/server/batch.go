package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/ledger"
)

// maxRounds bounds how often what is left of a batch is tried again: each round
// checks all of it.
const maxRounds = 8

// Answer is what became of one statement of a batch.
type Answer struct {
	Receipt Receipt
	Err     error
}

// SubmitBatch submits statements in order. They are checked side by side and
// placed in few commits. A statement that relies on an earlier one of the batch
// is checked again once that is in the log.
func (s *Server) SubmitBatch(ctx context.Context, subs []admission.Submission) []Answer {
	start := time.Now()
	answers := make([]Answer, len(subs))
	left := make([]int, len(subs))
	for i := range left {
		left[i] = i
	}
	for round, progress := 1, true; len(left) > 0 && progress; round++ {
		left, progress = s.round(ctx, subs, left, answers)
		progress = progress && round < maxRounds
	}
	for _, a := range answers {
		s.count(a.Receipt, a.Err)
		s.metrics.Took(metrics.Total, time.Since(start))
	}
	return answers
}

// round tries what is left. It returns what may pass in another round, in order,
// and whether any of this round is in the log now.
func (s *Server) round(ctx context.Context, subs []admission.Submission, left []int, answers []Answer) (later []int, progress bool) {
	places := s.checkAll(subs, left, answers)
	waits := make([]func() (ledger.Receipt, error), len(left))
	for n, i := range left {
		if places[n] != nil {
			waits[n], answers[i].Err = s.begin(ctx, places[n])
		}
	}
	for n, i := range left {
		switch {
		case waits[n] != nil:
			answers[i].Receipt, answers[i].Err = s.finish(places[n], waits[n])
		case places[n] == nil && !errors.Is(answers[i].Err, ledger.ErrOverloaded):
			answers[i].Receipt, answers[i].Err = s.repeated(ctx, subs[i], answers[i].Err)
		}
		progress = progress || answers[i].Err == nil
		if waitsForOthers(answers[i].Err) {
			later = append(later, i)
		}
	}
	return later, progress
}

// waitsForOthers reports whether a statement may pass once others are logged.
func waitsForOthers(err error) bool {
	f := attest.AsFault(err)
	if f == nil {
		return false
	}
	switch f.Code {
	case "reference.unlogged", "session.order", "trust.changed":
		return true
	}
	return false
}

// checkAll checks statements side by side, on as many cores as there are. A
// statement that does not pass has no placement, and its error is its answer.
func (s *Server) checkAll(subs []admission.Submission, left []int, answers []Answer) []*placement {
	places := make([]*placement, len(left))
	next := make(chan int, len(left))
	for n := range left {
		next <- n
	}
	close(next)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(left)) {
		wait.Go(func() {
			for n := range next {
				places[n], answers[left[n]].Err = s.checkOne(subs[left[n]])
			}
		})
	}
	wait.Wait()
	return places
}

// checkOne recovers for itself: here is no handler above that would.
func (s *Server) checkOne(sub admission.Submission) (p *placement, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("checking in a batch: panic: %v", r)
		}
	}()
	return s.check(sub)
}
