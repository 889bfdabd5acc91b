// Package docs_test keeps the pages equal to the code: what is generated, what
// is listed, and what refers to what. The parts of a page between "generated"
// and "end" comments are written by go test ./docs -update.
package docs_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/deedlog/deed/attest"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the pages")

const root = ".."

// generated compares a part of a page with what the code gives, or with -update
// writes it.
func generated(t *testing.T, page, name, want string) {
	t.Helper()
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
	before, rest, ok := strings.Cut(string(got), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("no markers for %s in %s", name, page)
	}
	whole := []byte(before + begin + want + end + after)
	switch {
	case bytes.Equal(whole, got):
	case !*update:
		t.Errorf("%s differs from the code; if the change is meant, run go test ./docs -update", page)
	default:
		if err := os.WriteFile(page, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaults keeps docs/spec/faults.md equal to attest.Faults, both ways.
func TestFaults(t *testing.T) {
	for _, h := range []attest.Handling{attest.Refused, attest.Retryable, attest.Logged} {
		generated(t, "spec/faults.md", string(h), faultTable(h))
	}
	for code, info := range attest.Faults {
		if info.Cause == "" || info.Fix == "" || strings.Contains(info.Cause+info.Fix, "|") {
			t.Errorf("%s: cause and fix must be there, and fit a table", code)
		}
	}
}

func faultTable(h attest.Handling) string {
	var b strings.Builder
	b.WriteString("| code | cause | what to do |\n|---|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(attest.Faults)) {
		if info := attest.Faults[code]; info.Handling == h {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, info.Cause, info.Fix)
		}
	}
	return b.String()
}

// TestFaultsUsed finds codes in the code that no page explains, and codes that
// nothing gives.
func TestFaultsUsed(t *testing.T) {
	literal := regexp.MustCompile(`"((?:profile|envelope|key|passkey|ssh|cms|certificate|fulcio|tsa|statement|action|agent|d[0-9]+|signer|genesis|object|reference|session|trust|log|quota|warrant|instruction|approval|gate|outcome|policy|control|revocation|compromise|erasure|trigger|countersignature|token)\.[a-z0-9_]+)"`)
	given := regexp.MustCompile(`(?:Refuse|deny|faultOf|outside|fault|unless\([^",]*,) ?\(?"([a-z0-9]+\.[a-z0-9_]+)"`)
	used := map[string]bool{}
	for _, dir := range []string{"attest", "identity", "policy", "internal/admission", "internal/server"} {
		for _, file := range sources(t, filepath.Join(root, dir)) {
			if filepath.Base(file) == "faults.go" {
				continue
			}
			for _, m := range literal.FindAllStringSubmatch(read(t, file), -1) {
				used[m[1]] = true
			}
			for _, m := range given.FindAllStringSubmatch(read(t, file), -1) {
				if _, ok := attest.Faults[m[1]]; !ok && m[1] != "authority.grant" {
					t.Errorf("%s gives %s, which attest.Faults does not have", file, m[1])
				}
			}
		}
	}
	for code := range attest.Faults {
		if !used[code] {
			t.Errorf("nothing gives %s", code)
		}
	}
}

// TestFaultsNamed finds codes on the pages that the code does not have.
func TestFaultsNamed(t *testing.T) {
	named := regexp.MustCompile("`((?:profile|envelope|key|passkey|ssh|cms|certificate|fulcio|tsa|statement|action|agent|d[0-9]+|signer|genesis|object|reference|session|trust|log|quota|warrant|instruction|approval|gate|policy|control|revocation|compromise|erasure|trigger|countersignature|token)\\.[a-z_0-9]+)`")
	checks := read(t, "spec/verdict.md")
	for _, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			_, fault := attest.Faults[m[1]]
			if file := slices.Contains([]string{"key.pem", "log.vkey", "log.policy", "approval.display"}, m[1]); !fault && !file && !strings.Contains(checks, "`"+m[1]+"`") {
				t.Errorf("%s names %s, which is no fault", page, m[1])
			}
		}
	}
}

// TestDependencies keeps docs/design/dependencies.md equal to go.mod: a reason
// for every direct requirement, and none for others.
func TestDependencies(t *testing.T) {
	mod, err := modfile.Parse("go.mod", []byte(read(t, filepath.Join(root, "go.mod"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for _, r := range mod.Require {
		if !r.Indirect {
			required[r.Mod.Path] = true
		}
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+) \\|$")
	explained := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(read(t, "design/dependencies.md"), -1) {
		if explained[m[1]] = true; !required[m[1]] {
			t.Errorf("dependencies.md: %s is not required by go.mod", m[1])
		}
	}
	for path := range required {
		if !explained[path] {
			t.Errorf("dependencies.md: no reason for %s", path)
		}
	}
}

// TestReferences finds pages and headings that comments and texts refer to.
func TestReferences(t *testing.T) {
	reference := regexp.MustCompile(`docs/(?:spec/|design/)?[a-z]+\.md(?:,\s+(?://\s+)?"([^"\n]+)")?`)
	page := regexp.MustCompile(`^docs/(?:spec/|design/)?[a-z]+\.md`)
	for _, dir := range []string{"attest", "clients", "cmd", "identity", "internal", "ledger", "policy", "proto", "verifier"} {
		for _, file := range sources(t, filepath.Join(root, dir)) {
			for _, m := range reference.FindAllStringSubmatch(read(t, file), -1) {
				name := page.FindString(m[0])
				doc, err := os.ReadFile(filepath.Join(root, name))
				switch {
				case err != nil:
					t.Errorf("%s refers to %s, which is not there", file, name)
				case m[1] != "" && !slices.Contains(headings(string(doc)), m[1]):
					t.Errorf("%s refers to %s, %q: no such heading", file, name, m[1])
				}
			}
		}
	}
}

func headings(doc string) []string {
	var out []string
	for line := range strings.SplitSeq(doc, "\n") {
		if text := strings.TrimLeft(line, "#"); text != line {
			text = strings.TrimSpace(text)
			title, _, _ := strings.Cut(text, ":")
			out = append(out, text, title)
		}
	}
	return out
}

// TestLinks follows the links between the pages, with their anchors.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if !strings.Contains(m[1], "://") {
				follow(t, page, m[1])
			}
		}
	}
}

// pages lists all pages.
func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"../README.md", "../NEWS.md", "../SECURITY.md"}
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".md") {
			list = append(list, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func follow(t *testing.T, page, to string) {
	t.Helper()
	name, anchor, _ := strings.Cut(to, "#")
	target := page
	if name != "" {
		target = filepath.Join(filepath.Dir(page), name)
	}
	doc, err := os.ReadFile(target)
	if info, dir := os.Stat(target); err != nil && (dir != nil || !info.IsDir()) {
		t.Errorf("%s links to %s, which is not there", page, to)
		return
	}
	if anchor == "" {
		return
	}
	for _, h := range headings(string(doc)) {
		if slug(h) == anchor {
			return
		}
	}
	t.Errorf("%s links to %s: no such heading", page, to)
}

// slug is the anchor that a heading gets.
func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// sources lists the files below a directory that are written by hand.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return fs.SkipDir
		}
		switch filepath.Ext(name) {
		case ".go", ".proto", ".txtar", ".cedar", ".cedarschema", ".ts", ".py", ".tmpl":
			if !strings.HasSuffix(name, "_test.go") {
				files = append(files, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// complete are the names of findings about completeness.
var complete = regexp.MustCompile(`"(complete\.[a-z]+)"`)

// TestChecks keeps the table of docs/spec/verdict.md equal to the names that the
// verifier gives, both ways.
func TestChecks(t *testing.T) {
	literal := regexp.MustCompile(`"((?:bundle|entry|record|checkpoint|control|genesis|server|root|people|object|reference|read|statement|signer|proof|action|audit|token)\.[a-z_]+|approval\.rate|gate\.display|internal)"`)
	others := []string{"object.missing", "people.json", "server.json", "read.asserted"} // a fault, files, a step without a finding
	given := map[string]bool{}
	for _, file := range sources(t, filepath.Join(root, "verifier")) {
		for _, m := range append(literal.FindAllStringSubmatch(read(t, file), -1), complete.FindAllStringSubmatch(read(t, file), -1)...) {
			given[m[1]] = !slices.Contains(others, m[1])
		}
	}
	page := read(t, "spec/verdict.md")
	listed := map[string]bool{}
	for _, line := range regexp.MustCompile("(?m)^\\| `.*$").FindAllString(page, -1) {
		first, _, _ := strings.Cut(line[2:], " |")
		for _, m := range regexp.MustCompile("`([a-z.]+[a-z_]+)`").FindAllStringSubmatch(first, -1) {
			listed[m[1]] = true
		}
	}
	for name, check := range given {
		if check && !listed[name] {
			t.Errorf("verdict.md does not list %s", name)
		}
	}
	for name := range listed {
		if !given[name] {
			t.Errorf("verdict.md lists %s, which the verifier does not give", name)
		}
	}
}

// TestTour keeps the README's five minutes equal to the script that is tested.
func TestTour(t *testing.T) {
	_, shown, _ := strings.Cut(read(t, filepath.Join(root, "README.md")), "<!-- tour: ")
	_, shown, _ = strings.Cut(shown, "```sh\n")
	shown, _, _ = strings.Cut(shown, "```")
	_, script, found := strings.Cut(read(t, filepath.Join(root, "cmd/deed/testdata/script/tour.txtar")), "-- tour.sh --\n")
	if !found || shown != script {
		t.Errorf("README.md shows\n%s\nand the script is\n%s", shown, script)
	}
}
