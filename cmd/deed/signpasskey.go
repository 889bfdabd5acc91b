package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/passkey"
)

const passkeyHelp = `A passkey signs in two steps, since the authenticator is elsewhere. --challenge
prints a request instead of an envelope: a page hands its publicKey to
navigator.credentials.get(). What that gives, as JSON, makes the envelope:
deed sign --request REQUEST --assertion ANSWER.`

// passkeyFlags are those of a signature that is made elsewhere.
type passkeyFlags struct {
	challenge bool
	file      string // answer of navigator.credentials.create()
	request   string
	assertion string
}

func (p *passkeyFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.challenge, "challenge", false, "print what to ask the person's passkey for, and sign nothing")
	f.StringVar(&p.file, "passkey", "", "with --challenge, the passkey as its registration gave it, JSON `FILE` (default: that of --as NAME in the register)")
	f.StringVar(&p.request, "request", "", "what --challenge printed, `FILE`")
	f.StringVar(&p.assertion, "assertion", "", "what the passkey answered to it, JSON `FILE`")
}

// answered reports whether an answer is to be made an envelope.
func (p *passkeyFlags) answered() bool { return p.request != "" || p.assertion != "" }

// finish makes an envelope of an answer, and checks it first.
func (p *passkeyFlags) finish(cmd *cobra.Command) error {
	if p.request == "" || p.assertion == "" || p.challenge || p.file != "" {
		return usageError("want both --request FILE and --assertion FILE, and nothing else of a passkey")
	}
	doc, err := os.ReadFile(p.request)
	if err != nil {
		return fmt.Errorf("reading request: %w", err)
	}
	var r signingRequest
	if err := json.Unmarshal(doc, &r, json.RejectUnknownMembers(true)); err != nil {
		return withHint(fmt.Errorf("reading %s: %w", p.request, plainJSON(err)), "the file is what 'deed sign --challenge' printed")
	}
	id, a, err := readAssertion(p.assertion)
	if err != nil {
		return err
	}
	envelope, err := passkey.Seal(r.Passkey, r.Payload, id, a)
	if err != nil {
		return fmt.Errorf("checking %s: %w", p.assertion, err)
	}
	return printText(cmd.OutOrStdout(), string(envelope.JSON())+"\n")
}

// credential stands for the passkey that is to sign: it has no key here.
func (p *passkeyFlags) credential(ctx context.Context, name string, cl *client) (*credential, error) {
	key, held, err := passkeyOf(ctx, p.file, name, cl)
	if err != nil {
		return nil, err
	}
	return &credential{kind: attest.ByPerson, name: name, public: key, keyID: held.Digest(), passkey: held}, nil
}

// ask prints what to ask a passkey or a person's own tool for, to sign a statement
// that names its holder.
func (s *signCommand) ask(ctx context.Context, cmd *cobra.Command, d *draft) error {
	payload, err := attest.Payload(d.statement)
	if err != nil {
		return err
	}
	if named := d.statement.SignedBy(); named.Kind != attest.ByPerson || d.signer.name != "" && d.signer.name != named.ID {
		return fmt.Errorf("the statement names %s as its signer, and %s would sign it", named.Name(), d.signer.name)
	}
	return s.askFor(ctx, cmd, d.signer.passkey, payload, d.client)
}

func (s *signCommand) askFor(ctx context.Context, cmd *cobra.Command, key attest.PersonKey, payload []byte, cl *client) error {
	if s.own.pae != "" {
		return s.own.ask(ctx, cmd, key, payload, cl)
	}
	return printRequest(cmd, key, payload)
}

// ownCredential stands for the credential of a person who signs with a tool of
// their own: there is no key here.
func ownCredential(ctx context.Context, name string, cl *client) (*credential, error) {
	if name == "" || cl == nil {
		return nil, usageError("want who is to sign: --as NAME, with a register")
	}
	p, err := cl.person(ctx, name)
	if err != nil {
		return nil, err
	}
	return &credential{kind: attest.ByPerson, name: name, public: p.Key, keyID: p.Credential().Digest(), passkey: p.Credential()}, nil
}

// askEndorsement prints what to ask a passkey or a person's own tool for, to
// endorse a statement: that which the statement registers, unless another is named.
func (s *signCommand) askEndorsement(cmd *cobra.Command, payload []byte) error {
	statement, err := attest.ParsePayload(payload)
	if err != nil {
		return err
	}
	ctx, cl, done, err := s.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	if s.server == "" && s.dir == "" {
		cl = nil
	}
	person, ok := statement.(*attest.Person)
	if ok && person.Form() != attest.KeyForm && s.as == "" && s.passkey.file == "" {
		return s.askFor(ctx, cmd, person.Credential(), payload, cl)
	}
	signer, err := s.signer(ctx, cl)
	if err != nil {
		return err
	}
	return s.askFor(ctx, cmd, signer.passkey, payload, cl)
}
