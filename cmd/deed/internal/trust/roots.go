package trust

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
)

const rootsLong = `Roots of trust that the register has logged: SPIFFE bundles of trust domains, and
sets of authorities under a name (x509, fulcio, tsa) that people's certificates
and time stamps lead to. They come from the files that deed.yaml names, and are
logged when they change: at a start, and at SIGHUP. A file of fulcio or tsa may be
a trusted root of sigstore (trusted_root.json).`

// NewRoots makes deed root, a group.
func NewRoots() *cobra.Command {
	c := &register.Connection{}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the roots in force",
		Args:  console.Takes(0, 0),
		RunE:  func(cmd *cobra.Command, _ []string) error { return listRoots(cmd, c) },
	}
	c.Flags(list)
	g := console.Group("root", "Roots of trust that the register has logged", list, newRootConvert())
	g.Long = rootsLong
	return g
}

func listRoots(cmd *cobra.Command, c *register.Connection) error {
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	list, err := register.InForce(ctx, cl, attest.KindRoot, (*attest.Root).Of)
	if err != nil {
		return err
	}
	if c.JSON {
		statements := make([]*attest.Root, len(list))
		for i, l := range list {
			statements[i] = l.Statement
		}
		return console.PrintJSON(cmd.OutOrStdout(), statements)
	}
	var rows [][]string
	for _, l := range list {
		r := l.Statement
		n, err := authoritiesOf(ctx, cl, r)
		if err != nil {
			return fmt.Errorf("reading root %s: %w", r.Of(), err)
		}
		rows = append(rows, []string{string(r.Type), r.TrustDomain + r.Name, fmt.Sprint(n), r.Source, console.Instant(r.At), fmt.Sprint(l.Index)})
	}
	return console.PrintTable(cmd.OutOrStdout(), []string{"TYPE", "NAME", "AUTHORITIES", "SOURCE", "FETCHED", "INDEX"}, rows)
}

// authoritiesOf counts the authorities of a root.
func authoritiesOf(ctx context.Context, cl *register.Client, r *attest.Root) (int, error) {
	doc, err := cl.Object(ctx, r.Bundle)
	if err != nil {
		return 0, err
	}
	b := ownBundle{part: rootParts[0], name: r.TrustDomain, doc: doc}
	if r.Type != attest.RootSPIFFE {
		b.part, b.name = string(r.Type), r.Name
	}
	list, err := b.authorities()
	return len(list), err
}
