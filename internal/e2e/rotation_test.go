//go:build e2e

package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/identity/workload"
)

// TestSVIDRotates: a process under a real SPIRE agent gets an SVID that lives
// for a minute, and another before it has expired; each verifies at its time.
func TestSVIDRotates(t *testing.T) {
	const agent = "spiffe://example.org/agent/7"
	spire := StartSPIRE(t, FindSPIRE(t), "example.org")
	spire.Register(agent, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	source, err := workload.Dial(ctx, spire.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()

	first, firstAt := currentSVID(t, source), time.Now()
	second := nextSVID(t, ctx, source, first)
	secondAt := time.Now()
	bundle, err := identity.ParseBundle(spire.TrustDomain, spire.BundleDocument())
	if err != nil {
		t.Fatal(err)
	}
	for _, seen := range []struct {
		svid *x509svid.SVID
		at   time.Time
	}{{first, firstAt}, {second, secondAt}} {
		signer, err := identity.Verify(chainOf(t, seen.svid), bundle, seen.at)
		if err != nil {
			t.Fatal(err)
		}
		if signer.ID != agent || signer.NotAfter.Sub(seen.at) > time.Minute+time.Second {
			t.Errorf("%s until %v, seen at %v", signer.ID, signer.NotAfter, seen.at)
		}
	}
	_, err = identity.Verify(chainOf(t, first), bundle, first.Certificates[0].NotAfter.Add(time.Second))
	if fault, ok := errors.AsType[*identity.Error](err); !ok || fault.Check != identity.CheckExpired {
		t.Errorf("the first SVID after its time: %v", err)
	}
}

// nextSVID waits for an SVID with another key.
func nextSVID(t *testing.T, ctx context.Context, source *workload.API, last *x509svid.SVID) *x509svid.SVID {
	t.Helper()
	for {
		select {
		case <-source.Updated():
		case <-ctx.Done():
			t.Fatal("no rotation")
		}
		if svid := currentSVID(t, source); !svid.Certificates[0].Equal(last.Certificates[0]) {
			return svid
		}
	}
}

func currentSVID(t *testing.T, source workload.Source) *x509svid.SVID {
	t.Helper()
	svid, err := source.SVID()
	if err != nil {
		t.Fatal(err)
	}
	return svid
}

func chainOf(t *testing.T, svid *x509svid.SVID) *identity.Chain {
	t.Helper()
	der, _, err := svid.MarshalRaw()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := identity.ParseChain(der)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// TestBundlesAreServed: what the agent pushes is what the server has.
func TestBundlesAreServed(t *testing.T) {
	spire := StartSPIRE(t, FindSPIRE(t), "example.org")
	spire.Register("spiffe://example.org/deed", time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var served *identity.Bundle
	var parseErr error
	err := workload.WatchBundles(ctx, spire.Socket(), func(td string, doc []byte) {
		served, parseErr = identity.ParseBundle(td, doc)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || parseErr != nil || served == nil {
		t.Fatalf("watching: %v, parsing: %v", err, parseErr)
	}
	own, err := identity.ParseBundle(spire.TrustDomain, spire.BundleDocument())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := own.Sequence(); !ok || served.Roots() != own.Roots() || served.TrustDomain() != own.TrustDomain() {
		t.Errorf("agent serves %s, server has %s", served.Bytes(), own.Bytes())
	}
}
