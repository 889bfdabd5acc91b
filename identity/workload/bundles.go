package workload

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// WatchBundles follows the trust bundles that the Workload API serves, the own
// trust domain's and federated ones, and calls fn for every version of each:
// first for all there are, in the order of their names, then for changes. It
// returns when ctx is done, or when the agent says that the request is wrong;
// it retries everything else.
//
// doc is a SPIFFE bundle document that identity.ParseBundle accepts. Its bytes
// depend on the set of authorities alone, sorted, so the same set always gives
// the same document. It has no spiffe_sequence, which the Workload API does
// not tell. doc is nil when the trust domain is no longer served, or has no
// authority left: nothing from it should be trusted from then on.
//
// fn is called from one goroutine; while it runs, newer versions wait, and
// those that are overtaken meanwhile may be skipped.
func WatchBundles(ctx context.Context, addr string, fn func(trustDomain string, doc []byte), opts ...Option) error {
	addr, err := endpoint(addr)
	if err != nil {
		return fmt.Errorf("workload: %w", err)
	}
	trouble := newTrouble(opts)
	client, err := workloadapi.New(ctx, workloadapi.WithAddr(addr), workloadapi.WithLogger(trouble))
	if err != nil {
		return fmt.Errorf("workload: connecting to %s: %w", addr, err)
	}
	defer client.Close()
	err = client.WatchX509Bundles(ctx, &bundleWatch{fn: fn, seen: map[string][]byte{}})
	if ctx.Err() != nil {
		err = trouble.explain(ctx.Err())
	}
	return fmt.Errorf("workload: watching bundles of %s: %w", addr, err)
}

// bundleWatch remembers the last document of each trust domain.
type bundleWatch struct {
	fn   func(string, []byte)
	seen map[string][]byte
}

// OnX509BundlesUpdate implements [workloadapi.X509BundleWatcher].
func (w *bundleWatch) OnX509BundlesUpdate(set *x509bundle.Set) {
	now := map[string][]byte{}
	for _, b := range set.Bundles() {
		if !b.Empty() {
			now[b.TrustDomain().Name()] = document(b)
		}
	}
	for td := range w.seen {
		if now[td] == nil {
			now[td] = nil // withdrawn
		}
	}
	for _, td := range sortedKeys(now) {
		w.report(td, now[td])
	}
}

func (w *bundleWatch) report(td string, doc []byte) {
	if bytes.Equal(doc, w.seen[td]) {
		return
	}
	w.seen[td] = doc
	w.fn(td, bytes.Clone(doc))
}

// OnX509BundlesWatchError implements [workloadapi.X509BundleWatcher]. The
// client has logged the error already.
func (w *bundleWatch) OnX509BundlesWatchError(error) {}

// document writes a bundle with its authorities in the order of their bytes.
func document(b *x509bundle.Bundle) []byte {
	roots := b.X509Authorities()
	slices.SortFunc(roots, func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) })
	doc, err := spiffebundle.FromX509Authorities(b.TrustDomain(), roots).Marshal()
	if err != nil {
		return nil // an authority with a key that JWK cannot express: not usable
	}
	return doc
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
