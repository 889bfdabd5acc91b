//go:build torture

package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/torture/crashfs"
)

const (
	// chunks are the parts of a whole trace that processes take in turn.
	chunks = 24
	// keptStates is how many bad states are copied to the test's artifacts.
	keptStates = 3
	// reserve is left of the test's own time when a long replay ends.
	reserve = 30 * time.Second
)

// errEnough ends a replay early.
var errEnough = errors.New("enough")

// outcome is what a replay found.
type outcome struct {
	states int
	bad    []string
}

// replayer opens the states of a recording, several at a time.
type replayer struct {
	*recording
	t      *testing.T
	spans  []span
	plan   crashfs.Plan
	enough *regexp.Regexp // a bad state that ends the replay; nil: none does

	mu      sync.Mutex
	out     outcome
	start   time.Time
	told    time.Time
	done    bool // one was enough
	expired bool
}

// span is a part of a trace: the places after from and up to to.
type span struct{ from, to int }

// whole is all of the trace, in parts.
func (r *recording) whole() (list []span) {
	all := len(r.trace.Ops)
	for i := range chunks {
		list = append(list, span{i * all / chunks, (i + 1) * all / chunks})
	}
	return list
}

// share is what a plan has to have for so many states of the spans. It is a
// little more: the last places of each may owe some.
func (r *recording) share(spans []span, states int) float64 {
	places := 0
	for _, s := range spans {
		places += r.trace.Rich(s.from, s.to, crashfs.Plan{})
	}
	return 1.05 * float64(states) / float64(max(places, 1))
}

// replay opens the states that the plan draws, up to one that is bad in a way that
// is enough.
func (r *recording) replay(t *testing.T, spans []span, plan crashfs.Plan, enough *regexp.Regexp) outcome {
	t.Helper()
	p := &replayer{recording: r, t: t, spans: spans, plan: plan, enough: enough, start: time.Now(), told: time.Now()}
	todo := make(chan span, len(spans))
	for _, s := range spans {
		todo <- s
	}
	close(todo)
	var running sync.WaitGroup
	for n := range runtime.NumCPU() + 1 {
		w := p.workplace(n)
		running.Go(func() {
			if err := w.process(todo); err != nil && !errors.Is(err, errEnough) {
				t.Error(err)
			}
		})
	}
	running.Wait()
	p.progress()
	return p.out
}

// workplace is a directory in which one state after the other is opened by a
// child process.
type workplace struct {
	*replayer
	dir, job string
	child    *child
}

func (p *replayer) workplace(n int) *workplace {
	p.t.Helper()
	w := &workplace{replayer: p, dir: scratch(p.t)}
	config := p.serveFrom(p.t, w.dir, fmt.Sprintf("replay-%d.yaml", n))
	doc, err := json.Marshal(job{
		Config: config, Dir: w.dir, Acks: p.acks, Erased: p.erased, VKeys: []string{p.instance.VKey(), p.instance.MLDSAVKey()},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	w.job = config + ".json"
	if err := os.WriteFile(w.job, doc, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return w
}

// process opens the states of one span after the other.
func (w *workplace) process(todo <-chan span) error {
	defer func() {
		if w.child != nil {
			_ = w.child.end()
		}
	}()
	for s := range todo {
		if err := w.trace.Walk(s.from, s.to, w.plan, w.open); err != nil {
			return err
		}
	}
	return nil
}

// open materialises a state and lets the child open it.
func (w *workplace) open(s *crashfs.State) error {
	if w.child == nil {
		c, err := startChild(w.job)
		if err != nil {
			return err
		}
		w.child = c
	}
	if err := s.Write(w.dir); err != nil {
		return err
	}
	wrong, ok := w.child.ask(w.before + s.Marks)
	if !ok {
		w.child = nil
	}
	return w.note(s, wrong)
}

// note counts a state.
func (p *replayer) note(s *crashfs.State, wrong string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.states++
	if wrong != "" {
		p.done = p.done || p.enough != nil && p.enough.MatchString(wrong)
		p.out.bad = append(p.out.bad, fmt.Sprintf("%v: %s", s, wrong))
		if n := len(p.out.bad); n <= keptStates && p.enough == nil {
			p.keep(s, n)
		}
	}
	if time.Since(p.told) > 5*time.Second {
		p.progress()
	}
	end, ok := p.t.Deadline()
	p.expired = p.expired || ok && time.Until(end) < reserve
	if p.expired || p.done {
		return errEnough
	}
	return nil
}

// keep writes a bad state down, as it was before it was opened (go test
// -artifacts keeps it).
func (p *replayer) keep(s *crashfs.State, n int) {
	dir := filepath.Join(p.t.ArtifactDir(), fmt.Sprintf("state-%d", n))
	if err := errors.Join(os.MkdirAll(dir, 0o700), s.Write(dir)); err != nil {
		p.t.Error(err)
	}
}

func (p *replayer) progress() {
	p.told = time.Now()
	seconds := time.Since(p.start).Seconds()
	p.t.Logf("%d states in %.0f s, %.0f/s, %d bad", p.out.states, seconds, float64(p.out.states)/seconds, len(p.out.bad))
}
