package signing

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/passkey"
)

// PasskeyRequest is what a page needs to have a statement signed by a passkey, and
// what it takes to make an envelope of the answer.
type PasskeyRequest struct {
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
		return console.Hint(fmt.Errorf("reading %s: %w", file, err), "the file is what the browser's PublicKeyCredential.toJSON() gives")
	} else if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// ReadRegistration reads the answer of navigator.credentials.create().
func ReadRegistration(file string) (key attest.Key, p *attest.Passkey, err error) {
	err = readPage(file, func(doc []byte) (err error) { key, p, err = passkey.ParseRegistration(doc); return err })
	return key, p, err
}

// ReadAssertion reads the answer of navigator.credentials.get().
func ReadAssertion(file string) (id []byte, a attest.Assertion, err error) {
	err = readPage(file, func(doc []byte) (err error) { id, a, err = passkey.ParseAssertion(doc); return err })
	return id, a, err
}

// PrintRequest prints what to ask an authenticator for, so that it signs a
// payload.
func PrintRequest(cmd *cobra.Command, key attest.PersonKey, payload []byte) error {
	options, err := key.Request(payload)
	if err != nil {
		return err
	}
	return console.PrintJSON(cmd.OutOrStdout(), PasskeyRequest{Passkey: key, Payload: payload, PublicKey: options})
}

// PasskeyOf is the passkey in a file, or that of a name in the register.
func PasskeyOf(ctx context.Context, file, name string, cl *register.Client) (attest.Key, attest.PersonKey, error) {
	p := &attest.Person{Name: name}
	var err error
	switch {
	case file != "":
		p.Key, p.Passkey, err = ReadRegistration(file)
	case name == "" || cl == nil:
		return nil, nil, console.Usage("want whose passkey is to sign: --as NAME with a register, or --passkey FILE")
	default:
		p, err = cl.Person(ctx, name)
	}
	if err != nil {
		return nil, nil, err
	}
	if p.Passkey == nil {
		return nil, nil, console.Hint(fmt.Errorf("%s signs with a %s, not with a passkey", name, p.Form()), "use --key FILE for a key, --pae FILE for a tool of one's own")
	}
	return p.Key, p.Credential(), nil
}
