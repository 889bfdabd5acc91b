package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/setup"
)

// addPasskey signs the registration of a passkey and prints what to ask the
// passkey for: the register takes the registration with that endorsement alone.
func (p *personAdd) addPasskey(cmd *cobra.Command, name string) error {
	if p.personKey != "" || p.out == "" {
		return usageError("with --passkey FILE, want --out FILE and no --person-key")
	}
	key, passkey, err := readRegistration(p.passkey)
	if err != nil {
		return err
	}
	passkey.Origins = append(passkey.Origins, p.origins...)
	slices.Sort(passkey.Origins)
	passkey.Origins = slices.Compact(passkey.Origins)
	s := &attest.Person{Name: name, Key: key, Passkey: passkey, Reach: p.reach}
	ctx, cl, done, err := p.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	envelope, err := p.register(ctx, cl, s)
	if err != nil {
		return err
	}
	return printRequest(cmd, s.Credential(), envelope.Payload)
}

// register has an administrator sign a registration, and writes it to --out: the
// register takes it with the person's endorsement alone.
func (p *personAdd) register(ctx context.Context, cl *client, s *attest.Person) (e attest.Envelope, err error) {
	signer, err := p.administrator(&p.connection)
	if err != nil {
		return e, err
	}
	if e, err = p.signed(ctx, cl, signer, s); err != nil {
		return e, err
	}
	return e, setup.WriteFile(p.out, append(e.JSON(), '\n'), 0o600)
}
