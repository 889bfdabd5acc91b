package agency_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

const rounds = 20000

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func chance(r *rand.Rand) bool { return r.IntN(4) > 0 }

func randomHuman(r *rand.Rand) agency.Human {
	return agency.Human{
		Ref: pick(r, ref("1"), ref("2"), ref("3"), ref("4")), Person: pick(r, "alice", "bob", "dora", ""),
		Binding: agency.Binding(r.IntN(8) - 1), Key: agency.Key(r.IntN(8) - 1),
		Before: chance(r), Unexpired: chance(r), FirstUse: chance(r), Bound: chance(r), Requests: chance(r),
	}
}

func randomEvidence(r *rand.Rand) agency.Evidence {
	e := agency.Evidence{
		Sound: r.IntN(16) > 0, Basis: pick(r, "", attest.EventTrigger, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding, "whim"),
		Accountable: pick(r, "carol", ""), Hops: r.IntN(5) - 1, Claim: pick(r, "human", "self", "agent", "event", "schedule", ""),
		Authority: pick(r, agency.AuthorityWithin, agency.AuthorityOutside, ""), HasRequests: chance(r),
	}
	for range r.IntN(4) {
		e.Humans = append(e.Humans, randomHuman(r))
	}
	if chance(r) {
		e.Trigger = &agency.Trigger{Ref: ref("b"), Key: agency.Key(r.IntN(4)), Cause: pick(r, attest.Event, attest.Schedule, "mood"), Before: chance(r)}
	}
	if r.IntN(16) == 0 {
		e.Missing = []string{"policy"}
	}
	if r.IntN(16) == 0 {
		e.Disagree = []string{"x", "y"}
	}
	return e
}

// rounded runs check on seeded random evidence.
func rounded(t *testing.T, check func(*rand.Rand, agency.Evidence, agency.Attribution)) {
	t.Helper()
	const seed1, seed2 = 6, 2026
	t.Logf("seeds %d %d", seed1, seed2)
	r := rand.New(rand.NewPCG(seed1, seed2))
	for range rounds {
		e := randomEvidence(r)
		check(r, e, agency.Attribute(e))
		if t.Failed() {
			t.Logf("evidence %+v", e)
			return
		}
	}
}

func TestOrderOfEvidenceDoesNotMatter(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, a agency.Attribution) {
		e.Humans = slices.Clone(e.Humans)
		r.Shuffle(len(e.Humans), func(i, j int) { e.Humans[i], e.Humans[j] = e.Humans[j], e.Humans[i] })
		if got, want := encoded(t, agency.Attribute(e)), encoded(t, a); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestClaimAndAuthorityNeverChangeTheRow(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, a agency.Attribution) {
		e.Claim = pick(r, "human", "self", "agent", "schedule", "event", "unknown", "mood", "")
		e.Authority = pick(r, agency.AuthorityOutside, agency.AuthorityIndeterminate)
		e.HasRequests = !e.HasRequests
		b := agency.Attribute(e)
		b.Authority, b.Flags = a.Authority, a.Flags
		if got, want := encoded(t, b), encoded(t, a); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestLateEvidenceNeverChangesTheRow: nor do expired evidence, evidence for
// another agent, and a consent that was used up.
func TestLateEvidenceNeverChangesTheRow(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, a agency.Attribution) {
		h := randomHuman(r)
		switch r.IntN(4) {
		case 0:
			h.Before = false
		case 1:
			h.Unexpired = false
		case 2:
			h.Bound, h.Binding = false, agency.Binding(2+r.IntN(3))
		default:
			h.FirstUse, h.Binding = false, agency.B4
		}
		e.Humans = append(slices.Clone(e.Humans), h)
		e.Ratified = append(e.Ratified, "bob")
		b := agency.Attribute(e)
		if a.Row != b.Row || a.Binding != b.Binding || a.Key != b.Key || a.Authorizing != b.Authorizing {
			t.Errorf("row %d became %d", a.Row, b.Row)
		}
	})
}

// TestMoreHumanEvidence: it can only move the finding up the human rows, and to
// or from autonomous it moves nothing that stays below them.
func TestMoreHumanEvidence(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, a agency.Attribution) {
		h := randomHuman(r)
		e.Humans = append(slices.Clone(e.Humans), h)
		b := agency.Attribute(e)
		if b.Row > a.Row || b.Row != a.Row && (b.Row < 4 || b.Row > 7 || b.Authorizing != h.Person) {
			t.Errorf("row %d became %d", a.Row, b.Row)
		}
		if h.Binding < agency.B2 && b.Row != a.Row {
			t.Errorf("a login moved row %d to %d", a.Row, b.Row)
		}
		if b.Row == a.Row && a.Row > 3 && (b.Binding < a.Binding || b.Binding == a.Binding && b.Key < a.Key) {
			t.Errorf("more evidence lowered B%d K%d to B%d K%d", a.Binding, a.Key, b.Binding, b.Key)
		}
	})
}

// TestStrongerLevelsNeverLowerTheRow: better evidence of the same act is never
// a worse finding.
func TestStrongerLevelsNeverLowerTheRow(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, _ agency.Attribution) {
		h := human(agency.Binding(r.IntN(5)), agency.Key(r.IntN(5)))
		h.Requests = chance(r)
		e.Humans = []agency.Human{h}
		a := agency.Attribute(e)
		if h.Binding < agency.B4 && r.IntN(2) == 0 {
			h.Binding++
		} else if h.Key < agency.K4 {
			h.Key++
		}
		e.Humans = []agency.Human{h}
		if b := agency.Attribute(e); b.Row > a.Row {
			t.Errorf("row %d became %d", a.Row, b.Row)
		}
	})
}

// TestAutonomyNeedsEvidence: without human evidence, every part of the
// autonomous row is still asked for.
func TestAutonomyNeedsEvidence(t *testing.T) {
	rounded(t, func(_ *rand.Rand, e agency.Evidence, _ agency.Attribution) {
		e.Humans = nil
		a := agency.Attribute(e)
		if a.Row >= 4 && a.Row <= 7 {
			t.Errorf("row %d without a human", a.Row)
		}
		e.Trigger = nil
		if got := agency.Attribute(e).Agency; got == agency.Autonomous {
			t.Error("autonomous without a trigger")
		}
	})
}

func TestInputIsLeftAlone(t *testing.T) {
	e := agency.Evidence{Sound: true, Missing: []string{"b", "a"}, Ratified: []string{"d", "c"}}
	agency.Attribute(e)
	if e.Missing[0] != "b" || e.Ratified[0] != "d" {
		t.Error("Attribute sorted its input")
	}
}

// TestWordingIsTotal: every attribution has sentences, whatever it holds.
func TestWordingIsTotal(t *testing.T) {
	rounded(t, func(r *rand.Rand, e agency.Evidence, a agency.Attribution) {
		a.Binding, a.Key = agency.Binding(r.IntN(9)-2), agency.Key(r.IntN(9)-2)
		says, not := agency.Statement(a)
		for _, s := range append(append(says, not...), agency.Stronger(a)) {
			if len(s) < 20 || s[len(s)-1] != '.' {
				t.Errorf("not a sentence: %q", s)
			}
		}
	})
}
