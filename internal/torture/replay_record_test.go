//go:build torture

package torture

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/torture/checker"
	"github.com/deedlog/deed/internal/torture/crashfs"
	"github.com/deedlog/deed/ledger"
)

const (
	recordedStore = "ledger.db"
	recordedHead  = "head"
)

// recording is what a deed serve did to its database and head file, and what it
// acknowledged before and meanwhile: each mark of the trace is one more
// acknowledgement.
type recording struct {
	*world
	trace *crashfs.Trace
	acks  []checker.Acknowledgement
	// before is how many of them were there before the record.
	before int
	// erased are the objects that were erased in it.
	erased []erased
	// restarts are the places in the trace where the server was killed and started
	// again.
	restarts []int

	matrix  *matrix
	fs      *crashfs.Recorder
	backing string
	mu      sync.Mutex // of acks, while agents submit
}

// record serves a register for a while without a record, then on a recorded
// directory. The fewer agents, the more commits. A sound server is killed and
// started again half way, at a moment when it has nothing to do.
func record(t *testing.T, binary, mutant string, n recordedRun) *recording {
	t.Helper()
	r := begin(t, binary, mutant, n.agents, n.before)
	p := r.run(t)
	if mutant == "" {
		r.submit(t, n.during/2, r.fs.Mark)
		p.kill(t)
		r.restarts = append(r.restarts, r.fs.Place())
		p = r.run(t)
	}
	r.submit(t, n.during, r.fs.Mark)
	p.kill(t)
	r.end(t)
	return r
}

// begin makes a register with so many statements, and moves it to a recorded
// directory.
func begin(t *testing.T, binary, mutant string, agents, statements int) *recording {
	t.Helper()
	needFUSE(t)
	r := &recording{world: newWorldOf(t, binary)}
	r.matrix = &matrix{world: r.world}
	p := r.run(t)
	r.register(t)
	r.agents = r.agents[:agents]
	r.submit(t, statements, func() {})
	p.kill(t)
	r.before = len(r.acks)
	backing, point := scratch(t), t.TempDir()
	for _, name := range []string{recordedStore, recordedHead} {
		copyFile(t, filepath.Join(r.dir, name), filepath.Join(backing, name))
	}
	r.serveFrom(t, point, "deed.yaml")
	r.env = []string{"DEED_MUTANT=" + mutant}
	r.backing, r.fs = backing, r.mount(t, backing, point)
	return r
}

// run starts the server and waits until it answers.
func (r *recording) run(t *testing.T, env ...string) *process {
	t.Helper()
	p := r.matrix.run(t, env...)
	p.ready(t)
	return p
}

// end ends the record. No server runs any more.
func (r *recording) end(t *testing.T) {
	t.Helper()
	var err error
	if r.trace, err = r.fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	r.complete(t, r.backing)
}

func (r *recording) mount(t *testing.T, backing, point string) *crashfs.Recorder {
	t.Helper()
	fs, err := crashfs.Mount(backing, point)
	if err != nil {
		t.Fatalf("no FUSE mount: this test needs /dev/fuse, and root or fusermount3; DEED_NO_FUSE=1 leaves it out: %v", err)
	}
	t.Cleanup(func() {
		if r.trace == nil {
			_, _ = fs.Unmount() // the test has failed already
		}
	})
	return fs
}

// needFUSE fails where nothing can be mounted, so that nobody takes a run
// without it for a whole one.
func needFUSE(t *testing.T) {
	t.Helper()
	if os.Getenv("DEED_NO_FUSE") != "" {
		t.Skip("NOT TESTED: what a loss of power leaves (DEED_NO_FUSE is set)")
	}
	if err := crashfs.Available(); err != nil {
		t.Fatalf("no FUSE: this test needs /dev/fuse, and root or fusermount3; DEED_NO_FUSE=1 leaves it out: %v", err)
	}
}

// scratch makes a directory in memory where there is one, since thousands of
// states are written to it.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "deed-replay-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// serveFrom writes a configuration beside the register's own, with database and
// head file in another directory.
func (r *recording) serveFrom(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "deed.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		key, _, _ := strings.Cut(line, ":")
		switch key {
		case "store":
			lines[i] = "store: " + filepath.Join(dir, recordedStore)
		case "head":
			lines[i] = "head: " + filepath.Join(dir, recordedHead)
		}
	}
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// submit lets the agents submit until so many statements were acknowledged since
// the record began or, before that, in all; and marks each acknowledgement.
func (r *recording) submit(t *testing.T, statements int, mark func()) {
	t.Helper()
	if statements == 0 {
		return
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r.submitting(ctx, t, func() {
		mark()
		if len(r.acks)-r.before >= statements {
			stop()
		}
	}).Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// submitting lets the agents submit until ctx ends, over any restart, and calls
// acknowledged for each answer, one at a time.
func (r *recording) submitting(ctx context.Context, t *testing.T, acknowledged func()) *sync.WaitGroup {
	agents := new(sync.WaitGroup)
	for _, a := range r.agents {
		agents.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				receipt, err := a.session.Record(context.WithoutCancel(ctx), a.act(r.warrant, i), done)
				if err != nil {
					t.Errorf("%s: %v", a.id, err)
					return
				}
				r.mu.Lock()
				r.acks = append(r.acks, acknowledgement(t, receipt))
				acknowledged()
				r.mu.Unlock()
			}
		})
	}
	return agents
}

func acknowledgement(t *testing.T, r agent.Receipt) checker.Acknowledgement {
	proof, err := ledger.ParseProof(r.Proof)
	if err != nil {
		t.Error(err)
	}
	return checker.Acknowledgement{Index: r.Index, ID: string(r.ID), Entry: r.Entry, Checkpoint: proof.Checkpoint}
}

// complete compares the end of the trace with the files: whatever changed them
// without being recorded would not be lost in any crash.
func (r *recording) complete(t *testing.T, backing string) {
	t.Helper()
	end := r.trace.End()
	list, err := os.ReadDir(backing)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(end) {
		t.Fatalf("the trace ends with %v, the directory with %v", slices.Sorted(maps.Keys(end)), list)
	}
	for _, e := range list {
		data, err := os.ReadFile(filepath.Join(backing, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, end[e.Name()]) {
			t.Fatalf("the trace ends with other bytes in %s than the directory", e.Name())
		}
	}
}

// file is the number of a file in the trace.
func (r *recording) file(name string) int {
	n, _ := r.trace.File(name) // it is there from the beginning
	return n
}

// segments counts those of the index by level.
func (r *recording) segments(t *testing.T, files map[string][]byte) map[int]int {
	t.Helper()
	path := filepath.Join(t.TempDir(), recordedStore)
	if err := os.WriteFile(path, files[recordedStore], 0o600); err != nil {
		t.Fatal(err)
	}
	levels, err := checker.Segments(path)
	if err != nil {
		t.Fatal(err)
	}
	return levels
}

// grows wants the checkpoints of each run between two restarts to grow, and so
// many of each.
func (r *recording) grows(t *testing.T, c *checker.Checker, least int) {
	t.Helper()
	file := bytes.Clone(r.trace.Base[recordedHead])
	synced, err := checker.HeadText(file) // is written again at the start
	if err != nil {
		t.Fatal(err)
	}
	heads, run, total := make([][][]byte, len(r.restarts)+1), 0, 0
	for i, op := range r.trace.Ops {
		if op.File != r.file(recordedHead) {
			continue
		}
		switch op.Kind {
		case crashfs.Write:
			copy(file[op.Off:], op.Data)
		case crashfs.Sync:
			text, err := checker.HeadText(file)
			if err != nil {
				t.Fatalf("after %d operations: %v", i, err)
			}
			for run < len(r.restarts) && i >= r.restarts[run] {
				run++
			}
			if !bytes.Equal(text, synced) {
				heads[run], synced = append(heads[run], bytes.Clone(text)), bytes.Clone(text)
			}
		}
	}
	for i, texts := range heads {
		if len(texts) < least {
			t.Fatalf("only %d checkpoints of run %d in the trace", len(texts), i)
		}
		if err := c.History(texts); err != nil {
			t.Fatalf("run %d: %v", i, err)
		}
		total += len(texts)
	}
	t.Logf("%d checkpoints, each larger than the one before", total)
}
