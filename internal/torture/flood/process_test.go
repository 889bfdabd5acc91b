//go:build torture

package flood

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/setup"
)

// What the process may use.
const (
	maxRSS = 512 << 20
	maxFDs = 4096
)

var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "deed-flood-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "deed")
	// With the tag of this process, which makes the register: segments have another size under it.
	if out, err := exec.Command("go", "build", "-tags", "torture", "-o", program, "github.com/deedlog/deed/cmd/deed").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building deed: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// long chooses between the figure of a short run and that of a long one.
func long[T any](short, long T) T {
	if os.Getenv("DEED_LONG") != "" {
		return long
	}
	return short
}

// process is a running deed serve.
type process struct {
	*testing.T
	dir, address, metrics string
	instance              *setup.Instance // closed: for keys and configuration
	cmd                   *exec.Cmd
	log                   lockedBuffer

	mu             sync.Mutex
	rss, file, fds int // the most that was seen
}

// start makes a register and serves it until the end of the test, which fails
// if the server used more than it may, panicked, or is gone.
func start(t *testing.T) *process {
	t.Helper()
	p := &process{T: t, dir: filepath.Join(t.TempDir(), "register"), address: freeAddress(t), metrics: freeAddress(t)}
	var err error
	p.instance, err = setup.Create(t.Context(), p.dir, setup.Options{
		Origin: "flood.example/log", TrustDomain: "flood.example", Dev: true, Listen: p.address,
	})
	p.must(err)
	p.must(p.instance.Close())
	config := filepath.Join(p.dir, setup.ConfigFile)
	text, err := os.ReadFile(config)
	p.must(err)
	p.must(os.WriteFile(config, fmt.Appendf(text, "\nmetrics: {listen: %q}\n", p.metrics), 0o600))
	p.cmd = exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d; exec %s serve --config %s", maxFDs, program, config))
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.must(p.cmd.Start())
	ctx, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	t.Cleanup(func() { stop(); <-watched; p.end() })
	go func() { defer close(watched); p.watch(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); !p.up(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("deed serve did not become ready:\n%s", p.log.String())
		}
	}
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func (p *process) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *process) url() string { return "http://" + p.address }

func (p *process) up() bool {
	res, err := http.Get("http://" + p.metrics + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// end checks that the server lived through it, and within its means.
func (p *process) end() {
	if !p.up() {
		p.Errorf("the server is not ready any more:\n%s", p.log.String())
	}
	p.must(p.cmd.Process.Kill())
	_ = p.cmd.Wait() // it was killed
	if log := p.log.String(); strings.Contains(log, "panic") || strings.Contains(log, `"level":"ERROR"`) {
		p.Errorf("the server's log:\n%s", log)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Logf("RESULT %s: at most %d MiB of memory, %d MiB of mapped files, %d file descriptors", p.Name(), p.rss>>20, p.file>>20, p.fds)
	if p.rss > maxRSS || p.fds > maxFDs || p.rss == 0 {
		p.Errorf("more than %d MiB or %d file descriptors", maxRSS>>20, maxFDs)
	}
}

// watch notes what the process uses.
func (p *process) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		rss, file, fds := p.memory("RssAnon:"), p.memory("RssFile:"), p.descriptors()
		p.mu.Lock()
		p.rss, p.file, p.fds = max(p.rss, rss), max(p.file, file), max(p.fds, fds)
		p.mu.Unlock()
	}
}

func (p *process) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), name)
}

// memory is a part of the resident set in bytes; 0 while there is none. What is
// bounded is the anonymous part. The other is pages of the database, which is
// mapped: the kernel drops them when it needs the room.
func (p *process) memory(part string) int {
	text, _ := os.ReadFile(p.proc("status")) // gone at the end
	_, rest, _ := strings.Cut(string(text), part)
	var kib int
	_, _ = fmt.Sscan(rest, &kib)
	return kib << 10
}

func (p *process) descriptors() int {
	list, _ := os.ReadDir(p.proc("fd"))
	return len(list)
}

// cpu is the time that the process has used, in steps of 10 ms.
func (p *process) cpu() time.Duration {
	p.Helper()
	text, err := os.ReadFile(p.proc("stat"))
	p.must(err)
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
	user, err := strconv.Atoi(fields[11])
	p.must(err)
	system, err := strconv.Atoi(fields[12])
	p.must(err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// metric reads one series.
func (p *process) metric(series string) float64 {
	p.Helper()
	res, err := http.Get("http://" + p.metrics + "/metrics")
	p.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	p.must(err)
	_, rest, found := strings.Cut(string(text), "\n"+series+" ")
	var n float64
	if _, err := fmt.Sscan(rest, &n); err != nil || !found {
		p.Fatalf("no series %s", series)
	}
	return n
}

// lockedBuffer is written by the process and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
