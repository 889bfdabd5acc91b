//go:build torture

package torture

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger/boltstore"
)

// syscalls are what deed serve does to the disk, and what strace makes of the
// nth call of each thread: its counter is one for each thread, so a low n meets
// the opening of the database, a higher one the load.
var syscalls = []struct {
	name  string
	nth   []int // in a short run
	long  []int // in addition with DEED_LONG
	grows bool  // calls on the database while it grows: only a small one does soon
}{
	{"pwrite64", []int{1, 23}, []int{2, 3, 4, 5, 7, 9, 13, 17, 31, 43, 61, 89, 127}, false},
	{"fdatasync", []int{1, 6, 17}, []int{2, 3, 4, 5, 8, 9, 12, 24, 33}, false},
	{"fsync", []int{1}, nil, false}, // of the directory, at the start
	{"fsync", []int{1}, nil, true},
	{"ftruncate", []int{1}, nil, true},
}

// injections are the faults, and the words in which the server has to name them.
var injections = []struct{ rule, words string }{
	{"error=EIO", "input/output error"},
	{"error=ENOSPC", "no space left on device"},
	{"signal=SIGKILL", ""},
}

// TestSyscalls lets system calls of the static binary fail, one sort at a time,
// under load. After a failed sync, write, growth or rename the process ends and
// says so; a full disk it may survive. It starts again, everything that was
// acknowledged is there with its bytes, and deed log check finds nothing.
func TestSyscalls(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is not installed: without it no system call can fail")
	}
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	for _, call := range syscalls {
		name := call.name
		if call.grows {
			name += " of growth"
		}
		t.Run(name, func(t *testing.T) {
			nth := call.nth
			if os.Getenv("DEED_LONG") != "" {
				nth = append(nth, call.long...)
			}
			start, faults := time.Now(), 0
			warm := 200 * time.Millisecond
			if call.grows {
				warm = 0
			}
			m := underFor(t, newWorldOf(t, binary), warm)
			for _, n := range nth {
				for _, in := range injections {
					var only []string
					if call.grows {
						if faults > 0 {
							m.finish(t)
							m = underFor(t, newWorldOf(t, binary), warm)
						}
						only = []string{"-P", m.database()}
					}
					m.inject(t, call.name, fmt.Sprintf("%s:when=%d", in.rule, n), in.words, only...)
					m.recovers(t)
					faults++
				}
			}
			m.finish(t)
			t.Logf("%d faults of %s in %.1f s", faults, name, time.Since(start).Seconds())
		})
	}
	t.Run("deed log recover", func(t *testing.T) { under(t, newWorldOf(t, binary)).recoverFaults(t) })
}

// recoverFaults lets the calls fail that make a new head file: after each there
// is none, or a whole one.
func (m *matrix) recoverFaults(t *testing.T) {
	t.Helper()
	p := m.run(t)
	p.ready(t)
	m.acknowledges(t, p, "start")
	p.kill(t)
	m.keepHead(t)
	text, err := (&boltstore.HeadFile{Path: m.instance.Config.Head}).Load()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(kept, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again := []string{m.binary, "log", "recover", "--config", filepath.Join(m.dir, "deed.yaml"), kept}
	for _, call := range []string{"renameat:%s:when=1", "fsync:%s:when=1", "fsync:%s:when=2", "fdatasync:%s:when=1"} {
		for _, in := range injections {
			if err := os.Remove(m.instance.Config.Head); err != nil {
				t.Fatal(err)
			}
			rule := fmt.Sprintf(call, in.rule)
			name, _, _ := strings.Cut(rule, ":")
			trace := filepath.Join(t.TempDir(), "strace")
			argv := append([]string{"strace", "-f", "-qq", "-o", trace, "-e", "trace=" + name, "-e", "inject=" + rule}, again...)
			out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
			if !injected(trace) {
				t.Fatalf("deed log recover: %s was never triggered: %v\n%s", rule, err, out)
			}
			if err == nil || in.words != "" && !says(string(out), in.words) {
				t.Fatalf("deed log recover, %s: want an end that says %q, found %v\n%s", rule, in.words, err, out)
			}
			out, err = exec.Command(again[0], again[1:]...).CombinedOutput()
			if err != nil && !strings.Contains(string(out), "it exists already") {
				t.Fatalf("deed log recover again, after %s: %v\n%s", rule, err, out)
			}
			m.recovers(t)
		}
	}
	m.finish(t)
}

// injected reports whether strace did what it was asked for.
func injected(trace string) bool {
	text, err := os.ReadFile(trace)
	return err == nil && (bytes.Contains(text, []byte("(INJECTED)")) || bytes.Contains(text, []byte("killed by SIGKILL")))
}

// inject runs the server under strace until a call has failed, and looks how the
// server takes it.
func (m *matrix) inject(t *testing.T, call, rule, words string, only ...string) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "strace")
	argv := []string{"strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e", "inject=" + call + ":" + rule}
	argv = append(argv, only...)
	if words != "" {
		argv = append(argv, "--seccomp-bpf") // fast; but strace 6.1 does not inject signals with it
	}
	p := m.runUnder(t, argv)
	where := call + ":" + rule
	m.triggered(t, p, trace, where)
	if call == "pwrite64" && strings.Contains(rule, "ENOSPC") && m.survived(t, p, where) {
		return
	}
	p.end(t)
	status, _ := p.ProcessState.Sys().(syscall.WaitStatus) // strace ends as what it traces did
	switch {
	case words == "" && !(status.Signaled() && status.Signal() == syscall.SIGKILL):
		t.Fatalf("%s: want a kill, ended by %v:\n%s", where, p.ProcessState, p.log)
	case words != "" && (p.ProcessState.ExitCode() <= 0 || !says(p.log.String(), words)):
		t.Fatalf("%s: want an end that says %q, ended by %v:\n%s", where, words, p.ProcessState, p.log)
	}
	m.keepHead(t)
	m.check(t)
}

// says looks for the last word of the process: an error with its cause.
func says(log, words string) bool {
	_, last, found := strings.Cut(log, "deed: error: ")
	return found && strings.Contains(last, words)
}

// triggered waits for the fault: one that never came would prove nothing.
func (m *matrix) triggered(t *testing.T, p *process, trace, where string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if injected(trace) {
			return
		}
	}
	p.kill(t)
	text, _ := os.ReadFile(trace)
	t.Fatalf("%s was never triggered:\n%s\n%s", where, text, p.log)
}

// survived reports whether the process goes on answering, in spite of a full
// disk: of the database it does, and then all is checked here. Of the head file
// it does not, and other threads may have another turn at any time.
func (m *matrix) survived(t *testing.T, p *process, where string) bool {
	t.Helper()
	before := len(m.receipts())
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		select {
		case <-p.ended:
			return false
		case <-time.After(100 * time.Millisecond):
		}
		if len(m.receipts()) <= before+workers {
			continue
		}
		if err := syscall.Kill(-p.Process.Pid, syscall.SIGKILL); err != nil {
			return false // it has just ended
		}
		p.end(t)
		m.keepHead(t)
		m.check(t)
		return true
	}
	t.Fatalf("%s: nothing is acknowledged any more:\n%s", where, p.log)
	return false
}

// acknowledges wants a process that goes on answering.
func (m *matrix) acknowledges(t *testing.T, p *process, where string) {
	t.Helper()
	before := len(m.receipts())
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if len(m.receipts()) > before {
			return
		}
	}
	p.kill(t)
	t.Fatalf("%s: nothing is acknowledged any more:\n%s", where, p.log)
}

// recovers starts the server without a fault, waits for acknowledgements, and
// has deed log check read what is there.
func (m *matrix) recovers(t *testing.T) {
	t.Helper()
	p := m.run(t)
	p.ready(t)
	m.acknowledges(t, p, "restart")
	p.kill(t)
	m.keepHead(t)
	m.logCheck(t)
}

// logCheck wants deed log check to find nothing.
func (m *matrix) logCheck(t *testing.T) {
	t.Helper()
	cmd := exec.Command(m.binary, "log", "check", "--config", filepath.Join(m.dir, "deed.yaml"))
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.HasPrefix(out, []byte("sound:")) {
		t.Fatalf("deed log check: %v\n%s", err, out)
	}
}
