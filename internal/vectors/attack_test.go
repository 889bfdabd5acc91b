package vectors_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/vectors"
	"github.com/deedlog/deed/verifier"
)

// rank orders the classes by how much of a human they claim.
func rank(c agency.Class) int {
	switch c {
	case agency.HumanDirected:
		return 4
	case agency.HumanInstructed:
		return 3
	case agency.HumanTasked:
		return 2
	case agency.HumanDelegated:
		return 1
	}
	return 0
}

// TestAttack runs every attack through the register and, where it is logged,
// through the offline verifier: neither finds more of a human than the honest
// evidence supports.
func TestAttack(t *testing.T) {
	c := load(t)
	stages := begin(t, c, admission.NewCache(1000))
	byName := map[string]*vectors.Vector{}
	for i := range c.Vectors {
		byName[c.Vectors[i].Name] = &c.Vectors[i]
	}
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			v := byName["attack/"+a.name]
			if v == nil {
				t.Fatal("no such vector")
			}
			if v.Expect.Refused != nil {
				if err := c.Replay(stages[v.Stage].Fork(), v); err != nil {
					t.Error(err)
				}
				return
			}
			verdict := verify(t, c, stages[v.Stage].Fork(), v)
			if verdict.ExitCode() != 0 {
				t.Fatal(verdict.Failure())
			}
			if found := verdict.Subjects[0].Attribution; found != nil && rank(found.Agency) > rank(a.limit) {
				t.Errorf("class %s, and the evidence supports %s", found.Agency, a.limit)
			}
		})
	}
}

// TestInjected: of a payment that somebody injected into a broad task the verdict
// says which values are not from the instruction.
func TestInjected(t *testing.T) {
	c := load(t)
	stages := begin(t, c, admission.NewCache(1000))
	for i := range c.Vectors {
		v := &c.Vectors[i]
		if v.Name != "attack/an injected payment inside a broad task" {
			continue
		}
		s := verify(t, c, stages[v.Stage].Fork(), v).Subjects[0]
		got := strings.Join(s.OriginLines(), "\n")
		instruction := string(s.Attribution.Decisive[0])
		want := "the resource: not from the instruction\n" +
			"argument \"amount\": not from the instruction\n" +
			"argument \"reference\": stated in the instruction " + instruction
		if s.Attribution.Agency != agency.HumanTasked || got != want {
			t.Errorf("%s:\n%s", s.Attribution.Agency, got)
		}
		if text := verifier.Text(verify(t, c, stages[v.Stage].Fork(), v)); !strings.Contains(text, "Where the values of the action are from") {
			t.Error("the verdict's text does not say it")
		}
		return
	}
	t.Error("no such vector")
}

// TestThreats keeps the table of attacks in docs/design/threats.md equal to the
// tests: every attack of the vectors stands in it, and every test that it names is
// there.
func TestThreats(t *testing.T) {
	page, err := os.ReadFile("../../docs/design/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "<!-- attacks -->")
	table, _, ended := strings.Cut(table, "<!-- end: attacks -->")
	if !found || !ended {
		t.Fatal("no table of attacks")
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("`TestAttack/([^`]+)`").FindAllStringSubmatch(table, -1) {
		listed[m[1]] = true
	}
	for _, a := range attacks() {
		if !listed[a.name] {
			t.Errorf("the table does not have the attack %q", a.name)
		}
		delete(listed, a.name)
	}
	for name := range listed {
		t.Errorf("the table has an attack that is none: %q", name)
	}
	for _, m := range regexp.MustCompile("`([a-z/]+)` `(Test[A-Za-z]+)`").FindAllStringSubmatch(table, -1) {
		if !declared(t, "../../"+m[1], m[2]) {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
}

func declared(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(dir + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "func "+test+"(") {
			return true
		}
	}
	return false
}
