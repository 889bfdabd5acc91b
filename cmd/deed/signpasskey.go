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

// ask prints what to ask a passkey for, to sign a statement that names its
// holder.
func (k *credential) ask(cmd *cobra.Command, s attest.Statement) error {
	payload, err := attest.Payload(s)
	if err != nil {
		return err
	}
	if named := s.SignedBy(); named.Kind != attest.ByPerson || k.name != "" && k.name != named.ID {
		return fmt.Errorf("the statement names %s as its signer, and a passkey of %s would sign it", named.Name(), k.name)
	}
	return printRequest(cmd, k.passkey, payload)
}

// askEndorsement prints what to ask a passkey for, to endorse a statement: that
// which the statement registers, unless another is named.
func (s *signCommand) askEndorsement(cmd *cobra.Command, payload []byte) error {
	statement, err := attest.ParsePayload(payload)
	if err != nil {
		return err
	}
	person, ok := statement.(*attest.Person)
	if ok && person.Passkey != nil && s.as == "" && s.passkey.file == "" {
		return printRequest(cmd, person.Credential(), payload)
	}
	ctx, cl, done, err := s.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	if s.server == "" && s.dir == "" {
		cl = nil
	}
	signer, err := s.passkey.credential(ctx, s.as, cl)
	if err != nil {
		return err
	}
	return printRequest(cmd, signer.passkey, payload)
}
