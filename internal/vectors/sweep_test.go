package vectors_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/vectors"
	"github.com/deedlog/deed/internal/vectors/mutant"
)

// sweepSites is how the process that runs the mutants learns which: how many there
// are, and those to drop, as JSON.
const sweepSites = "DEED_SWEEP_SITES"

// everyRule reports who asks for the whole sweep: make mutants, make long.
func everyRule() bool { return os.Getenv("DEED_MUTANTS") == "1" || os.Getenv("DEED_LONG") != "" }

// some is how the names of the sites begin that are dropped otherwise: those of the
// table, or of what make mutants OF=... asks for.
func some() string { return cmp.Or(os.Getenv("DEED_MUTANTS"), "attest/agency/") }

// Besides the answer of a vector its whole entry is compared, and so the record:
// both are to be the same bytes in every implementation.

// A swept site: which vector noticed that its rule was dropped, and how many were
// affected at all.
type finding struct {
	Killer string
	Hits   int
}

// TestSweep drops every rule in turn, in a build of its own: a vector or a witness
// has to notice each. What none can notice is listed with its reason, and with the
// test that does.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the module anew")
	}
	dir := t.TempDir()
	config, sites := overlay(t, dir)
	binary := filepath.Join(dir, "sweep.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", config, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("compiling: %v\n%s", err, out)
	}
	chosen := []int{}
	for i, s := range sites {
		if everyRule() || strings.HasPrefix(s.Name, some()) {
			chosen = append(chosen, i)
		}
	}
	start := time.Now()
	found := sweepIn(t, binary, len(sites), chosen)
	judge(t, sites, chosen, found)
	guards(t, dir, config, sites, chosen)
	t.Logf("%d of %d rules dropped in %.1f s", len(chosen), len(sites), time.Since(start).Seconds())
}

// sweepIn runs the process and reads what it found.
func sweepIn(t *testing.T, binary string, n int, chosen []int) (found []finding) {
	t.Helper()
	which, err := json.Marshal(append([]int{n}, chosen...))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestSweepProcess$", "-test.timeout=60m")
	cmd.Env = append(os.Environ(), sweepSites+"="+string(which))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sweeping: %v\n%s\n%s", err, out, stderr.Bytes())
	}
	begin := strings.IndexByte(string(out), '[')
	end := strings.LastIndexByte(string(out), ']')
	if err := json.Unmarshal(out[max(begin, 0):end+1], &found); err != nil || len(found) != len(chosen) {
		t.Fatalf("%d findings: %v\n%s", len(found), err, out)
	}
	return found
}

// judge compares the findings with what is allowed to survive.
func judge(t *testing.T, sites []site, chosen []int, found []finding) {
	t.Helper()
	allowed := map[string]bool{}
	for _, why := range survivors {
		for _, name := range why.sites {
			allowed[name] = false
		}
	}
	for i, n := range chosen {
		s := sites[n]
		_, may := allowed[s.Name]
		switch {
		case found[i].Killer == "" && !may:
			t.Errorf("no vector notices that a rule is dropped (%d are affected):\n\t%s", found[i].Hits, s.Name)
		case found[i].Killer != "" && may:
			t.Errorf("%q notices what is said to survive: %s", found[i].Killer, s.Name)
		}
		allowed[s.Name] = true
	}
	for name, there := range allowed {
		if !there && (everyRule() || strings.HasPrefix(name, some())) {
			t.Errorf("no such rule is left: %s", name)
		}
	}
}

// TestSweepProcess is the process that TestSweep starts.
func TestSweepProcess(t *testing.T) {
	var which []int
	if err := json.Unmarshal([]byte(os.Getenv(sweepSites)), &which); err != nil || len(which) == 0 {
		t.Skip("for TestSweep")
	}
	n := which[0]
	s := &sweep{corpus: load(t), witnesses: witnesses(t), hits: make([][]int, n), asked: make([][]int, n), staged: make([]bool, n)}
	s.sound = make([]attest.Digest, len(s.corpus.Vectors))
	s.record(t)
	found := []finding{}
	for _, site := range which[1:] {
		found = append(found, s.kill(site))
	}
	doc, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(doc))
}

// sweep is one run over all mutants.
type sweep struct {
	corpus    *vectors.Corpus
	witnesses []witness
	stages    map[string]*vectors.Register
	hits      [][]int         // by site: the vectors in which it makes a difference
	asked     [][]int         // by site: the witnesses in which it does
	staged    []bool          // by site: the stage already
	sound     []attest.Digest // by vector: its last entry
}

// record finds out which vectors and witnesses a site can affect.
func (s *sweep) record(t *testing.T) {
	t.Helper()
	mutant.Hit = map[int]bool{}
	defer func() { mutant.Hit = nil }()
	mutant.Drop(-1)
	s.stages = begin(t, s.corpus, nil)
	for site := range s.staged {
		s.staged[site] = mutant.Hit[site]
	}
	for i := range s.corpus.Vectors {
		clear(mutant.Hit)
		if err := s.run(&s.corpus.Vectors[i], s.stages); err != nil {
			t.Fatalf("%s: %v", s.corpus.Vectors[i].Name, err)
		}
		for site := range mutant.Hit {
			s.hits[site] = append(s.hits[site], i)
		}
	}
	for i, w := range s.witnesses {
		clear(mutant.Hit)
		if !w.stands() {
			t.Fatalf("%s: another answer", w.name)
		}
		for site := range mutant.Hit {
			s.asked[site] = append(s.asked[site], i)
		}
	}
}

func (s *sweep) run(v *vectors.Vector, stages map[string]*vectors.Register) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	r := stages[v.Stage].Fork()
	r.Remember(admission.NewCache(100))
	if err := s.corpus.Replay(r, v); err != nil || v.Expect.Logged == nil {
		return err
	}
	switch i := slices.IndexFunc(s.corpus.Vectors, func(w vectors.Vector) bool { return w.Name == v.Name }); {
	case s.sound[i] == "":
		s.sound[i] = r.Last()
	case s.sound[i] != r.Last():
		return errors.New("another entry")
	}
	return nil
}

// kill looks for a vector that notices that a site is off. Where the stage goes
// through the site too, it is made anew only if nothing after it notices.
func (s *sweep) kill(site int) finding {
	defer mutant.Drop(-1)
	f := finding{Hits: len(s.hits[site]) + len(s.asked[site])}
	for _, i := range s.asked[site] {
		mutant.Drop(site)
		if w := s.witnesses[i]; !w.stands() {
			f.Killer = w.name
			return f
		}
	}
	if f.Killer = s.killer(site, s.stages); f.Killer != "" || !s.staged[site] {
		return f
	}
	stages := map[string]*vectors.Register{}
	for stage := range s.stages {
		mutant.Drop(site)
		r, err := s.begin(stage)
		if err != nil {
			f.Killer = "stage: " + err.Error()
			return f
		}
		stages[stage] = r
	}
	f.Killer = s.killer(site, stages)
	return f
}

// killer is a vector that notices, or "".
func (s *sweep) killer(site int, stages map[string]*vectors.Register) string {
	for _, i := range slices.Backward(s.hits[site]) {
		mutant.Drop(site)
		if v := &s.corpus.Vectors[i]; s.run(v, stages) != nil {
			return v.Name
		}
	}
	return ""
}

func (s *sweep) begin(stage string) (r *vectors.Register, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return s.corpus.Begin(stage, admission.NewCache(100))
}
