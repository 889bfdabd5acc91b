package trust

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

const rootConvertLong = `Print the authorities of a trusted root of sigstore (trusted_root.json) as PEM
certificates, for a trust directory: those of certificates (fulcio) or those of
time stamps (tsa). deed.yaml takes the trusted root itself.

An authority counts from when until when the trusted root says, whatever its
certificate does; --at takes those of another time than now, to check what was
signed then.`

func newRootConvert() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:     "convert fulcio|tsa TRUSTED_ROOT",
		Short:   "Print the authorities of a trusted root of sigstore in PEM",
		Long:    rootConvertLong,
		Example: "deed root convert fulcio trusted_root.json > trust/fulcio/sigstore/1.pem",
		Args:    console.Takes(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			of := attest.RootType(args[0])
			if err := console.OneOf("type", of, []attest.RootType{attest.RootFulcio, attest.RootTSA}); err != nil {
				return err
			}
			doc, err := os.ReadFile(args[1])
			if err != nil {
				return fmt.Errorf("reading trusted root: %w", err)
			}
			ms, err := console.ParseTime("--at", at, time.Now())
			if err != nil {
				return err
			}
			pem, err := setup.Authorities(of, doc, time.UnixMilli(ms))
			if err != nil {
				return err
			}
			return console.Print(cmd.OutOrStdout(), string(pem))
		},
	}
	cmd.Flags().StringVar(&at, "at", "0s", "those that count at `TIME`")
	return cmd
}
