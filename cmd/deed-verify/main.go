// Command deed-verify checks evidence bundles of a Deed register offline. It
// opens no socket; see package verifier for what it checks.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/deedlog/deed/verifier/report"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errs io.Writer) int {
	var o report.Options
	flags := flag.NewFlagSet("deed-verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.Trust, "trust", "", "")
	flags.BoolVar(&o.JSON, "json", false, "")
	flags.StringVar(&o.HTML, "html", "", "")
	flags.BoolVar(&o.AcceptLedgerRoots, "accept-ledger-roots", false, "")
	if wantsHelp(args) {
		fmt.Fprint(out, help)
		return report.Verified
	}
	err := flags.Parse(args)
	for err == nil && flags.NArg() > 0 { // flags may stand after files too
		o.Files = append(o.Files, flags.Arg(0))
		err = flags.Parse(flags.Args()[1:])
	}
	if err != nil {
		err = &report.Usage{Err: err, Hint: "deed-verify -help lists what it takes"}
	}
	code := report.CouldNotCheck
	if err == nil {
		code, err = report.Run(o, report.Streams{In: in, Out: out})
	}
	if err != nil {
		fmt.Fprintf(errs, "deed-verify: error: %v\n", err)
	}
	var usage *report.Usage
	if errors.As(err, &usage) {
		fmt.Fprintf(errs, "deed-verify: hint: %s\n", usage.Hint)
	}
	return code
}
