package audit

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/verifier/report"
)

// NewVerify makes deed verify.
func NewVerify() *cobra.Command {
	var o report.Options
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Verify evidence bundles offline",
		Long: `Verify evidence bundles offline, exactly as deed-verify does: it reads the files
that are named and opens no socket. FILE is a bundle (.deed.zip), - is stdin.

Exit codes: 0 every required check passed; 1 a required check of a bundle does
not hold; 2 something is missing, or the command could not run.`,
		Example: "deed trust export trust\ndeed verify evidence.deed.zip\ndeed verify --trust /srv/auditor/trust --html verdict.html evidence.deed.zip",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Files = args
			code, err := report.Run(o, report.Streams{In: cmd.InOrStdin(), Out: cmd.OutOrStdout()})
			return verdictError(code, err)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Trust, "trust", "", "`DIR` that says whom you believe (default: ./trust, else deed/trust in your configuration)")
	f.BoolVar(&o.JSON, "json", false, "print one line of JSON for each file")
	f.StringVar(&o.HTML, "html", "", "also write the verdict as a page, to print or to `FILE`")
	f.BoolVar(&o.AcceptLedgerRoots, "accept-ledger-roots", false, "take from the bundle what the trust directory lacks; the verdict then says operator_trusted")
	return cmd
}

// verdictError carries the verifier's exit code; what is wrong with a bundle was
// printed as its verdict.
func verdictError(code int, err error) error {
	var usage *report.Usage
	switch {
	case errors.As(err, &usage):
		return &console.Failure{Code: code, Err: err, Hint: usage.Hint}
	case err != nil:
		return &console.Failure{Code: code, Err: err}
	case code != console.ExitDone:
		return &console.Failure{Code: code, Err: console.ErrQuiet}
	}
	return nil
}
