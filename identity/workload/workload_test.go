package workload_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/fakeworkload"
)

const agent = "spiffe://example.org/agent/7"

func newCA(t testing.TB, trustDomain string) *spiffeca.CA {
	t.Helper()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: trustDomain, Intermediate: true})
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func dial(t testing.TB, api *fakeworkload.Server) *workload.API {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	source, err := workload.Dial(ctx, api.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return source
}

func current(t testing.TB, source workload.Source) *x509svid.SVID {
	t.Helper()
	svid, err := source.SVID()
	if err != nil {
		t.Fatal(err)
	}
	return svid
}

// verify checks an SVID as the server will.
func verify(t testing.TB, ca *spiffeca.CA, svid *x509svid.SVID) {
	t.Helper()
	der, _, err := svid.MarshalRaw()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := identity.ParseChain(der)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := identity.ParseBundle(ca.TrustDomain(), ca.BundleDocument())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := identity.Verify(chain, bundle, time.Now()); err != nil {
		t.Error(err)
	}
}

func awaitUpdate(t testing.TB, updated <-chan struct{}) {
	t.Helper()
	select {
	case <-updated:
	case <-time.After(10 * time.Second):
		t.Fatal("no update")
	}
}

func TestAPISeesRotation(t *testing.T) {
	ca := newCA(t, "example.org")
	api := fakeworkload.Start(t, ca, agent)
	source := dial(t, api)
	before := current(t, source)
	api.RotateRoot()
	awaitUpdate(t, source.Updated())
	after := current(t, source)
	if before.Certificates[0].Equal(after.Certificates[0]) || before.ID != after.ID {
		t.Error("the SVID did not rotate")
	}
	verify(t, ca, before)
	verify(t, ca, after)
	if got, err := source.GetX509BundleForTrustDomain(after.ID.TrustDomain()); err != nil || len(got.X509Authorities()) != 2 {
		t.Errorf("bundle after rotation: %v, %v", got, err)
	}
}

func TestDialAddress(t *testing.T) {
	for _, test := range []struct{ name, env, addr, want string }{
		{"unset", "", "", "set SPIFFE_ENDPOINT_SOCKET"},
		{"path instead of a URI", "", "/run/agent.sock", `"/run/agent.sock"`},
		{"bad environment", "https://example.org", "", "SPIFFE_ENDPOINT_SOCKET"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("SPIFFE_ENDPOINT_SOCKET", test.env)
			_, err := workload.Dial(t.Context(), test.addr)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	ca := newCA(t, "example.org")
	t.Setenv("SPIFFE_ENDPOINT_SOCKET", fakeworkload.Start(t, ca, agent).Addr())
	source, err := workload.Dial(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	source.Close()
	if _, err := source.SVID(); err == nil {
		t.Error("a closed source gave an SVID")
	}
}

func TestDialSaysWhatTheAgentSaid(t *testing.T) {
	api := fakeworkload.Start(t, newCA(t, "example.org"), agent)
	api.Deny(true)
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	_, err := workload.Dial(ctx, api.Addr())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no identity issued") {
		t.Errorf("got %v", err)
	}
}

type version struct {
	trustDomain string
	doc         []byte
}

func TestWatchBundles(t *testing.T) {
	own, friend := newCA(t, "example.org"), newCA(t, "friend.org")
	api := fakeworkload.Start(t, own, agent)
	ctx, cancel := context.WithCancel(t.Context())
	versions, done := make(chan version, 16), make(chan error, 1)
	go func() {
		done <- workload.WatchBundles(ctx, api.Addr(), func(td string, doc []byte) { versions <- version{td, doc} })
	}()
	expect := func(td string, roots int) {
		t.Helper()
		v := <-versions
		if v.trustDomain != td || (v.doc == nil) != (roots == 0) {
			t.Fatalf("got %s %s, want %s with %d roots", v.trustDomain, v.doc, td, roots)
		}
		if roots == 0 {
			return
		}
		b, err := identity.ParseBundle(td, v.doc)
		if err != nil || b.Roots() != roots {
			t.Fatalf("%s: %v, want %d roots", v.doc, err, roots)
		}
	}
	expect("example.org", 1)
	api.Rotate() // the roots are the same: no version
	api.RotateRoot()
	expect("example.org", 2)
	api.Federate(friend)
	expect("friend.org", 1)
	api.Federate()
	expect("friend.org", 0)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if len(versions) > 0 {
		t.Errorf("%d versions too many", len(versions))
	}
}
