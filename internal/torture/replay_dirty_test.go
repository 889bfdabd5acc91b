//go:build torture

package torture

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/torture/crashfs"
)

const (
	boltMetas      = 2 * 16 << 10 // bytes of the two meta pages at the start of the database
	headHeaderSize = 64
	headSlotSize   = 1 << 20
	// around is how much of the record before and after a restart is replayed:
	// what was dirty when the server was killed, its next start and the first
	// commits after it.
	before, after = 40, 110
	// quiet is how many statements are acknowledged between two kills.
	quiet = 6
)

// dirtyMoments are writes after which deed serve is killed, at the nth of them:
// what it wrote is in the page cache, which survives it, and not on the disk.
var dirtyMoments = []dirtyMoment{
	afterMeta, {1, (*recording).isData}, {3, (*recording).isMeta}, {5, (*recording).isData},
	afterMeta, {2, (*recording).isHeadText}, afterHeader, afterMeta,
}

type dirtyMoment struct {
	nth int
	is  func(r *recording, op crashfs.Op) bool
}

var (
	afterMeta   = dirtyMoment{1, (*recording).isMeta}
	afterHeader = dirtyMoment{2, (*recording).isHeadHeader}
)

func (r *recording) isMeta(op crashfs.Op) bool {
	return op.Kind == crashfs.Write && op.File == r.fs.Number(recordedStore) && op.Off < boltMetas
}

func (r *recording) isData(op crashfs.Op) bool {
	return op.Kind == crashfs.Write && op.File == r.fs.Number(recordedStore) && op.Off >= boltMetas
}

func (r *recording) isHeadText(op crashfs.Op) bool {
	return op.Kind == crashfs.Write && op.File == r.fs.Number(recordedHead) && op.Off%headSlotSize == headHeaderSize
}

func (r *recording) isHeadHeader(op crashfs.Op) bool {
	return op.Kind == crashfs.Write && op.File == r.fs.Number(recordedHead) && op.Off%headSlotSize == 0
}

// recordDirty records a server that is killed under load at each of these moments,
// rounds times, and started again on what the page cache has.
func recordDirty(t *testing.T, binary, mutant string, rounds int, moments ...dirtyMoment) *recording {
	t.Helper()
	r := begin(t, binary, mutant, 3, 0)
	p := r.run(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	submitting := r.submitting(ctx, t, r.fs.Mark)
	for range rounds {
		for _, moment := range moments {
			r.acknowledges(t, quiet)
			n := 0
			r.fs.When(func(op crashfs.Op) bool {
				if moment.is(r, op) {
					n++
				}
				return n == moment.nth
			}, func() { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) })
			p.end(t)
			r.restarts = append(r.restarts, r.fs.Place())
			p = r.run(t)
		}
	}
	r.acknowledges(t, quiet)
	stop()
	submitting.Wait()
	p.kill(t)
	r.end(t)
	return r
}

// acknowledges waits for so many statements to be acknowledged.
func (r *recording) acknowledges(t *testing.T, statements int) {
	t.Helper()
	count := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.acks)
	}
	have := count()
	for end := time.Now().Add(30 * time.Second); count() < have+statements; time.Sleep(time.Millisecond) {
		if t.Failed() || time.Now().After(end) {
			t.Fatalf("%d statements were acknowledged, want %d", count()-have, statements)
		}
	}
}

// acrossRestarts are the parts of the trace around the restarts.
func (r *recording) acrossRestarts() (list []span) {
	for _, place := range r.restarts {
		list = append(list, span{max(0, place-before), min(place+after, len(r.trace.Ops))})
	}
	return list
}

// dirtyAt counts the restarts before which something was not durable.
func (r *recording) dirtyAt() (n int) {
	for _, place := range r.restarts {
		n += r.trace.Rich(place-1, place, crashfs.Plan{})
	}
	return n
}

// TestReplayDirty cuts the power after a kill: deed serve is killed with pages that
// are written and not synced, starts again on them, serves more, and then
// everything that was never synced may be lost, of both processes.
func TestReplayDirty(t *testing.T) {
	needFUSE(t)
	rounds, states := 2, 5_000
	if os.Getenv("DEED_LONG") != "" {
		rounds, states = 20, 200_000
	}
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	start := time.Now()
	r := recordDirty(t, binary, "", rounds, dirtyMoments...)
	t.Logf("%d kills, %d operations and %d acknowledgements in %.1f s", len(r.restarts), len(r.trace.Ops), len(r.acks), time.Since(start).Seconds())
	if n := r.dirtyAt(); n != len(r.restarts) {
		t.Fatalf("at %d of %d kills something was dirty", n, len(r.restarts))
	}
	r.grows(t, r.checker(t), 1)
	spans := r.acrossRestarts()
	out := r.replay(t, spans, crashfs.Plan{Seed: seed(t), Share: r.share(spans, states)}, nil)
	out.sound(t, states)
}

// TestReplayUnknown lets a commit be written and reported as failed, on a full disk,
// again and again: what the server finds there and acknowledges has to survive a
// loss of power at once.
func TestReplayUnknown(t *testing.T) {
	needFUSE(t)
	states := 1_500
	if os.Getenv("DEED_LONG") != "" {
		states = 50_000
	}
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	r := recordUnknown(t, binary, "")
	out := r.replay(t, r.whole(), crashfs.Plan{Seed: seed(t), Share: r.share(r.whole(), states)}, nil)
	out.sound(t, states)
}

// recordUnknown records a server for which some commits end so, one in each run.
func recordUnknown(t *testing.T, binary, mutant string) *recording {
	t.Helper()
	r := begin(t, binary, mutant, 3, 0)
	for _, nth := range []int{2, 5, 9} {
		point := fmt.Sprintf("before-meta-sync:unknown:%d", nth)
		p := r.run(t, "DEED_FAILPOINT="+point)
		r.submit(t, len(r.acks)-r.before+24, r.fs.Mark)
		p.kill(t)
		if !strings.Contains(p.log.String(), "failpoint before-meta-sync:") {
			t.Fatalf("%s was not reached:\n%s", point, p.log)
		}
	}
	r.end(t)
	return r
}

// sound wants so many states, and none that is bad.
func (o outcome) sound(t *testing.T, states int) {
	t.Helper()
	for _, b := range o.bad {
		t.Errorf("bad state: %s", b)
	}
	if o.states < states {
		t.Fatalf("only %d states, want %d: go test -timeout gives the test more time", o.states, states)
	}
	t.Logf("%d states in all, %d bad", o.states, len(o.bad))
}

// dirtyMutants are builds that trust the page cache after a kill, or after a
// commit that was reported as failed.
var dirtyMutants = []struct {
	name, finding string
	record        func(t *testing.T, binary, mutant string) *recording
}{
	// Pages of the commit before are written over: whatever is noticed first.
	{"start-unsynced", ".", func(t *testing.T, binary, mutant string) *recording {
		return recordDirty(t, binary, mutant, 24, afterMeta)
	}},
	{"head-start-unsynced", "no slot of the head file is whole|the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left", func(t *testing.T, binary, mutant string) *recording {
		return recordDirty(t, binary, mutant, 4, afterHeader)
	}},
	{"unknown-unsynced", ".", recordUnknown},
}

// TestReplayDirtyControls shows that TestReplayDirty and TestReplayUnknown can fail.
func TestReplayDirtyControls(t *testing.T) {
	needFUSE(t)
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	s := seed(t)
	for _, m := range dirtyMutants {
		t.Run(m.name, func(t *testing.T) {
			r := m.record(t, binary, m.name)
			spans := r.whole()
			if len(r.restarts) > 0 {
				spans = r.acrossRestarts()
			}
			r.catches(t, spans, crashfs.Plan{Seed: s, Share: 12}, regexp.MustCompile(m.finding))
		})
	}
}
