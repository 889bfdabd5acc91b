package admission_test

import (
	"errors"
	"testing"

	"github.com/deedlog/deed/internal/admission"
)

// few is a view of a few cells that counts how often it is asked.
type few struct {
	cells map[string]string
	asked int
	fails error
}

func (v *few) Size() uint64 { return 1 }

func (v *few) Get(table, key string) ([]byte, error) {
	v.asked++
	if v.fails != nil {
		return nil, v.fails
	}
	value, ok := v.cells[table+"/"+key]
	if !ok {
		return nil, nil
	}
	return []byte(value), nil
}

// through looks one cell up through what is remembered.
func through(t *testing.T, s *admission.Steady, v *few, table, key string) string {
	t.Helper()
	view, err := s.View(v)
	if err != nil {
		t.Fatal(err)
	}
	value, err := view.Get(table, key)
	if err != nil {
		t.Fatal(err)
	}
	if value == nil {
		return "none"
	}
	return string(value)
}

// TestSteady: what was read under one control hash is not said under another,
// also when a batch that was placed is not committed and the hash goes back.
func TestSteady(t *testing.T) {
	before := &few{cells: map[string]string{"log/control": "1", "force/policy": "old"}}
	after := &few{cells: map[string]string{"log/control": "2", "force/policy": "new", "revoked/w": "here"}}
	var s admission.Steady
	for range 3 {
		for range 2 {
			if got := through(t, &s, before, "force", "policy") + through(t, &s, before, "revoked", "w"); got != "oldnone" {
				t.Errorf("before: %s", got)
			}
		}
		for range 2 {
			if got := through(t, &s, after, "force", "policy") + through(t, &s, after, "revoked", "w"); got != "newhere" {
				t.Errorf("after: %s", got)
			}
		}
	}
	if want := 3 * (4 + 2); before.asked != want || after.asked != want {
		t.Errorf("asked %d and %d times, want %d each", before.asked, after.asked, want)
	}
}

// TestSteadyStale: a view keeps to the state that it was made for.
func TestSteadyStale(t *testing.T) {
	before := &few{cells: map[string]string{"log/control": "1", "force/policy": "old"}}
	after := &few{cells: map[string]string{"log/control": "2", "force/policy": "new"}}
	var s admission.Steady
	stale, err := s.View(before)
	if err != nil {
		t.Fatal(err)
	}
	if got := through(t, &s, after, "force", "policy"); got != "new" {
		t.Errorf("after: %s", got)
	}
	if got, _ := stale.Get("force", "policy"); string(got) != "old" {
		t.Errorf("the stale view says %s", got)
	}
	if got := through(t, &s, after, "force", "policy"); got != "new" {
		t.Errorf("after the stale view: %s", got)
	}
}

// TestSteadyMoves: counters are never remembered, nor is anything before the
// first control entry or after a fault of the store.
func TestSteadyMoves(t *testing.T) {
	v := &few{cells: map[string]string{"log/control": "1", "spent/a": "1", "session/a": "1", "used/a": "1", "outcome/a": "1"}}
	var s admission.Steady
	for _, value := range []string{"1", "2"} {
		for _, table := range []string{"spent", "session", "used", "outcome"} {
			v.cells[table+"/a"] = value
			if got := through(t, &s, v, table, "a"); got != value {
				t.Errorf("%s is %s, not %s", table, got, value)
			}
		}
	}
	empty := &few{cells: map[string]string{"force/genesis": "1"}}
	for _, value := range []string{"1", "2"} {
		empty.cells["force/genesis"] = value
		if got := through(t, &s, empty, "force", "genesis"); got != value {
			t.Errorf("without a control entry genesis is %s, not %s", got, value)
		}
	}
	v.fails = errors.New("a fault")
	if _, err := s.View(v); !errors.Is(err, v.fails) {
		t.Errorf("a fault of the store is %v", err)
	}
	v.fails = nil
	view, err := s.View(v)
	if err != nil {
		t.Fatal(err)
	}
	v.fails = errors.New("another")
	if _, err := view.Get("force", "x"); !errors.Is(err, v.fails) {
		t.Errorf("a fault of the store is %v", err)
	}
	v.fails = nil
	if got := through(t, &s, v, "force", "x"); got != "none" {
		t.Errorf("after the fault: %s", got)
	}
}

// TestSteadyRests: whatever changes slots or revocations changes the control
// hash in the same entry, or what is remembered could be wrong.
func TestSteadyRests(t *testing.T) {
	changes := 0
	for i, a := range newStory(t).entries {
		steady, control := false, false
		for _, c := range a.result.Cells {
			steady = steady || c.Table == "force" || c.Table == "revoked"
			control = control || c.Table == "log" && c.Key == "control"
		}
		if steady && !control {
			t.Errorf("entry %d changes %v without the control hash", i, a.result.Cells)
		}
		if steady {
			changes++
		}
	}
	if changes < 10 {
		t.Errorf("only %d entries of the story change slots or revocations", changes)
	}
}
