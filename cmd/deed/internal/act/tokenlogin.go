package act

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const tokenLoginLong = `Have a person log in with an identity provider, in a browser on this machine, and
bring the ID token as evidence of an instruction that a service recorded.

The address to open is printed on stderr. The provider sends the browser back to a
port on loopback (RFC 8252), with PKCE; the nonce is the instruction's ID. The
client is a public one at the provider, and its ID is an audience that the
provider is registered with ('deed provider add --accept id_token=CLIENT').

The person sees the provider's page and not the instruction: show it to them
before.`

type tokenLogin struct {
	statement.Submitter
	client, instruction, scope string
	port                       int
	wait                       time.Duration
}

func newTokenLogin() *cobra.Command {
	t := &tokenLogin{}
	cmd := &cobra.Command{
		Use:   "login ISSUER",
		Short: "Have a person log in for an instruction",
		Long:  tokenLoginLong,
		Example: `N=$(deed instruct 'Please pay' --oidc-nonce --svid-dir svid/portal --as maria --to $AGENT)
deed token login https://login.acme.example --client-id deed-cli --instruction id:$N --svid-dir svid/portal`,
		Args: console.Takes(1, 1),
		RunE: t.run,
	}
	f := cmd.Flags()
	f.StringVar(&t.client, "client-id", "", "`CLIENT` that the person logs in with")
	f.StringVar(&t.instruction, "instruction", "", "`ID` of the instruction")
	f.StringVar(&t.scope, "scope", "openid", "what is asked for: `SCOPES`")
	f.IntVar(&t.port, "port", 0, "`PORT` on loopback that the browser is sent back to; 0 is any")
	f.DurationVar(&t.wait, "wait", 5*time.Minute, "how long to wait for the person")
	t.Submitter.Flags(cmd)
	return cmd
}

func (t *tokenLogin) run(cmd *cobra.Command, args []string) error {
	switch {
	case t.client == "":
		return console.Usage("want the client to log in with: --client-id CLIENT")
	case !attest.ID(t.instruction).Valid():
		return console.Usage("want the instruction that it is a login for: --instruction ID")
	case !attest.ValidIssuer(args[0]):
		return console.Usage("want an issuer, an https URL as tokens have it, found %q", args[0])
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), t.wait)
	defer cancel()
	raw, err := t.login(ctx, cmd, args[0])
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	add := &tokenAdd{Submitter: t.Submitter, typ: string(attest.IDToken), instruction: t.instruction, issuer: args[0]}
	return add.submit(cmd, []byte(raw))
}

// login is the code flow with PKCE: the browser gets the code, this program the
// token.
func (t *tokenLogin) login(ctx context.Context, cmd *cobra.Command, issuer string) (string, error) {
	at, err := discover(ctx, issuer)
	if err != nil {
		return "", err
	}
	back, err := listenBack(t.port, issuer)
	if err != nil {
		return "", err
	}
	defer back.close()
	query := url.Values{
		"response_type": {"code"}, "client_id": {t.client}, "redirect_uri": {back.address()}, "scope": {t.scope},
		"nonce": {attest.TokenNonce(attest.ID(t.instruction))}, "state": {back.state},
		"code_challenge": {back.challenge()}, "code_challenge_method": {"S256"},
	}
	page, err := withQuery(at.Authorization, query)
	if err != nil {
		return "", err
	}
	if err := console.Print(cmd.ErrOrStderr(), "open in a browser: "+page+"\n"); err != nil {
		return "", err
	}
	code, err := back.code(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return "", console.Hint(errors.New("nobody came back from the provider"), "open the address in a browser on this machine; --wait is how long to wait")
	}
	if err != nil {
		return "", err
	}
	return exchangeCode(ctx, at.Token, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back.address()}, "client_id": {t.client}, "code_verifier": {back.verifier},
	})
}
