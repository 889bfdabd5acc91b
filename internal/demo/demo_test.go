package demo

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/setup"
)

var update = flag.Bool("update", false, "rewrite testdata/story.txt")

// varying is what differs from run to run, and what is written in its place.
var varying = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`[0-9a-f]{64}`), "HEX"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?`), "TIME"},
	{regexp.MustCompile(`\bbyte (at )?\d+`), "byte N"},
	{regexp.MustCompile(`What is in DIR\n-+`), "What is in DIR\n--------------"},
	{regexp.MustCompile(`took \d+\.\d s`), "took N s"},
}

// steady is the story without what differs from run to run. Where times stand within
// sentences the ends of lines move with them: there a paragraph is one line.
func steady(story, dir string) string {
	story = strings.ReplaceAll(story, dir, "DIR")
	before, after, _ := strings.Cut(story, contestTitle)
	story = before + contestTitle + regexp.MustCompile(`\n {4}`).ReplaceAllString(after, " ")
	for _, v := range varying {
		story = v.what.ReplaceAllString(story, v.as)
	}
	return story
}

// TestRun plays the whole story: every step has the class, decision, fault and flag
// that it says, every bundle verifies, and both changed bytes are noticed. What it
// tells is testdata/story.txt, and what the README shows of it is a part of that.
// What it keeps is a register that opens again.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Dir: dir, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	told(t, steady(out.String(), dir))
	for _, name := range []string{"deed.yaml", "ledger.db", "log.vkey", "trust", "evidence/contested.deed.zip"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	again, err := setup.Open(t.Context(), filepath.Join(dir, setup.ConfigFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// told compares the story with what is kept of it.
func told(t *testing.T, got string) {
	t.Helper()
	golden := filepath.Join("testdata", "story.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the story differs from %s; if that is meant, run go test ./internal/demo -update:\n%s", golden, got)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "<!-- demo: a part of internal/demo/testdata/story.txt -->\n```text\n")
	excerpt, _, ok := strings.Cut(rest, "```\n<!-- /demo -->")
	if !ok || !strings.Contains(got, excerpt) {
		t.Errorf("what README.md shows is not a part of the story:\n%s", excerpt)
	}
}

// TestRunKeepsNothing: without a directory nothing is left behind.
func TestRunKeepsNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	if err := Run(t.Context(), Options{Out: new(bytes.Buffer)}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
