package setup_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

const origin = "log.acme.example/1"

// create makes a register in a new directory.
func create(t *testing.T, edit func(*setup.Options)) *setup.Instance {
	t.Helper()
	o := setup.Options{Origin: origin, Dev: true, Listen: "127.0.0.1:0"}
	if edit != nil {
		edit(&o)
	}
	i, err := setup.Create(t.Context(), filepath.Join(t.TempDir(), "acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func closeInstance(t *testing.T, i *setup.Instance) {
	t.Helper()
	if err := i.Close(); err != nil {
		t.Error(err)
	}
}

func TestCreateAndOpenAgain(t *testing.T) {
	i := create(t, nil)
	if got := i.Log.Size(); got != 3 {
		t.Errorf("%d entries, want genesis, bundle and policy", got)
	}
	vkey, head := i.VKey(), i.Log.Checkpoint()
	closeInstance(t, i)
	again, err := setup.Open(t.Context(), filepath.Join(i.Dir, setup.ConfigFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closeInstance(t, again)
	if again.VKey() != vkey {
		t.Error("another key")
	}
	opened, err := ledger.OpenCheckpoint(head, again.VKey())
	if err != nil || opened.Checkpoint().Size != again.Log.Size() {
		t.Errorf("another head: %v", err)
	}
	if _, err := verifier.LoadTrust(os.DirFS(filepath.Join(i.Dir, setup.TrustDir))); err != nil {
		t.Error(err)
	}
	if _, err := again.CA(); err != nil {
		t.Error(err)
	}
}

func TestCreateMovesWithItsDirectory(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	moved := i.Dir + "-moved"
	if err := os.Rename(i.Dir, moved); err != nil {
		t.Fatal(err)
	}
	again, err := setup.Open(t.Context(), filepath.Join(moved, setup.ConfigFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	closeInstance(t, again)
}

func TestCreateRefuses(t *testing.T) {
	bundle := []byte(`{"keys":[]}`)
	for name, o := range map[string]setup.Options{
		"no origin":        {Dev: true},
		"origin with plus": {Origin: "a+b", Dev: true},
		"no trust":         {Origin: origin},
		"both":             {Origin: origin, Dev: true, TrustDomain: "acme.example", Bundle: bundle},
		"no trust domain":  {Origin: origin, Bundle: bundle},
		"empty bundle":     {Origin: origin, Bundle: bundle, TrustDomain: "acme.example"},
		"admin":            {Origin: origin, Dev: true, Admin: "Maria Muster"},
		"listen":           {Origin: origin, Dev: true, Listen: "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			if i, err := setup.Create(t.Context(), filepath.Join(parent, "acme"), o); err == nil {
				closeInstance(t, i)
				t.Fatal("created")
			}
			left, _ := os.ReadDir(parent)
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	_, err := setup.Create(t.Context(), i.Dir, setup.Options{Origin: origin, Dev: true})
	if !errors.Is(err, setup.ErrExists) {
		t.Errorf("got %v", err)
	}
}

// An interrupted Create leaves no directory, whole or half.
func TestCreateInterrupted(t *testing.T) {
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if i, err := setup.Create(ctx, filepath.Join(parent, "acme"), setup.Options{Origin: origin, Dev: true}); err == nil {
		closeInstance(t, i)
		t.Fatal("created")
	}
	left, _ := os.ReadDir(parent)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestServeDrains(t *testing.T) {
	i := create(t, nil)
	defer closeInstance(t, i)
	ln, err := i.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- i.ServeReady(ctx, ln, func() error { close(ready); return nil })
	}()
	<-ready
	answer, err := http.Get("http://" + ln.Addr().String() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("not ready: %s", answer.Status)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
}

func TestRereadLogsAChangedBundleOnce(t *testing.T) {
	i := create(t, nil)
	defer closeInstance(t, i)
	for _, want := range []uint64{3, 4, 4} {
		if err := i.Reread(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := i.Log.Size(); got != want {
			t.Errorf("size %d, want %d", got, want)
		}
		if want == 3 {
			if err := setup.RotateCA(i.Dir); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	path := filepath.Join(i.Dir, setup.ConfigFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := setup.Check(path); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, says string }{
		{"unknown key", "store:", "stores:", "unknown key stores"},
		{"two documents", "origin:", "a: b\n---\norigin:", "unknown key a"},
		{"second document", "logs:", "---\nlogs:", "more than one"},
		{"origin", `"log.acme.example/1"`, `"https://log"`, "origin: want a name"},
		{"no store", "store: ledger.db", "store: ''", "store: a path is required"},
		{"listen", `listen: "127.0.0.1:0"`, "listen: here", "listen: "},
		{"no trust", "trust_domains:", "trust_domains: {}\nx:", "unknown key x"},
		{"two sources", `bundle_file: "ca/bundle.json"`, `{bundle_file: a, workload_api: "unix:///b"}`, "want bundle_file or workload_api"},
		{"tls twice", "logs:", "tls: {svid_dir: a, workload_api: b}\nlogs:", "tls: want svid_dir or workload_api"},
		{"level", "level: info", "level: loud", "logs.level"},
		{"metrics", "\nready:", "\nmetrics: {listen: here}\nready:", "metrics.listen: "},
		{"ready", "checkpoint_age: 60s", "checkpoint_age: 1ms", "ready.checkpoint_age: want at least 1s"},
		{"ready form", "checkpoint_age: 60s", "checkpoint_age: soon", "soon"},
		{"format", "format: auto", "format: xml", "logs.format"},
		{"trust domain", `"dev.example":`, `"Dev Example":`, "not the name of a trust domain"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(string(good), test.old, test.new, 1)
			if text == string(good) {
				t.Fatalf("the config has no %q", test.old)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := setup.ReadConfig(path); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestKeysAreGuarded(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	list, err := filepath.Glob(filepath.Join(i.Dir, "keys", "*.key"))
	if err != nil || len(list) != 4 {
		t.Fatalf("keys %v, %v", list, err)
	}
	for _, path := range list {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(path, "admin") {
			continue
		}
		if err := setup.Check(filepath.Join(i.Dir, setup.ConfigFile)); !errors.Is(err, setup.ErrOpenKey) {
			t.Errorf("%s open to others: got %v", path, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := setup.ReadKey(filepath.Join(i.Dir, setup.AdminKeyFile)); !errors.Is(err, setup.ErrOpenKey) {
		t.Errorf("got %v", err)
	}
}

func TestWriteKeyNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	for _, kind := range []string{setup.Ed25519, setup.P256} {
		key, err := setup.NewKey(kind, strings.NewReader(strings.Repeat("r", 64)))
		if err != nil {
			t.Fatal(err)
		}
		err = setup.WriteKey(path, key)
		if kind == setup.Ed25519 && err != nil {
			t.Fatal(err)
		}
		if kind == setup.P256 && !errors.Is(err, os.ErrExist) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := setup.NewKey("rsa", nil); err == nil {
		t.Error("made an RSA key")
	}
}
