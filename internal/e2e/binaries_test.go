//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const spireVersion = "v1.13.0"

// Binaries are the paths of SPIRE's two programs.
type Binaries struct{ Server, Agent string }

// FindSPIRE looks in $DEED_SPIRE_DIR, or else in the user's cache directory,
// where it builds the programs if they are missing.
func FindSPIRE(t testing.TB) Binaries {
	t.Helper()
	if dir := os.Getenv("DEED_SPIRE_DIR"); dir != "" {
		bin := binariesIn(dir)
		if !bin.exist() {
			t.Fatalf("no spire-server and spire-agent in DEED_SPIRE_DIR, %s", dir)
		}
		return bin
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "deed", "spire-"+spireVersion)
	bin := binariesIn(dir)
	if bin.exist() {
		return bin
	}
	if err := buildSPIRE(dir); err != nil {
		t.Fatalf("building SPIRE: %v", err)
	}
	return bin
}

func binariesIn(dir string) Binaries {
	return Binaries{filepath.Join(dir, "spire-server"), filepath.Join(dir, "spire-agent")}
}

func (b Binaries) exist() bool {
	for _, path := range []string{b.Server, b.Agent} {
		if info, err := os.Stat(path); err != nil || info.Mode()&0o100 == 0 {
			return false
		}
	}
	return true
}

// buildSPIRE downloads and builds in a directory of its own, so that SPIRE's
// many dependencies stay out of our module. Installing by version does not
// work, as it needs a list of versions that a module mirror may not serve.
func buildSPIRE(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) // best effort: only space is at stake
	src := filepath.Join(work, "src")
	if err := fetchSPIRE(work, src); err != nil {
		return err
	}
	for _, name := range []string{"spire-server", "spire-agent"} {
		progress("building %s %s; both take about 15 minutes", name, spireVersion)
		part := filepath.Join(work, name)
		if _, err := goTool(src, "build", "-p", "1", "-ldflags", "-s -w", "-o", part, "./cmd/"+name); err != nil {
			return err
		}
		if err := os.Rename(part, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	progress("built in %s", dir)
	return nil
}

// fetchSPIRE copies SPIRE's source out of the module cache, which is read-only.
func fetchSPIRE(work, src string) error {
	progress("downloading SPIRE %s", spireVersion)
	mod := fmt.Sprintf("module spirebuild\n\ngo 1.26.0\n\nrequire github.com/spiffe/spire %s\n", spireVersion)
	if err := os.WriteFile(filepath.Join(work, "go.mod"), []byte(mod), 0o644); err != nil {
		return err
	}
	out, err := goTool(work, "mod", "download", "-json", "github.com/spiffe/spire@"+spireVersion)
	if err != nil {
		return err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return fmt.Errorf("reading what was downloaded: %w", err)
	}
	return os.CopyFS(src, os.DirFS(module.Dir))
}

// goTool runs the go command with a sign of life every half minute.
func goTool(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	start := time.Now()
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-tick.C:
				progress("go %s: %v so far", args[0], time.Since(start).Round(time.Second))
			case <-done:
				return
			}
		}
	}()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running go %v: %w", args, err)
	}
	return out, nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "e2e: "+format+"\n", args...)
}
