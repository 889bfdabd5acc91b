package admission_test

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// TestTerminal: after a terminal the session is closed for good, whatever comes
// and however it was denied; before, and by a denied one, it is not.
func TestTerminal(t *testing.T) {
	s := newScene(t)
	intent := s.Transfer(s.Payments, s.leafID, "1.00")
	id := s.allow(s.Sign(s.Payments, intent))
	beat := s.Heartbeat(intent, id, 1, 1)
	beatID := s.allow(s.Sign(s.Payments, beat))
	wrong := s.Terminal(beat, beatID, 1, s.triggerID)
	wrongID := s.deny(s.Sign(s.Payments, wrong), "session.pending")
	end := s.Terminal(wrong, wrongID, 1, id)
	endID := s.allow(s.Sign(s.Payments, end))

	late := s.Outcome(intent, id)
	lateID := s.deny(s.Sign(s.Payments, s.After(end, endID, late)), "session.closed")
	again := s.Terminal(late, lateID, 1, id)
	againID := s.deny(s.Sign(s.Payments, again), "session.closed")
	more := s.After(again, againID, s.Transfer(s.Payments, s.leafID, "1.00"))
	found, a := s.find(s.Sign(s.Payments, more))
	if found.faults != "session.closed" || a.Authority != agency.AuthorityWithin {
		t.Errorf("found %+v, authority %s", found, a.Authority)
	}
	fork := s.After(intent, id, s.Transfer(s.Payments, s.leafID, "1.00"))
	s.deny(s.Sign(s.Payments, fork), "session.fork")
	if r := s.log(s.Sign(s.Payments, s.After(more, s.entries[len(s.entries)-2].result.Parsed.ID, s.Transfer(s.Payments, s.leafID, "1.00")))); r.Read.Session == nil ||
		!r.Read.Session.Closed || !slices.Equal(r.Decision.Faults, []string{"session.closed"}) {
		t.Errorf("read %+v, faults %v", r.Read.Session, r.Decision.Faults)
	}
}

// TestPending: a terminal lists allowed intents of its own agent and session.
func TestPending(t *testing.T) {
	s := newScene(t)
	first := s.Transfer(s.Payments, s.leafID, "1.00")
	other := s.allow(s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")))
	firstID := s.allow(s.Sign(s.Payments, first))
	denied := s.After(first, firstID, s.Transfer(s.Payments, "", "1.00"))
	deniedID := s.deny(s.Sign(s.Payments, denied), "policy.denied")
	record := s.After(denied, deniedID, s.Transfer(s.Payments, s.leafID, "1.00"))
	record.Phase, record.Outcome = attest.Record, &attest.Result{Status: "done"}
	last, lastID := record, s.allow(s.Sign(s.Payments, record))
	for name, id := range map[string]attest.ID{"another session's": other, "denied": deniedID, "a record": lastID, "no action": s.leafID} {
		end := s.Terminal(last, lastID, 3, id)
		signed := s.Sign(s.Payments, end)
		if got := s.log(signed).Decision.Faults; !slices.Equal(got, []string{"session.pending"}) {
			t.Errorf("%s: faults %v", name, got)
		}
		last, lastID = end, signed.ID
	}
	unlogged := s.Terminal(last, lastID, 3, attest.ID("id:"+attest.DigestOf([]byte("x")).Hex()))
	if _, err := s.try(s.Sign(s.Payments, unlogged)); attest.AsFault(err) == nil || attest.AsFault(err).Code != "reference.unlogged" {
		t.Errorf("an intent that is not in the log: %v", err)
	}
	s.allow(s.Sign(s.Payments, s.Terminal(last, lastID, 3, firstID)))
}

// TestParallel: what fanned out is an intent or record of the same session; it
// relaxes no order.
func TestParallel(t *testing.T) {
	s := newScene(t)
	first := s.Transfer(s.Payments, s.leafID, "1.00")
	firstID := s.allow(s.Sign(s.Payments, first))
	last, lastID := first, firstID
	fan := func(of attest.ID) cast.Sent {
		a := s.After(last, lastID, s.Transfer(s.Payments, s.leafID, "1.00"))
		a.Session.ParallelOf = of
		last = a
		signed := s.Sign(s.Payments, a)
		lastID = signed.ID
		return signed
	}
	s.allow(fan(firstID))
	s.allow(fan(firstID))
	outcome := s.After(last, lastID, s.Outcome(first, firstID))
	last, lastID = outcome, s.allow(s.Sign(s.Payments, outcome))
	for _, of := range []attest.ID{lastID, s.leafID, s.allow(s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")))} {
		s.deny(fan(of), "session.parallel")
	}
	loose := s.After(first, firstID, s.Transfer(s.Payments, s.leafID, "1.00"))
	loose.Session.ParallelOf = firstID
	s.deny(s.Sign(s.Payments, loose), "session.fork")
}
