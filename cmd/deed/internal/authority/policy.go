package authority

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/policy"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// NewPolicy makes deed policy, a group.
func NewPolicy() *cobra.Command {
	return console.Group("policy", "The Cedar policy in force", newPolicyPut(), newPolicyShow())
}

type policyPut struct {
	statement.Submitter
	mode    string
	denials int
	leafTTL time.Duration
}

func newPolicyPut() *cobra.Command {
	p := &policyPut{}
	cmd := &cobra.Command{
		Use:   "put DIR",
		Short: "Put a policy in force",
		Long: `Put a Cedar policy set in force: ` + setup.PoliciesFile + `, ` + setup.SchemaFile + ` and ` + setup.EntitiesFile + ` of a
directory. It is checked here first; what is wrong is named with its place. A
quorum of administrators signs: --also takes the private keys of further ones.`,
		Example: "deed policy put acme/policy --dir acme\ndeed policy put policy --mode observe",
		Args:    console.Takes(1, 1),
		RunE:    p.run,
	}
	cmd.Flags().StringVar(&p.mode, "mode", string(attest.Gate), "gate: actions wait for the answer; observe: they do not")
	cmd.Flags().IntVar(&p.denials, "denials", setup.Denials, "denied entries that one signer may have logged in an hour")
	cmd.Flags().DurationVar(&p.leafTTL, "leaf-ttl", setup.LeafTTL, "longest life of a warrant that is acted under")
	p.QuorumFlags(cmd)
	p.Submitter.Flags(cmd)
	return cmd
}

func (p *policyPut) run(cmd *cobra.Command, args []string) error {
	src, err := readPolicy(args[0])
	if err != nil {
		return err
	}
	if _, err := policy.Load(src); err != nil {
		return fmt.Errorf("checking policy: %w", err)
	}
	return p.Put(cmd, &attest.Policy{
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema), Entities: attest.DigestOf(src.Entities),
		Mode: attest.Mode(p.mode), Quotas: attest.Quotas{Denials: p.denials, LeafTTL: p.leafTTL.Milliseconds()},
	}, [][]byte{src.Policies, src.Schema, src.Entities}, nil)
}

func readPolicy(dir string) (src policy.Source, err error) {
	for name, to := range map[string]*[]byte{
		setup.PoliciesFile: &src.Policies, setup.SchemaFile: &src.Schema, setup.EntitiesFile: &src.Entities,
	} {
		if *to, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return src, fmt.Errorf("reading policy: %w", err)
		}
	}
	return src, nil
}

type policyShow struct {
	register.Connection
	out string
}

func newPolicyShow() *cobra.Command {
	p := &policyShow{}
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the policy in force",
		Example: "deed policy show\ndeed policy show --out policy && $EDITOR policy/policy.cedar && deed policy put policy",
		Args:    console.Takes(0, 0),
		RunE:    p.run,
	}
	cmd.Flags().StringVar(&p.out, "out", "", "write its three files into `DIR`, to be edited and put again")
	p.Connection.Flags(cmd)
	return cmd
}

// policyJSON is the policy in force as --json prints it.
type policyJSON struct {
	Index     uint64         `json:"index"`
	ID        attest.ID      `json:"id"`
	Statement *attest.Policy `json:"statement"`
	Policies  string         `json:"policies"`
	Schema    string         `json:"schema"`
	Entities  string         `json:"entities"`
}

func (p *policyShow) run(cmd *cobra.Command, _ []string) error {
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	now, src, err := policyInForce(ctx, cl)
	if err != nil {
		return err
	}
	switch {
	case p.out != "":
		return setup.WritePolicy(p.out, src)
	case p.JSON:
		now.Policies, now.Schema, now.Entities = string(src.Policies), string(src.Schema), string(src.Entities)
		return console.PrintJSON(cmd.OutOrStdout(), now)
	}
	s := now.Statement
	if err := console.PrintPairs(cmd.OutOrStdout(), []console.Pair{
		{"index", fmt.Sprint(now.Index)}, {"id", string(now.ID)}, {"put by", s.By}, {"mode", string(s.Mode)},
		{"denials", fmt.Sprintf("%d per signer and hour", s.Quotas.Denials)},
		{"leaf ttl", (time.Duration(s.Quotas.LeafTTL) * time.Millisecond).String()},
	}); err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), "\n"+string(src.Policies))
}

// policyInForce gets the policy in force with its three texts.
func policyInForce(ctx context.Context, cl *register.Client) (policyJSON, policy.Source, error) {
	var src policy.Source
	found, err := cl.Search(ctx, &deedv1.SearchRequest{Kind: string(attest.KindPolicy), Decision: "allow", Limit: 1})
	if err != nil {
		return policyJSON{}, src, err
	}
	if len(found.GetResults()) == 0 {
		return policyJSON{}, src, console.Hint(fmt.Errorf("no policy is in force"), "put one with 'deed policy put'")
	}
	l, _, err := cl.Logged(ctx, found.GetResults()[0].GetId())
	if err != nil {
		return policyJSON{}, src, err
	}
	s, ok := l.Verified.Statement().(*attest.Policy)
	if !ok {
		return policyJSON{}, src, console.False("asked for a policy, the register sent a %s", l.Record.Kind)
	}
	for digest, to := range map[attest.Digest]*[]byte{s.Policies: &src.Policies, s.Schema: &src.Schema, s.Entities: &src.Entities} {
		if *to, err = cl.Object(ctx, digest); err != nil {
			return policyJSON{}, src, err
		}
	}
	return policyJSON{Index: l.Index, ID: l.ID(), Statement: s}, src, nil
}
