package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOverviewListsPackages keeps the table of packages whole: a directory with Go
// in it is named there, or is below one that is.
func TestOverviewListsPackages(t *testing.T) {
	page, err := os.ReadFile("design/overview.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range packages(t) {
		for at := dir; !strings.Contains(string(page), "`"+at+"`"); at = filepath.Dir(at) {
			if !strings.Contains(at, "/") || !strings.HasPrefix(at, "internal/") && !strings.HasPrefix(at, "proto/") {
				t.Errorf("design/overview.md does not name %s", dir)
				break
			}
		}
	}
}

// packages lists the directories with Go in them, but for this one.
func packages(t *testing.T) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "docs") {
			return fs.SkipDir
		}
		if dir, _ := filepath.Rel(root, filepath.Dir(path)); strings.HasSuffix(path, ".go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
