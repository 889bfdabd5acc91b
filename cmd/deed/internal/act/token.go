package act

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewToken makes deed token, a group.
func NewToken() *cobra.Command {
	return console.Group("token", "Tokens of identity providers, as evidence", newTokenAdd(), newTokenLogin())
}

const tokenAddLong = `Bring a token of a registered identity provider as evidence. The service that got
it signs, with its SVID. The register verifies it, and gives it to nobody before
it has expired.

An ID token with --instruction is a login for that instruction: its nonce is the
instruction's ID, as 'deed instruct --oidc-nonce' prints it. Any other token is a
scope of the agent that it names. A root warrant names the token's statement as
--evidence.

--commit keeps the token away and commits to it: what is for someone else than
this log. It shows nothing by itself.`

type tokenAdd struct {
	statement.Submitter
	typ, instruction, agent, issuer string
	commit                          bool
}

func newTokenAdd() *cobra.Command {
	t := &tokenAdd{}
	cmd := &cobra.Command{
		Use:   "add FILE|-",
		Short: "Bring a token as evidence",
		Long:  tokenAddLong,
		Example: `deed token add id_token.jwt --type id_token --instruction $I --svid-dir svid/portal
deed token add access.jwt --type access_token --svid-dir svid/portal \
    --agent spiffe://acme.example/agent/payments`,
		Args: console.Takes(1, 1),
		RunE: t.run,
	}
	f := cmd.Flags()
	f.StringVar(&t.typ, "type", "", "`TYPE`: id_token, access_token, id_jag, txn_token or introspection")
	f.StringVar(&t.instruction, "instruction", "", "`ID` of the instruction that an ID token is a login for")
	console.SPIFFEIDVar(f, &t.agent, "agent", "SPIFFE `ID` of the agent that the token names")
	f.StringVar(&t.issuer, "issuer", "", "`ISSUER`, with --commit of a token that does not say it")
	f.BoolVar(&t.commit, "commit", false, "commit to the token and do not send it")
	t.Submitter.Flags(cmd)
	return cmd
}

func (t *tokenAdd) run(cmd *cobra.Command, args []string) error {
	if t.typ == "" {
		return console.Usage("want --type id_token, access_token, id_jag, txn_token or introspection")
	}
	doc, err := console.ReadInput(cmd, args)
	if err != nil {
		return err
	}
	return t.submit(cmd, bytes.TrimSpace(doc))
}

// submit has the token logged as evidence.
func (t *tokenAdd) submit(cmd *cobra.Command, raw []byte) error {
	s, objects, err := t.statement(raw)
	if err != nil {
		return err
	}
	return t.Submitter.Bring(cmd, s, objects, "a token is brought")
}

// statement makes the statement of a token, with what goes along.
func (t *tokenAdd) statement(raw []byte) (*attest.Token, [][]byte, error) {
	s := &attest.Token{Agent: t.agent, Instruction: attest.ID(t.instruction), Issuer: t.issuer, Type: attest.TokenType(t.typ)}
	claims, err := token.Read(raw, s.Type, true)
	if err == nil && s.Issuer == "" {
		s.Issuer = claims.Issuer
	}
	if t.commit {
		if s.Issuer == "" {
			return nil, nil, console.Usage("the token does not say whose it is: --issuer ISSUER")
		}
		seed, object, err := statement.NewSeed()
		if err != nil {
			return nil, nil, err
		}
		s.Commitment = &attest.Commitment{
			Root: attest.Commit(seed, attest.TextFields([][2]string{{"token", string(raw)}})), Seed: attest.DigestOf(object),
		}
		return s, [][]byte{object}, nil
	}
	if err != nil {
		return nil, nil, console.Hint(fmt.Errorf("reading token: %w", err), "an opaque token, and one for someone else, is committed to with --commit")
	}
	s.Object, s.Expires = attest.DigestOf(raw), claims.Expires
	return s, [][]byte{raw}, nil
}
