package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/passkey"
)

// signingRequest is what a page needs to have a statement signed by a passkey, and
// what it takes to make an envelope of the answer.
type signingRequest struct {
	Passkey   []byte                `json:"passkey"` // the object that the keyid names
	Payload   []byte                `json:"payload"` // what is to be signed
	PublicKey attest.PasskeyRequest `json:"publicKey"`
}

// readPage reads a file that a page made, and parses it.
func readPage(file string, parse func([]byte) error) error {
	doc, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading credential: %w", err)
	}
	if err := parse(doc); errors.Is(err, passkey.ErrForm) {
		return withHint(fmt.Errorf("reading %s: %w", file, err), "the file is what the browser's PublicKeyCredential.toJSON() gives")
	} else if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// readRegistration reads the answer of navigator.credentials.create().
func readRegistration(file string) (key attest.Key, p *attest.Passkey, err error) {
	err = readPage(file, func(doc []byte) (err error) { key, p, err = passkey.ParseRegistration(doc); return err })
	return key, p, err
}

// readAssertion reads the answer of navigator.credentials.get().
func readAssertion(file string) (id []byte, a attest.Assertion, err error) {
	err = readPage(file, func(doc []byte) (err error) { id, a, err = passkey.ParseAssertion(doc); return err })
	return id, a, err
}

// printRequest prints what to ask an authenticator for, so that it signs a
// payload.
func printRequest(cmd *cobra.Command, key attest.PersonKey, payload []byte) error {
	options, err := key.Request(payload)
	if err != nil {
		return err
	}
	return printJSON(cmd.OutOrStdout(), signingRequest{Passkey: key, Payload: payload, PublicKey: options})
}

// passkeyOf is the passkey in a file, or that of a name in the register.
func passkeyOf(ctx context.Context, file, name string, cl *client) (attest.Key, attest.PersonKey, error) {
	p := &attest.Person{Name: name}
	var err error
	switch {
	case file != "":
		p.Key, p.Passkey, err = readRegistration(file)
	case name == "" || cl == nil:
		return nil, nil, usageError("want whose passkey is to sign: --as NAME with a register, or --passkey FILE")
	default:
		p, err = cl.person(ctx, name)
	}
	if err != nil {
		return nil, nil, err
	}
	if p.Passkey == nil {
		return nil, nil, withHint(fmt.Errorf("%s signs with a %s, not with a passkey", name, p.Form()), "use --key FILE for a key, --pae FILE for a tool of one's own")
	}
	return p.Key, p.Credential(), nil
}
