package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// A run is everything that is measured in one call of the program.
type run struct {
	options
	sizes
	ctx   context.Context
	dir   string
	files int
	load  string // before
	table table
	undo  []func() // at the end, last first
}

// A measurement takes one round per repetition, by turns with the others.
type measurement struct {
	name    string
	ratios  []string // that need it; none: it is for the table alone
	prepare func() error
	round   func() error
}

func newRun(ctx context.Context, o options, dir string) *run {
	r := &run{options: o, sizes: usual, ctx: ctx, dir: dir, load: load()}
	if o.quick {
		r.sizes = small
	}
	if o.size > 0 {
		r.sizes.leaves = o.size
	}
	return r
}

// all runs the measurements that were asked for.
func (r *run) all() error {
	list := r.wanted()
	for _, m := range list {
		if m.prepare == nil {
			continue
		}
		r.say("preparing %s", m.name)
		if err := attempt(m.prepare); err != nil {
			return fmt.Errorf("preparing %s: %w", m.name, err)
		}
	}
	for n := range r.repetitions {
		for _, m := range list {
			r.say("repetition %d of %d: %s", n+1, r.repetitions, m.name)
			if err := attempt(m.round); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	if r.table.values(syncRow+p50) == nil {
		return r.device()
	}
	return nil
}

// close ends what measurements left open for the next round.
func (r *run) close() {
	for i := len(r.undo) - 1; i >= 0; i-- {
		r.undo[i]()
	}
}

// wanted are the measurements that the ratios of -only need.
func (r *run) wanted() []measurement {
	only := names(r.only)
	return slices.DeleteFunc(r.measurements(), func(m measurement) bool {
		return len(only) > 0 && !slices.ContainsFunc(m.ratios, func(name string) bool { return slices.Contains(only, name) })
	})
}

func (r *run) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s peers: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// measure times f, with the garbage of what came before collected. With -profile
// the first call under a name also writes a CPU profile.
func (r *run) measure(name string, f func() error) (span, error) {
	runtime.GC()
	if r.profile != "" {
		path := filepath.Join(r.profile, name+".prof")
		if file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err == nil {
			defer file.Close()
			if err := pprof.StartCPUProfile(file); err != nil {
				return span{}, err
			}
			defer pprof.StopCPUProfile()
		}
	}
	return measure(f)
}
