package main

import (
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/act"
	"github.com/deedlog/deed/cmd/deed/internal/audit"
	"github.com/deedlog/deed/cmd/deed/internal/authority"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/operate"
	"github.com/deedlog/deed/cmd/deed/internal/people"
	"github.com/deedlog/deed/cmd/deed/internal/trust"
	"github.com/deedlog/deed/cmd/deed/internal/warrant"
)

const rootLong = `Deed is a verifiable register of what AI agents did, and on whose authority.

An agent signs a statement of each action with its SPIFFE identity and names the
warrant it acted under. The register checks the statement, its chain of warrants
and the policy, appends it to a Merkle log, and answers with a proof.

Exit codes: 0 done; 1 checked, and it is false (a denied action, a proof that
does not hold); 2 could not (usage, a missing file, a server out of reach).

Environment: DEED_DIR, DEED_SERVER, DEED_SERVER_ID, DEED_SVID_DIR and DEED_LISTEN
stand for --dir, --server, --server-id, --svid-dir and --listen.
SPIFFE_ENDPOINT_SOCKET is where SVIDs come from when neither --svid-dir nor --key
is given.`

// newRoot puts the commands together.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "deed",
		Short: "A verifiable register of what AI agents did, and on whose authority",
		Long:  rootLong,
		Example: `deed demo                                         # the whole story in ten seconds
deed init acme --origin log.acme.example/1 --dev  # a register to try things with
deed serve --config acme/deed.yaml
deed search --dir acme --class human_instructed`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return console.UnknownCommand(cmd, args[0])
			}
			console.Help(cmd, nil)
			return nil
		},
	}
	root.SetHelpFunc(console.Help)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return console.Usage("%w", err) })
	root.AddGroup(
		&cobra.Group{ID: "register", Title: "run a register"},
		&cobra.Group{ID: "sign", Title: "sign and submit"},
		&cobra.Group{ID: "read", Title: "read and verify"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("register", operate.NewDemo(), operate.NewInit(), operate.NewServe(),
		authority.NewAdmin(), authority.NewPerson(), trust.NewRoots(), authority.NewAgent(), authority.NewIssuer(),
		authority.NewProvider(), authority.NewAccount(), authority.NewPolicy(), authority.NewCompromise(), authority.NewErase())
	add("sign", people.NewKey(), operate.NewDev(), people.NewInstruct(), act.NewTrigger(), act.NewToken(), people.NewApprove(),
		warrant.New(), people.NewSign(), act.NewSubmit(), act.NewCountersign())
	add("read", audit.NewGet(), audit.NewSearch(), audit.NewExport(), audit.NewReconcile(), trust.New(), newLog(), audit.NewVerify())
	add("", newVersion())
	root.InitDefaultCompletionCmd()
	return root
}

// newLog puts together what auditors and operators do with the log itself.
func newLog() *cobra.Command {
	return console.Group("log", "The log itself: head, check, scrub, consistency, audit, recover, reindex",
		audit.NewLogHead(), operate.NewLogCheck(), operate.NewLogScrub(), audit.NewLogConsistency(), audit.NewLogAudit(),
		operate.NewLogRecover(), operate.NewLogReindex())
}
