package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/setup"
)

func newAdmin() *cobra.Command {
	return group("admin", "Who administers the log", newAdminSet(), newAdminList())
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
	control
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
		Args: takes(1, 16),
		RunE: a.run,
	}
	cmd.Flags().IntVar(&a.quorum, "quorum", 0, "how many of them it takes from then on, `N`")
	a.quorumFlags(cmd)
	cmd.Flags().StringVar(&a.out, "out", "", "write the signed statement to `FILE` and submit nothing")
	a.control.flags(cmd)
	return cmd
}

func (a *adminSet) run(cmd *cobra.Command, args []string) error {
	if a.quorum < 1 {
		return usageError("want how many administrators it takes: --quorum N")
	}
	keys, err := readKeys(a.also)
	if err != nil {
		return err
	}
	ctx, cl, done, err := a.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	_, now, err := cl.administrators(ctx)
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
	signer, err := a.administrator(&a.connection)
	if err != nil {
		return err
	}
	endorse := signer.endorsedBy(keys)
	if a.out != "" {
		return a.write(ctx, cl, signer, s, endorse)
	}
	return a.submitAs(ctx, cmd, cl, signer, s, nil, endorse)
}

// write signs the statement, endorses it with the keys that are here, and leaves
// the rest to others.
func (a *adminSet) write(ctx context.Context, cl *client, signer *credential, s *attest.Administrators, endorse func([]byte) ([][]byte, error)) error {
	envelope, err := a.signed(ctx, cl, signer, s)
	if err != nil {
		return err
	}
	objects, err := endorse(envelope.Payload)
	if err != nil {
		return err
	}
	if err := writeObjects(a.out+objectsSuffix, objects); err != nil {
		return err
	}
	return setup.WriteFile(a.out, append(envelope.JSON(), '\n'), 0o600)
}

// adminOf reads one administrator of the new set; key is his private one, where
// it is here.
func adminOf(arg string, now []attest.Administrator) (one attest.Administrator, key *credential, err error) {
	name, value, given := strings.Cut(arg, "=")
	switch {
	case !given:
		for _, a := range now {
			if a.Name == name {
				return a, nil, nil
			}
		}
		return one, nil, usageError("%s is no administrator now: want %s=FILE or %s=KEY", name, name, name)
	case fileExists(value):
		if key, err = keyCredential(value); err != nil {
			return one, nil, err
		}
		return attest.Administrator{Key: key.public, Name: name}, key, nil
	}
	public, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		_, err = attest.Key(public).Parse()
	}
	if err != nil {
		return one, nil, usageError("%s: %q is neither a file nor a public key", name, value)
	}
	return attest.Administrator{Key: public, Name: name}, nil, nil
}

func newAdminList() *cobra.Command {
	c := &connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the administrators in force",
		Args:  takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cl, done, err := c.open(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			at, list, err := cl.administrators(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), at)
			}
			rows := make([][]string, len(list))
			for i, a := range list {
				rows[i] = []string{a.Name, short(string(a.Key.Digest())), fmt.Sprintf("%d of %d", at.Quorum, len(list)), fmt.Sprint(at.Index)}
			}
			return printTable(cmd.OutOrStdout(), []string{"NAME", "KEY", "QUORUM", "INDEX"}, rows)
		},
	}
	c.flags(cmd)
	return cmd
}
