package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
)

// signingRequest is what a page needs to have a statement signed by a passkey, and
// what it takes to make an envelope of the answer.
type signingRequest struct {
	Passkey   []byte                `json:"passkey"` // the object that the keyid names
	Payload   []byte                `json:"payload"` // what is to be signed
	PublicKey attest.PasskeyRequest `json:"publicKey"`
}

// page is what PublicKeyCredential.toJSON() gives, as far as it is used: a
// browser adds members as it likes.
type page struct {
	RawID    string `json:"rawId"`
	Response struct {
		AttestationObject string `json:"attestationObject"`
		AuthenticatorData string `json:"authenticatorData"`
		ClientDataJSON    string `json:"clientDataJSON"`
		Signature         string `json:"signature"`
	} `json:"response"`
	Type string `json:"type"`
}

const fromPage = "the file is what the browser's PublicKeyCredential.toJSON() gives"

func readPage(file string) (p page, err error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return p, fmt.Errorf("reading credential: %w", err)
	}
	if err := json.Unmarshal(doc, &p); err != nil {
		return p, withHint(fmt.Errorf("reading %s: %w", file, plainJSON(err)), fromPage)
	}
	if p.Type != "public-key" {
		return p, withHint(fmt.Errorf("reading %s: type is %q, not public-key", file, p.Type), fromPage)
	}
	return p, nil
}

// decodeParts decodes the base64url of a page into what stands after each text.
func decodeParts(file string, parts ...any) error {
	for i := 0; i+1 < len(parts); i += 2 {
		text, to := parts[i].(string), parts[i+1].(*[]byte)
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(b) == 0 {
			return withHint(fmt.Errorf("reading %s: a member of the response is missing or is not base64url", file), fromPage)
		}
		*to = b
	}
	return nil
}

// readRegistration reads the answer of navigator.credentials.create().
func readRegistration(file string) (attest.Key, *attest.Passkey, error) {
	p, err := readPage(file)
	if err != nil {
		return nil, nil, err
	}
	var id, attestation, client []byte
	if err := decodeParts(file, p.RawID, &id, p.Response.AttestationObject, &attestation, p.Response.ClientDataJSON, &client); err != nil {
		return nil, nil, err
	}
	key, passkey, err := attest.NewPasskey(attestation, client)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if !bytes.Equal(passkey.Credential, id) {
		return nil, nil, fmt.Errorf("reading %s: rawId is not the credential's", file)
	}
	return key, &passkey, nil
}

// readAssertion reads the answer of navigator.credentials.get().
func readAssertion(file string) (id []byte, a attest.Assertion, err error) {
	p, err := readPage(file)
	if err != nil {
		return nil, a, err
	}
	r := p.Response
	return id, a, decodeParts(file, p.RawID, &id, r.AuthenticatorData, &a.AuthenticatorData, r.ClientDataJSON, &a.ClientData, r.Signature, &a.Signature)
}

// printRequest prints what to ask an authenticator for, so that it signs a
// payload.
func printRequest(cmd *cobra.Command, passkey attest.PersonKey, payload []byte) error {
	options, err := passkey.Request(payload)
	if err != nil {
		return err
	}
	return printJSON(cmd.OutOrStdout(), signingRequest{Passkey: passkey, Payload: payload, PublicKey: options})
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
		p, err = registeredPerson(ctx, name, cl)
	}
	if err != nil {
		return nil, nil, err
	}
	if p.Passkey == nil {
		return nil, nil, withHint(errors.New(name+" has a key and no passkey"), "sign with --key FILE")
	}
	return p.Key, p.Credential(), nil
}

func registeredPerson(ctx context.Context, name string, cl *client) (*attest.Person, error) {
	people, err := inForce(ctx, cl, attest.KindPerson, func(p *attest.Person) string { return p.Name })
	if err != nil {
		return nil, err
	}
	for _, l := range people {
		if l.statement.Name == name {
			return l.statement, nil
		}
	}
	return nil, withHint(fmt.Errorf("%s is not registered", name), "register the passkey with 'deed person add --passkey FILE'")
}
