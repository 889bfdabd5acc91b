package statement

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// action fills in an action: with a status it is a record, without one an
// intent, and of an intent an outcome.
func (d *Draft) action(ctx context.Context, s *attest.Action) error {
	if err := d.workload(ctx, &s.Agent); err != nil {
		return err
	}
	d.moment(&s.ClaimedAt)
	fill(&s.Initiator.Claim, d.flags.initiator)
	fill(&s.Initiator.Claim, "unknown") // where no flag asks
	if s.Initiator.Trigger == "" {
		s.Initiator.Trigger = attest.ID(d.flags.trigger)
	}
	if s.Outcome == nil && d.flags.status != "" {
		s.Outcome = &attest.Result{Status: d.flags.status}
		if s.Phase == attest.Intent {
			s.Phase = "" // of a draft, which did not know yet
		}
	}
	if s.Intent == "" {
		s.Intent = attest.ID(d.flags.outcomeOf)
	}
	if s.Phase == "" {
		s.Phase = d.flags.phase(s)
	}
	if s.Phase.OfSession() {
		return d.progress(ctx, s)
	}
	fill((*string)(&s.Session.ParallelOf), string(d.flags.parallelOf))
	if s.Phase == attest.Outcome && s.Outcome == nil {
		return console.Usage("an outcome needs --status")
	}
	if s.Phase != attest.Outcome {
		if err := d.request(s); err != nil {
			return err
		}
	}
	return d.session(ctx, s)
}

func (f *Members) phase(s *attest.Action) attest.Phase {
	switch {
	case f.heartbeat:
		return attest.Heartbeat
	case f.end != "":
		return attest.Terminal
	case s.Intent != "":
		return attest.Outcome
	case s.Outcome != nil:
		return attest.Record
	}
	return attest.Intent
}

// request fills in what is to be done and under which warrant.
func (d *Draft) request(s *attest.Action) error {
	f := d.flags
	if s.Authority == nil && f.warrant != "" {
		s.Authority = &attest.Authority{Grant: f.grant, Warrant: attest.ID(f.warrant)}
	}
	if s.Authority != nil {
		for _, id := range f.approvals {
			s.Authority.Approvals = append(s.Authority.Approvals, attest.ID(id))
		}
	}
	if s.Request == nil {
		if len(f.act.actions) != 1 {
			return console.Usage("an action needs one --action, or a request in the file")
		}
		resource, err := f.act.exact()
		if err != nil {
			return err
		}
		s.Request = &attest.ActionRequest{Action: f.act.actions[0], Resource: resource}
	}
	names, values, err := f.act.values()
	if err != nil {
		return err
	}
	if len(names) > 0 {
		seed, _, err := NewSeed()
		if err != nil {
			return err
		}
		s.Open = append(s.Open, attest.OpenValues(seed, names, values)...)
		order(s)
	}
	if s.Request.Arguments == "" {
		s.Request.Count = len(s.Open) + len(s.Sealed)
		s.Request.Arguments, err = attest.ArgumentsRoot(s.Open, s.Sealed)
	}
	return err
}

// session starts a session, or continues one after its last statement.
func (d *Draft) session(ctx context.Context, s *attest.Action) error {
	if s.Session.Seq > 0 || s.Session.Prev != "" {
		return nil
	}
	fill(&s.Session.ID, d.flags.session)
	from := s.Intent
	if from == "" {
		from = s.Session.ParallelOf
	}
	if from == "" && s.Session.ID == "" {
		return random(&s.Session.ID)
	}
	if d.Client == nil {
		return console.Usage("a session is continued where the register can be asked: give --dir or --server")
	}
	if s.Session.ID == "" {
		named, _, err := d.Client.Logged(ctx, string(from))
		if err != nil {
			return err
		}
		a, ok := named.Verified.Statement().(*attest.Action)
		if !ok {
			return console.Usage("--outcome-of, --parallel-of: %s is a %s, not an action", from, named.Record.Kind)
		}
		s.Session.ID = a.Session.ID
	}
	return tip(ctx, d.Client, s)
}

// tip puts a statement after the last one of its session.
func tip(ctx context.Context, cl *register.Client, s *attest.Action) error {
	found, err := cl.Search(ctx, &deedv1.SearchRequest{Session: s.Session.ID, Agent: s.Agent})
	if err != nil {
		return fmt.Errorf("looking up the session: %w", err)
	}
	for _, r := range found.GetResults() {
		if slices.Contains(r.GetFaults(), "session.fork") {
			continue
		}
		l, _, err := cl.Logged(ctx, r.GetId())
		if err != nil {
			return fmt.Errorf("looking up the session: %w", err)
		}
		if last, ok := l.Verified.Statement().(*attest.Action); ok {
			s.Session.Seq, s.Session.Prev = last.Session.Seq+1, l.ID()
			return nil
		}
	}
	return nil // its first statement
}

// NewSeed draws a seed, and the object that holds it.
func NewSeed() (seed [32]byte, object []byte, err error) {
	if _, err := io.ReadFull(rand.Reader, seed[:]); err != nil {
		return seed, nil, fmt.Errorf("drawing a seed: %w", err)
	}
	return seed, attest.SeedObject(seed), nil
}
