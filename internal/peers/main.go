// Peers measures Deed beside what else could keep such records, in one run on
// one machine, and prints a table and lines "ratio NAME VALUE". It asserts
// nothing: a ratio is judged by whoever reads it.
//
//	go run . [-repetitions 5] [-quick] [-only NAME,...] [-leaves N] [-dir DIR] [-json | -markdown]
//
// It is a module of its own, so that the peers never become requirements of
// Deed's (docs/design/performance.md, "Against others").
//
// # Reading order
//
// ratio.go says what each ratio is of. list.go is the list of measurements, which
// take turns, one round of each per repetition. The rest is one file for each
// thing that is measured, and world.go and policies.go, which make the register
// that statements are submitted to.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
)

type options struct {
	repetitions int
	quick       bool
	json        bool
	markdown    bool
	only, dir   string
	size        uint64
	profile     string
	child       string
	proofs      int
}

func main() {
	var o options
	flag.IntVar(&o.repetitions, "repetitions", 5, "how often each measurement is repeated")
	flag.BoolVar(&o.quick, "quick", false, "small sizes, to see that everything runs; the figures mean little")
	flag.StringVar(&o.only, "only", "", "measure for these ratios only, separated by commas")
	flag.Uint64Var(&o.size, "leaves", 0, "entries of the large log; 0 is 1000000, or 20000 with -quick")
	flag.StringVar(&o.dir, "dir", "", "where the files go, which should be a disk; default is the directory for temporary files")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.BoolVar(&o.markdown, "markdown", false, "print tables for the page")
	flag.StringVar(&o.profile, "profile", "", "write CPU profiles of Deed's parts into this directory")
	flag.StringVar(&o.child, "child", "", "open a large log and tell about it; the program starts itself with it")
	flag.IntVar(&o.proofs, "proofs", 0, "how many proofs the child makes")
	flag.Parse()
	if err := start(o); err != nil {
		fmt.Fprintln(os.Stderr, "peers: error:", err)
		os.Exit(2)
	}
}

// gcPercent is what "deed serve" sets (internal/setup). It holds for the peers in
// the process too.
const gcPercent = 800

func start(o options) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if o.child != "" {
		return tellAbout(o.child, o.proofs, !o.quick)
	}
	if err := known(o.only); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "deed-peers-")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()         // a second signal ends the process in any case
		for range 10 { // what still runs may write again
			if os.RemoveAll(dir) == nil {
				break
			}
		}
		fmt.Fprintln(os.Stderr, "peers: interrupted")
		os.Exit(130)
	}()
	defer os.RemoveAll(dir)
	r := newRun(ctx, o, dir)
	defer r.close()
	if err := r.all(); err != nil {
		return err
	}
	return r.print(os.Stdout)
}

// known refuses names of ratios that there are not.
func known(only string) error {
	for _, name := range names(only) {
		if _, ok := ratioNamed(name); !ok {
			return fmt.Errorf("no ratio is called %q", name)
		}
	}
	return nil
}

func names(only string) []string {
	return strings.FieldsFunc(only, func(r rune) bool { return r == ',' || r == ' ' })
}

// path is a new name in the run's directory.
func (r *run) path(name string) string {
	r.files++
	return filepath.Join(r.dir, fmt.Sprintf("%s-%d", name, r.files))
}
