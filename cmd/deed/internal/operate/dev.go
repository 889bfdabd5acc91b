package operate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

// NewDev makes deed dev, a group.
func NewDev() *cobra.Command {
	return console.Group("dev", "Throwaway identities, for trying things", newDevSVID(), newDevRotate())
}

func newDevSVID() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "svid SPIFFE_ID OUTDIR",
		Short: "Issue an SVID from the throwaway CA into a directory",
		Long: `Issue an SVID from the throwaway CA of 'deed init --dev' into a directory, made
if it is not there: svid.pem, key.pem and bundle.json. It holds for a day; run
the command again to renew it. Use SPIRE for agents that matter.`,
		Example: "deed dev svid --dir acme spiffe://acme.example/agent/payments svid/payments",
		Args:    console.Takes(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			ca, err := setup.LoadCA(dir)
			if err != nil {
				return devHint(err)
			}
			svid, err := ca.Issue(args[0])
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[1], 0o700); err != nil {
				return fmt.Errorf("issuing SVID: %w", err)
			}
			return ca.WriteSVID(args[1], svid)
		},
	}
	devDir(cmd, &dir)
	return cmd
}

func newDevRotate() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Give the throwaway CA a new root",
		Long: `Give the throwaway CA a new root. The server logs the new bundle when it gets
SIGHUP; SVIDs of the old root stay good.`,
		Example: "deed dev rotate --dir acme && kill -HUP $SERVER",
		Args:    console.Takes(0, 0),
		RunE: func(*cobra.Command, []string) error {
			return devHint(setup.RotateCA(dir))
		},
	}
	devDir(cmd, &dir)
	return cmd
}

func devDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", os.Getenv("DEED_DIR"), "`DIR` that deed init --dev made")
	cmd.Flags().Lookup("dir").DefValue = ""
}

func devHint(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return console.Hint(err, "--dir or DEED_DIR names a directory that 'deed init --dev' made")
	}
	return err
}
