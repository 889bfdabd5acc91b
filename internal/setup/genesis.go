package setup

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/policy"
)

// Quotas of the policy that a register starts with.
const (
	Denials = 1000           // denied entries per signer and hour
	LeafTTL = 24 * time.Hour // longest life of a warrant that is acted under
)

// firstEntries submits the genesis, the first bundle and the default policy, in
// the way of any other statement.
func (i *Instance) firstEntries(ctx context.Context, o Options) error {
	admin, err := attest.KeyOf(o.AdminKey.Public())
	if err != nil {
		return err
	}
	if err := i.genesis(ctx, o, admin); err != nil {
		return fmt.Errorf("writing genesis: %w", err)
	}
	source := o.BundleSource
	if o.Dev {
		source = "throwaway CA of deed init"
	}
	_, err = i.Server.LogBundle(ctx, server.Bundle{TrustDomain: o.TrustDomain, Source: source, Document: o.Bundle})
	if err != nil {
		return err
	}
	if err := i.firstPolicy(ctx, o, admin); err != nil {
		return fmt.Errorf("putting policy: %w", err)
	}
	return nil
}

func (i *Instance) genesis(ctx context.Context, o Options, admin attest.Key) error {
	key, err := attest.KeyOf(i.secrets.server.Public())
	if err != nil {
		return err
	}
	nonce, err := Random16(o.Rand)
	if err != nil {
		return err
	}
	g := &attest.Genesis{
		Administrators: []attest.Administrator{{Key: admin, Name: o.Admin}}, Quorum: 1,
		At: o.Now().UnixMilli(), Log: o.Origin, Nonce: nonce, ServerKey: key,
		LogKeys:      attest.LogKeys{Ed25519: i.VKey(), MLDSA44: i.MLDSAVKey()},
		TrustDomains: []string{o.TrustDomain}, V: 1,
	}
	endorsement, err := seal(g, o.AdminKey, admin)
	if err != nil {
		return err
	}
	return allowed(i.Server.SubmitOwn(ctx, g, endorsement.JSON()))
}

func (i *Instance) firstPolicy(ctx context.Context, o Options, admin attest.Key) error {
	nonce, err := Random16(o.Rand)
	if err != nil {
		return err
	}
	src := policy.Default()
	envelope, err := seal(&attest.Policy{
		By: o.Admin, Log: o.Origin, Mode: attest.Gate, Nonce: nonce, V: 1,
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema), Entities: attest.DigestOf(src.Entities),
		Quotas: attest.Quotas{Denials: Denials, LeafTTL: LeafTTL.Milliseconds()},
	}, o.AdminKey, admin)
	if err != nil {
		return err
	}
	return allowed(i.Server.SubmitEnvelope(ctx, envelope, src.Policies, src.Schema, src.Entities))
}

func seal(s attest.Statement, key any, public attest.Key) (attest.Envelope, error) {
	payload, err := attest.Payload(s)
	if err != nil {
		return attest.Envelope{}, err
	}
	return attest.Seal(payload, key, public.Digest())
}

// allowed turns a denial into an error: what setup submits must not be denied.
func allowed(r server.Receipt, err error) error {
	if err == nil && r.Fault != nil {
		return r.Fault
	}
	return err
}

// Random16 draws what nonces, sessions and tasks are named by: 16 bytes in hex.
func Random16(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing randomness: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
