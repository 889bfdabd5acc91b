package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/visitor"
)

// Maria sees what asks, approves it with her passkey, and the agent then may.
func TestApprove(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v := w.signedIn(w.maria)
	w.shows(v, 200, "payments.transfer", "12500.00 EUR", "/request/"+string(id), "Differs from what was asked for")
	w.Check(v.Open("/request/" + string(id)))
	w.shows(v, 200, "Approve this, once", "12500.00 EUR", "within it:   yes", "differs from request 0", "The warrant it falls under")
	words := v.Text("words")
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You approved", "It is in the log, as entry")
	l, err := w.server.Desk().Statement(context.Background(), attest.ID(strings.TrimPrefix(v.Path, "/signed/")))
	w.Check(err)
	s := l.Verified.Statement().(*attest.Approval)
	if s.Person != "maria" || s.Display != attest.DigestOf([]byte(words)) || !l.Allowed() || l.Verified.Passkey() == nil {
		t.Errorf("%+v", s)
	}
	if kept, err := w.server.Desk().Object(context.Background(), s.Display); err != nil || string(kept) != words {
		t.Errorf("what was shown is not kept: %v", err)
	}
	w.Check(v.Open("/request/" + string(id)))
	w.shows(v, 200, "You approved exactly this already")
	if strings.Contains(v.Body, "Approve this, once") {
		t.Error("it can be approved again")
	}
	w.Check(v.Open("/"))
	w.shows(v, 200, "Nothing waits for your decision", "Approved payments.transfer")
	denied, err := w.server.Desk().Statement(context.Background(), id)
	w.Check(err)
	again := *denied.Verified.Statement().(*attest.Action)
	again.Nonce, again.Session = w.Random(), attest.Session{ID: w.Random()}
	again.Authority = &attest.Authority{Warrant: again.Authority.Warrant, Grant: again.Authority.Grant, Approvals: []attest.ID{l.ID()}}
	w.allow(w.Sign(w.Payments, &again))
	w.Check(v.Open("/request/" + string(id)))
	w.shows(v, 200, "It was allowed since")
}

// What is signed is what was shown: an answer to another statement, another draft,
// a draft twice and an old one are refused, and nothing is logged.
func TestNothingElseIsSigned(t *testing.T) {
	w := newWorld(t)
	small, large := w.asks("12500.00"), w.asks("19000.00")
	v := w.signedIn(w.maria)
	w.Check(v.Open("/request/" + string(small)))
	f, err := v.Form("/sign")
	w.Check(err)
	w.Check(v.Answer(f))
	w.Check(v.Open("/request/" + string(large)))
	g, err := v.Form("/sign")
	w.Check(err)
	size := w.size()
	w.Check(v.Send("/sign", map[string]string{"token": g.Fields["token"], "draft": g.Fields["draft"], "answer": f.Fields["answer"]}))
	w.shows(v, 403, "passkey.challenge")
	w.Check(v.Send("/sign", map[string]string{"token": f.Fields["token"], "draft": g.Fields["draft"], "answer": f.Fields["answer"]}))
	w.shows(v, 409, "signed already")
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 200, "You approved")
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 409, "signed already")
	if got := w.size(); got != size+1 {
		t.Errorf("%d entries, want %d", got, size+1)
	}
	w.Check(v.Open("/request/" + string(large)))
	f, err = v.Form("/sign")
	w.Check(err)
	w.Check(v.Answer(f))
	w.move(9*time.Minute + 59*time.Second)
	w.Check(v.Open("/"))
	w.move(time.Second)
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 409, "too long ago")
	w.Check(v.Open("/request/" + string(large)))
	f, err = v.Form("/sign")
	w.Check(err)
	f.Fields["answer"] = ""
	w.Check(v.Send("/sign", f.Fields))
	w.shows(v, 400, "Nothing came from the passkey")
}

// Two windows with the same request: the second approval is not needed, and is
// refused.
func TestTwoWindows(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v, other := w.signedIn(w.maria), w.signedIn(w.maria)
	w.Check(v.Open("/request/" + string(id)))
	w.Check(other.Open("/request/" + string(id)))
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You approved")
	w.Check(other.Sign("/sign"))
	w.shows(other, 409, "You approved exactly this already")
}

// The passkey has to say that it verified its user, and that it was asked here.
func TestAnswers(t *testing.T) {
	for code, spoil := range map[string]func(*cast.Party){
		"passkey.verification": func(p *cast.Party) { p.Passkey.Flags &^= 4 },
		"passkey.presence":     func(p *cast.Party) { p.Passkey.Flags &^= 1 },
		"passkey.origin":       func(p *cast.Party) { p.Passkey.Origin = "https://evil.example" },
		"Your passkey":         func(p *cast.Party) { p.Passkey.ID = []byte("another") },
		"envelope.signature":   func(p *cast.Party) { p.Passkey.Key = newKey() },
	} {
		t.Run(code, func(t *testing.T) {
			w := newWorld(t)
			id := w.asks("12500.00")
			v := w.signedIn(w.maria)
			w.Check(v.Open("/request/" + string(id)))
			spoil(w.maria)
			w.Check(v.Sign("/sign"))
			if code == "Your passkey" {
				w.shows(v, 403, "not one of your passkey")
			} else {
				w.shows(v, 403, code)
			}
			w.Check(w.visit(w.maria).SignIn("maria"))
			u := w.visit(w.maria)
			w.Check(u.SignIn("maria"))
			w.shows(u, 403, "That did not sign you in")
		})
	}
}

// A request is shown to whom it concerns.
func TestConcern(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	eve := w.PasskeyHolder("eve")
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(eve)), eve))
	v := w.signedIn(eve)
	w.shows(v, 200, "anyone who is registered may approve it") // the rule names nobody
	for _, path := range []string{"/request/id:" + strings.Repeat("0", 64), "/request/x", "/signed/" + string(id), "/signed/x", "/nothing"} {
		w.Check(v.Open(path))
		w.shows(v, 404, "There is no such page")
	}
	allowed := w.allow(w.Sign(w.maria, w.Instruction(w.maria, w.Payments)))
	w.Check(v.Open("/request/" + string(allowed)))
	w.shows(v, 404)
	w.Check(v.Open("/signed/" + string(allowed)))
	w.shows(v, 404)
}

func TestInstruct(t *testing.T) {
	w := newWorld(t)
	v := w.signedIn(w.maria)
	w.Check(v.Open("/instruct"))
	w.shows(v, 200, "Instruct an agent")
	f, err := v.Form("/instruct")
	w.Check(err)
	f.Fields["to"], f.Fields["text"], f.Fields["life"] = w.Payments.ID, "Pay invoice 4711 <now>", "4h"
	f.Fields["action0"], f.Fields["resource0"], f.Fields["limits0"] = "payments.transfer", "bank_account:iban/DE/1", "amount<=250.00EUR reference=INV/4711"
	f.Fields["actions"] = "2"
	w.Check(v.Send("/instruct", f.Fields))
	w.shows(v, 200, "Is this what you ask?", "Pay invoice 4711 &lt;now&gt;", "amount at most 250.00 EUR", "at most 2")
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You gave an instruction", "Keep this text", "Pay invoice 4711 &lt;now&gt;")
	l, err := w.server.Desk().Statement(context.Background(), attest.ID(strings.TrimPrefix(v.Path, "/signed/")))
	w.Check(err)
	s := l.Verified.Statement().(*attest.Instruction)
	seed, err := w.server.Desk().Object(context.Background(), s.Commitment.Seed)
	w.Check(err)
	opened, err := attest.ParseSeed(seed)
	w.Check(err)
	if attest.Commit(opened, attest.TextFields([][2]string{{"text", "Pay invoice 4711 <now>"}})) != s.Commitment.Root {
		t.Error("the seed does not open the text")
	}
	if s.MaxActions != 2 || s.Expires-s.At != 4*cast.Hour || len(s.Requests) != 1 || s.RecordedBy != "" {
		t.Errorf("%+v", s)
	}
}

// What is wrong with a form is said, beside what was typed.
func TestInstructProblems(t *testing.T) {
	w := newWorld(t)
	v := w.signedIn(w.maria)
	for want, spoil := range map[string]func(map[string]string){
		"Choose the agent":                      func(f map[string]string) { f["to"] = "payments" },
		"Say what you ask":                      func(f map[string]string) { f["text"] = " \n" },
		"has at most":                           func(f map[string]string) { f["text"] = strings.Repeat("x", 16<<10+1) },
		"how long it holds":                     func(f map[string]string) { f["life"] = "1y" },
		"a number from 1 up":                    func(f map[string]string) { f["actions"] = "-1" },
		"Action 1: want an action first":        func(f map[string]string) { f["resource0"] = "a:b" },
		"Action 1: want resource=KIND:PATH":     func(f map[string]string) { f["action0"] = "a.b" },
		"Action 1: a quote that does not end":   func(f map[string]string) { f["action0"], f["resource0"], f["limits0"] = "a.b", "c:d", `x="` },
		"The register would not take this: ":    func(f map[string]string) { f["action0"], f["resource0"] = "A", "c:d" },
		"The form has a field that it has not.": func(f map[string]string) { f["expires"] = "1" },
		"The form is not one of your session":   func(f map[string]string) { f["token"] = "x" },
	} {
		w.Check(v.Open("/instruct"))
		f, err := v.Form("/instruct")
		w.Check(err)
		f.Fields["to"], f.Fields["text"], f.Fields["life"] = w.Payments.ID, "typed text", "1h"
		spoil(f.Fields)
		w.Check(v.Send("/instruct", f.Fields))
		if v.Status < 400 || !strings.Contains(v.Body, want) {
			t.Errorf("%s: %d: %s", want, v.Status, v.Body)
		}
		if v.Status == http.StatusUnprocessableEntity && !strings.Contains(want, "at most") && !strings.Contains(want, "Say") && !strings.Contains(v.Body, "typed text") {
			t.Errorf("%s: what was typed is gone", want)
		}
	}
}

// Maria says no, with a reason, and may think better of it.
func TestRefuse(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	v := w.signedIn(w.maria)
	refuse := func(reason string) {
		t.Helper()
		w.Check(v.Open("/request/" + string(id)))
		f, err := v.Form("/request/" + string(id) + "/refuse")
		w.Check(err)
		f.Fields["reason"] = reason
		w.Check(v.Send(f.Action, f.Fields))
	}
	refuse(strings.Repeat("x", 257))
	w.shows(v, 422, "at most 256 bytes")
	refuse("not before the goods are <here>")
	w.shows(v, 200, "You are about to refuse", "goods are &lt;here&gt;", "refuses:")
	words := v.Text("words")
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You refused", "goods are &lt;here&gt;")
	l, err := w.server.Desk().Statement(context.Background(), attest.ID(strings.TrimPrefix(v.Path, "/signed/")))
	w.Check(err)
	s := l.Verified.Statement().(*attest.Refusal)
	if s.Reason != "not before the goods are <here>" || s.Display != attest.DigestOf([]byte(words)) || !l.Allowed() {
		t.Errorf("%+v", s)
	}
	w.Check(v.Open("/"))
	w.shows(v, 200, "Nothing waits for your decision", "Refused payments.transfer")
	w.Check(v.Open("/request/" + string(id)))
	w.shows(v, 200, "You refused this", "An approval would take that back", "Approve this, once")
	if _, err := v.Form("/request/" + string(id) + "/refuse"); err == nil {
		t.Error("it can be refused again")
	}
	w.Check(v.Send("/request/"+string(id)+"/refuse", map[string]string{"token": token(t, v)}))
	w.shows(v, 409, "You refused this")
	w.Check(v.Open("/request/" + string(id)))
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You approved")
	refuse("")
	w.shows(v, 200, "Without a reason")
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You refused")
}

// token is that of the session, as the pages have it.
func token(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	f, err := v.Form("/sign-out")
	if err != nil {
		t.Fatal(err)
	}
	return f.Fields["token"]
}

// Maria gives the agent a warrant for exactly what she asked for, and it acts.
func TestWarrant(t *testing.T) {
	w := newWorld(t)
	v := w.signedIn(w.maria)
	w.Check(v.Open("/instruct"))
	f, err := v.Form("/instruct")
	w.Check(err)
	f.Fields["to"], f.Fields["text"], f.Fields["life"] = w.Payments.ID, "Pay the builders", "7d"
	f.Fields["action0"], f.Fields["resource0"] = "payments.transfer", "bank_account:iban/DE/..."
	f.Fields["limits0"] = "amount<=250.00EUR reference=INV/2026/..."
	w.Check(v.Send("/instruct", f.Fields))
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You gave an instruction", "Let the agent do it")
	path := v.Path + "/warrant"
	f, err = v.Form(path)
	w.Check(err)
	delete(f.Fields, "pass")
	w.Check(v.Send(path, f.Fields))
	w.shows(v, 422, "Say what the warrant is for")
	f.Fields["purpose"] = "pay the <builders>"
	w.Check(v.Send(path, f.Fields))
	w.shows(v, 200, "Let payments do this?", "pay the &lt;builders&gt;", "at most 250.00 EUR")
	w.Check(v.Sign("/sign"))
	w.shows(v, 200, "You gave a warrant")
	id := attest.ID(strings.TrimPrefix(v.Path, "/signed/"))
	l, err := w.server.Desk().Statement(context.Background(), id)
	w.Check(err)
	if s := l.Verified.Statement().(*attest.Warrant); !l.Allowed() || s.MaxDepth != 0 || s.Expires-s.NotBefore != 24*cast.Hour || s.Root.Accountable != "treasurer" {
		t.Errorf("%+v, %v", s, l.Record.Decision)
	}
	w.allow(w.Sign(w.Payments, w.Transfer(w.Payments, id, "240.00")))
	if a := w.Transfer(w.Payments, id, "260.00"); w.submit(w.Sign(w.Payments, a)) == "" {
		t.Error("nothing was logged")
	}
	w.Check(v.Open("/"))
	w.shows(v, 200, "Gave payments a warrant")
}

// Who is no issuer is not offered to give a warrant, and cannot.
func TestNoWarrant(t *testing.T) {
	w := newWorld(t)
	eve := w.PasskeyHolder("eve")
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(eve)), eve))
	v := w.signedIn(eve)
	id := string(w.allow(w.Sign(eve, w.Instruction(eve, w.Payments, cast.Request()))))
	w.Check(v.Open("/signed/" + id))
	w.shows(v, 200, "You gave an instruction")
	if _, err := v.Form("/signed/" + id + "/warrant"); err == nil {
		t.Error("a warrant is offered")
	}
	w.Check(v.Send("/signed/"+id+"/warrant", map[string]string{"token": token(t, v), "purpose": "x"}))
	w.shows(v, 409, "There is no warrant for you to give")
	other := string(w.allow(w.Sign(w.maria, w.Instruction(w.maria, w.Payments, cast.Request()))))
	w.Check(v.Send("/signed/"+other+"/warrant", map[string]string{"token": token(t, v), "purpose": "x"}))
	w.shows(v, 404)
	bare := string(w.allow(w.Sign(w.maria, w.Instruction(w.maria, w.Payments))))
	m := w.signedIn(w.maria)
	w.Check(m.Open("/signed/" + bare))
	if _, err := m.Form("/signed/" + bare + "/warrant"); err == nil {
		t.Error("a warrant is offered for no action by name")
	}
}
