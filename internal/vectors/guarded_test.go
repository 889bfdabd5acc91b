package vectors_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/vectors/mutant"
)

// A guard is a rule that no statement of a register comes to, and that stands all the
// same: against a record that lies, a store that fails, or a caller who is wrong. A
// test of some package has to notice that it is dropped.

// guards compiles the tests that the list of survivors names, and runs them without
// each of the chosen rules.
func guards(t *testing.T, dir, config string, sites []site, chosen []int) {
	t.Helper()
	into := filepath.Join(dir, "guards") + string(filepath.Separator)
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range survivors {
		off := slices.DeleteFunc(slices.Clone(chosen), func(i int) bool { return !slices.Contains(s.sites, sites[i].Name) })
		if s.by == "" || len(off) == 0 {
			continue
		}
		pkg, tests := s.tests()
		binary := into + filepath.Base(pkg) + ".test"
		if _, err := os.Stat(binary); err != nil {
			if out, err := exec.Command("go", "test", "-c", "-overlay", config, "-o", binary, pkg).CombinedOutput(); err != nil {
				t.Fatalf("compiling: %v\n%s", err, out)
			}
		}
		if !passes(binary, pkg, tests, -1) {
			t.Errorf("%s fails as it is", s.by)
		}
		for _, i := range off {
			if passes(binary, pkg, tests, i) {
				t.Errorf("%s passes without %s", s.by, sites[i].Name)
			}
		}
	}
}

// tests are the directory of the package and the pattern of its tests.
func (s survivor) tests() (pkg, pattern string) {
	words := strings.Fields(s.by)
	return "../../" + words[0], "^(" + strings.Join(words[1:], "|") + ")$"
}

// passes runs tests with a site off.
func passes(binary, pkg, tests string, site int) bool {
	cmd := exec.Command(binary, "-test.short", "-test.timeout=1m", "-test.run="+tests)
	cmd.Dir, cmd.Env = pkg, append(os.Environ(), mutant.Env+"="+strconv.Itoa(site))
	return cmd.Run() == nil
}
