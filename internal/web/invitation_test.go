package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/visitor"
	"github.com/deedlog/deed/internal/web"
	"github.com/deedlog/deed/ledger/storetest"
)

// invite makes an invitation of the administrator's.
func (w *world) invite(by *cast.Party, change func(*attest.Invitation)) string {
	w.Helper()
	i := attest.Invitation{
		By: by.ID, Expires: w.Now() + cast.Hour, Log: storetest.Origin, Nonce: w.Random(), Origin: cast.Origin, Person: "ines",
		Reach: "ines@acme.example", V: 1,
	}
	if change != nil {
		change(&i)
	}
	text, err := i.Seal(by.Key, by.KeyID)
	w.Check(err)
	return "/invitation/" + text
}

// guest is a browser of somebody whom nothing registers yet.
func (w *world) guest(n byte) *visitor.Visitor {
	w.Helper()
	scalar := make([]byte, 32)
	scalar[31] = n
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	w.Check(err)
	return visitor.New(w, cast.Origin, authenticator.New(key, cast.RPID, cast.Origin))
}

// answer is the person's half, as the administrator gets it.
func (w *world) answer(v *visitor.Visitor, path string) (payload, endorsement []byte) {
	w.Helper()
	w.Check(v.Open(path + "/answer"))
	w.shows(v, 200)
	var half struct{ Payload, Endorsement []byte }
	w.Check(json.Unmarshal([]byte(v.Body), &half))
	return half.Payload, half.Endorsement
}

// Ines registers a passkey, the administrator signs knowing it, and she signs in.
func TestInvitation(t *testing.T) {
	w := newWorld(t)
	path := w.invite(w.Admin, nil)
	v := w.guest(9)
	w.Check(v.Open(path))
	w.shows(v, 200, "admin invites you", "ines", "Create a passkey")
	w.Check(v.Open(path + "/answer"))
	w.shows(v, 204)
	w.Check(v.Register(path))
	w.shows(v, 200, "admin signs now", "Read this code")
	payload, endorsement := w.answer(v, path)
	s, err := attest.ParsePayload(payload)
	w.Check(err)
	person := s.(*attest.Person)
	if person.Name != "ines" || person.By != "admin" || person.Reach != "ines@acme.example" || person.Passkey.Origins[0] != cast.Origin {
		t.Errorf("%+v", person)
	}
	w.Check(v.Open(path))
	w.shows(v, 200, web.Code(person))
	w.open() // the server starts again
	w.Check(v.Open(path))
	w.shows(v, 200, "admin signs now", web.Code(person))
	w.Check(v.SignIn("ines"))
	w.shows(v, 403)
	sent := w.Seal(w.Admin, payload, endorsement)
	w.allow(sent)
	w.Check(v.Open(path))
	w.shows(v, 200, "You are registered")
	w.Check(v.SignIn("ines"))
	w.shows(v, 200, "Requests", "ines")
}

// An invitation works once, for whoever proves to have the key first.
func TestInvitationOnce(t *testing.T) {
	w := newWorld(t)
	path := w.invite(w.Admin, nil)
	v, thief := w.guest(9), w.guest(10)
	w.Check(thief.Open(path))
	w.Check(thief.Sign(path + "/passkey"))
	w.shows(thief, 200, "Prove that it is yours")
	w.Check(v.Register(path))
	w.shows(v, 200, "admin signs now")
	f, err := thief.Form(path + "/proof")
	w.Check(err)
	w.Check(thief.Answer(f))
	w.Check(thief.Send(f.Action, f.Fields))
	w.shows(thief, 409, "used already")
	first, _ := w.answer(v, path)
	w.Check(thief.Open(path))
	w.shows(thief, 200, "admin signs now")
	w.Check(thief.Send(path+"/passkey", map[string]string{"answer": string(thief.Device.CreateJSON())}))
	if again, _ := w.answer(v, path); string(again) != string(first) {
		t.Error("the half was replaced")
	}
}

// What is no invitation is refused before anything is kept.
func TestNoInvitation(t *testing.T) {
	w := newWorld(t)
	good := w.invite(w.Admin, nil)
	for name, test := range map[string]struct {
		path   string
		status int
	}{
		"another's key":    {w.invite(&cast.Party{Party: w.Admin.Party, Key: w.Treasurer.Key, KeyID: w.Treasurer.KeyID}, nil), 404},
		"no administrator": {w.invite(w.Treasurer, nil), 404},
		"another log":      {w.invite(w.Admin, func(i *attest.Invitation) { i.Log = "log.other.example/1" }), 404},
		"another page":     {w.invite(w.Admin, func(i *attest.Invitation) { i.Origin = "https://page.other.example" }), 404},
		"expired":          {w.invite(w.Admin, func(i *attest.Invitation) { i.Expires = w.Now() }), 410},
		"changed":          {good[:len(good)-3] + "AAA", 404},
		"long":             {"/invitation/" + strings.Repeat("A", 3000), 404},
		"nothing":          {"/invitation/x", 404},
	} {
		t.Run(name, func(t *testing.T) {
			v := w.guest(9)
			w.Check(v.Open(test.path))
			w.shows(v, test.status)
			for _, step := range []string{"/passkey", "/proof"} {
				w.Check(v.Send(test.path+step, map[string]string{"answer": string(v.Device.CreateJSON())}))
				w.shows(v, test.status)
			}
		})
	}
	if list, _ := os.ReadDir(w.dir); len(list) != 0 {
		t.Errorf("%d files are kept", len(list))
	}
}

// A passkey that does not verify its user, is of another page or does not sign the
// registration is refused.
func TestInvitationPasskey(t *testing.T) {
	w := newWorld(t)
	path := w.invite(w.Admin, nil)
	v := w.guest(9)
	v.Device.Origin = "https://evil.acme.example"
	w.Check(v.Open(path))
	w.Check(v.Sign(path + "/passkey"))
	w.shows(v, 422, "made on another page")
	v.Device.Origin = cast.Origin
	w.Check(v.Send(path+"/passkey", map[string]string{"answer": "{}"}))
	w.shows(v, 422, "was not taken")
	w.Check(v.Send(path+"/proof", map[string]string{"answer": "{}"}))
	w.shows(v, 409)
	w.Check(v.Open(path))
	w.Check(v.Sign(path + "/passkey"))
	w.shows(v, 200, "Prove that it is yours")
	v.Device.Flags &^= authenticator.UserVerified
	w.Check(v.Sign(path + "/proof"))
	w.shows(v, 403, "passkey.verification")
	v.Device.Flags |= authenticator.UserVerified
	w.move(15 * time.Minute)
	w.Check(v.Open(path))
	w.shows(v, 200, "Create a passkey")
	w.move(time.Hour)
	w.Check(v.Open(path))
	w.shows(v, 410)
}

// Whoever reads the directory finds no link, and a file that is not whole is said.
func TestInvitationsDir(t *testing.T) {
	w := newWorld(t)
	path := w.invite(w.Admin, nil)
	v := w.guest(9)
	w.Check(v.Register(path))
	list, err := os.ReadDir(w.dir)
	w.Check(err)
	if len(list) != 1 || strings.Contains(path, strings.TrimSuffix(list[0].Name(), ".json")) {
		t.Fatalf("%v", list)
	}
	file := filepath.Join(w.dir, list[0].Name())
	doc, err := os.ReadFile(file)
	w.Check(err)
	if strings.Contains(string(doc), strings.TrimPrefix(path, "/invitation/")) {
		t.Error("the file has the link")
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	w.move(30*24*time.Hour + time.Hour)
	w.Check(w.guest(10).Register(w.invite(w.Admin, nil)))
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("a half is kept for ever")
	}
	w.Check(os.WriteFile(file, doc[:10], 0o600))
	if _, err := web.New(web.Config{Log: w.server.Desk(), Origin: cast.Origin, RPID: cast.RPID, Dir: w.dir, Now: w.Clock.Now, Rand: w.Rand}); err == nil {
		t.Error("a broken half is taken")
	}
}

// Where a page may be.
func TestCheckOrigin(t *testing.T) {
	for _, good := range [][2]string{
		{"https://deed.acme.example", "deed.acme.example"}, {"https://deed.acme.example", "acme.example"}, {"https://deed.acme.example:8443", "acme.example"},
		{"http://localhost:7380", "localhost"},
	} {
		if err := web.CheckOrigin(good[0], good[1]); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range [][2]string{
		{"http://deed.acme.example", "acme.example"}, {"https://deed.acme.example/", "acme.example"}, {"https://deed.acme.example", "other.example"},
		{"https://deed.acme.example:443", "acme.example"}, {"", ""}, {"https://deed.acme.example", ""}, {"http://127.0.0.1:7380", "127.0.0.1"},
	} {
		if err := web.CheckOrigin(bad[0], bad[1]); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
