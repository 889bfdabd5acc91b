package identity_test

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/internal/spiffeca"
)

// TestCacheAgrees asks a cache and Verify the same random questions.
func TestCacheAgrees(t *testing.T) {
	var chains []*identity.Chain
	var bundles []*identity.Bundle
	for range 3 {
		ca := newCA(t, func(c *spiffeca.Config) { c.Intermediate = len(chains) == 2; c.SVIDTTL = 10 * time.Minute })
		chains = append(chains, svidChain(t, issue(t, ca)), svidChain(t, issue(t, ca)))
		other, err := identity.ParseBundle("other.org", ca.BundleDocument())
		if err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, caBundle(t, ca), other)
	}
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, seed))
	for _, size := range []int{0, 1, 3, 100} {
		cache := identity.NewCache(size)
		for range 500 {
			c, b := chains[rng.IntN(len(chains))], bundles[rng.IntN(len(bundles))]
			at := epoch.Add(time.Duration(rng.IntN(3600)-1200) * time.Second)
			want, wantErr := identity.Verify(c, b, at)
			got, err := cache.Verify(c, b, at)
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
				t.Fatalf("seed %d: cache says %v, %v; Verify says %v, %v", seed, got, err, want, wantErr)
			}
		}
	}
}

// A hit does not carry the time, or the trust domain, of the call that filled
// the cache.
func TestCacheChecksEveryCall(t *testing.T) {
	ca := newCA(t, nil)
	c, b := svidChain(t, issue(t, ca)), caBundle(t, ca)
	cache := identity.NewCache(4)
	if _, err := cache.Verify(c, b, epoch); err != nil {
		t.Fatal(err)
	}
	_, err := cache.Verify(c, b, epoch.Add(2*time.Hour))
	wantFault(t, err, identity.CheckExpired, "at")
	_, err = cache.Verify(c, b, epoch.Add(-time.Hour))
	wantFault(t, err, identity.CheckNotYetValid, "at")
	if _, err = cache.Verify(c, b, time.Time{}); err == nil {
		t.Error("zero time accepted")
	}
	other, err := identity.ParseBundle("other.org", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	_, err = cache.Verify(c, other, epoch)
	wantFault(t, err, identity.CheckTrustDomain, "certificates[0].uri")
	if _, err := cache.Verify(c, b, epoch); err != nil {
		t.Errorf("after refusals: %v", err)
	}
}

func TestCacheConcurrent(t *testing.T) {
	ca := newCA(t, nil)
	b := caBundle(t, ca)
	cache := identity.NewCache(4)
	var wg sync.WaitGroup
	for range 8 {
		c := svidChain(t, issue(t, ca))
		wg.Go(func() {
			for range 20 {
				if _, err := cache.Verify(c, b, epoch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
