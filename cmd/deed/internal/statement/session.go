package statement

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// sessionFlags make statements that are about a session, and say where in it an
// action comes from.
type sessionFlags struct {
	heartbeat  bool
	end        string
	parallelOf string
}

func (s *sessionFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.heartbeat, "heartbeat", false, "state that the --session lives, with how many actions it had and how many are open")
	f.StringVar(&s.end, "end", "", "close the --session for good: `complete` or interrupted")
	console.StatementIDVar(f, &s.parallelOf, "parallel-of", "`ID` of the action of the same session that fanned out into this one")
}

// progress fills in a heartbeat or terminal: what the register has of the
// session is counted.
func (d *Draft) progress(ctx context.Context, s *attest.Action) error {
	if d.flags.heartbeat && d.flags.end != "" {
		return console.Usage("want --heartbeat or --end")
	}
	if d.Client == nil || s.Session.ID == "" && d.flags.session == "" {
		return console.Usage("want --session ID, and the register that has it: give --dir or --server")
	}
	fill(&s.Session.ID, d.flags.session)
	actions, open, err := sessionCount(ctx, d.Client, s)
	if err != nil {
		return err
	}
	if s.Progress == nil {
		s.Progress = &attest.Progress{Actions: actions, Open: int64(len(open)), Status: d.flags.end}
		if s.Phase == attest.Terminal {
			s.Progress.Pending = open[:min(len(open), 64)]
		}
		if d.flags.end == "complete" && len(open) > 0 {
			return console.Hint(fmt.Errorf("the session is not complete: %d intents have no outcome", len(open)), "report them with --outcome-of, or give --end interrupted")
		}
	}
	return tip(ctx, d.Client, s)
}

// sessionCount reads all of a session: how many intents and records it has, and
// which allowed intents have no outcome.
func sessionCount(ctx context.Context, cl *register.Client, s *attest.Action) (actions int64, open []attest.ID, err error) {
	pending, done := map[attest.ID]bool{}, map[attest.ID]bool{}
	err = eachOfSession(ctx, cl, s, func(a *attest.Action, id attest.ID, allowed bool) {
		if a.Phase.Asks() {
			actions++
		}
		switch {
		case !allowed:
		case a.Phase == attest.Intent:
			pending[id] = true
		case a.Phase == attest.Outcome:
			done[a.Intent] = true
		}
	})
	maps.DeleteFunc(pending, func(id attest.ID, _ bool) bool { return done[id] })
	return actions, slices.Sorted(maps.Keys(pending)), err
}

// eachOfSession reads the statements of a session but forks, newest first.
func eachOfSession(ctx context.Context, cl *register.Client, s *attest.Action, do func(a *attest.Action, id attest.ID, allowed bool)) error {
	query := &deedv1.SearchRequest{Session: s.Session.ID, Agent: s.Agent, Limit: 1000}
	err := cl.Each(ctx, query, func(r *deedv1.SearchResult) error {
		if slices.Contains(r.GetFaults(), "session.fork") {
			return nil
		}
		l, _, err := cl.Logged(ctx, r.GetId())
		if err != nil {
			return err
		}
		if a, ok := l.Verified.Statement().(*attest.Action); ok {
			do(a, l.ID(), l.Allowed())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the session: %w", err)
	}
	return nil
}
