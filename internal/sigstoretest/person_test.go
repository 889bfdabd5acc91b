package sigstoretest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestPerson plays testdata/person.txtar, with sigstore's programs on loopback.
func TestPerson(t *testing.T) {
	bin := build(t)
	p := newProvider(t)
	fulcio, people := startFulcio(t, bin, p)
	stranger, strangers := startFulcio(t, bin, p)
	tsa, stamps := startTSA(t, bin)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range map[string]string{
				"PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME": e.WorkDir, "DEED_LISTEN": "127.0.0.1:" + freePort(t),
				"ISSUER": p.Issuer, "FULCIO": fulcio, "STRANGER": stranger, "TSA": tsa,
			} {
				e.Setenv(name, value)
			}
			for name, doc := range map[string][]byte{"people.pem": people, "strangers.pem": strangers, "stamps.pem": stamps} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), doc, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"let": let, "until": until, "forge": forge,
			"login": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), p.login(args[0]), 0o600))
			},
		},
	})
}

// let NAME sets a variable to what the last program printed.
func let(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// until TEXT PROGRAM ARGS... runs a program until it prints a text.
func until(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err := ts.Exec(args[1], args[2:]...); err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %q", args[0])
		}
	}
}
