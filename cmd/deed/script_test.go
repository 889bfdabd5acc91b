package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/testkit/idp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deed": main})
}

// With -short, only the tour and the help: each line of a script is a process.
func TestScript(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if testing.Short() {
		dir, files = "", []string{"testdata/script/tour.txtar", "testdata/script/help.txtar"}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			e.Setenv("PORT", port)
			e.Setenv("DEED_LISTEN", "127.0.0.1:"+port)
			if port, err = freePort(); err != nil {
				return err
			}
			e.Setenv("PAGE", "http://localhost:"+port)
			e.Setenv("PAGE_LISTEN", "127.0.0.1:"+port)
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "let": let, "signal": sendSignal, "flip": flip, "until": until, "layout": layout, "edit": edit, "people": registerPeople,
			"passkey": device, "page": page, "tool": tool, "idp": provider,
		},
	})
}

// freePort is a port that nobody listens on.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, errors.Join(err, ln.Close())
}

// exits N PROGRAM ARGS... runs a program and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// let NAME sets a variable to what the last program printed.
func let(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: let NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// signal TERM|HUP sends a signal to the program that was started last.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "INT": syscall.SIGINT}
	running := ts.BackgroundCmds()
	if neg || len(args) != 1 || signals[args[0]] == nil || len(running) == 0 {
		ts.Fatalf("usage: signal TERM|HUP|INT, with a program in the background")
	}
	ts.Check(running[len(running)-1].Process.Signal(signals[args[0]]))
}

// until SECONDS TEXT PROGRAM ARGS... runs a program until it prints a text.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until seconds text program args...")
	}
	seconds, err := strconv.Atoi(args[0])
	ts.Check(err)
	for deadline := time.Now().Add(time.Duration(seconds) * time.Second); ; {
		err := ts.Exec(args[2], args[3:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[1]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %q after %d s", args[1], seconds)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// flip FILE TEXT changes a bit of every occurrence of a text in a file: some may
// be in pages that the database no longer uses.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip file text")
	}
	path := ts.MkAbs(args[0])
	doc, err := os.ReadFile(path)
	ts.Check(err)
	changed := []byte(args[1])
	changed[len(changed)-1] ^= 1
	if !bytes.Contains(doc, []byte(args[1])) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(doc, []byte(args[1]), changed), 0o600))
}

// layout FILE FROM TO gives a database the number of another program's layout.
func layout(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: layout file from to")
	}
	numbered := func(text string) []byte {
		n, err := strconv.ParseUint(text, 10, 32)
		ts.Check(err)
		return binary.BigEndian.AppendUint32([]byte("layout"), uint32(n))
	}
	path := ts.MkAbs(args[0])
	doc, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.Contains(doc, numbered(args[1])) {
		ts.Fatalf("%s is not of layout %s", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(doc, numbered(args[1]), numbered(args[2])), 0o600))
}

// registerPeople registers, with the register that is being served: maria, who may issue
// warrants for payments, and the agents planner and payments with their SVIDs.
func registerPeople(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.RemoveAll(ts.MkAbs("maria.key")))
	for _, line := range [][]string{
		{"key", "new", "maria.key"},
		{"person", "add", "maria", "--person-key", "maria.key"},
		{"issuer", "add", "maria", "--action", "payments.transfer,payments.quote", "--resource", "bank_account:iban/...",
			"--arg", "amount<=10000.00 EUR", "--arg", "reference"},
		{"agent", "register", "spiffe://dev.example/agent/...", "--owner", "maria", "--purpose", "pays"},
		{"dev", "svid", "spiffe://dev.example/agent/planner", "svid/planner"},
		{"dev", "svid", "spiffe://dev.example/agent/payments", "svid/payments"},
	} {
		ts.Check(ts.Exec("deed", line...))
	}
}

// edit FILE OLD NEW replaces a text in a file.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

// provider makes what an identity provider would: idp keys FILE writes its keys,
// idp TYPE FILE NAME=VALUE... a token, in which exp counts from now.
func provider(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: idp keys|TYPE file name=value...")
	}
	p := idp.New("https://login.acme.example", "script")
	if args[0] == "keys" {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), idp.JWKS(p), 0o600))
		return
	}
	now := time.Now().Unix()
	claims := map[string]any{"iss": p.Issuer, "sub": "user-1", "aud": "deed-cli", "iat": now, "exp": now + 600}
	if args[0] != string(attest.IDToken) {
		claims["aud"], claims["client_id"], claims["jti"] = "https://deed.acme.example", "portal", "j1"
	}
	for _, text := range args[2:] {
		name, value, _ := strings.Cut(text, "=")
		claims[name] = value
		if name == "exp" {
			seconds, err := strconv.ParseInt(value, 10, 64)
			ts.Check(err)
			claims[name] = now + seconds
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), append(p.Token(attest.TokenType(args[0]), claims), '\n'), 0o600))
}

// TestHelp keeps the help of every command as a golden file.
func TestHelp(t *testing.T) {
	const golden = "testdata/help.txt"
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	for _, cmd := range commands(root) {
		if out.Len() > 0 {
			fmt.Fprintf(&out, "\n%s\n\n", strings.Repeat("-", 72))
		}
		console.Help(cmd, nil)
	}
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the help has changed; look at the change, then run go test -run TestHelp -update\n%s", firstChange(want, out.Bytes()))
	}
}

// firstChange is the first line that differs.
func firstChange(want, got []byte) string {
	old, now := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(old), len(now)) {
		if old[i] != now[i] {
			return fmt.Sprintf("line %d: want %q, got %q", i+1, old[i], now[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(old), len(now))
}
