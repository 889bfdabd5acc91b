//go:build torture

package torture

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/internal/setup"
)

const (
	scenarioRot = "TORTURE_ROT" // deed.yaml of the child's own copy

	rotFile  = 4 << 20
	rotPage  = 16 << 10 // ledger/boltstore's pages
	rotMeta  = 80       // of a meta page, header and meta; the rest is not used
	rotLimit = 5 * time.Second
)

// A flip is one bit of the file.
type flip struct {
	Offset int64
	Bit    int
}

// A finding is what came of a flip.
type finding struct {
	Faults []place `json:"faults"`
	Same   bool    `json:"same"` // everything that can be read is what was written
	Error  string  `json:"error"`
}

type place struct{ Bucket, Key string }

// TestRot flips bits of a register's database, one at a time, and lets deed log
// check's own code read it, in a process that is fed with flips. A flip is found
// and named, or nothing that can be read has changed.
func TestRot(t *testing.T) {
	w := rotten(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	info, err := os.Stat(w.database())
	if err != nil {
		t.Fatal(err)
	}
	flips := chooseFlips(rand.New(rand.NewPCG(seed, 0)), info.Size())
	queue, tallies := make(chan flip, len(flips)), make([]tally, 2)
	for _, f := range flips {
		queue <- f
	}
	close(queue)
	start := time.Now()
	var wait sync.WaitGroup
	for i := range tallies {
		tallies[i] = tally{by: map[string]int{}}
		wait.Go(func() { w.patrol(t, queue, &tallies[i]) })
	}
	wait.Wait()
	all := tally{by: map[string]int{}}
	for _, one := range tallies {
		all.add(one)
	}
	took := time.Since(start)
	t.Logf("%d flips in a file of %d KiB, %.0f s, %.0f a second: %s", len(flips), info.Size()>>10, took.Seconds(), float64(len(flips))/took.Seconds(), all)
	if all.found == 0 || all.harmless == 0 {
		t.Error("nothing was found, or everything: the flips do not reach the database")
	}
}

// rotten is a register with a database of 4 MiB, at rest.
func rotten(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	process := w.start(t)
	w.register(t)
	w.denials(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	acks := w.load(ctx, t)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		info, err := os.Stat(w.database())
		if err == nil && info.Size() >= rotFile {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the database does not grow")
		}
	}
	time.Sleep(100 * time.Millisecond)
	stop()
	receipts := acks.wait()
	kill(t, process) // no clean end: the newest meta page is the last commit's
	t.Logf("%d statements acknowledged", len(receipts))
	return w
}

// denials lets an agent do what it may not.
func (w *world) denials(t *testing.T) {
	t.Helper()
	for i := range 5 {
		a := w.agents[0].act(w.warrant, i)
		a.Action = "reports.delete"
		if _, err := w.agents[0].session.Record(t.Context(), a, done); err == nil || !strings.Contains(err.Error(), "denied") {
			t.Fatalf("want a denial, got %v", err)
		}
	}
}

// chooseFlips: every bit of both metas, some of what is behind them, and 8 of
// each page, 3 of them where bbolt keeps its own data. With DEED_LONG 8 of every
// 4 KiB.
func chooseFlips(random *rand.Rand, size int64) (list []flip) {
	some := func(n int, from, width int64) {
		for range n {
			list = append(list, flip{from + random.Int64N(width), random.IntN(8)})
		}
	}
	for page := range int64(2) {
		for bit := range rotMeta * 8 {
			list = append(list, flip{page*rotPage + int64(bit/8), bit % 8})
		}
		some(64, page*rotPage+rotMeta, rotPage-rotMeta)
	}
	unit := int64(rotPage)
	if os.Getenv("DEED_LONG") != "" {
		unit = 4 << 10
	}
	for at := int64(2 * rotPage); at < size; at += unit {
		some(5, at, unit)
		some(3, at-at%rotPage, 512)
	}
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// A tally counts what came of flips.
type tally struct {
	found, harmless, crashes int
	slowest                  time.Duration
	by                       map[string]int // first fault's bucket
}

func (a *tally) add(b tally) {
	a.found, a.harmless, a.crashes, a.slowest = a.found+b.found, a.harmless+b.harmless, a.crashes+b.crashes, max(a.slowest, b.slowest)
	for k, n := range b.by {
		a.by[k] += n
	}
}

func (a tally) String() string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(a.by)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, a.by[k]))
	}
	return fmt.Sprintf("%d found (%s), %d harmless, 0 undetected, %d ended the process that reads; the slowest took %d ms",
		a.found, strings.Join(parts, ", "), a.harmless, a.crashes, a.slowest.Milliseconds())
}

// patrol feeds a process with flips; one that hangs or dies is replaced.
func (w *world) patrol(t *testing.T, queue <-chan flip, sum *tally) {
	var g *guard
	defer func() { g.end() }()
	for f := range queue {
		if g == nil {
			var err error
			if g, err = w.newGuard(t); err != nil {
				t.Error(err)
				return
			}
		}
		start := time.Now()
		got, alive, err := g.try(f)
		sum.slowest = max(sum.slowest, time.Since(start))
		where := fmt.Sprintf("byte %d bit %d (page %d + %d)", f.Offset, f.Bit, f.Offset/rotPage, f.Offset%rotPage)
		switch {
		case err != nil:
			t.Errorf("%s: %v", where, err)
		case !alive:
			sum.crashes++
			sum.found++
			sum.by["(crash) "+g.at]++
			t.Logf("%s ends the process while it reads %s: %.300s", where, g.at, g.words())
		case got.Error != "":
			t.Errorf("%s: the check could not go on: %s", where, got.Error)
		case len(got.Faults) > 0:
			sum.found++
			sum.by[got.Faults[0].Bucket]++
			if got.Faults[0].Bucket == "" || got.Faults[0].Key == "" {
				t.Errorf("%s: found, and not named: %v", where, got.Faults)
			}
		case got.Same:
			sum.harmless++
		default:
			t.Errorf("%s: UNDETECTED: what can be read has changed, and the check finds nothing", where)
		}
		if err != nil || !alive {
			g.end()
			g = nil
		}
	}
}

// TestRotGuard is the process that TestRot feeds.
func TestRotGuard(t *testing.T) {
	config := os.Getenv(scenarioRot)
	if config == "" {
		t.Skip("for TestRot")
	}
	c, err := setup.ReadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	r := newRotReader(t, c)
	fmt.Println("ready")
	for {
		var f flip
		if _, err := fmt.Scanln(&f.Offset, &f.Bit); err != nil {
			return
		}
		doc, err := json.Marshal(r.read(t, f), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("found " + string(doc))
	}
}
