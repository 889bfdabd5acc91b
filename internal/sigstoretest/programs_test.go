package sigstoretest

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programs are the tools of go.mod.
var programs = []string{
	"github.com/deedlog/deed/cmd/deed",
	"github.com/sigstore/cosign/v3/cmd/cosign",
	"github.com/sigstore/fulcio",
	"github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server",
}

// build makes the programs, which takes minutes the first time: afterwards they come
// out of Go's build cache.
func build(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range programs {
		cmd := exec.Command("go", "tool", "-n", name)
		cmd.Stderr = os.Stderr
		path, err := cmd.Output()
		if err != nil {
			t.Fatalf("building %s: %v", name, err)
		}
		if err := os.Symlink(strings.TrimSpace(string(path)), filepath.Join(dir, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// start runs a program until the test ends, and returns once it answers.
func start(t *testing.T, answers string, path string, args ...string) []byte {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", filepath.Base(path), err, said.String())
		default:
		}
		if doc, err := get(answers); err == nil {
			return doc
		}
	}
	t.Fatalf("%s does not answer at %s", filepath.Base(path), answers)
	return nil
}

func get(url string) ([]byte, error) {
	r, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	doc, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, doc)
	}
	return doc, err
}

// freePort is a port of loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := errors.Join(err, ln.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}

// startFulcio runs an authority of its own that takes a provider's log-ins, and
// returns where it is and its certificates, PEM.
func startFulcio(t *testing.T, bin string, p provider) (url string, chain []byte) {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	config := fmt.Sprintf("oidc-issuers:\n  %[1]q:\n    issuer-url: %[1]q\n    client-id: sigstore\n    type: email\n    ca-cert: %[2]q\n", p.Issuer, p.certificate)
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	url = "http://127.0.0.1:" + port
	chain = start(t, url+"/api/v1/rootCert", filepath.Join(bin, "fulcio"), "serve", "--ca", "ephemeralca", "--ct-log-url", "", "--config-path", path,
		"--host", "127.0.0.1", "--port", port, "--grpc-host", "127.0.0.1", "--grpc-port", freePort(t), "--metrics-port", freePort(t),
		"--legacy-unix-domain-socket", filepath.Join(dir, "legacy.sock"))
	return url, chain
}

// startTSA runs a time-stamping authority of its own, and returns where it stamps
// and its certificates, PEM.
func startTSA(t *testing.T, bin string) (url string, chain []byte) {
	t.Helper()
	port := freePort(t)
	url = "http://127.0.0.1:" + port + "/api/v1/timestamp"
	return url, start(t, url+"/certchain", filepath.Join(bin, "timestamp-server"), "serve", "--host", "127.0.0.1", "--port", port,
		"--timestamp-signer", "memory", "--disable-ntp-monitoring")
}

// authoritiesOf are the certificates of a chain that sign others, PEM.
func authoritiesOf(t *testing.T, chain []byte) []byte {
	t.Helper()
	var out []byte
	for rest := chain; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if c.IsCA {
			out = append(out, pem.EncodeToMemory(block)...)
		}
	}
}
