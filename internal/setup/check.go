package setup

import (
	"fmt"
	"net"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/server"
)

// Check reads a configuration and everything that it names but the database,
// which a running server has open.
func Check(path string) error {
	c, err := ReadConfig(path)
	if err != nil {
		return err
	}
	if _, err := readSecrets(c.Keys, c.Origin); err != nil {
		return err
	}
	if err := c.checkAddress(); err != nil {
		return err
	}
	if c.TLS.SVIDDir != "" {
		if _, err := workload.Dir(c.TLS.SVIDDir); err != nil {
			return fmt.Errorf("reading own SVID: %w", err)
		}
	}
	if _, err := c.Web.TLS.config(nil); err != nil {
		return err
	}
	for _, name := range c.domains() {
		if file := c.TrustDomains[name].BundleFile; file != "" {
			if _, err := readBundle(name, file); err != nil {
				return fmt.Errorf("reading bundle of %s: %w", name, err)
			}
		}
	}
	for _, issuer := range c.issuers() {
		if file := c.Providers[issuer].JWKSFile; file != "" {
			if _, err := readKeys(file); err != nil {
				return fmt.Errorf("reading keys of %s: %w", issuer, err)
			}
		}
	}
	return c.Roots.check()
}

// checkAddress tries the addresses with any free port, because those configured
// may be in use by the very server whose configuration is checked.
func (c Config) checkAddress() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := tryAddress(host, c.TLS.Enabled()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for _, other := range [...]struct {
		key, address string
		secure       bool
	}{{"metrics", c.Metrics.Listen, false}, {"web", c.Web.Listen, c.Web.TLS.Enabled()}} {
		if other.address == "" {
			continue
		}
		host, _, err := net.SplitHostPort(other.address)
		if err == nil {
			err = tryAddress(host, other.secure)
		}
		if err != nil {
			return fmt.Errorf("%s.listen: %w", other.key, err)
		}
	}
	return nil
}

func tryAddress(host string, secure bool) error {
	ln, err := server.Listen(net.JoinHostPort(host, "0"), secure)
	if err != nil {
		return err
	}
	return ln.Close()
}
