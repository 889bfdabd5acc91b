package people

import (
	"context"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
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
		return console.Usage("want both --request FILE and --assertion FILE, and nothing else of a passkey")
	}
	doc, err := os.ReadFile(p.request)
	if err != nil {
		return fmt.Errorf("reading request: %w", err)
	}
	var r signing.PasskeyRequest
	if err := json.Unmarshal(doc, &r, json.RejectUnknownMembers(true)); err != nil {
		return console.Hint(fmt.Errorf("reading %s: %w", p.request, console.PlainJSON(err)), "the file is what 'deed sign --challenge' printed")
	}
	id, a, err := signing.ReadAssertion(p.assertion)
	if err != nil {
		return err
	}
	envelope, err := passkey.Seal(r.Passkey, r.Payload, id, a)
	if err != nil {
		return fmt.Errorf("checking %s: %w", p.assertion, err)
	}
	return console.Print(cmd.OutOrStdout(), string(envelope.JSON())+"\n")
}

// credential stands for the passkey that is to sign: it has no key here.
func (p *passkeyFlags) credential(ctx context.Context, name string, cl *register.Client) (*signing.Credential, error) {
	key, held, err := signing.PasskeyOf(ctx, p.file, name, cl)
	if err != nil {
		return nil, err
	}
	return &signing.Credential{Kind: attest.ByPerson, Name: name, Public: key, KeyID: held.Digest(), Elsewhere: held}, nil
}

// ask prints what to ask a passkey or a person's own tool for, to sign a statement
// that names its holder.
func (s *signCommand) ask(ctx context.Context, cmd *cobra.Command, d *statement.Draft) error {
	payload, err := attest.Payload(d.Statement)
	if err != nil {
		return err
	}
	if named := d.Statement.SignedBy(); named.Kind != attest.ByPerson || d.Signer.Name != "" && d.Signer.Name != named.ID {
		return fmt.Errorf("the statement names %s as its signer, and %s would sign it", named.Name(), d.Signer.Name)
	}
	return s.askFor(ctx, cmd, d.Signer.Elsewhere, payload, d.Client)
}

func (s *signCommand) askFor(ctx context.Context, cmd *cobra.Command, key attest.PersonKey, payload []byte, cl *register.Client) error {
	if s.own.PAE != "" {
		return s.own.Ask(ctx, cmd, key, payload, cl)
	}
	return signing.PrintRequest(cmd, key, payload)
}

// ownCredential stands for the credential of a person who signs with a tool of
// their own: there is no key here.
func ownCredential(ctx context.Context, name string, cl *register.Client) (*signing.Credential, error) {
	if name == "" || cl == nil {
		return nil, console.Usage("want who is to sign: --as NAME, with a register")
	}
	p, err := cl.Person(ctx, name)
	if err != nil {
		return nil, err
	}
	return &signing.Credential{Kind: attest.ByPerson, Name: name, Public: p.Key, KeyID: p.Credential().Digest(), Elsewhere: p.Credential()}, nil
}

// askEndorsement prints what to ask a passkey or a person's own tool for, to
// endorse a statement: that which the statement registers, unless another is named.
func (s *signCommand) askEndorsement(cmd *cobra.Command, payload []byte) error {
	statement, err := attest.ParsePayload(payload)
	if err != nil {
		return err
	}
	ctx, cl, done, err := s.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	if s.Server == "" && s.Dir == "" {
		cl = nil
	}
	person, ok := statement.(*attest.Person)
	if ok && person.Form() != attest.KeyForm && s.As == "" && s.passkey.file == "" {
		return s.askFor(ctx, cmd, person.Credential(), payload, cl)
	}
	signer, err := s.signer(ctx, cl)
	if err != nil {
		return err
	}
	return s.askFor(ctx, cmd, signer.Elsewhere, payload, cl)
}
