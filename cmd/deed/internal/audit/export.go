package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

const bundleSuffix = ".deed.zip"

const exportLong = `Export entries with everything that they rely on as one file, which verifies
offline: see 'deed verify'. The bundle holds evidence in plain; keep it private.

Countersignatures of an action and the outcome of an intent come along. --session
exports all statements of a session, so that the bundle shows that none of them
is left out.

The control entries of the log come along, so that what was in force, revoked or
compromised is shown and not the register's word: those that bear on the entries
in full, the others as far as it takes to show that they do not. --no-control
leaves them out.

--walk adds what shows how things stood before: 'session' every statement of the
session back to its first, 'warrant' every use of the warrants of the chain,
'approval' every use of the warrant that an approval is for. These are other
actions, also of other agents: look at whom you give them to.`

// NewExport makes deed export.
func NewExport() *cobra.Command {
	c := &register.Connection{}
	out, session, without, walks := "", "", false, []string(nil)
	cmd := &cobra.Command{
		Use:     "export --out FILE" + bundleSuffix + " [INDEX|ID...]",
		Short:   "Export entries as an evidence bundle",
		Long:    exportLong,
		Example: "deed export --out payment.deed.zip 17\ndeed export --out case.deed.zip 17 18 id:6f2c... --walk session,warrant\ndeed export --out session.deed.zip --session 5e0c66ea80f1be10cd5f7c1b3141d58f",
		Args:    console.Takes(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasSuffix(out, bundleSuffix) {
				return console.Usage("want --out FILE%s, by which others know what it is, found %q", bundleSuffix, out)
			}
			if len(args) == 0 && session == "" {
				return console.Usage("want an INDEX or ID, or --session ID")
			}
			options := auditor.Options{Control: !without}
			for _, name := range walks {
				w, err := auditor.ParseWalk(name)
				if err != nil {
					return console.Usage("--walk: %w", err)
				}
				options.Walks = append(options.Walks, w)
			}
			ctx, cl, done, err := c.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			if session != "" {
				all, err := sessionEntries(ctx, cl, session)
				if err != nil {
					return err
				}
				args = append(args, all...)
			}
			if err := cl.Export(ctx, out, options, args); err != nil {
				return err
			}
			if c.JSON {
				return console.PrintJSON(cmd.OutOrStdout(), map[string]string{"file": out})
			}
			return console.Print(cmd.OutOrStdout(), out+"\n")
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the bundle to write, `FILE"+bundleSuffix+"`")
	cmd.Flags().BoolVar(&without, "no-control", false, "leave the control entries of the log out")
	cmd.Flags().StringSliceVar(&walks, "walk", nil, "add a `WALK`: session, warrant or approval")
	cmd.Flags().StringVar(&session, "session", "", "all statements of the session with this `ID`")
	c.Flags(cmd)
	return cmd
}

// sessionEntries lists the entries of a session, forks among them.
func sessionEntries(ctx context.Context, cl *register.Client, session string) (ids []string, err error) {
	err = cl.Each(ctx, &deedv1.SearchRequest{Session: session, Limit: 1000}, func(r *deedv1.SearchResult) error {
		ids = append(ids, r.GetId())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the session: %w", err)
	}
	if len(ids) == 0 {
		return nil, console.Hint(fmt.Errorf("no statement of session %s is in the log", session), "see what is there with 'deed search'")
	}
	return ids, nil
}
