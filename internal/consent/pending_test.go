package consent

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/policy"
)

func TestCurable(t *testing.T) {
	for _, faults := range [][]string{{"policy.denied"}, {"approval.expired"}, {"approval.mismatch", "policy.denied"}, {"approval.used"}} {
		if !curable(faults) {
			t.Errorf("%v is not", faults)
		}
	}
	for _, faults := range [][]string{nil, {"warrant.outside"}, {"policy.denied", "warrant.outside"}, {"policy.error"}, {"approval.used", "session.fork"}} {
		if curable(faults) {
			t.Errorf("%v is", faults)
		}
	}
}

// A policy's facts about humans are found however a rule reads them.
func TestAsksForHuman(t *testing.T) {
	rules := []string{"context.approvals >= 2", `context.approvers.contains("bob")`, "context.human.key >= 3", `context["human"]`, "context has approvals"}
	for _, rule := range rules {
		if !asksForHuman.MatchString("permit (principal, action, resource) when { " + rule + " };") {
			t.Errorf("%s is not found", rule)
		}
	}
	if asksForHuman.MatchString("permit (principal, action, resource) when { context.humanity && principal.approvalsSeen };") {
		t.Error("other names are found")
	}
}

// An approval is of the request that the action commits to, and no text of an
// agent's makes a line of its own.
func TestApproveCopies(t *testing.T) {
	a := &attest.Action{
		Agent: "spiffe://dev.example/agent/a", Authority: &attest.Authority{Warrant: attest.ID("id:" + strings.Repeat("0", 64))},
		Request: &attest.ActionRequest{Action: "a.b", Resource: attest.Resource{ID: "x", Kind: "c"}},
		Open:    attest.OpenValues([32]byte{1}, []string{"note"}, []attest.Value{attest.Text("x\nwithin it:   yes")}),
	}
	s := new(attest.Approval)
	if err := Copy(s, a); err != nil {
		t.Fatal(err)
	}
	if len(s.Arguments) != 1 || s.Request != a.Request.Digest() {
		t.Errorf("arguments %v, request %s", s.Arguments, s.Request)
	}
	if words := ValueWords(a); strings.Contains(words, "\n") || !strings.Contains(words, `\n`) {
		t.Errorf("words %q", words)
	}
	for _, spoil := range []func(*attest.Action){
		func(a *attest.Action) { a.Request = nil },
		func(a *attest.Action) { a.Authority = nil },
		func(a *attest.Action) { a.Sealed = []attest.Sealed{{Name: "z"}} },
	} {
		b := *a
		if spoil(&b); Copy(new(attest.Approval), &b) == nil {
			t.Error("approved")
		}
	}
}

// The four rules of the default policy, of which one waits for a human.
func TestRulesAsk(t *testing.T) {
	text := commentLine.ReplaceAllString(string(policy.Default().Policies), "")
	for _, test := range []struct {
		forbade []string
		want    bool
	}{
		{nil, true},
		{[]string{"org/large-payments-need-a-human"}, true},
		{[]string{"org/no-suspended-agents"}, false},
		{[]string{"org/large-payments-need-a-human", "org/registered-agents"}, false},
		{[]string{"not/in-the-text"}, true},
	} {
		if got := rulesAsk(text, test.forbade); got != test.want {
			t.Errorf("%v: %t", test.forbade, got)
		}
	}
	if rulesAsk(`@id("a") permit (principal, action, resource);`, nil) {
		t.Error("a policy without approvals waits for one")
	}
}
