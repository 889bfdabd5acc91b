package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/server"
)

// Reread reads the files of bundles, roots and providers' keys again and logs those
// that changed. One that cannot be read leaves the version before in force.
func (i *Instance) Reread(ctx context.Context) error {
	var failed []error
	for _, name := range i.Config.domains() {
		path := i.Config.TrustDomains[name].BundleFile
		if path == "" {
			continue
		}
		doc, err := readBundle(name, path)
		if err == nil {
			_, err = i.Server.LogBundle(ctx, server.Bundle{TrustDomain: name, Source: filepath.Base(path), Document: doc})
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("reading bundle of %s: %w", name, err))
			continue
		}
		i.received(name)
	}
	for _, issuer := range i.Config.issuers() {
		path := i.Config.Providers[issuer].JWKSFile
		if path == "" {
			continue
		}
		doc, err := readKeys(path)
		if err == nil {
			_, err = i.Server.LogKeys(ctx, server.ProviderKeys{Issuer: issuer, Source: filepath.Base(path), Document: doc})
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("reading keys of %s: %w", issuer, err))
		}
	}
	return errors.Join(append(failed, i.rereadRoots(ctx))...)
}

// Rehash is Reread for a running server: what went wrong goes to the operator's
// log.
func (i *Instance) Rehash(ctx context.Context) {
	i.fetchKeys(ctx)
	if err := i.Reread(ctx); err != nil {
		i.logger.Error("bundles not reread", "error", err)
		return
	}
	i.logger.Info("bundles reread")
}

// readBundle reads a bundle and checks that it is one.
func readBundle(trustDomain, path string) ([]byte, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := identity.ParseBundle(trustDomain, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}

// follow logs every version of the bundles that Workload APIs serve, until ctx
// ends.
func (i *Instance) follow(ctx context.Context) {
	addresses := map[string]bool{}
	for name, b := range i.Config.TrustDomains {
		if b.WorkloadAPI != "" {
			addresses[b.WorkloadAPI] = true
			i.Server.Register().Withdraw(name) // until it is served
		}
	}
	for address := range addresses {
		go func() {
			err := workload.WatchBundles(ctx, address, func(trustDomain string, doc []byte) {
				i.pushed(ctx, address, trustDomain, doc)
			}, workload.WithLog(i.logger))
			if err != nil && ctx.Err() == nil {
				i.logger.Error("following bundles ended", "address", address, "error", err)
			}
		}()
	}
}

// pushed logs a bundle that a Workload API served.
func (i *Instance) pushed(ctx context.Context, address, trustDomain string, doc []byte) {
	if i.Config.TrustDomains[trustDomain].WorkloadAPI != address {
		return // served too, but not what this register follows
	}
	if doc == nil {
		i.Server.Register().Withdraw(trustDomain)
		i.metrics.Bundle(trustDomain, time.Time{})
		i.logger.Error("bundle is no longer served; SVIDs of the trust domain are refused", "trust_domain", trustDomain)
		return
	}
	_, err := i.Server.LogBundle(ctx, server.Bundle{TrustDomain: trustDomain, Source: "Workload API", Document: doc})
	if err != nil && ctx.Err() == nil {
		i.logger.Error("bundle not logged", "trust_domain", trustDomain, "error", err)
	}
	if err == nil {
		i.received(trustDomain)
	}
}
