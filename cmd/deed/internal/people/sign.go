package people

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const signLong = `Sign a statement and print its envelope (DSSE, one line of JSON).

KIND is genesis, administrators, root, person, issuer, policy, agent, instruction,
trigger, warrant, approval, refusal, action, revocation, compromise, erasure,
countersignature, provider, account or token. FILE is the predicate as JSON, in any
form; v, nonce, log, times and who signs are filled in where they are absent.
The usual instruction and action need no file: the flags below make them.

An SVID's certificates, and seeds, are objects that travel with the envelope:
--objects writes them to a directory for 'deed submit --object DIR'.

` + passkeyHelp + `

` + signing.OwnHelp + `

` + statement.ActHelp

const signExample = `deed sign instruction --key maria.key --to spiffe://acme.example/agent/planner \
    --text 'Pay invoice 4711, at most 250 EUR' --log log.acme.example/1 > instruction.dsse
deed sign person person.json --key admin.key > person.dsse
deed sign --endorse person.dsse --key maria.key > endorsement.dsse
deed submit person.dsse --object endorsement.dsse
deed sign instruction --as maria --challenge --text 'Pay' \
    --to spiffe://acme.example/agent/planner > request.json
deed sign --request request.json --assertion answer.json > instruction.dsse
deed sign approval --as maria --pae approval.pae --of action.json > request.json
ssh-keygen -Y sign -n deed -f ~/.ssh/id_ed25519 approval.pae
deed sign --request request.json --signature approval.pae.sig > approval.dsse`

type signCommand struct {
	register.Connection
	signing.Signer
	draft   statement.Members
	endorse string
	objects string
	only    bool
	passkey passkeyFlags
	own     signing.OwnTool
}

// NewSign makes deed sign.
func NewSign() *cobra.Command {
	s := &signCommand{}
	cmd := &cobra.Command{
		Use:     "sign KIND [FILE|-]",
		Short:   "Sign a statement of any kind",
		Long:    signLong,
		Example: signExample,
		Args:    console.Takes(0, 2),
		RunE:    s.run,
	}
	cmd.Flags().StringVar(&s.endorse, "endorse", "", "sign the payload of this `ENVELOPE` instead, as an endorsement of it")
	cmd.Flags().StringVar(&s.objects, "objects", "", "write the objects that belong to the envelope into `DIR`")
	cmd.Flags().BoolVar(&s.only, "draft", false, "print the completed predicate and sign nothing")
	s.passkey.flags(cmd)
	s.own.Flags(cmd)
	s.draft.Flags(cmd)
	s.Signer.Flags(cmd)
	s.Connection.Flags(cmd)
	return cmd
}

func (s *signCommand) run(cmd *cobra.Command, args []string) error {
	switch {
	case s.elsewhere() && s.KeyFile != "":
		return console.Usage("--key signs here, --challenge and --pae elsewhere: want one of them")
	case s.passkey.challenge && s.own.PAE != "":
		return console.Usage("--challenge is for a passkey, --pae for a tool of one's own: want one of them")
	case s.own.Signature != "" && (len(args) > 0 || s.endorse != "" || s.passkey.assertion != ""):
		return console.Usage("the statement is in the request: want no KIND, no --endorse and no --assertion")
	case s.own.Signature != "":
		return s.own.Finish(cmd, s.passkey.request)
	case s.passkey.answered() && (len(args) > 0 || s.endorse != ""):
		return console.Usage("the statement is in the request: want no KIND and no --endorse")
	case s.passkey.answered():
		return s.passkey.finish(cmd)
	case s.endorse != "" && len(args) > 0:
		return console.Usage("--endorse takes the statement from the envelope, not from %s", args[0])
	case s.endorse != "":
		return s.endorsement(cmd)
	case len(args) == 0:
		return console.Usage("want the KIND of statement")
	}
	if err := console.OneOf("KIND", attest.Kind(args[0]), attest.Kinds()); err != nil {
		return err
	}
	doc, err := console.ReadInput(cmd, args[1:])
	if err != nil {
		return err
	}
	ctx, cl, done, err := s.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	if s.Server == "" && s.Dir == "" {
		cl = nil // no network unless a register is named
	}
	signer, err := s.signer(ctx, cl)
	if err != nil {
		return err
	}
	d, err := statement.ReadDraft(ctx, &s.draft, attest.Kind(args[0]), doc, signer, cl)
	if err != nil {
		return err
	}
	return s.give(ctx, cmd, d)
}

// elsewhere reports whether the signature is made elsewhere.
func (s *signCommand) elsewhere() bool { return s.passkey.challenge || s.own.PAE != "" }

// give prints what was asked for of a statement: itself, what to ask a passkey
// for, or the envelope.
func (s *signCommand) give(ctx context.Context, cmd *cobra.Command, d *statement.Draft) error {
	if s.only {
		return console.PrintJSON(cmd.OutOrStdout(), d.Statement)
	}
	if s.elsewhere() {
		if err := s.keep(d); err != nil {
			return err
		}
		return s.ask(ctx, cmd, d)
	}
	envelope, err := d.Signer.Sign(d.Statement)
	if err != nil {
		return err
	}
	if err := s.keep(d); err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), string(envelope.JSON())+"\n")
}

// signer is who signs: here, or elsewhere.
func (s *signCommand) signer(ctx context.Context, cl *register.Client) (*signing.Credential, error) {
	switch {
	case s.passkey.challenge:
		return s.passkey.credential(ctx, s.As, cl)
	case s.own.PAE != "":
		return ownCredential(ctx, s.As, cl)
	}
	return s.Credential(ctx, &s.Connection)
}

// keep writes the objects that belong to a statement where they are asked for.
func (s *signCommand) keep(d *statement.Draft) error {
	if s.objects == "" {
		return nil
	}
	return statement.WriteObjects(s.objects, append(d.Objects, d.Signer.Objects()...))
}

func (s *signCommand) endorsement(cmd *cobra.Command) error {
	envelope, err := statement.ReadEnvelope(s.endorse)
	if err != nil {
		return err
	}
	if _, err := attest.ParsePayload(envelope.Payload); err != nil {
		return fmt.Errorf("reading %s: %w", s.endorse, err)
	}
	if s.elsewhere() {
		return s.askEndorsement(cmd, envelope.Payload)
	}
	signer, err := s.Credential(cmd.Context(), &s.Connection)
	if err != nil {
		return err
	}
	endorsed, err := signer.Seal(envelope.Payload)
	if err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), string(endorsed.JSON())+"\n")
}
