//go:build torture

package torture

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	scenarioMutant = "TORTURE_MUTANT"
	scenarioFaults = "TORTURE_FAULTS"
	scenarioBinary = "TORTURE_BINARY"
)

// TestErrors breaks single writes. After a fault that leaves the file in doubt
// the process stops and says why; a full disk it survives. Nothing is lost, and
// what a failed write did bring to disk is found there.
func TestErrors(t *testing.T) {
	m := newMatrix(t, "")
	for _, point := range errorPoints {
		m.fault(t, point)
	}
	m.finish(t)
}

var errorPoints = []string{
	"during-data-write:error:40", "before-data-sync:error:40", "before-meta-write:error:9", "before-meta-sync:error:9",
	"before-head-write:error:9", "before-head-sync:error:9", "after-head-sync:error:9",
	"during-data-write:unknown:40", "before-meta-write:unknown:9", "before-meta-sync:unknown:9",
}

// fault runs the server into one fault and checks what is left.
func (m *matrix) fault(t *testing.T, point string) {
	t.Helper()
	switch strings.Split(point, ":")[1] {
	case "error":
		m.stops(t, point)
	case "unknown":
		m.survives(t, point)
	default:
		m.dies(t, point)
	}
	m.check(t)
}

// mutants are broken builds: what is done to them, and how that comes out.
var mutants = []struct{ name, faults, finding string }{
	{"answer-before-commit", "in-transaction:hold:9", "is not in the log with its bytes|reference.unlogged: authority.warrant|the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left|internal: internal error"},
	{"publish-before-commit", "in-transaction:hold:9", "a checkpoint of size [0-9]+ left the process, and the log does not have its root|the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left|was seen after one of size [0-9]+"},
	// The batch before may be published meanwhile, and its checkpoint written over the early one: more than one try.
	{"sign-before-sync", "in-transaction:kill:9 in-transaction:kill:6 in-transaction:kill:12 in-transaction:kill:8 in-transaction:kill:15", "a checkpoint of size [0-9]+ left the process, and the log does not have its root"},
	{"skip-head-file", "after-publish-before-answer:hold:9", "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left"},
	{"publish-before-head-file", "before-head-write:hold:9", "the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left"},
	{"head-file-in-place", "in-head-write:kill:9", "no head file|the head file is of size [0-9]+, and a checkpoint of size [0-9]+ left"},
	// The disk may be full for the indexer instead of a commit: more than one try.
	{"sign-from-memory-after-unknown", "before-meta-write:unknown:9 before-meta-write:unknown:6 before-meta-write:unknown:12", "entries are signed, [0-9]+ are stored|nothing is acknowledged any more"},
	{"swallow-sync-error", "before-meta-write:error:9", "[0-9]+ entries are signed, [0-9]+ are stored|is not in the log with its bytes"},
	{"reuse-index", "after-publish-before-answer:kill:9", "is not in the log with its bytes|corrupt .*"},
	{"skip-dedup", "after-commit-before-sign:kill:9", "statement [^ ]+ is at [0-9]+ and at [0-9]+|denied at index [0-9]+: session.fork"},
	{"trust-old-copy", "before-commit:kill:9", "deed serve started with an old copy of its database"},
	{"dedup-in-memory", "after-commit-before-sign:kill:9", "statement [^ ]+ is at [0-9]+ and at [0-9]+|denied at index [0-9]+: session.fork"},
	{"blind-batch", "after-publish-before-answer:kill:9", "corrupt (state before entry [0-9]+|cell/[a-z]+ [^:]+): want"},
	{"rows-of-batch", "after-publish-before-answer:kill:9", "corrupt rows [^:]+: want"},
	{"short-tile", "after-publish-before-answer:kill:60", "corrupt tiles tile/0/000: want [^,]+"},
}

// TestMutants runs TestScenario for every broken build, in a process of its own
// that must fail, and by the right check.
func TestMutants(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	scenario := func(t *testing.T, mutant, faults string) (string, error) {
		t.Helper()
		cmd := exec.Command(os.Args[0], "-test.run=^TestScenario$", "-test.v", "-test.timeout=2m")
		cmd.Env = append(os.Environ(), scenarioMutant+"="+mutant, scenarioFaults+"="+faults, scenarioBinary+"="+binary)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			start := time.Now()
			out, err := scenario(t, m.name, m.faults)
			if err == nil {
				t.Fatalf("the mutant survives %s:\n%s", m.faults, out)
			}
			found := regexp.MustCompile(m.finding).FindString(out)
			if found == "" {
				t.Fatalf("want a finding %q, found:\n%s", m.finding, out)
			}
			t.Logf("caught in %.1f s: %s", time.Since(start).Seconds(), found)
		})
	}
	t.Run("none", func(t *testing.T) {
		faults := map[string]bool{}
		for _, m := range mutants {
			faults[m.faults] = true
		}
		var all []string
		for f := range faults {
			all = append(all, f)
		}
		if out, err := scenario(t, "", strings.Join(all, " ")); err != nil {
			t.Fatalf("a sound build fails the same:\n%s", out)
		}
	})
}

// TestScenario is the process that TestMutants starts.
func TestScenario(t *testing.T) {
	faults := os.Getenv(scenarioFaults)
	if faults == "" {
		t.Skip("for TestMutants")
	}
	m := newMatrix(t, os.Getenv(scenarioMutant))
	for _, f := range strings.Fields(faults) {
		m.fault(t, f)
	}
	m.finish(t)
}
