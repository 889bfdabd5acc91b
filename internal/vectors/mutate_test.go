package vectors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// swept are the packages whose rules the sweep drops, and the files of them that
// hold none: words, documents, memory, and a shorter way to the same answer, which a
// test of its own holds against the long one (policy/chain.go, TestTogether).
var swept = map[string][]string{
	"attest/cms":         nil,
	"attest/sshsig":      nil,
	"attest/token":       {"doc.go"},
	"attest/webauthn":    nil,
	"attest/agency":      {"attribution.go", "doc.go", "doubts.go", "evidence.go", "wording.go"},
	"attest/warrant":     {"describe.go", "warrant.go"},
	"policy":             {"chain.go"},
	"internal/admission": {"admission.go", "cache.go", "cachesize.go", "canonical.go", "entry.go", "plain.go", "readrecord.go", "record.go", "reopen.go", "steady.go"},
}

const module = "github.com/deedlog/deed/"

// A site is a place where one rule can be dropped.
type site struct {
	Name string // file, function, and the text of the rule
}

// mutator rewrites source so that each rule can be switched off.
type mutator struct {
	sites []site
	names map[string]int
	fset  *token.FileSet
	file  string
	src   []byte
	fn    string
	edits []edit
}

type edit struct {
	at   int
	text string
	end  bool // closes what was opened before: the innermost first
}

// overlay writes the rewritten sources of all swept packages into a directory,
// with the file that tells go build of them, and returns the sites.
func overlay(t *testing.T, dir string) (config string, sites []site) {
	t.Helper()
	m := &mutator{names: map[string]int{}, fset: token.NewFileSet()}
	replace := map[string]string{}
	for _, pkg := range slices.Sorted(mapsKeys(swept)) {
		files, err := filepath.Glob(filepath.Join("../..", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pkg, err)
		}
		for _, f := range files {
			if name := filepath.Base(f); strings.HasSuffix(name, "_test.go") || slices.Contains(swept[pkg], name) {
				continue
			}
			path, err := filepath.Abs(f)
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
			if err := os.WriteFile(out, m.rewrite(t, path, pkg+"/"+filepath.Base(f)), 0o644); err != nil {
				t.Fatal(err)
			}
			replace[path] = out
		}
	}
	doc, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(config, doc, 0o644); err != nil {
		t.Fatal(err)
	}
	return config, m.sites
}

func mapsKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// rewrite is a file with its rules switched.
func (m *mutator) rewrite(t *testing.T, path, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(m.fset, path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	m.file, m.src, m.edits = name, src, nil
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			m.fn = fn.Name.Name
			ast.Inspect(fn.Body, m.visit)
		}
	}
	if len(m.edits) == 0 {
		return src
	}
	m.insert(f.Name.End(), "; import mutant \""+module+"internal/vectors/mutant\"")
	m.order()
	var out bytes.Buffer
	last := 0
	for _, e := range m.edits {
		out.Write(src[last:e.at])
		out.WriteString(e.text)
		last = e.at
	}
	out.Write(src[last:])
	return out.Bytes()
}

func (m *mutator) insert(at token.Pos, text string) {
	m.edits = append(m.edits, edit{m.fset.Position(at).Offset, text, strings.HasPrefix(text, ")") || text == " }"})
}

// order sorts the edits by place. What was opened later is closed earlier.
func (m *mutator) order() {
	slices.Reverse(m.edits)
	ends := slices.DeleteFunc(slices.Clone(m.edits), func(e edit) bool { return !e.end })
	slices.Reverse(m.edits)
	begins := slices.DeleteFunc(m.edits, func(e edit) bool { return e.end })
	m.edits = append(ends, begins...)
	slices.SortStableFunc(m.edits, func(a, b edit) int { return a.at - b.at })
}

// site names a new site by the text of its rule.
func (m *mutator) site(what string, n ast.Node) int {
	var text bytes.Buffer
	if err := printer.Fprint(&text, m.fset, n); err != nil {
		panic(err)
	}
	name := m.file + " " + m.fn + ": " + what + strings.Join(strings.Fields(text.String()), " ")
	m.names[name]++
	if k := m.names[name]; k > 1 {
		name = fmt.Sprintf("%s #%d", name, k)
	}
	m.sites = append(m.sites, site{name})
	return len(m.sites) - 1
}

// visit finds the rules of a function: the branches, the operands of every
// condition, the denials, and the calls whose refusal is passed on.
func (m *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ForStmt: // a loop is no rule; its body may hold some
		ast.Inspect(n.Body, m.visit)
		return false
	case *ast.IfStmt:
		m.branch(n)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			m.cases(n.Body)
		}
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			m.operands(n)
			return false
		}
	case *ast.CallExpr:
		m.call(n)
	case *ast.ExprStmt:
		if c, ok := n.X.(*ast.CallExpr); ok && named(c, "denyFault") {
			i := m.site("", c)
			m.insert(n.Pos(), fmt.Sprintf("if !mutant.Off(%d) { ", i))
			m.insert(n.End(), " }")
		}
	}
	return true
}

// cases are the branches of a switch without a tag.
func (m *mutator) cases(body *ast.BlockStmt) {
	for _, clause := range body.List {
		for _, e := range clause.(*ast.CaseClause).List {
			m.drop("case ", e)
		}
	}
}

// drop makes a branch one that is never taken.
func (m *mutator) drop(what string, e ast.Expr) {
	i := m.site(what, e)
	m.insert(e.Pos(), "((")
	m.insert(e.End(), fmt.Sprintf(") && !mutant.Off(%d))", i))
}

func (m *mutator) branch(n *ast.IfStmt) {
	if failed(n.Cond) && !m.refuses(n) {
		return // passes on what a rule, or the store, has said
	}
	m.drop("if ", n.Cond)
}

// failed reports whether a condition is nothing but "err != nil".
func failed(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok {
		return false
	}
	x, ok := b.X.(*ast.Ident)
	return ok && x.Name == "err"
}

// refuses reports whether a branch on an error is a rule: it says something of its
// own, or passes on what a rule of this package said.
func (m *mutator) refuses(n *ast.IfStmt) bool {
	own := false
	ast.Inspect(n.Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		own = own || ok && slices.ContainsFunc(says, func(name string) bool { return named(c, name) })
		return true
	})
	if a, ok := n.Init.(*ast.AssignStmt); ok && !own {
		c, ok := a.Rhs[0].(*ast.CallExpr)
		for _, rule := range passed {
			own = own || ok && named(c, rule)
		}
	}
	return own
}

// says are the functions by which a rule says of its own what it refuses.
var says = []string{"Refuse", "deny", "refuse", "notCMS", "notToken"}

// passed are functions that are one rule each and are called by several others.
var passed = []string{"begun", "quorum", "enough", "endorse", "endorsement", "seed", "commitments", "issuing", "Contains", "Permits",
	"signs", "usable", "verify", "verifyBare", "is", "Prove", "prove"}

func named(c *ast.CallExpr, name string) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name == name
	case *ast.SelectorExpr:
		return f.Sel.Name == name
	}
	return false
}

// operands drops each operand of a condition: what is joined by "and" counts as
// true, what is joined by "or" as false.
func (m *mutator) operands(n *ast.BinaryExpr) {
	for _, e := range []ast.Expr{n.X, n.Y} {
		inner := e
		for {
			p, ok := inner.(*ast.ParenExpr)
			if !ok {
				break
			}
			inner = p.X
		}
		if b, ok := inner.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
			m.operands(b)
			continue
		}
		if failed(inner) {
			continue
		}
		i := m.site("", e)
		m.insert(e.Pos(), "((")
		if n.Op == token.LAND {
			m.insert(e.End(), fmt.Sprintf(") || mutant.Off(%d))", i))
		} else {
			m.insert(e.End(), fmt.Sprintf(") && !mutant.Off(%d))", i))
		}
		ast.Inspect(e, m.visitInside)
	}
}

// visitInside goes on below an operand.
func (m *mutator) visitInside(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			m.operands(n)
			return false
		}
	case *ast.FuncLit:
		ast.Inspect(n.Body, m.visit)
		return false
	}
	return true
}

// call drops a rule of package warrant, or of a form that is read: what it asks for
// counts as true.
func (m *mutator) call(c *ast.CallExpr) {
	if named(c, "want") && len(c.Args) == 1 {
		m.hold("want ", c.Args[0])
	}
	if !named(c, "unless") || len(c.Args) < 2 {
		return
	}
	if id, ok := c.Args[0].(*ast.Ident); ok && id.Name == "false" {
		i := m.site("unless ", c.Args[1])
		m.insert(c.Args[0].Pos(), fmt.Sprintf("mutant.Off(%d) || ", i))
		return
	}
	m.hold("unless ", c.Args[0])
}

// hold makes a condition one that always holds.
func (m *mutator) hold(what string, e ast.Expr) {
	i := m.site(what, e)
	m.insert(e.Pos(), "((")
	m.insert(e.End(), fmt.Sprintf(") || mutant.Off(%d))", i))
}
