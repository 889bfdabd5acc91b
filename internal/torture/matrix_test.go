//go:build torture

package torture

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// points are all failpoints, in the order in which a statement meets them.
// often: reached several times in one commit. once: once in a process.
var points = []struct {
	name        string
	often, once bool
}{
	{name: "during-open-before-sign", once: true},
	{name: "after-verify"},
	{name: "before-queue"},
	{name: "after-place"},
	{name: "before-commit"},
	{name: "in-transaction"},
	{name: "during-data-write", often: true},
	{name: "before-data-sync", often: true},
	{name: "before-meta-write"},
	{name: "before-meta-sync"},
	{name: "after-commit-before-sign"},
	{name: "after-sign-ed25519"},
	{name: "after-sign-mldsa"},
	{name: "before-head-write"},
	{name: "in-head-write"},
	{name: "before-head-sync"},
	{name: "after-head-sync"},
	{name: "after-head-file-before-publish"},
	{name: "after-publish-before-answer"},
	{name: "after-answer-before-receipt"},
}

// wipePoints are those that only an erasure meets: TestWipe is about them.
var wipePoints = []string{"before-wipe", "during-wipe", "before-wipe-sync"}

// TestPoints compares the list with the sources.
func TestPoints(t *testing.T) {
	found, want := []string{}, slices.Clone(wipePoints)
	for _, p := range points {
		want = append(want, p.name)
	}
	call := regexp.MustCompile(`failpoint\.(?:Hit|Err)\("([a-z0-9-]+)"\)|"((?:during|before)-(?:data|meta)-(?:write|sync))"`)
	for _, dir := range []string{"../../ledger", "../server", "../setup"} {
		err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") {
				return err
			}
			text, err := os.ReadFile(name)
			for _, m := range call.FindAllStringSubmatch(string(text), -1) {
				found = append(found, m[1]+m[2])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(want, found) {
		t.Errorf("listed:\n%q\nin the sources:\n%q", want, found)
	}
}

// TestUntagged tests that an ordinary build has nothing of all this.
func TestUntagged(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary)
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DEED_FAILPOINT", "DEED_MUTANT", "after-commit-before-sign", "before-meta-sync", "signEarly", "answerEarly"} {
		if bytes.Contains(program, []byte(name)) {
			t.Errorf("a build without the tag has %s", name)
		}
	}
}

// TestMatrix kills deed serve at every failpoint, at the first time it gets
// there, early and late under load, with and without a moment in which what
// left too early is seen.
func TestMatrix(t *testing.T) {
	rounds := 3
	if os.Getenv("DEED_LONG") != "" {
		rounds = 100
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	m := newMatrix(t, "")
	for _, p := range points {
		start, before := time.Now(), len(m.receipts())
		for round := range rounds {
			nth, action := 1, "kill"
			if round%3 != 0 && !p.once {
				nth = 2 + random.IntN(15*(round%3))
			}
			if p.often {
				nth *= 1 + random.IntN(10)
			}
			if round%3 == 1 {
				action = "hold"
			}
			m.dies(t, fmt.Sprintf("%s:%s:%d", p.name, action, nth))
		}
		m.check(t)
		t.Logf("%-34s %d kills, %4d acknowledged meanwhile, %.1f s", p.name, rounds, len(m.receipts())-before, time.Since(start).Seconds())
	}
	m.finish(t)
}

// matrix is a world under load, whose server is started with one fault at a
// time, and all checkpoints that it let out.
type matrix struct {
	*world
	acks *acks
	stop context.CancelFunc

	mu   sync.Mutex
	seen []ledger.Checkpoint // in the order in which they were seen
	head uint64              // size in the head file when it was looked at last
}

func newMatrix(t *testing.T, mutant string) *matrix {
	t.Helper()
	binary := os.Getenv(scenarioBinary)
	if binary == "" {
		binary = filepath.Join(t.TempDir(), "deed")
		build(t, binary, "-tags", "torture")
	}
	w := newWorldOf(t, binary)
	w.env = []string{"DEED_MUTANT=" + mutant}
	return under(t, w)
}

// under puts a world under load.
func under(t *testing.T, w *world) *matrix {
	t.Helper()
	return underFor(t, w, 200*time.Millisecond)
}

// underFor is under, with so much load before the first fault.
func underFor(t *testing.T, w *world, warm time.Duration) *matrix {
	t.Helper()
	m := &matrix{world: w}
	p := m.run(t)
	p.ready(t)
	m.register(t)
	ctx, stop := context.WithCancel(t.Context())
	m.stop = stop
	m.acks = m.load(ctx, t)
	go m.watch(ctx)
	time.Sleep(warm)
	p.kill(t)
	m.keepHead(t)
	m.check(t)
	copyFile(t, m.database(), m.database()+".old")
	return m
}

// watch looks at the published checkpoint all the time.
func (m *matrix) watch(ctx context.Context) {
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		m.glance()
	}
}

// glance holds the lock for all of the call, so that nothing that was published
// by a process is noted after the head file that it left behind.
func (m *matrix) glance() {
	m.mu.Lock()
	defer m.mu.Unlock()
	client := http.Client{Timeout: 5 * time.Second}
	res, err := client.Get("http://" + m.address + "/checkpoint")
	if err != nil {
		return
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	opened, err := ledger.OpenCheckpoint(text, m.instance.VKey())
	if err != nil {
		return // receipts have it too, and there it is an error
	}
	c := opened.Checkpoint()
	if n := len(m.seen); n == 0 || m.seen[n-1] != c {
		m.seen = append(m.seen, c)
	}
}

func (m *matrix) receipts() []agent.Receipt {
	m.acks.mu.Lock()
	defer m.acks.mu.Unlock()
	return slices.Clone(m.acks.receipts)
}

// dies wants a run that kills itself at its failpoint.
func (m *matrix) dies(t *testing.T, point string) {
	t.Helper()
	p := m.run(t, "DEED_FAILPOINT="+point)
	p.end(t)
	status, _ := p.ProcessState.Sys().(syscall.WaitStatus)
	m.hit(t, p, point)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s: ended by %v:\n%s", point, p.ProcessState, p.log)
	}
	m.keepHead(t)
}

// stops wants a run that ends by itself, after an error that it names.
func (m *matrix) stops(t *testing.T, point string) {
	t.Helper()
	p := m.run(t, "DEED_FAILPOINT="+point)
	p.end(t)
	m.hit(t, p, point)
	if code := p.ProcessState.ExitCode(); code <= 0 || !strings.Contains(p.log.String(), "input/output error") {
		t.Fatalf("%s: ended by %v:\n%s", point, p.ProcessState, p.log)
	}
	m.keepHead(t)
}

// survives wants a run that goes on answering after its fault.
func (m *matrix) survives(t *testing.T, point string) {
	t.Helper()
	p := m.run(t, "DEED_FAILPOINT="+point)
	p.ready(t)
	time.Sleep(500 * time.Millisecond)
	before := len(m.receipts())
	select {
	case <-p.ended:
		t.Fatalf("%s: ended by %v:\n%s", point, p.ProcessState, p.log)
	case <-time.After(500 * time.Millisecond):
	}
	if len(m.receipts()) == before {
		t.Fatalf("%s: nothing is acknowledged any more", point)
	}
	p.kill(t)
	m.hit(t, p, point)
	m.keepHead(t)
}

func (m *matrix) hit(t *testing.T, p *process, point string) {
	t.Helper()
	name, _, _ := strings.Cut(point, ":")
	if !strings.Contains(p.log.String(), "failpoint "+name+":") {
		t.Fatalf("%s was not reached:\n%s", point, p.log)
	}
}

// keepHead reads the head file, whose checkpoint counts as one that was seen.
func (m *matrix) keepHead(t *testing.T) {
	t.Helper()
	text, err := (&boltstore.HeadFile{Path: m.instance.Config.Head}).Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		t.Fatal("the head file is empty")
	}
	c := m.checkpoint(t, text)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.head = c.Size
	if n := len(m.seen); n == 0 || m.seen[n-1].Size <= c.Size && m.seen[n-1] != c {
		m.seen = append(m.seen, c)
	}
}

// check verifies everything that was seen so far, while no server runs.
func (m *matrix) check(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	seen, head := slices.Clone(m.seen), m.head
	m.mu.Unlock()
	m.verify(t, m.receipts(), seen)
	for i := 1; i < len(seen); i++ {
		if seen[i].Size <= seen[i-1].Size {
			t.Fatalf("a checkpoint of size %d (%s) was seen after one of size %d (%s)", seen[i].Size, seen[i].Root, seen[i-1].Size, seen[i-1].Root)
		}
	}
	for _, r := range m.receipts() {
		proof, err := ledger.ParseProof(r.Proof)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, m.checkpoint(t, proof.Checkpoint))
	}
	for _, c := range seen {
		if c.Size > head {
			t.Fatalf("the head file is of size %d, and a checkpoint of size %d left the process", head, c.Size)
		}
	}
}

// finish starts the server without a fault, lets every agent get its answer,
// and checks it all for the last time.
func (m *matrix) finish(t *testing.T) {
	t.Helper()
	p := m.run(t)
	p.ready(t)
	time.Sleep(300 * time.Millisecond)
	m.stop()
	receipts := m.acks.wait()
	p.kill(t)
	m.keepHead(t)
	m.check(t)
	if len(receipts) < workers {
		t.Fatalf("only %d statements were acknowledged", len(receipts))
	}
	t.Logf("%d statements acknowledged, %d checkpoints seen", len(receipts), len(m.seen))
	m.refusesOldCopy(t)
}
