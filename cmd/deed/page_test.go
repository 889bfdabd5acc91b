package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"net/http"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/visitor"
)

// page does what somebody does at the approval page, each time with a browser of its
// own and the same passkey, and prints the last page to the file page.html:
//
//	page register LINK | look LINK
//	page NAME                         sign in, and see the list
//	page NAME open PATH
//	page NAME sign PATH               read a page, and sign what it shows
//	page NAME instruct AGENT TEXT ACTION RESOURCE LIMITS
func page(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: page register LINK | page NAME [open PATH | sign PATH | instruct ...]")
	}
	scalar := make([]byte, 32)
	scalar[31] = 5
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	ts.Check(err)
	origin := ts.Getenv("PAGE")
	v := visitor.New(http.DefaultTransport, origin, authenticator.New(key, "localhost", origin))
	switch args[0] {
	case "register":
		ts.Check(v.Register(strings.TrimPrefix(strings.TrimSpace(ts.ReadFile(args[1])), origin)))
	case "look":
		ts.Check(v.Open(strings.TrimPrefix(strings.TrimSpace(ts.ReadFile(args[1])), origin)))
	default:
		visit(ts, v, args)
	}
	ts.Logf("%d at %s", v.Status, v.Path)
	ts.Setenv("PAGE_PATH", v.Path)
	ts.Setenv("SIGNED", strings.TrimPrefix(v.Path, "/signed/"))
	ts.Check(os.WriteFile(ts.MkAbs("page.html"), []byte(v.Body), 0o600))
}

func visit(ts *testscript.TestScript, v *visitor.Visitor, args []string) {
	ts.Check(v.SignIn(args[0]))
	if len(args) == 1 {
		return
	}
	switch args[1] {
	case "open":
		ts.Check(v.Open(args[2]))
	case "sign":
		ts.Check(v.Open(args[2]))
		ts.Check(v.Sign("/sign"))
	case "instruct":
		ts.Check(v.Open("/instruct"))
		f, err := v.Form("/instruct")
		ts.Check(err)
		for i, name := range []string{"to", "text", "action0", "resource0", "limits0"} {
			f.Fields[name] = args[2+i]
		}
		f.Fields["life"] = "1h"
		ts.Check(v.Send("/instruct", f.Fields))
		ts.Check(v.Sign("/sign"))
	default:
		ts.Fatalf("unknown: %s", args[1])
	}
}
