package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/identity"
)

// root: the bytes are a bundle of a trust domain that the log accepts, a set of
// authorities, or keys of an identity provider.
func (c *check) root(r *attest.Root) error {
	if r.Type == attest.RootJWKS {
		return c.jwks(r)
	}
	g := statementOf[*attest.Genesis](c.pins[GenesisSlot])
	if r.Type == attest.RootSPIFFE && !slices.Contains(g.TrustDomains, r.TrustDomain) {
		return attest.Refuse("signer.foreign", "trust_domain", "a trust domain of the genesis", r.TrustDomain)
	}
	doc, err := c.object(r.Bundle, "bundle")
	if err != nil {
		return err
	}
	if r.Type != attest.RootSPIFFE {
		_, err := attest.ParseRoots(doc)
		return err
	}
	if _, err := identity.ParseBundle(r.TrustDomain, doc); err != nil {
		return attest.Refuse("object.form", "bundle", "a SPIFFE bundle or PEM certificates", err.Error())
	}
	return nil
}

// anchored gives a signer who is certified the roots in force. Each is pinned, so
// that the record says which were.
func (c *check) anchored(s attest.Signer) (attest.Signer, error) {
	sets := map[attest.NamedRoot]*attest.Roots{}
	for _, name := range s.Roots() {
		logged, err := c.current(NamedRootSlot(name))
		if err != nil {
			return s, err
		}
		root := statementOf[*attest.Root](logged)
		if root == nil {
			return s, attest.Refuse("signer.no_root", "keyid", "a logged root "+name.String(), "none")
		}
		doc, err := c.stored(root.Bundle)
		if err != nil {
			return s, err
		}
		if sets[name], err = c.cache.roots(root.Bundle, doc); err != nil {
			return s, err
		}
	}
	return s.Anchor(sets, c.at), nil
}
