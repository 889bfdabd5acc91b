//go:build torture

package torture

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/torture/checker"
	"github.com/deedlog/deed/internal/torture/crashfs"
)

// TestReplay records a run of deed serve, and opens thousands of the states in
// which a loss of power could have left its files. Each has to start, and an
// independent checker has to find everything there that was acknowledged before.
func TestReplay(t *testing.T) {
	runs := []recordedRun{{3, 0, 300, 12_000}, {3, 960, 120, 2_000}}
	if os.Getenv("DEED_LONG") != "" {
		runs = nil
		for _, agents := range []int{1, 2, 3, workers} {
			runs = append(runs, recordedRun{agents, 0, 400, 200_000}, recordedRun{agents, 940, 200, 50_000})
		}
	}
	needFUSE(t)
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	total := 0
	for _, r := range runs {
		out := r.replay(t, binary)
		for _, b := range out.bad {
			t.Errorf("bad state: %s", b)
		}
		if total += out.states; out.states < r.states {
			t.Fatalf("only %d states, want %d: go test -timeout gives the test more time", out.states, r.states)
		}
	}
	t.Logf("%d states in all", total)
}

// recordedRun is one recorded run: of so many agents, with so many statements before and
// during the record, replayed in so many states. With about a thousand entries
// before it, small segments of the index are merged into a large one.
type recordedRun struct{ agents, before, during, states int }

func (n recordedRun) replay(t *testing.T, binary string) outcome {
	t.Helper()
	start := time.Now()
	r := record(t, binary, "", n)
	t.Logf("%+v: recorded %d operations and %d acknowledgements in %.1f s", n, len(r.trace.Ops), len(r.acks), time.Since(start).Seconds())
	r.grows(t, r.checker(t), (len(r.acks)-r.before)/3/len(r.agents))
	if before, after := r.segments(t, r.trace.Base), r.segments(t, r.trace.End()); after[0] == 0 || n.before > 0 && after[1] <= before[1] {
		t.Errorf("the index had %v segments of each level and has %v: too few for this test", before, after)
	}
	return r.replay(t, r.whole(), crashfs.Plan{Seed: seed(t), Share: r.share(r.whole(), n.states)}, nil)
}

// seed is printed, to draw the same again from the same trace.
func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano())
	t.Logf("seed %d", s)
	return s
}

func (r *recording) checker(t *testing.T) *checker.Checker {
	t.Helper()
	c, err := checker.New(r.instance.VKey(), r.instance.MLDSAVKey())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lies are disks that say that something is synced, and it is not.
var lies = []struct {
	name    string
	lose    func(r *recording, op crashfs.Op, nth int) bool // the nth sync of its file
	finding string
}{
	{"odd syncs of the database", func(r *recording, op crashfs.Op, nth int) bool {
		return op.File == r.file(recordedStore) && nth%2 == 1
	}, "."}, // pages are missing: whatever is noticed first
	{"even syncs of the database", func(r *recording, op crashfs.Op, nth int) bool {
		return op.File == r.file(recordedStore) && nth%2 == 0
	}, "does not continue the last signed checkpoint|entries are signed, [0-9]+ are stored"},
	{"syncs of the head file", func(r *recording, op crashfs.Op, _ int) bool {
		return op.File == r.file(recordedHead)
	}, "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left"},
}

// crashMutants are broken builds: how each shows in a crash state.
var crashMutants = []struct{ name, finding string }{
	{"head-file-unsynced", "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left|no slot of the head file is whole"},
	{"head-file-in-place", "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left|no slot of the head file is whole"},
	{"sign-before-sync", "does not continue the last signed checkpoint"},
	{"skip-head-file", "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left"},
}

// TestReplayControls shows that TestReplay can fail: with a disk that lies about
// some syncs, and with builds that are broken in ways of which some no kill
// shows, because what was written survives a kill without being synced.
func TestReplayControls(t *testing.T) {
	needFUSE(t)
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	s := seed(t)
	honest := record(t, binary, "", recordedRun{agents: 3, during: 60})
	t.Run("none", func(t *testing.T) {
		if out := honest.replay(t, honest.whole(), crashfs.Plan{Seed: s, Share: 0.5}, regexp.MustCompile(".")); len(out.bad) > 0 {
			t.Fatalf("a sound build on an honest disk has a bad state: %s", out.bad[0])
		}
	})
	for _, l := range lies {
		t.Run(l.name, func(t *testing.T) {
			lost := honest.losing(func(op crashfs.Op, nth int) bool { return l.lose(honest, op, nth) })
			honest.caught(t, crashfs.Plan{Seed: s, Share: 3, Lose: lost}, l.finding)
		})
	}
	for _, m := range crashMutants {
		t.Run(m.name, func(t *testing.T) {
			record(t, binary, m.name, recordedRun{agents: 3, during: 30}).caught(t, crashfs.Plan{Seed: s, Share: 3}, m.finding)
		})
	}
}

// losing makes the Lose of a plan, which has to say the same for a place however
// often it is asked.
func (r *recording) losing(lose func(op crashfs.Op, nth int) bool) func(int, crashfs.Op) bool {
	lost, count := map[int]bool{}, map[int]int{}
	for i, op := range r.trace.Ops {
		if op.Kind == crashfs.Sync {
			count[op.File]++
			lost[i] = lose(op, count[op.File])
		}
	}
	return func(place int, _ crashfs.Op) bool { return lost[place] }
}

// caught wants a bad state with this finding.
func (r *recording) caught(t *testing.T, p crashfs.Plan, finding string) {
	t.Helper()
	r.catches(t, r.whole(), p, regexp.MustCompile(finding))
}

func (r *recording) catches(t *testing.T, spans []span, p crashfs.Plan, want *regexp.Regexp) {
	t.Helper()
	out := r.replay(t, spans, p, want)
	for _, b := range out.bad {
		if want.MatchString(b) {
			t.Logf("caught, %d bad of %d states: %s", len(out.bad), out.states, b)
			return
		}
	}
	t.Fatalf("no bad state with the finding %q among %d, but %q", want, out.states, out.bad)
}
