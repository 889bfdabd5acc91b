package auditor_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// shown lists the checks of an entry that passed, and those that are the register's
// word.
func shown(v *verifier.Verdict, index uint64) (passed, asserted []string) {
	where := "entry " + strconv.FormatUint(index, 10)
	for _, f := range v.Findings {
		if f.Required || len(f.Where) > 0 && !slices.Contains(f.Where, where) {
			continue
		}
		switch f.Status {
		case verifier.Pass:
			passed = append(passed, f.Check)
		case verifier.Unknown:
			asserted = append(asserted, f.Check)
		}
	}
	return passed, asserted
}

func wants(t *testing.T, list []string, checks ...string) {
	t.Helper()
	for _, c := range checks {
		if !slices.Contains(list, c) {
			t.Errorf("%s is not among %v", c, list)
		}
	}
}

// TestExportControl: with the control entries of the log, what was in force,
// revoked and compromised is shown.
func TestExportControl(t *testing.T) {
	w := register.NewWorld(t, "control")
	c, trust := serve(t, &evidence{w: w}), load(t, w.TrustFiles(t))
	for name, index := range w.Entries {
		b, err := c.Export(t.Context(), strconv.FormatUint(index, 10))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := verifier.Verify(b, trust, verifier.Options{})
		if v.ExitCode() != 0 {
			t.Fatalf("%s: %s", name, v.Failure())
		}
		said(t, name, b)
		passed, asserted := shown(v, index)
		wants(t, passed, "control.complete", "read.force")
		if slices.ContainsFunc(asserted, func(c string) bool { return c == "read.revoked" || c == "read.compromised" || c == "read.force" }) {
			t.Errorf("%s: %v is the register's word", name, asserted)
		}
	}
	small, err := c.ExportWith(t.Context(), auditor.Options{}, "25")
	if err != nil {
		t.Fatal(err)
	}
	_, asserted := shown(verifier.Verify(small, trust, verifier.Options{}), 25)
	wants(t, asserted, "control.complete", "read.force", "read.revoked", "read.compromised")
}

// said: what every control entry of a bundle says comes with it, also of one that
// bears on nothing.
func said(t *testing.T, name string, b *verifier.Bundle) {
	t.Helper()
	for _, index := range b.Indexes() {
		item, _ := b.Item(index)
		e, err := admission.ParseEntry(item.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Kind.Control() {
			continue
		}
		r, err := admission.ParseRecord(b.Object(e.Admission))
		if err != nil || b.Object(r.Envelope) == nil {
			t.Errorf("%s: entry %d is only counted: %v", name, index, err)
		}
	}
}

// TestExportHidden: a revocation that an operator leaves out is missing in the
// hash, and the verdict says so.
func TestExportHidden(t *testing.T) {
	w := register.NewWorld(t, "hidden")
	c, trust := serve(t, &evidence{w: w}), load(t, w.TrustFiles(t))
	index := w.Entries["human_directed"]
	b, err := c.Export(t.Context(), strconv.FormatUint(index, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"revocation", "issuer " + w.Cron.ID} {
		contents := contentsOf(b)
		delete(contents.Entries, w.Entries[gone])
		v := verify(t, contents, trust)
		if gone == "revocation" { // after the action: it takes nothing from it, and is not known
			_, asserted := shown(v, index)
			wants(t, asserted, "control.complete")
			passed, _ := shown(v, index)
			wants(t, passed, "read.force", "read.revoked")
			continue
		}
		_, asserted := shown(v, index)
		wants(t, asserted, "control.complete", "read.force", "read.revoked")
	}
}

// contentsOf takes a bundle apart.
func contentsOf(b *verifier.Bundle) verifier.Contents {
	c := verifier.Contents{Subjects: b.Subjects(), Entries: map[uint64]verifier.Item{}}
	for _, i := range b.Indexes() {
		c.Entries[i], _ = b.Item(i)
	}
	c.Objects = b.Objects()
	return c
}

// verify builds a bundle, without objects that nothing names any more.
func verify(t *testing.T, c verifier.Contents, trust *verifier.Trust) *verifier.Verdict {
	t.Helper()
	b, err := verifier.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier.Verify(b, trust, verifier.Options{})
	for round := 0; v.ExitCode() == 1 && round < 100; round++ {
		gone := ""
		for _, f := range v.Findings {
			if f.Check == "bundle.closure" && f.Status == verifier.Fail && strings.HasPrefix(f.Where[0], "objects/sha256/") {
				gone = strings.Join(f.Where, " ")
			}
		}
		if gone == "" {
			break
		}
		c.Objects = slices.DeleteFunc(c.Objects, func(o []byte) bool { return strings.Contains(gone, attest.DigestOf(o).Hex()) })
		if b, err = verifier.Build(c); err != nil {
			t.Fatal(err)
		}
		v = verifier.Verify(b, trust, verifier.Options{})
	}
	if v.ExitCode() != 0 {
		t.Fatal(v.Failure())
	}
	return v
}

// TestWalks: where the whole walk is in the bundle, no fork, what was spent and
// first use are shown; without it they are the register's word.
func TestWalks(t *testing.T) {
	w := register.NewWorld(t, "walks")
	c, trust := serve(t, &evidence{w: w}), load(t, w.TrustFiles(t))
	index := w.Entries["human_directed"]
	for _, test := range []struct {
		walks []auditor.Walk
		shows []string
	}{
		{nil, nil},
		{[]auditor.Walk{auditor.WalkSession}, []string{"read.session"}},
		{[]auditor.Walk{auditor.WalkWarrant}, []string{"read.spent", "read.used"}},
		{[]auditor.Walk{auditor.WalkApproval}, []string{"read.used"}},
	} {
		b, err := c.ExportWith(t.Context(), auditor.Options{Walks: test.walks}, strconv.FormatUint(index, 10))
		if err != nil {
			t.Fatal(err)
		}
		v := verifier.Verify(b, trust, verifier.Options{})
		if v.ExitCode() != 0 {
			t.Fatalf("%v: %s", test.walks, v.Failure())
		}
		passed, asserted := shown(v, index)
		wants(t, passed, test.shows...)
		for _, check := range []string{"read.session", "read.spent", "read.used"} {
			if test.walks == nil && !slices.Contains(asserted, check) {
				t.Errorf("%v: %s is not the register's word", test.walks, check)
			}
		}
		if len(v.Subjects[0].Complete) < len(test.shows) {
			t.Errorf("%v: %v", test.walks, v.Subjects[0].Complete)
		}
	}
	if _, err := auditor.ParseWalk("people"); err == nil {
		t.Error("a walk of people")
	}
}
