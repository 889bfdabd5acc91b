package warrant

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
)

func newWarrantCheck() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "check INDEX|ID",
		Short: "Check a warrant and the chain above it, as of now",
		Long: `Check a warrant and the chain above it, as of now: signatures, the rules of
delegation, the issuer's registration, windows and revocations. Uses and budgets
are counted by the register when an action is submitted.`,
		Example: "deed warrant check $W",
		Args:    console.Takes(1, 1),
		RunE:    func(cmd *cobra.Command, args []string) error { return checkWarrant(cmd, c, args[0]) },
	}
	c.Flags(cmd)
	return cmd
}

// linkJSON is a warrant of a chain as --json prints it.
type linkJSON struct {
	Index    uint64    `json:"index"`
	ID       attest.ID `json:"id"`
	Issuer   string    `json:"issuer"`
	Holder   string    `json:"holder"`
	Expires  int64     `json:"expires"`
	Decision string    `json:"decision"`
}

// faultJSON is a fault as --json prints it.
type faultJSON struct {
	Code     string `json:"code"`
	Field    string `json:"field,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
}

// chainJSON is the finding on a chain as --json prints it.
type chainJSON struct {
	Holds  bool        `json:"holds"`
	Links  []linkJSON  `json:"links"`
	Faults []faultJSON `json:"faults"`
}

func checkWarrant(cmd *cobra.Command, c *register.Connection, ref string) error {
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	chain, err := chain(ctx, cl, ref)
	if err != nil {
		return err
	}
	faults, err := chain.Faults(ctx, cl.Consent(), time.Now().UnixMilli())
	if err != nil {
		return err
	}
	out := chainJSON{Holds: len(faults) == 0}
	for i, l := range chain.Logged {
		w := chain.Links[i].Warrant
		out.Links = append(out.Links, linkJSON{
			Index: l.Index, ID: l.ID(), Issuer: w.Issuer.Name(), Holder: w.Holder.SPIFFEID, Expires: w.Expires,
			Decision: string(l.Record.Decision.Effect),
		})
	}
	for _, f := range faults {
		out.Faults = append(out.Faults, faultJSON{f.Code, f.Field, f.Expected, f.Found})
	}
	if err := printChain(cmd, c.JSON, out); err != nil {
		return err
	}
	if !out.Holds {
		return console.ErrQuiet
	}
	return nil
}

func printChain(cmd *cobra.Command, asJSON bool, c chainJSON) error {
	if asJSON {
		return console.PrintJSON(cmd.OutOrStdout(), c)
	}
	var rows [][]string
	for i, l := range c.Links {
		rows = append(rows, []string{fmt.Sprint(i), fmt.Sprint(l.Index), l.Issuer, l.Holder, console.Instant(l.Expires), l.Decision})
	}
	if err := console.PrintTable(cmd.OutOrStdout(), []string{"DEPTH", "INDEX", "ISSUER", "HOLDER", "EXPIRES", "DECISION"}, rows); err != nil {
		return err
	}
	text := "\nthe chain holds\n"
	if !c.Holds {
		text = "\nthe chain does not hold\n"
	}
	for _, f := range c.Faults {
		text += "  " + (&attest.Fault{Code: f.Code, Field: f.Field, Expected: f.Expected, Found: f.Found}).Error() + "\n"
	}
	return console.Print(cmd.OutOrStdout(), text)
}
