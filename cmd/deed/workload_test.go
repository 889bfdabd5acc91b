package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/fakeworkload"
)

const ownID = "spiffe://acme.example/deed"

// A register whose bundles and whose own identity come from the Workload API,
// and a client whose identity does.
func TestWorkloadAPI(t *testing.T) {
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	api := fakeworkload.Start(t, ca, ownID)
	i, address := serveWorkload(t, ca, api.Addr())
	waitSize(t, i, 4) // the same roots, in the form that the Workload API gives them

	t.Setenv("SPIFFE_ENDPOINT_SOCKET", api.Addr())
	submit := []string{"submit", "--server", "https://" + address, "--server-id", ownID, "--log-vkey", i.VKey(),
		"--action", "data.read", "--resource", "table:customers"}
	code, out, complaint := command(t, submit...)
	if code != console.ExitFalse || !strings.Contains(out, "signer     "+ownID+"\n") || !strings.Contains(out, "verified with the log's key") {
		t.Fatalf("exit %d\n%s%s", code, out, complaint)
	}
	if !strings.Contains(complaint, "deed: error: denied, and logged at index 4: ") { // it has no warrant
		t.Errorf("complaint: %s", complaint)
	}

	api.RotateRoot()
	waitSize(t, i, 6)
	if code, out, complaint := command(t, submit...); code != console.ExitFalse || !strings.Contains(out, "index      6") {
		t.Fatalf("after rotation: exit %d\n%s%s", code, out, complaint)
	}
}

// serveWorkload serves a register that asks a Workload API for everything.
func serveWorkload(t *testing.T, ca *spiffeca.CA, api string) (*setup.Instance, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "acme")
	made, err := setup.Create(t.Context(), dir, setup.Options{
		Origin: "log.acme.example/1", TrustDomain: "acme.example", Bundle: ca.BundleDocument(), BundleSource: "test", Listen: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, setup.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`bundle_file: "bundle.json"`), fmt.Appendf(nil, "workload_api: %q", api), 1)
	text = fmt.Appendf(text, "\ntls:\n  workload_api: %q\n", api)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	i, err := setup.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := i.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i, ln.Addr().String()
}

func waitSize(t *testing.T, i *setup.Instance, size uint64) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); i.Log.Size() < size; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("size %d, want %d", i.Log.Size(), size)
		}
	}
}

// command runs a command line in this process.
func command(t *testing.T, args ...string) (code int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = console.Run(t.Context(), newRoot(), args, console.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}
