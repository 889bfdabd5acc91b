package authority

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewAgent makes deed agent, a group.
func NewAgent() *cobra.Command {
	return console.Group("agent", "Registered agents", newAgentRegister(), newAgentList())
}

type agentRegister struct {
	statement.Submitter
	owner, purpose, status, build string
	recorder                      bool
}

func newAgentRegister() *cobra.Command {
	a := &agentRegister{}
	cmd := &cobra.Command{
		Use:   "register SPIFFE_ID[/...]",
		Short: "Register, suspend or retire an agent",
		Long: `Register an agent by its SPIFFE ID, or with /... at the end all agents below a
path. An administrator signs, or the owner of the registration in force.
Registering it again with another --status suspends or retires it.`,
		Example: `deed agent register spiffe://acme.example/agent/payments --owner maria --purpose 'pays invoices'
deed agent register spiffe://acme.example/agent/... --owner maria --purpose 'all of them' --status suspended`,
		Args: console.Takes(1, 1),
		RunE: a.run,
	}
	cmd.Flags().StringVar(&a.owner, "owner", "", "`PERSON` who owns the agent")
	cmd.Flags().StringVar(&a.purpose, "purpose", "", "what it is for, in a few `WORDS`")
	cmd.Flags().StringVar(&a.status, "status", "registered", "registered, suspended or retired")
	cmd.Flags().BoolVar(&a.recorder, "recorder", false, "it may record triggers, such as a scheduler does")
	cmd.Flags().StringVar(&a.build, "build", "", "`DIGEST` of what runs, sha256: and 64 hex digits")
	a.Submitter.Flags(cmd)
	return cmd
}

func (a *agentRegister) run(cmd *cobra.Command, args []string) error {
	if a.owner == "" || a.purpose == "" {
		return console.Usage("want --owner and --purpose")
	}
	id, prefix := strings.CutSuffix(args[0], "/...")
	return a.Put(cmd, &attest.Agent{
		Agent: id, Prefix: prefix, Owner: a.owner, Purpose: a.purpose, Status: a.status, Build: attest.Digest(a.build),
		Recorder: a.recorder,
	}, nil, nil)
}

func newAgentList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the agents in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			name := func(a *attest.Agent) string {
				if a.Prefix {
					return a.Agent + "/..."
				}
				return a.Agent
			}
			return register.List(cmd, c, attest.KindAgent, name, []string{"AGENT", "STATUS", "OWNER", "PURPOSE", "INDEX"},
				func(l register.Listed[*attest.Agent]) []string {
					a := l.Statement
					return []string{name(a), a.Status, a.Owner, a.Purpose, fmt.Sprint(l.Index)}
				})
		},
	}
	c.Flags(cmd)
	return cmd
}
