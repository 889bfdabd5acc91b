//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/verifier"
)

const (
	domain   = "example.org"
	agentID  = "spiffe://example.org/agent/seven"
	serverID = "spiffe://example.org/deed"
)

// TestAttestOverRotation: an agent under a real SPIRE agent attests to a real
// deed serve, both with SVIDs from the Workload API and over mutual TLS; its
// session goes on when the SVID rotates; and the evidence verifies offline after
// both SVIDs have expired.
func TestAttestOverRotation(t *testing.T) {
	spire := StartSPIRE(t, FindSPIRE(t), domain)
	binary := buildDeed(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spire.Register(serverID, 10*time.Minute, "unix:path:"+binary)
	spire.Register(agentID, time.Minute, "unix:path:"+self)
	dir, url := serve(t, spire, binary)

	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	source, err := workload.Dial(ctx, spire.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	secure, err := workload.ClientTLS(source, serverID)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Client{Transport: &http.Transport{TLSClientConfig: secure, ForceAttemptHTTP2: true}}
	client, err := agent.New(ctx, url, source, agent.Options{HTTP: transport})
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.Session()
	if err != nil {
		t.Fatal(err)
	}

	first := currentSVID(t, source)
	before := attestOnce(t, ctx, session)
	second := nextSVID(t, ctx, source, first)
	after := attestOnce(t, ctx, session)

	export := auditor.New(transport, url)
	var bundles [][]byte
	for _, r := range []agent.Receipt{before, after} {
		bundle, err := export.Export(ctx, string(r.ID))
		if err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, bundle.Bytes())
	}
	wait := time.Until(second.Certificates[0].NotAfter) + time.Second
	t.Logf("waiting %v until both SVIDs have expired", wait.Round(time.Second))
	time.Sleep(wait)
	verifyOffline(t, filepath.Join(dir, setup.TrustDir), bundles)
}

func buildDeed(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(ShortDir(t), "deed")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/deedlog/deed/cmd/deed").CombinedOutput(); err != nil {
		t.Fatalf("building deed: %v\n%s", err, out)
	}
	return binary
}

// serve makes a register that trusts SPIRE's bundle and follows its Workload
// API, and serves it over mutual TLS.
func serve(t *testing.T, spire *SPIRE, binary string) (dir, url string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "register")
	address := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	instance, err := setup.Create(t.Context(), dir, setup.Options{
		Origin: "deed.example.org/e2e", TrustDomain: domain, Bundle: spire.BundleDocument(), BundleSource: "spire-server", Listen: address,
	})
	if err != nil {
		t.Fatal(err)
	}
	config := instance.Config
	if err := instance.Close(); err != nil {
		t.Fatal(err)
	}
	config.TrustDomains = map[string]setup.BundleSource{domain: {WorkloadAPI: spire.Socket()}}
	config.TLS.WorkloadAPI = spire.Socket()
	doc, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, setup.ConfigFile)
	if err := setup.WriteFile(path, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	StartProcess(t, ShortDir(t), "deed", binary, "serve", "--config", path)
	return dir, "https://" + address
}

// attestOnce submits an action that the default policy denies, as no warrant is
// named: a denial is logged and is evidence like any other.
func attestOnce(t *testing.T, ctx context.Context, s *agent.Session) agent.Receipt {
	t.Helper()
	receipt, err := s.Intent(ctx, agent.Act{
		Action: "data.read", Resource: attest.Resource{Kind: "table", ID: "customers"}, Reversible: true,
	})
	if _, denied := errors.AsType[*agent.Denied](err); !denied || receipt.Class != "unattributed" {
		t.Fatalf("expected a logged denial, found %+v and %v", receipt, err)
	}
	return receipt
}

func verifyOffline(t *testing.T, dir string, bundles [][]byte) {
	t.Helper()
	trust, err := verifier.LoadTrust(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range bundles {
		verdict := verifier.VerifyFile(file, trust, verifier.Options{})
		if verdict.ExitCode() != 0 {
			t.Errorf("exit code %d\n%s", verdict.ExitCode(), verifier.Text(verdict))
		}
	}
}
