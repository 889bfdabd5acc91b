package authority

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/setup"
)

// NewAdmin makes deed admin, a group.
func NewAdmin() *cobra.Command {
	return console.Group("admin", "Who administers the log", newAdminSet(), newAdminList())
}

const adminSetLong = `Put a set of administrators in force: all of them, not only who is new. Each is

  NAME        as in force now
  NAME=FILE   with the private key in FILE, which endorses here
  NAME=KEY    with this public key, as 'deed key new' prints it

A quorum of the administrators in force signs, and everyone with a new key
endorses. --also takes the private keys of further administrators in force.

Where a key is elsewhere, --out writes the signed statement instead of submitting
it, and the endorsements of the keys that are here to FILE.objects. Have each of
the others run 'deed sign --endorse FILE --key KEY > ENDORSEMENT', and submit it
with 'deed submit FILE --object FILE.objects --object ENDORSEMENT...'.`

type adminSet struct {
	statement.Submitter
	quorum int
	out    string
}

func newAdminSet() *cobra.Command {
	a := &adminSet{}
	cmd := &cobra.Command{
		Use:   "set --quorum N NAME|NAME=FILE|NAME=KEY...",
		Short: "Put a set of administrators in force",
		Long:  adminSetLong,
		Example: "deed admin set --quorum 2 admin maria=maria.key carl=carl.key --dir acme\n" +
			"deed admin set --quorum 1 maria=MCowBQYDK2Vw... --out set.dsse --dir acme",
		Args: console.Takes(1, 16),
		RunE: a.run,
	}
	cmd.Flags().IntVar(&a.quorum, "quorum", 0, "how many of them it takes from then on, `N`")
	a.QuorumFlags(cmd)
	cmd.Flags().StringVar(&a.out, "out", "", "write the signed statement to `FILE` and submit nothing")
	a.Submitter.Flags(cmd)
	return cmd
}

func (a *adminSet) run(cmd *cobra.Command, args []string) error {
	if a.quorum < 1 {
		return console.Usage("want how many administrators it takes: --quorum N")
	}
	keys, err := signing.ReadKeys(a.Also)
	if err != nil {
		return err
	}
	ctx, cl, done, err := a.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	_, now, err := cl.Administrators(ctx)
	if err != nil {
		return err
	}
	s := &attest.Administrators{Quorum: a.quorum}
	for _, arg := range args {
		one, key, err := adminOf(arg, now)
		if err != nil {
			return err
		}
		s.Administrators = append(s.Administrators, one)
		if key != nil {
			keys = append(keys, key)
		}
	}
	signer, err := a.Administrator(&a.Connection)
	if err != nil {
		return err
	}
	endorse := signer.EndorsedBy(keys)
	if a.out != "" {
		return a.write(ctx, cl, signer, s, endorse)
	}
	return a.SubmitAs(ctx, cmd, cl, signer, s, nil, endorse)
}

// write signs the statement, endorses it with the keys that are here, and leaves
// the rest to others.
func (a *adminSet) write(ctx context.Context, cl *register.Client, signer *signing.Credential, s *attest.Administrators, endorse func([]byte) ([][]byte, error)) error {
	envelope, err := a.Signed(ctx, cl, signer, s)
	if err != nil {
		return err
	}
	objects, err := endorse(envelope.Payload)
	if err != nil {
		return err
	}
	if err := statement.WriteObjects(a.out+statement.ObjectsSuffix, objects); err != nil {
		return err
	}
	return setup.WriteFile(a.out, append(envelope.JSON(), '\n'), 0o600)
}

// adminOf reads one administrator of the new set; key is his private one, where
// it is here.
func adminOf(arg string, now []attest.Administrator) (one attest.Administrator, key *signing.Credential, err error) {
	name, value, given := strings.Cut(arg, "=")
	switch {
	case !given:
		for _, a := range now {
			if a.Name == name {
				return a, nil, nil
			}
		}
		return one, nil, console.Usage("%s is no administrator now: want %s=FILE or %s=KEY", name, name, name)
	case console.FileExists(value):
		if key, err = signing.ReadKey(value); err != nil {
			return one, nil, err
		}
		return attest.Administrator{Key: key.Public, Name: name}, key, nil
	}
	public, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		_, err = attest.Key(public).Parse()
	}
	if err != nil {
		return one, nil, console.Usage("%s: %q is neither a file nor a public key", name, value)
	}
	return attest.Administrator{Key: public, Name: name}, nil, nil
}

func newAdminList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the administrators in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cl, done, err := c.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			at, list, err := cl.Administrators(ctx)
			if err != nil {
				return err
			}
			if c.JSON {
				return console.PrintJSON(cmd.OutOrStdout(), at)
			}
			rows := make([][]string, len(list))
			for i, a := range list {
				rows[i] = []string{a.Name, console.Short(string(a.Key.Digest())), fmt.Sprintf("%d of %d", at.Quorum, len(list)), fmt.Sprint(at.Index)}
			}
			return console.PrintTable(cmd.OutOrStdout(), []string{"NAME", "KEY", "QUORUM", "INDEX"}, rows)
		},
	}
	c.Flags(cmd)
	return cmd
}
