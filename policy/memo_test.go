package policy

import (
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// TestMemos: a full memo starts again and stays right, and a memo never mixes two
// keys up.
func TestMemos(t *testing.T) {
	m := &memos{}
	for n := range 3 * maxRemembered {
		r := transfer()
		r.Agent.Owner, r.Warrant.Depth = strconv.Itoa(n%1500), n%1400
		delete(r.Open, "amount")
		r.Open["n"+strconv.Itoa(n%1300)] = attest.Int(1)
		q, fresh := newQuestion(r, m), newQuestion(r, &memos{})
		if a, b := q.ask(everyFact).Context, fresh.ask(everyFact).Context; !a.Equal(b) {
			t.Fatalf("context is %v, want %v", a, b)
		}
		if a, b := q.agentRecord(), fresh.agentRecord(); !a.Equal(b) {
			t.Fatalf("principal is %v, want %v", a, b)
		}
	}
	if len(m.agents.items) > maxRemembered || len(m.warrants.items) > maxRemembered || len(m.shapes.items) > maxRemembered {
		t.Error("a memo grows without bound")
	}
}

// TestShapes: names that run into each other have shapes of their own, and so has
// one name with values of two kinds.
func TestShapes(t *testing.T) {
	m := &memos{}
	shapes := []Request{
		{Sealed: []string{"ab", "c"}}, {Sealed: []string{"a", "bc"}}, {Sealed: []string{"abc"}},
		{Open: map[string]attest.Value{"abc": attest.Text("a/b")}}, {Open: map[string]attest.Value{"abc": attest.Text("a//b")}},
		{Open: map[string]attest.Value{"abc": attest.Int(1)}}, {Sealed: []string{strings.Repeat("x", 2*maxShape)}}, {},
	}
	for range 2 {
		for _, r := range shapes {
			got, want := newQuestion(r, m).shape(), newQuestion(r, &memos{}).shape()
			if !got.names.Equal(want.names) || !got.kinds.Equal(want.kinds) {
				t.Errorf("%+v: shape is %v, want %v", r, got, want)
			}
		}
	}
	for key := range m.shapes.items {
		if len(key) > maxShape {
			t.Errorf("%d bytes are kept", len(key))
		}
	}
}
