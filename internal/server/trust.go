package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/admission"
)

// SubmitOwn signs a statement with the server's key and submits it.
func (s *Server) SubmitOwn(ctx context.Context, st attest.Statement, objects ...[]byte) (Receipt, error) {
	payload, err := attest.Payload(st)
	if err != nil {
		return Receipt{}, err
	}
	envelope, err := attest.Seal(payload, s.key, s.keyID)
	if err != nil {
		return Receipt{}, err
	}
	return s.SubmitEnvelope(ctx, envelope, objects...)
}

// SubmitEnvelope submits an envelope that was signed here or by an
// administrator at the console.
func (s *Server) SubmitEnvelope(ctx context.Context, e attest.Envelope, objects ...[]byte) (Receipt, error) {
	sub, err := admission.NewSubmission(e, objects, admission.Anonymous)
	if err != nil {
		return Receipt{}, err
	}
	return s.Submit(ctx, sub)
}

// Bundle is a version of a trust domain's bundle as it was fetched.
type Bundle struct {
	TrustDomain string
	Source      string // where it came from, for people
	Document    []byte // SPIFFE bundle document or PEM
}

// LogBundle makes a root entry of a bundle unless it is the one in force. Every
// version must be in the log before the first SVID is verified with it. A trust
// domain that was withdrawn is back afterwards.
func (s *Server) LogBundle(ctx context.Context, b Bundle) (logged bool, err error) {
	digest := attest.DigestOf(b.Document)
	current, err := s.register.inSlot(admission.RootSlot(b.TrustDomain))
	if err != nil {
		return false, err
	}
	if current == nil || current.Verified.Statement().(*attest.Root).Bundle != digest {
		if err := s.logRoot(ctx, b); err != nil {
			return false, fmt.Errorf("logging bundle of %s: %w", b.TrustDomain, err)
		}
		logged = true
	}
	s.register.withdrawn.Delete(b.TrustDomain)
	return logged, nil
}

// NamedRoot is a version of a set of authorities as it was fetched.
type NamedRoot struct {
	attest.NamedRoot
	Source   string // where it came from, for people
	Document []byte // PEM
}

// LogNamedRoot makes a root entry of a set of authorities unless it is the one in
// force: before the first signature that leads to it is verified.
func (s *Server) LogNamedRoot(ctx context.Context, r NamedRoot) (logged bool, err error) {
	digest := attest.DigestOf(r.Document)
	current, err := s.register.inSlot(admission.NamedRootSlot(r.NamedRoot))
	if err != nil || current != nil && current.Verified.Statement().(*attest.Root).Bundle == digest {
		return false, err
	}
	root := &attest.Root{Name: r.Name, Source: r.Source, Type: r.Type}
	if err := s.submitRoot(ctx, root, r.Document); err != nil {
		return false, fmt.Errorf("logging root %s: %w", r.NamedRoot, err)
	}
	return true, nil
}

func (s *Server) logRoot(ctx context.Context, b Bundle) error {
	return s.submitRoot(ctx, &attest.Root{Source: b.Source, TrustDomain: b.TrustDomain, Type: attest.RootSPIFFE}, b.Document)
}

// submitRoot completes a root statement and submits it.
func (s *Server) submitRoot(ctx context.Context, root *attest.Root, doc []byte) error {
	nonce, err := s.nonce()
	if err != nil {
		return err
	}
	root.At, root.Bundle, root.Log, root.Nonce, root.V = s.now().UnixMilli(), attest.DigestOf(doc), s.register.Origin(), nonce, 1
	receipt, err := s.SubmitOwn(ctx, root, doc)
	if err != nil {
		return err
	}
	if receipt.Fault != nil {
		return receipt.Fault
	}
	if root.Type == attest.RootSPIFFE {
		s.logger.Info("bundle logged", "trust_domain", root.TrustDomain, "source", root.Source, "index", receipt.Index)
	} else {
		s.logger.Info("root logged", "root", root.Of(), "source", root.Source, "index", receipt.Index)
	}
	return nil
}

// ProviderKeys are the keys of an identity provider as they were fetched.
type ProviderKeys struct {
	Issuer   string
	Source   string // where they came from, for people
	Document []byte // JWKS
}

// LogKeys makes a root entry of a provider's keys unless they are those in force,
// however they are written. They must be in the log before the first token is
// verified with them.
func (s *Server) LogKeys(ctx context.Context, k ProviderKeys) (logged bool, err error) {
	keys, err := token.ParseKeys(k.Document)
	if err != nil {
		return false, fmt.Errorf("logging keys of %s: %w", k.Issuer, err)
	}
	same, err := s.keysInForce(k.Issuer, keys)
	if err != nil || same {
		return false, err
	}
	root := &attest.Root{Issuer: k.Issuer, Source: k.Source, Type: attest.RootJWKS}
	if err := s.submitRoot(ctx, root, k.Document); err != nil {
		return false, fmt.Errorf("logging keys of %s: %w", k.Issuer, err)
	}
	return true, nil
}

// keysInForce reports whether these are the provider's keys in force.
func (s *Server) keysInForce(issuer string, keys *token.Keys) (bool, error) {
	current, err := s.register.inSlot(admission.JWKSSlot(issuer))
	if err != nil || current == nil {
		return false, err
	}
	doc, err := s.register.need(current.Verified.Statement().(*attest.Root).Bundle)
	if err != nil {
		return false, err
	}
	before, err := token.ParseKeys(doc)
	return err == nil && slices.Equal(before.Names(), keys.Names()), err
}

func (s *Server) nonce() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing a nonce: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
