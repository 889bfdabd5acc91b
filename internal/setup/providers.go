package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/server"
)

// Keys of providers are fetched this often, and each time for so long.
const (
	keysPause   = 5 * time.Minute
	keysTimeout = 10 * time.Second
)

func (c Config) validateProviders() error {
	for issuer, k := range c.Providers {
		if !attest.ValidIssuer(issuer) {
			return fmt.Errorf("providers: %q is not an issuer: want an https URL as tokens have it", issuer)
		}
		if (k.JWKSFile == "") == (k.JWKSURL == "") {
			return fmt.Errorf("providers.%s: want jwks_file or jwks_url", issuer)
		}
		if k.JWKSURL != "" && !fetchable(k.JWKSURL) {
			return fmt.Errorf("providers.%s: jwks_url: want an https URL, or one of a loopback address", issuer)
		}
	}
	return nil
}

// fetchable reports whether keys that are fetched there come from the host that
// it names.
func fetchable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// issuers lists the providers in order.
func (c Config) issuers() []string { return slices.Sorted(maps.Keys(c.Providers)) }

// readKeys reads a JWKS and checks that it is one.
func readKeys(path string) ([]byte, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := token.ParseKeys(doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}

// followKeys fetches the keys of providers that have an address, until ctx ends.
func (i *Instance) followKeys(ctx context.Context) {
	if !slices.ContainsFunc(slices.Collect(maps.Values(i.Config.Providers)), func(k KeySource) bool { return k.JWKSURL != "" }) {
		return
	}
	for {
		i.fetchKeys(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(keysPause):
		}
	}
}

// fetchKeys logs what providers serve now. What cannot be fetched leaves the keys
// before in force.
func (i *Instance) fetchKeys(ctx context.Context) {
	for _, issuer := range i.Config.issuers() {
		address := i.Config.Providers[issuer].JWKSURL
		if address == "" {
			continue
		}
		doc, err := fetchJWKS(ctx, address)
		if err == nil {
			_, err = i.Server.LogKeys(ctx, server.ProviderKeys{Issuer: issuer, Source: address, Document: doc})
		}
		if err != nil && ctx.Err() == nil {
			i.logger.Error("provider keys not logged", "issuer", issuer, "error", err)
		}
	}
}

// fetchJWKS gets a document from exactly this address.
func fetchJWKS(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("redirected elsewhere")
	}}
	answer, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: %s", address, answer.Status)
	}
	doc, err := io.ReadAll(io.LimitReader(answer.Body, token.MaxKeys+1))
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", address, err)
	}
	return doc, nil // too long a document is refused by whoever parses it
}
