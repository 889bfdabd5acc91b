package verifier_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/deedlog/deed/verifier"
)

// TestLeftOut: what whoever made a bundle says to have left out is of its subjects, once
// each, and is kept; it takes nothing from the verdict.
func TestLeftOut(t *testing.T) {
	w := world(t, "one")
	index := w.Entries["human_directed"]
	c := w.contents["human_directed"]
	for _, bad := range []map[uint64]int{{index: -1}, {index - 1: 3}, {index: 1, index + 1: 1}} {
		c.LeftOut = bad
		if _, err := verifier.Build(c); err == nil || !strings.Contains(err.Error(), "what is left out of a subject") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for n, lines := range map[int]int{0: 0, 7: 1} {
		c.LeftOut = map[uint64]int{index: n}
		again, err := verifier.Open(build(t, c).Bytes())
		if err != nil || again.LeftOut(index) != n || again.LeftOut(0) != 0 {
			t.Fatalf("%d: %v", n, err)
		}
		v := verifier.Verify(again, load(t, maps.Clone(w.trust)), verifier.Options{})
		said := v.Subjects[0].Completeness
		if v.ExitCode() != 0 || said.LeftOut != n || strings.Count(strings.Join(said.Lines, " "), "at least 7. Whether they say the same") != lines {
			t.Errorf("%d: exit code %d, %+v", n, v.ExitCode(), said)
		}
	}
}
