// Package setup makes the directory of a register and opens it again: keys,
// configuration, store, log and server, put together. The commands of deed are
// thin over it.
//
//	instance, err := setup.Create(ctx, "acme", setup.Options{Origin: "log.acme.example/1", Dev: true})
//	listener, err := instance.Listen()
//	err = instance.Serve(ctx, listener) // until ctx ends; drains
//	err = instance.Close()
//
//	instance, err = setup.Open(ctx, "acme/deed.yaml", nil) // later
//
// # The directory
//
//	deed.yaml         configuration
//	ledger.db, head   the log, and the last checkpoint it signed
//	keys/             private keys, 0600: log.ed25519.key, log.mldsa.key, server.key, admin.key
//	log.vkey, log.mldsa.vkey, genesis   what others pin
//	policy/           the default policy, to edit and put again
//	trust/            a verifier's trust directory
//	bundle.json       the SPIFFE bundle that was given, or
//	ca/               a throwaway CA (Options.Dev)
//
// # Reading order
//
// create.go makes it, genesis.go writes the first three entries, open.go and
// serve.go run it, config.go is deed.yaml.
//
// # Caveats
//
// A directory is made beside its final name and renamed when it is whole, so
// that there is never half a register. What is left of a machine that failed
// meanwhile is a hidden directory whose name starts with a dot and ends in
// ".init-" and a number; it can be deleted.
package setup

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/deedlog/deed/attest"
)

// Options describe a new register.
type Options struct {
	// Origin names the log. Required.
	Origin string
	// TrustDomain is the trust domain of the agents. Required, except with Dev,
	// which takes "dev.example".
	TrustDomain string
	// Bundle is the SPIFFE bundle document, or PEM, of the trust domain, and
	// BundleSource says for people where it came from. Required without Dev.
	Bundle       []byte
	BundleSource string
	// Dev makes a throwaway CA in ca/ instead.
	Dev bool
	// Admin is the name of the first administrator; "" is "admin".
	Admin string
	// AdminKey is the administrator's key; nil makes one in keys/admin.key.
	AdminKey crypto.Signer
	// Listen is the address to put into deed.yaml; "" is DefaultListen.
	Listen string
	// Now and Rand are the clock and the randomness; nil is the machine's.
	Now  func() time.Time
	Rand io.Reader
	// Logger gets the operator's log of the instance; nil is none.
	Logger *slog.Logger
}

// Names within a register's directory.
const (
	LogVKeyFile   = "log.vkey"
	MLDSAVKeyFile = "log.mldsa.vkey"
	GenesisFile   = "genesis"
	AdminKeyFile  = "keys/admin.key"
	AdminFile     = "keys/admin.name"
	TrustDir      = "trust"
	PolicyDir     = "policy"
	CADir         = "ca"
	bundleFile    = "bundle.json"
)

// Names of the files in PolicyDir.
const (
	PoliciesFile = "policy.cedar"
	SchemaFile   = "policy.cedarschema"
	EntitiesFile = "entities.json"
)

const defaultTrustDomain = "dev.example"

// complete fills in defaults and refuses what is missing.
func (o Options) complete() (Options, error) {
	if !attest.ValidOrigin(o.Origin) {
		return o, fmt.Errorf("origin: want a name such as log.example/2026, without scheme, space or plus, found %q", o.Origin)
	}
	if o.TrustDomain == "" && o.Dev {
		o.TrustDomain = defaultTrustDomain
	}
	if !attest.ValidTrustDomain(o.TrustDomain) {
		return o, fmt.Errorf("trust domain: want a name such as acme.example, found %q", o.TrustDomain)
	}
	if o.Dev == (o.Bundle != nil) {
		return o, errors.New("want a bundle or a throwaway CA, one of the two")
	}
	if o.Admin == "" {
		o.Admin = "admin"
	}
	if !attest.ValidPerson(o.Admin) {
		return o, fmt.Errorf("administrator: want lower-case letters, digits and ._@-, found %q", o.Admin)
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// bundlePath is where the bundle lies, relative to the directory.
func (o Options) bundlePath() string {
	if o.Dev {
		return filepath.Join(CADir, bundleFile)
	}
	return bundleFile
}
