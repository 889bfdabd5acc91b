package authority

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/internal/setup"
)

// addPasskey signs the registration of a passkey and prints what to ask the
// passkey for: the register takes the registration with that endorsement alone.
func (p *personAdd) addPasskey(cmd *cobra.Command, name string) error {
	if p.personKey != "" || p.out == "" {
		return console.Usage("with --passkey FILE, want --out FILE and no --person-key")
	}
	key, passkey, err := signing.ReadRegistration(p.passkey)
	if err != nil {
		return err
	}
	passkey.Origins = append(passkey.Origins, p.origins...)
	slices.Sort(passkey.Origins)
	passkey.Origins = slices.Compact(passkey.Origins)
	s := &attest.Person{Name: name, Key: key, Passkey: passkey, Reach: p.reach}
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	envelope, err := p.register(ctx, cl, s)
	if err != nil {
		return err
	}
	return signing.PrintRequest(cmd, s.Credential(), envelope.Payload)
}

// register has an administrator sign a registration, and writes it to --out: the
// register takes it with the person's endorsement alone.
func (p *personAdd) register(ctx context.Context, cl *register.Client, s *attest.Person) (e attest.Envelope, err error) {
	signer, err := p.Administrator(&p.Connection)
	if err != nil {
		return e, err
	}
	if e, err = p.Signed(ctx, cl, signer, s); err != nil {
		return e, err
	}
	return e, setup.WriteFile(p.out, append(e.JSON(), '\n'), 0o600)
}
