// Command deed is a verifiable register of what AI agents did and on whose
// authority: the server, and the client for people and scripts.
//
//	deed init acme --origin log.acme.example/1 --dev
//	deed serve --config acme/deed.yaml
//	deed verify --trust acme/trust evidence.deed.zip
//
// Data goes to stdout, errors and hints to stderr. Exit codes: 0 done, 1 checked
// and false, 2 could not.
//
// root.go puts the commands together. Each is in a file of its own, in a package by
// who uses it: internal/people (instruct, approve, sign), internal/act (submit,
// countersign, trigger, token), internal/warrant, internal/authority (administrators),
// internal/operate (init, serve, log check), internal/audit (get, export, verify) and
// internal/trust. Below them are internal/console (the terminal, help, failures),
// internal/register (talks to a register), internal/signing (who signs) and
// internal/statement (makes what is signed).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/deedlog/deed/cmd/deed/internal/console"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := console.Run(ctx, newRoot(), os.Args[1:], console.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
