package main

import (
	"slices"
	"time"

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
	signer, err := p.administrator(&p.connection)
	if err != nil {
		return err
	}
	d := &draft{flags: &draftFlags{}, statement: s, signer: signer, client: cl, now: time.Now()}
	if err := d.complete(ctx); err != nil {
		return err
	}
	envelope, err := signer.sign(s)
	if err != nil {
		return err
	}
	if err := setup.WriteFile(p.out, append(envelope.JSON(), '\n'), 0o600); err != nil {
		return err
	}
	return printRequest(cmd, s.Credential(), envelope.Payload)
}
