package main

import (
	"github.com/spf13/cobra"
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
				return unknownCommand(cmd, args[0])
			}
			help(cmd, nil)
			return nil
		},
	}
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError("%w", err) })
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
	add("register", newDemo(), newInit(), newServe(), newAdmin(), newPerson(), newRoots(), newAgent(), newIssuer(), newProvider(), newAccount(), newPolicy(), newCompromise(), newErase())
	add("sign", newKey(), newDev(), newInstruct(), newTrigger(), newToken(), newApprove(), newWarrant(), newSign(), newSubmit(),
		newCountersign())
	add("read", newGet(), newSearch(), newExport(), newReconcile(), newTrust(), newLog(), newVerify())
	add("", newVersion())
	root.InitDefaultCompletionCmd()
	return root
}

func newLog() *cobra.Command {
	return group("log", "The log itself: head, check, scrub, consistency, audit, recover, reindex", newLogHead(), newLogCheck(), newLogScrub(), newLogConsistency(), newLogAudit(), newLogRecover(), newLogReindex())
}
