package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/internal/testkit/register"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deed-verify": main})
}

// TestScripts runs the program as its user does. Each script finds good.deed.zip,
// denied.deed.zip, flipped.deed.zip, trust/ and bare/, which holds no more than
// the log's keys.
func TestScripts(t *testing.T) {
	w := register.NewWorld(t, "scripts")
	good := w.Bundle(t, w.Entries["human_directed"]).Bytes()
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)/3] ^= 1
	files := map[string][]byte{
		"good.deed.zip": good, "flipped.deed.zip": flipped,
		"denied.deed.zip": w.Bundle(t, w.Entries["outside"]).Bytes(),
	}
	for name, data := range w.TrustFiles(t) {
		files["trust/"+name] = data
		if strings.HasPrefix(name, "log.") {
			files["bare/"+name] = data
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			for name, data := range files {
				file := filepath.Join(env.WorkDir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(file, data, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs deed-verify and wants an exit code: exits CODE ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE ARG...")
	}
	err := ts.Exec("deed-verify", args[1:]...)
	code := "0"
	if exit, ok := err.(*exec.ExitError); ok {
		code = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// TestOffline: nothing is linked that opens a connection, beyond the standard
// library's certificate parser.
func TestOffline(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for p := range strings.FieldsSeq(string(out)) {
		for _, banned := range []string{"net/http", "go.etcd.io/bbolt", "connectrpc.com", "google.golang.org/grpc"} {
			if p == banned || strings.HasPrefix(p, banned+"/") {
				t.Errorf("links %s", p)
			}
		}
	}
}
