//go:build torture

package torture

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A process is a deed serve that may end by itself.
type process struct {
	*exec.Cmd
	address string
	log     *bytes.Buffer // once it has ended
	ended   chan struct{}
}

// run starts deed serve with these faults in its environment.
func (m *matrix) run(t *testing.T, env ...string) *process {
	t.Helper()
	return m.runUnder(t, nil, env...)
}

// runUnder starts deed serve by a command that takes another as its arguments.
func (m *matrix) runUnder(t *testing.T, tracer []string, env ...string) *process {
	t.Helper()
	p := &process{address: m.address, log: new(bytes.Buffer), ended: make(chan struct{})}
	argv := append(slices.Clone(tracer), m.binary, "serve", "--config", filepath.Join(m.dir, "deed.yaml"))
	p.Cmd = exec.Command(argv[0], argv[1:]...)
	// A group of its own: a killed tracer would let what it traces go on.
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Env = append(append(os.Environ(), m.env...), env...)
	p.Stdout, p.Stderr = p.log, p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) })
	go func() {
		_ = p.Wait() // the state is in p
		close(p.ended)
	}()
	return p
}

// ready waits until the process answers.
func (p *process) ready(t *testing.T) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		res, err := http.Get("http://" + p.address + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.ended:
			t.Fatalf("deed serve does not start:\n%s", p.log)
		case <-deadline:
			t.Fatal("deed serve does not become ready")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
		t.Fatalf("ended by itself, by %v:\n%s", p.ProcessState, p.log)
	default:
	}
	if err := syscall.Kill(-p.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatalf("killing it: %v", err)
	}
	p.end(t)
}

// end waits for the end of a process that ends by itself.
func (p *process) end(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		select {
		case <-p.ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
		if t.Failed() { // the agents have given up: nothing leads to the fault any more
			t.Fatal("the process goes on, and the agents do not")
		}
	}
	t.Fatal("the process goes on: its fault did not end it")
}
