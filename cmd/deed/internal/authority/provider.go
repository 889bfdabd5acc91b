package authority

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewProvider makes deed provider, a group.
func NewProvider() *cobra.Command {
	return console.Group("provider", "Identity providers whose tokens count", newProviderAdd(), newProviderList())
}

const providerAddLong = `Register an identity provider: which of its tokens the log takes, what they may be
signed with, and which agents its clients are. A quorum of administrators signs:
--also takes the private keys of further ones.

ISSUER is exactly what tokens have as iss. --accept names a type of token and an
audience by which such a token names this log: id_token with the client ID that
people log in with, access_token, id_jag, txn_token or introspection with the
resource that this log is. A token for anyone else besides is refused.

The keys of the provider come from deed.yaml, under providers, and are logged by
the server. Whose account a subject is, 'deed account add' says.`

type providerAdd struct {
	statement.Submitter
	accepts, algorithms, clients []string
	plain                        bool
	life                         time.Duration
}

func newProviderAdd() *cobra.Command {
	p := &providerAdd{}
	cmd := &cobra.Command{
		Use:   "add ISSUER",
		Short: "Register an identity provider",
		Long:  providerAddLong,
		Example: `deed provider add https://login.acme.example --algorithm RS256 --accept id_token=deed-cli \
    --accept access_token=https://deed.acme.example --client payments=spiffe://acme.example/agent/payments`,
		Args: console.Takes(1, 1),
		RunE: p.run,
	}
	f := cmd.Flags()
	f.StringArrayVar(&p.accepts, "accept", nil, "`TYPE=AUDIENCE` of a token that is taken; may be repeated")
	f.StringSliceVar(&p.algorithms, "algorithm", nil, "`ALGORITHM`: RS256, PS256, ES256, ES384 or EdDSA")
	f.StringArrayVar(&p.clients, "client", nil, "`CLIENT=SPIFFE_ID`: which agent a client of the provider is")
	f.BoolVar(&p.plain, "plain", false, "access tokens have no type of their own (typ at+jwt)")
	f.DurationVar(&p.life, "life", 0, "how long the registration holds; 0 is until it is changed")
	p.QuorumFlags(cmd)
	p.Submitter.Flags(cmd)
	return cmd
}

func (p *providerAdd) run(cmd *cobra.Command, args []string) error {
	s := &attest.Provider{Agents: []attest.ClientAgent{}, Algorithms: p.algorithms, Issuer: args[0]}
	if len(p.algorithms) == 0 {
		return console.Usage("want what the provider signs with: --algorithm RS256, PS256, ES256, ES384 or EdDSA")
	}
	if len(p.accepts) == 0 {
		return console.Usage("want at least one --accept TYPE=AUDIENCE, such as id_token=deed-cli")
	}
	for _, text := range p.accepts {
		typ, audience, ok := strings.Cut(text, "=")
		if !ok {
			return console.Usage("--accept: want TYPE=AUDIENCE, found %q", text)
		}
		p.accept(s, attest.TokenType(typ), audience)
	}
	for _, text := range p.clients {
		client, agent, ok := strings.Cut(text, "=spiffe://")
		if !ok {
			return console.Usage("--client: want CLIENT=SPIFFE_ID, found %q", text)
		}
		s.Agents = append(s.Agents, attest.ClientAgent{Agent: "spiffe://" + agent, Client: client})
	}
	if p.life > 0 {
		s.Until = time.Now().Add(p.life).UnixMilli()
	}
	return p.Put(cmd, s, nil, nil)
}

// accept adds an audience to a type of token.
func (p *providerAdd) accept(s *attest.Provider, t attest.TokenType, audience string) {
	if a := s.Accepted(t); a != nil {
		a.Audiences = append(a.Audiences, audience)
		return
	}
	s.Accepts = append(s.Accepts, attest.Acceptance{
		Audiences: []string{audience}, Plain: p.plain && t == attest.AccessToken, Type: t,
	})
}

func newProviderList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the identity providers in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := func(p *attest.Provider) string { return p.Issuer }
			return register.List(cmd, c, attest.KindProvider, key, []string{"ISSUER", "ACCEPTS", "ALGORITHMS", "CLIENTS", "UNTIL", "INDEX"},
				func(l register.Listed[*attest.Provider]) []string {
					p := l.Statement
					return []string{p.Issuer, acceptsOf(p), console.Joined(p.Algorithms), fmt.Sprint(len(p.Agents)), console.Instant(p.Until), fmt.Sprint(l.Index)}
				})
		},
	}
	c.Flags(cmd)
	return cmd
}

func acceptsOf(p *attest.Provider) string {
	var out []string
	for _, a := range p.Accepts {
		for _, audience := range a.Audiences {
			out = append(out, string(a.Type)+"="+audience)
		}
	}
	return strings.Join(out, ",")
}
