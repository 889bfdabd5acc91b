package web_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/deedlog/deed/internal/testkit/visitor"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What differs from run to run: names by hash, tokens, answers.
var (
	hashes   = regexp.MustCompile(`\b(id|sha256):[0-9a-f]{64}`)
	nonces   = regexp.MustCompile(`\b[0-9a-f]{32,64}\b`)
	secrets  = regexp.MustCompile(`[A-Za-z0-9_-]{40,}`)
	codes    = regexp.MustCompile(`\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b`)
	passkeys = regexp.MustCompile(`(credential&#34;:&#34;|<code>)[A-Za-z0-9_-]{20,}`)
)

func settled(body string) string {
	body = hashes.ReplaceAllString(body, "$1:HASH")
	body = nonces.ReplaceAllString(body, "NONCE")
	body = passkeys.ReplaceAllString(body, "${1}CREDENTIAL")
	body = secrets.ReplaceAllString(body, "SECRET")
	return codes.ReplaceAllString(body, "CODE")
}

// golden compares a page with its golden file.
func golden(t *testing.T, name string, v *visitor.Visitor) {
	t.Helper()
	file, got := filepath.Join("testdata", name+".html"), settled(v.Body)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at the change, then run go test ./internal/web -run TestGolden -update\n%s", file, got)
	}
}

// Every page, word for word.
func TestGolden(t *testing.T) {
	w := newWorld(t)
	id := string(w.asks("12500.00"))
	path := w.invite(w.Admin, nil)
	v := w.guest(9)
	step := func(name string, err error) {
		t.Helper()
		w.Check(err)
		golden(t, name, v)
	}
	step("invitation_create", v.Open(path))
	step("invitation_prove", v.Sign(path+"/passkey"))
	step("invitation_wait", v.Sign(path+"/proof"))
	payload, endorsement := w.answer(v, path)
	w.allow(w.Seal(w.Admin, payload, endorsement))
	step("invitation_done", v.Open(path))
	v = w.visit(w.maria)
	step("signin", v.Open("/sign-in"))
	step("signin_passkey", v.Send("/sign-in", map[string]string{"name": "maria"}))
	step("list", v.Sign("/sign-in/answer"))
	step("request", v.Open("/request/"+id))
	step("refuse", v.Send("/request/"+id+"/refuse", map[string]string{"token": token(t, v), "reason": "not <now>"}))
	step("refused", v.Sign("/sign"))
	w.Check(v.Open("/request/" + id))
	step("approved", v.Sign("/sign"))
	step("request_approved", v.Open("/request/"+id))
	step("list_empty", v.Open("/"))
	step("instruct", v.Open("/instruct"))
	f, err := v.Form("/instruct")
	w.Check(err)
	f.Fields["to"], f.Fields["text"], f.Fields["life"], f.Fields["action0"] = w.Payments.ID, "pay <4711>", "1h", "payments.transfer"
	step("instruct_problem", v.Send("/instruct", f.Fields))
	f.Fields["resource0"], f.Fields["limits0"] = "bank_account:iban/DE/1", "amount<=250.00EUR"
	step("instruct_review", v.Send("/instruct", f.Fields))
	step("instructed", v.Sign("/sign"))
	step("warrant", v.Send(v.Path+"/warrant", map[string]string{"token": token(t, v), "purpose": "pay <4711>", "pass": "yes"}))
	step("warranted", v.Sign("/sign"))
	step("error", v.Open("/nothing"))
}
