package agent_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/fakeworkload"
	"github.com/deedlog/deed/verifier"
)

// place is a register that follows a Workload API, and an agent that gets its
// SVIDs from it.
type place struct {
	api      *fakeworkload.Server
	source   *workload.API
	instance *setup.Instance
	url      string
}

func newPlace(t *testing.T, ttl time.Duration) *place {
	t.Helper()
	t.Parallel()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "acme.example", Intermediate: true, SVIDTTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{api: fakeworkload.Start(t, ca, "spiffe://acme.example/agent/one")}
	p.instance, err = setup.Create(t.Context(), t.TempDir()+"/register", setup.Options{
		Origin: "deed.acme.example/test", TrustDomain: "acme.example", Bundle: ca.BundleDocument(), BundleSource: "test", Listen: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	p.instance.Config.TrustDomains = map[string]setup.BundleSource{"acme.example": {WorkloadAPI: p.api.Addr()}}
	listener, err := p.instance.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.instance.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := p.instance.Close(); err != nil {
			t.Error(err)
		}
	})
	p.url = "http://" + listener.Addr().String()
	if p.source, err = workload.Dial(t.Context(), p.api.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.source.Close() })
	return p
}

// read is an action that needs no warrant to be logged: the default policy
// denies it, and the denial is evidence.
func read() agent.Act {
	return agent.Act{Action: "data.read", Resource: attest.Resource{Kind: "table", ID: "customers"}, Reversible: true}
}

// TestEvidenceOutlivesSVIDs: what an agent attested over a rotation verifies
// offline when both SVIDs have expired.
func TestEvidenceOutlivesSVIDs(t *testing.T) {
	p := newPlace(t, 3*time.Second)
	client, err := agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: p.instance.VKey()})
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.Session()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 2 {
		receipt, err := session.Intent(t.Context(), read())
		if receipt.ID == "" {
			t.Fatal(err)
		}
		ids = append(ids, string(receipt.ID))
		p.api.Rotate()
		<-p.source.Updated()
	}
	bundle, err := auditor.New(http.DefaultClient, p.url).Export(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	last, err := p.source.SVID()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(last.Certificates[0].NotAfter))
	trust, err := verifier.LoadTrust(os.DirFS(filepath.Join(p.instance.Dir, setup.TrustDir)))
	if err != nil {
		t.Fatal(err)
	}
	verdict := verifier.VerifyFile(bundle.Bytes(), trust, verifier.Options{})
	if verdict.ExitCode() != 0 || len(verdict.Subjects) != 2 {
		t.Errorf("exit code %d\n%s", verdict.ExitCode(), verifier.Text(verdict))
	}
}

// TestRotation: a session goes on over a rotation of the SVID, and over one of
// the root, whose new version the register logs before it is used.
func TestRotation(t *testing.T) {
	p := newPlace(t, time.Hour)
	client, err := agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: p.instance.VKey()})
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.Session()
	if err != nil {
		t.Fatal(err)
	}
	serials := map[string]bool{}
	for _, rotate := range []func(){func() {}, p.api.Rotate, p.api.RotateRoot} {
		before, err := p.source.SVID()
		if err != nil {
			t.Fatal(err)
		}
		rotate()
		serial := before.Certificates[0].SerialNumber.String()
		for serials[serial] {
			<-p.source.Updated()
			now, err := p.source.SVID()
			if err != nil {
				t.Fatal(err)
			}
			serial = now.Certificates[0].SerialNumber.String()
		}
		serials[serial] = true
		receipt, err := session.Intent(t.Context(), read())
		if receipt.Decision != "deny" || receipt.Class != "unattributed" {
			t.Fatalf("expected a logged denial, found %+v and %v", receipt, err)
		}
	}
	if len(serials) != 3 {
		t.Errorf("the session used %d SVIDs, not 3", len(serials))
	}
}
