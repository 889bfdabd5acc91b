package auditor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/verifier"
)

// Trust exports the log's own opinion of itself as the files of a trust
// directory: keys of its genesis, all who administer or administered it, every
// SPIFFE bundle, every provider's keys and every person's key that it allowed. The
// README among them says which of these must come from somebody else.
func (c *Client) Trust(ctx context.Context) (map[string][]byte, error) {
	files, err := c.trust(ctx)
	if err != nil {
		return nil, fmt.Errorf("exporting trust directory: %w", err)
	}
	return files, nil
}

func (c *Client) trust(ctx context.Context) (map[string][]byte, error) {
	first, err := c.fetch(ctx, byIndex(0, 0))
	if err != nil {
		return nil, err
	}
	s, err := c.statement(ctx, first)
	if err != nil {
		return nil, err
	}
	genesis, ok := s.(*attest.Genesis)
	if !ok {
		return nil, fmt.Errorf("entry 0 is no genesis, but %s", s.Kind())
	}
	leaf := ledger.HashLeaf(first.receipt.GetEntry())
	source := verifier.TrustSource{
		LogKey: genesis.LogKeys.Ed25519, MLDSAKey: genesis.LogKeys.MLDSA44, Genesis: &leaf,
		ServerKey: genesis.ServerKey, Bundles: map[string][][]byte{}, Named: map[attest.NamedRoot][][]byte{},
		Providers: map[string][][]byte{},
	}
	addAdministrators(&source, genesis.Administrators)
	if err := c.each(ctx, attest.KindAdministrators, func(s attest.Statement) error {
		if set, ok := s.(*attest.Administrators); ok {
			addAdministrators(&source, set.Administrators)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := c.each(ctx, attest.KindPerson, func(s attest.Statement) error {
		if p, ok := s.(*attest.Person); ok {
			addPerson(&source, verifier.NewTrustPerson(p))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := c.each(ctx, attest.KindRoot, func(s attest.Statement) error { return c.addBundle(ctx, &source, s) }); err != nil {
		return nil, err
	}
	return verifier.TrustFiles(source)
}

func addAdministrators(source *verifier.TrustSource, list []attest.Administrator) {
	for _, a := range list {
		addPerson(source, verifier.TrustPerson{Administrator: true, Key: a.Key, Name: a.Name})
	}
}

func addPerson(source *verifier.TrustSource, p verifier.TrustPerson) {
	same := func(q verifier.TrustPerson) bool { return q.Name == p.Name && q.Identity() == p.Identity() }
	if !slices.ContainsFunc(source.People, same) {
		source.People = append(source.People, p)
	}
}

func (c *Client) addBundle(ctx context.Context, source *verifier.TrustSource, s attest.Statement) error {
	root, ok := s.(*attest.Root)
	if !ok {
		return nil
	}
	doc, err := c.object(ctx, root.Bundle)
	if err != nil {
		return err
	}
	if doc == nil {
		return fmt.Errorf("the register does not have the bundle %s of %s", root.Bundle, root.Of())
	}
	same := func(v []byte) bool { return bytes.Equal(v, doc) }
	if root.Type == attest.RootJWKS {
		if !slices.ContainsFunc(source.Providers[root.Issuer], same) {
			source.Providers[root.Issuer] = append(source.Providers[root.Issuer], doc)
		}
		return nil
	}
	if root.Type != attest.RootSPIFFE {
		name := attest.NamedRoot{Type: root.Type, Name: root.Name}
		if !slices.ContainsFunc(source.Named[name], same) {
			source.Named[name] = append(source.Named[name], doc)
		}
		return nil
	}
	versions := source.Bundles[root.TrustDomain]
	if !slices.ContainsFunc(versions, same) {
		source.Bundles[root.TrustDomain] = append(versions, doc)
	}
	return nil
}

// each calls do for every allowed statement of a kind, oldest first.
func (c *Client) each(ctx context.Context, kind attest.Kind, do func(attest.Statement) error) error {
	indexes, err := c.find(ctx, kind, admission.Allow)
	if err != nil {
		return err
	}
	slices.Sort(indexes)
	for _, index := range indexes {
		f, err := c.fetch(ctx, byIndex(index, 0))
		if err != nil {
			return err
		}
		s, err := c.statement(ctx, f)
		if err != nil {
			return err
		}
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// find lists the entries of a kind that were decided so, page by page.
func (c *Client) find(ctx context.Context, kind attest.Kind, effect admission.Effect) ([]uint64, error) {
	var indexes []uint64
	req := &deedv1.SearchRequest{Kind: string(kind), Decision: string(effect), Limit: 1000}
	for {
		page, err := c.evidence.Search(ctx, req)
		if err != nil {
			return nil, fmt.Errorf("searching for %s entries: %w", kind, err)
		}
		for _, r := range page.GetResults() {
			indexes = append(indexes, r.GetIndex())
		}
		if !page.GetMore() {
			return indexes, nil
		}
		if page.GetNext() == 0 || req.Before != 0 && page.GetNext() >= req.Before {
			return nil, errors.New("searching: the register's pages do not end")
		}
		req.Before = page.GetNext()
	}
}
