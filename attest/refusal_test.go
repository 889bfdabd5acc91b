package attest_test

import (
	"crypto/sha256"
	"testing"

	"github.com/deedlog/deed/attest"
)

// TestExact: whatever a person would see otherwise is another action, and nothing
// else is.
func TestExact(t *testing.T) {
	base := refusalDoc().Exact()
	if approvalDoc().Exact() != base || !base.Valid() {
		t.Error("an approval of the same action is of another")
	}
	for name, change := range map[string]func(*attest.Refusal){
		"the action":       func(r *attest.Refusal) { r.Action = "payments.quote" },
		"the agent":        func(r *attest.Refusal) { r.Agent += "/2" },
		"an amount":        func(r *attest.Refusal) { r.Arguments[0].Value = attest.Money("1999.01", "EUR") },
		"a unit":           func(r *attest.Refusal) { r.Arguments[0].Value = attest.Money("1999.00", "USD") },
		"a kind":           func(r *attest.Refusal) { r.Arguments[0].Value = attest.Text("1999.00 EUR") },
		"a name":           func(r *attest.Refusal) { r.Arguments[0].Name = "amounts" },
		"an argument less": func(r *attest.Refusal) { r.Arguments = r.Arguments[:1] },
		"the resource":     func(r *attest.Refusal) { r.Resource.ID += "/1" },
		"the target":       func(r *attest.Refusal) { r.Target.Endpoint = "other.example" },
		"no target":        func(r *attest.Refusal) { r.Target = nil },
		"the warrant":      func(r *attest.Refusal) { r.Warrant = idOf("another") },
	} {
		r := refusalDoc()
		if change(r); r.Exact() == base {
			t.Errorf("%s is not in the digest", name)
		}
	}
	for name, change := range map[string]func(*attest.Refusal){
		"zeros":       func(r *attest.Refusal) { r.Arguments[0].Value = attest.Money("1999", "EUR") },
		"the request": func(r *attest.Refusal) { r.Request, r.Display = digestOf("x"), digestOf("x") },
		"the person":  func(r *attest.Refusal) { r.Person, r.Reason, r.At, r.Nonce = "alice", "", 1, nonce("x") },
	} {
		r := refusalDoc()
		if change(r); r.Exact() != base {
			t.Errorf("%s is in the digest", name)
		}
		if refusalDoc().Exact() != base {
			t.Errorf("%s: the digest changes what it is of", name)
		}
	}
}

// TestExactOfAction: an action is the one that was refused if it opens everything.
func TestExactOfAction(t *testing.T) {
	a := intentDoc(t)
	if a.Exact() != "" {
		t.Error("an action with a sealed argument is exactly one")
	}
	sealed := a.Sealed
	a.Sealed = nil
	r := &attest.Refusal{Action: a.Request.Action, Agent: a.Agent, Resource: a.Request.Resource, Target: a.Target, Warrant: a.Authority.Warrant}
	for _, o := range a.Open {
		r.Arguments = append(r.Arguments, attest.NamedValue{Name: o.Name, Value: o.Value})
	}
	if a.Exact() != r.Exact() {
		t.Error("the action is not the one that was refused")
	}
	a.Open[0].Salt, a.Request.Arguments = a.Open[1].Salt, digestOf("another root")
	if a.Exact() != r.Exact() {
		t.Error("salts are in the digest")
	}
	without := *a
	if without.Authority = nil; without.Exact() != "" || outcomeDoc(t).Exact() != "" {
		t.Error("an action without a warrant, or without a request, is exactly one")
	}
	a.Sealed = sealed
}

// TestExactForm takes the digest by hand, as docs/spec/bytes.md says.
func TestExactForm(t *testing.T) {
	r := refusalDoc()
	r.Arguments = r.Arguments[:1]
	doc := `{"action":"payments.transfer","agent":"` + agent + `","arguments":[{"name":"amount","value":{"decimal":"1999.00","unit":"EUR"}}],` +
		`"resource":{"id":"iban/DE/1","kind":"bank_account"},"target":{"endpoint":"bank.example","kind":"external","protocol":"https"},"warrant":"` + string(idOf("warrant")) + `"}`
	if want := attest.DigestFrom(sha256.Sum256([]byte("deed/exact/v1\x00" + doc))); r.Exact() != want {
		t.Errorf("%s, by hand %s", r.Exact(), want)
	}
}
