package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
)

// rewrite changes the configuration of a register.
func rewrite(t *testing.T, dir, old, new string) string {
	t.Helper()
	path := filepath.Join(dir, setup.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(text, []byte(old), []byte(new), 1)
	if bytes.Equal(changed, text) {
		t.Fatalf("the config has no %q", old)
	}
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// served serves a register until f returns, and returns its log.
func served(t *testing.T, path string, f func(i *setup.Instance, address string)) string {
	t.Helper()
	log := new(buffer)
	i, err := setup.Open(t.Context(), path, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := i.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- i.ServeReady(ctx, ln, func() error { close(ready); return nil }) }()
	<-ready
	f(i, ln.Addr().String())
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	closeInstance(t, i)
	return log.String()
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestOperations serves metrics on a port of their own, with what lies below the
// server in them.
func TestOperations(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := free.Addr().String()
	free.Close()
	path := rewrite(t, i.Dir, "\nready:\n", fmt.Sprintf("\nmetrics: {listen: %q}\nready:\n", metrics))
	if err := setup.RotateCA(i.Dir); err != nil { // so that there is a bundle to commit
		t.Fatal(err)
	}
	if err := setup.Check(path); err != nil {
		t.Fatal(err)
	}
	log := served(t, path, func(_ *setup.Instance, address string) {
		for url, want := range map[string]int{
			address + "/readyz": 200, address + "/healthz": 200, address + "/metrics": 404,
			metrics + "/readyz": 200, metrics + "/healthz": 200, metrics + "/checkpoint": 404,
		} {
			if code, _ := get(t, "http://"+url); code != want {
				t.Errorf("%s: %d", url, code)
			}
		}
		_, text := get(t, "http://"+metrics+"/metrics")
		for _, want := range []string{
			"\ndeed_log_entries 4\n", "\ndeed_ready 1\n", `deed_step_seconds_count{step="commit"} 1`, `deed_step_seconds_count{step="head_file"} 2`,
			`deed_step_seconds_count{step="sign_ed25519"} 2`, `deed_step_seconds_count{step="sign_mldsa44"} 2`, "deed_batch_entries_sum 1\n",
			`deed_statements_total{effect="allowed",kind="root"} 1`, "\ndeed_svid_expiry_timestamp_seconds 0\n",
			`deed_bundle_received_timestamp_seconds{trust_domain="dev.example"} 1.`, "\ndeed_log_checkpoint_timestamp_seconds 1.", "\ndeed_connections_open ",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q", want)
			}
		}
		if strings.Contains(text, "\ndeed_connections_open 0\n") {
			t.Error("no connection is counted")
		}
	})
	if !strings.Contains(log, metrics) {
		t.Errorf("the log does not name the port:\n%s", log)
	}
}

// TestMetricsAddress: without TLS, metrics are for loopback alone, whatever the
// main port has.
func TestMetricsAddress(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	path := rewrite(t, i.Dir, "\nready:\n", "\nmetrics: {listen: \"0.0.0.0:9464\"}\nready:\n")
	if err := setup.Check(path); !errors.Is(err, server.ErrPlainAddress) || !strings.Contains(err.Error(), "metrics.listen") {
		t.Errorf("check: %v", err)
	}
	i, err := setup.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closeInstance(t, i)
	ln, err := i.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Serve(t.Context(), ln); !errors.Is(err, server.ErrPlainAddress) {
		t.Errorf("serve: %v", err)
	}
}

// TestLog: what happens is in the operator's log under keys that stay, and what
// is secret is not.
func TestLog(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	path := filepath.Join(i.Dir, setup.ConfigFile)
	const marker = "marker of a payload"
	log := served(t, path, func(i *setup.Instance, address string) {
		if err := setup.RotateCA(i.Dir); err != nil {
			t.Fatal(err)
		}
		i.Rehash(t.Context())
		res, err := http.Post("http://"+address+"/deed.v1.AttestationService/Submit", "application/json",
			strings.NewReader(`{"envelope":{"payload":"eyJhIjoibWFya2VyIG9mIGEgcGF5bG9hZCJ9","keyid":"x","signature":"`+strings.Repeat("AAAA", 16)+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	})
	keys := map[string][]string{}
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		message := fmt.Sprint(fields["level"], " ", fields["msg"])
		delete(fields, "time")
		delete(fields, "level")
		delete(fields, "msg")
		keys[message] = nil
		for k := range fields {
			keys[message] = append(keys[message], k)
		}
		slices.Sort(keys[message])
	}
	for message, want := range map[string][]string{
		"INFO serving": {"address", "origin", "size", "tls"}, "INFO stopping": nil, "INFO stopped": {"size"},
		"INFO bundle logged": {"index", "source", "trust_domain"}, "INFO bundles reread": nil, "DEBUG refused": {"code", "kind"},
	} {
		if got, ok := keys[message]; !ok || !slices.Equal(got, want) {
			t.Errorf("%s: keys %v, want %v", message, got, want)
		}
	}
	for _, secret := range secrets(t, i.Dir) {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if strings.Contains(log, marker) || strings.Contains(log, "eyJhIjoi") {
		t.Error("the log has a payload")
	}
}

// secrets are the lines of all private keys.
func secrets(t *testing.T, dir string) (list []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "keys", "*.key"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "---") {
				list = append(list, line)
			}
		}
	}
	return list
}
