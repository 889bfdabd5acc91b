// Command deed is a verifiable register of what AI agents did and on whose
// authority: the server, and the client for people and scripts.
//
//	deed init acme --origin log.acme.example/1 --dev
//	deed serve --config acme/deed.yaml
//	deed verify --trust acme/trust evidence.deed.zip
//
// Data goes to stdout, errors and hints to stderr. Exit codes: 0 done, 1 checked
// and false, 2 could not. Every command is in a file of its own; root.go puts
// them together, connection.go and client.go talk to a register, signer.go and
// draft.go make signed statements.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, newRoot(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}
