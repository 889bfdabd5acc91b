package vectors_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/vectors"
)

func load(t testing.TB) *vectors.Corpus {
	t.Helper()
	c, err := vectors.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// begin makes the register of every stage.
func begin(t testing.TB, c *vectors.Corpus, cache *admission.Cache) map[string]*vectors.Register {
	t.Helper()
	stages := map[string]*vectors.Register{}
	for _, v := range c.Vectors {
		if stages[v.Stage] != nil {
			continue
		}
		r, err := c.Begin(v.Stage, cache)
		if err != nil {
			t.Fatalf("stage %q: %v", v.Stage, err)
		}
		stages[v.Stage] = r
	}
	return stages
}

// TestForm runs the checker of the form, which is in another language, where there
// is one.
func TestForm(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Logf("not checked: %v", err)
		return
	}
	if out, err := exec.Command(python, filepath.Join(directory, "check.py")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReplay runs every vector as another implementation would: from the files
// alone.
func TestReplay(t *testing.T) {
	c := load(t)
	stages := begin(t, c, admission.NewCache(1000))
	for i := range c.Vectors {
		v := &c.Vectors[i]
		if err := c.Replay(stages[v.Stage].Fork(), v); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}
