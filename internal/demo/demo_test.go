package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/setup"
)

// TestRun plays the whole story: every step has the class, decision, fault and
// flag that the table says, every bundle verifies, and both changed bytes are
// noticed. What it keeps is a register that opens again.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Dir: dir, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log("\n" + out.String())
	for _, want := range []string{"human_directed, authorized by treasurer", "DENIED by d10.holder", "claim_contradicts", "conflicted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the story does not mention %q", want)
		}
	}
	for _, name := range []string{"deed.yaml", "ledger.db", "log.vkey", "trust", "evidence/directed.deed.zip"} {
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
