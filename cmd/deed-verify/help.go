package main

const help = `deed-verify checks evidence bundles of a Deed register, offline.

Usage:
  deed-verify [flags] FILE...

FILE is a bundle (.deed.zip); - is the standard input.

Flags (one dash or two):
  -trust DIR            whom you believe: the log's keys, the genesis, SPIFFE
                        bundles, people. Default: ./trust if it is there, else
                        deed/trust in your configuration directory
  -json                 print one line of JSON for each file
  -html FILE            also write the verdict as a page, to print or to file
  -accept-ledger-roots  take from the bundle what the trust directory lacks; the
                        verdict then says operator_trusted
  -help                 print this

Exit code:
  0  verified: every required check passed
  1  false: a required check of a bundle does not hold
  2  could not check: something is missing, or the command could not run

It reads the files that you name and opens no socket. What it checks, line by
line, is in verifier/verify.go; what the checks mean, in docs/spec/verdict.md.
`

// wantsHelp: help wins over every error.
func wantsHelp(args []string) bool {
	for _, a := range args {
		switch a {
		case "-h", "-help", "--help":
			return true
		case "--":
			return false
		}
	}
	return false
}
