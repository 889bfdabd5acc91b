package verifier_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/verifier"
)

// update rewrites the golden files: go test ./verifier -run Golden -update
var update = flag.Bool("update", false, "rewrite the golden files")

// TestVerified: the bundle about every entry of an honest log verifies, and
// shows what the register recorded.
func TestVerified(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	for name, c := range w.contents {
		t.Run(name, func(t *testing.T) {
			b := build(t, c)
			v := verifier.Verify(b, trust, verifier.Options{})
			if v.ExitCode() != 0 || v.Result != verifier.Verified || len(v.OperatorTrusted) > 0 {
				t.Fatalf("exit code %d: %s", v.ExitCode(), v.Failure())
			}
			if again, err := verifier.Open(b.Bytes()); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
				t.Errorf("bundle does not come back: %v", err)
			}
			for _, s := range v.Subjects {
				if !s.Established || s.Attribution == nil && s.Kind == "action" && s.Action.Phase != "outcome" {
					t.Errorf("subject %d: %+v", s.Index, s)
				}
			}
			if slices.Contains([]string{"human_directed", "human_instructed", "human_tasked", "human_delegated",
				"autonomous", "unattributed", "conflicted", "indeterminate"}, name) && string(v.Subjects[0].Attribution.Agency) != name {
				t.Errorf("class %s", v.Subjects[0].Attribution.Agency)
			}
		})
	}
}

// TestShown: a bundle that holds the whole log leaves nothing to the register's
// word; one that does not, says so.
func TestShown(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	asserted := func(name string) (checks []string) {
		for _, f := range verifier.Verify(build(t, w.contents[name]), trust, verifier.Options{}).Findings {
			if strings.HasPrefix(f.Check, "read.") && f.Status == verifier.Unknown {
				checks = append(checks, f.Check)
			}
		}
		slices.Sort(checks)
		return checks
	}
	if got := asserted("all"); got != nil {
		t.Errorf("whole log: %v", got)
	}
	want := []string{"read.compromised", "read.force", "read.refused", "read.revoked", "read.session", "read.spent", "read.used"}
	if got := asserted("human_directed"); !slices.Equal(got, want) {
		t.Errorf("one entry: %v", got)
	}
	if got := asserted("outcome"); !slices.Contains(got, "read.outcome") {
		t.Errorf("outcome: %v", got)
	}
}

// TestGolden: the renderings, byte for byte.
func TestGolden(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	for name, options := range map[string]verifier.Options{
		"human_directed": {}, "autonomous": {}, "outside": {}, "warrant 2": {}, "outcome": {},
	} {
		v := verifier.Verify(build(t, w.contents[name]), trust, options)
		golden(t, name, v)
	}
	bad := build(t, w.contents["human_directed"]).Bytes()
	bad[len(bad)/2] ^= 1
	golden(t, "flipped", verifier.VerifyFile(bad, trust, verifier.Options{}))
	bare := load(t, map[string][]byte{"log.policy": w.trust["log.policy"], "log.mldsa.vkey": w.trust["log.mldsa.vkey"]})
	golden(t, "nothing known", verifier.Verify(build(t, w.contents["human_tasked"]), bare, verifier.Options{}))
	golden(t, "operator trusted", verifier.Verify(build(t, w.contents["human_tasked"]), bare, verifier.Options{AcceptLedgerRoots: true}))
}

func golden(t *testing.T, name string, v *verifier.Verdict) {
	t.Helper()
	for ext, got := range map[string][]byte{"txt": []byte(verifier.Text(v)), "json": verifier.JSON(v), "html": verifier.HTML(v)} {
		file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+"."+ext)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs; if that is meant, run with -update", file)
		}
	}
}

// TestExitCodes: what is false outweighs what could not be checked.
func TestExitCodes(t *testing.T) {
	w := world(t, "one")
	b := build(t, w.contents["human_tasked"])
	bare := map[string][]byte{"log.policy": w.trust["log.policy"], "log.mldsa.vkey": w.trust["log.mldsa.vkey"]}
	other := world(t, "two")
	roots := maps.Clone(w.trust)
	for name := range w.trust {
		if strings.HasPrefix(name, "spiffe/") {
			roots[name] = other.trust[name]
		}
	}
	for _, test := range []struct {
		name  string
		trust map[string][]byte
		o     verifier.Options
		want  int
	}{
		{"all known", w.trust, verifier.Options{}, 0},
		{"nothing known", bare, verifier.Options{}, 2},
		{"nothing known, accepted", bare, verifier.Options{AcceptLedgerRoots: true}, 0},
		{"all known, accepted", w.trust, verifier.Options{AcceptLedgerRoots: true}, 0},
		{"other roots", roots, verifier.Options{}, 1},
		{"other roots, accepted", roots, verifier.Options{AcceptLedgerRoots: true}, 1},
		{"another log", other.trust, verifier.Options{}, 1},
		{"another log, accepted", other.trust, verifier.Options{AcceptLedgerRoots: true}, 1},
	} {
		v := verifier.Verify(b, load(t, test.trust), test.o)
		if v.ExitCode() != test.want {
			t.Errorf("%s: exit code %d: %s", test.name, v.ExitCode(), v.Failure())
		}
		trusted := test.o.AcceptLedgerRoots && test.name == "nothing known, accepted"
		if (len(v.OperatorTrusted) > 0) != trusted || trusted != strings.Contains(verifier.Text(v), "operator_trusted") {
			t.Errorf("%s: operator trusted: %v", test.name, v.OperatorTrusted)
		}
	}
	if v := verifier.Verify(nil, nil, verifier.Options{}); v.ExitCode() != 2 {
		t.Errorf("nothing: exit code %d", v.ExitCode())
	}
	for _, file := range [][]byte{nil, []byte("x"), []byte("PK\x05\x06"), bytes.Repeat([]byte("a"), 1000)} {
		if v := verifier.VerifyFile(file, load(t, w.trust), verifier.Options{}); v.ExitCode() != 2 {
			t.Errorf("no bundle: exit code %d", v.ExitCode())
		}
	}
}
