package testkit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/deedlog/deed"
	root   = "../.."
)

// A source is a Go file that is not a test.
type source struct {
	pkg, file string // "./attest", "./attest/key.go"
	tree      *ast.File
	imports   []string // with "./" for the module's own
}

// sources parses every file of the module, whatever its build tags.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules" || ownModule(name)) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		s, err := parse(name)
		list = append(list, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ownModule reports whether a directory is a module of its own, such as
// internal/peers: go build ./... does not see it either.
func ownModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func parse(name string) (source, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return source{}, err
	}
	s := source{file: "./" + filepath.ToSlash(rel), tree: tree}
	s.pkg = "./" + path.Dir(filepath.ToSlash(rel))
	for _, i := range tree.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, own(p))
	}
	return s, nil
}

// own writes an import path of the module with "./".
func own(p string) string {
	if rest, ok := strings.CutPrefix(p, module+"/"); ok {
		return "./" + rest
	}
	return p
}

// below reports whether p is one of the paths or below one.
func below(p string, paths []string) bool {
	return slices.ContainsFunc(paths, func(q string) bool { return p == q || strings.HasPrefix(p, q+"/") })
}

func TestArrows(t *testing.T) {
	for _, s := range sources(t) {
		allowed, listed := arrows[s.pkg]
		if !listed {
			t.Errorf("%s: package %s is not in walls_test.go", s.file, s.pkg)
			continue
		}
		for _, p := range s.imports {
			if strings.HasPrefix(p, "./") && !slices.Contains(allowed, p) && !slices.Equal(allowed, anything) {
				t.Errorf("%s imports %s, which walls_test.go does not allow", s.file, p)
			}
		}
	}
}

// TestArrowsPoint keeps helpers of tests out of the programs, and the list free
// of packages that do not exist.
func TestArrowsPoint(t *testing.T) {
	helpers := []string{"./internal/testkit", "./internal/e2e", "./internal/torture", "./ledger/storetest", "./docs"}
	for from, to := range arrows {
		for _, p := range to {
			if _, ok := arrows[p]; !ok && p != "*" {
				t.Errorf("%s may import %s, which is no package of the list", from, p)
			}
			if below(p, helpers) && !below(from, helpers) {
				t.Errorf("%s may import %s, a helper of tests", from, p)
			}
		}
	}
}

func TestOwners(t *testing.T) {
	for _, s := range sources(t) {
		for _, w := range owners {
			for _, p := range s.imports {
				if below(p, []string{w.path}) && !below(s.file, w.by) {
					t.Errorf("%s imports %s, which only %v may: %s", s.file, p, w.by, w.why)
				}
			}
		}
	}
}

func TestPure(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(pure, s.pkg) {
			continue
		}
		for _, p := range s.imports {
			if below(p, impure) && p != "net/netip" && p != "net/url" {
				t.Errorf("%s imports %s: the package is to be pure", s.file, p)
			}
			if below(p, lenient) {
				t.Errorf("%s imports %s, which reads one document in several ways", s.file, p)
			}
		}
		for _, name := range readsClock(s.tree) {
			t.Errorf("%s calls time.%s: time is an argument here", s.file, name)
		}
	}
}

// readsClock lists the uses of package time that read the clock.
func readsClock(tree *ast.File) []string {
	var found []string
	ast.Inspect(tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, sel.Sel.Name) {
				found = append(found, sel.Sel.Name)
			}
		}
		return true
	})
	return found
}

// TestOffline asks the go command what a verifier is linked of.
func TestOffline(t *testing.T) {
	for pkg, banned := range offline {
		t.Run(pkg, func(t *testing.T) {
			cmd := exec.Command("go", "list", "-deps", pkg)
			cmd.Dir = root
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go list -deps %s: %v", pkg, err)
			}
			for p := range strings.FieldsSeq(string(out)) {
				if below(p, banned) {
					t.Errorf("%s links %s", pkg, p)
				}
			}
		})
	}
}
