package warrant

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

type warrantRevoke struct {
	statement.Submitter
	reason string
}

func newWarrantRevoke() *cobra.Command {
	r := &warrantRevoke{}
	cmd := &cobra.Command{
		Use:   "revoke INDEX|ID",
		Short: "End a warrant, and all that was delegated from it",
		Long: `End a warrant, and all that was delegated from it. What was done under it before
stays as it was; from then on it permits nothing. There is no way back: issue
another one.

Its issuer signs, with --key or an SVID, or an administrator: without either of
the two, the key of the register's --dir.`,
		Example: `deed warrant revoke $W --reason 'the order was cancelled' --key maria.key
deed warrant revoke $W --reason 'the agent is withdrawn' --dir acme`,
		Args: console.Takes(1, 1),
		RunE: r.run,
	}
	cmd.Flags().StringVar(&r.reason, "reason", "", "why, for people")
	r.Submitter.Flags(cmd)
	return cmd
}

func (r *warrantRevoke) run(cmd *cobra.Command, args []string) error {
	if r.reason == "" {
		return console.Usage("want why, for people: --reason TEXT")
	}
	ctx, cl, done, err := r.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	l, _, err := warrantOf(ctx, cl, args[0])
	if err != nil {
		return err
	}
	signer, err := r.signer(ctx)
	if err != nil {
		return err
	}
	return r.SubmitAs(ctx, cmd, cl, signer, &attest.Revocation{Reason: r.reason, Warrant: l.ID()}, nil, nil)
}

// signer is the issuer, where a key or an SVID is named, else the administrator.
func (r *warrantRevoke) signer(ctx context.Context) (*signing.Credential, error) {
	if r.KeyFile == "" && r.SVIDDir == "" && r.Dir != "" {
		return r.Administrator(&r.Connection)
	}
	return r.Credential(ctx, &r.Connection)
}
