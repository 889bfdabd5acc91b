package agent

import (
	"context"
	"maps"
	"slices"

	"github.com/deedlog/deed/attest"
)

// maxPending bounds what a terminal lists; all that is open is counted.
const maxPending = 64

// Heartbeat says that the session lives, with how many actions it had and how
// many of them are open. Two heartbeats that are further apart than agreed, or
// none at the end, are what an auditor can ask about.
func (s *Session) Heartbeat(ctx context.Context) (Receipt, error) {
	st, err := s.client.blank()
	if err != nil {
		return Receipt{}, err
	}
	st.Phase = attest.Heartbeat
	return s.submit(ctx, st, func() error {
		st.Progress = &attest.Progress{Actions: s.actions, Open: int64(len(s.open))}
		return nil
	}, nil)
}

// Close ends the session with a terminal: as complete, or as interrupted where
// complete is false or intents are open, which it lists. Afterwards the register
// denies every statement of the session: report outcomes first.
func (s *Session) Close(ctx context.Context, complete bool) (Receipt, error) {
	st, err := s.client.blank()
	if err != nil {
		return Receipt{}, err
	}
	st.Phase = attest.Terminal
	return s.submit(ctx, st, func() error {
		pending := slices.Sorted(maps.Keys(s.open))
		st.Progress = &attest.Progress{
			Actions: s.actions, Open: int64(len(pending)), Pending: pending[:min(len(pending), maxPending)], Status: "interrupted",
		}
		if complete && len(pending) == 0 {
			st.Progress.Status = "complete"
		}
		return nil
	}, nil)
}

// count keeps what a statement that is in the log means for the session.
func (s *Session) count(st *attest.Action, id attest.ID, allowed bool) {
	if st.Phase.Asks() {
		s.actions++
	}
	switch {
	case !allowed:
	case st.Phase == attest.Intent:
		s.open[id] = true
	case st.Phase == attest.Outcome:
		delete(s.open, st.Intent)
	}
}
