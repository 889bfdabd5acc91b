package act

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const countersignLong = `Countersign an action: as the service that was called, or as the gateway that the
call went through, sign what you saw of it.

The workload that saw it signs, with its own SVID, and is registered like any
other; the agent itself cannot. State what came with the call, and what you know
yourself, not what the agent's statement says: the two are compared when someone
verifies, and where they differ, that is shown. Nothing of it changes what the
action is found to be.

A call names its action by the headers X-Action-Intent (the ID of the intent) and
X-Action-Digest (the request digest). Give ID, --request, or both.

--credential is the credential that you saw, as KIND:ID; with --credential-seed,
the seed that the agent handed to you, it is committed to as the agent did
(docs/spec/bytes.md). --note commits to a file of your own, such as the line of
your log: keep it.`

const countersignExample = `deed countersign id:6f2c... --svid-dir svid/bank --role service --status done \
    --agent spiffe://acme.example/agent/payments --target external:https:bank.example
deed countersign --request sha256:91a4... --svid-dir svid/gateway --role gateway \
    --status refused --agent spiffe://acme.example/agent/payments`

type countersignCommand struct {
	register.Connection
	signing.Signer
	agent, role, status, request string
	target, credential, seed     string
	note, at                     string
	quiet                        bool
}

// NewCountersign makes deed countersign.
func NewCountersign() *cobra.Command {
	c := &countersignCommand{}
	cmd := &cobra.Command{
		Use:     "countersign [ID]",
		Short:   "Sign what a service or gateway saw of an action",
		Long:    countersignLong,
		Example: countersignExample,
		Args:    console.Takes(0, 1),
		RunE:    c.run,
	}
	f := cmd.Flags()
	console.SPIFFEIDVar(f, &c.agent, "agent", "SPIFFE `ID` of the agent, as you saw it")
	f.StringVar(&c.role, "role", "", "service or gateway: where you stand")
	f.StringVar(&c.status, "status", "", "what became of the call: `done`, failed, refused or unknown")
	f.StringVar(&c.request, "request", "", "request `DIGEST` that came with the call")
	f.StringVar(&c.target, "target", "", "what was called: `KIND:PROTOCOL:HOST`, such as external:https:bank.example")
	f.StringVar(&c.credential, "credential", "", "the credential that you saw: `KIND:ID`, such as oauth:JTI")
	f.StringVar(&c.seed, "credential-seed", "", "`FILE` with the seed that the agent handed to you: 64 hex digits")
	f.StringVar(&c.note, "note", "", "`FILE` of your own: its digest is recorded, not its bytes")
	f.StringVar(&c.at, "at", "", "`TIME` at which you saw it (default: now)")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print the statement's ID only")
	c.Signer.Flags(cmd)
	c.Connection.Flags(cmd)
	return cmd
}

func (c *countersignCommand) run(cmd *cobra.Command, args []string) error {
	s, err := c.statement(args)
	if err != nil {
		return err
	}
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := c.workload(ctx)
	if err != nil {
		return err
	}
	put := statement.Submitter{Connection: c.Connection, Quiet: c.quiet}
	return put.SubmitAs(ctx, cmd, cl, signer, s, nil, nil)
}

func (c *countersignCommand) workload(ctx context.Context) (*signing.Credential, error) {
	if c.KeyFile != "" {
		return nil, console.Usage("a workload countersigns, with its SVID: want --svid-dir DIR or a Workload API, not --key")
	}
	return c.Signer.Credential(ctx, &c.Connection)
}

// statement checks what is known before a register or an SVID is needed.
func (c *countersignCommand) statement(args []string) (*attest.Countersignature, error) {
	s := &attest.Countersignature{
		Agent: c.agent, Of: attest.ID(strings.Join(args, "")), Request: attest.Digest(c.request),
		Role: attest.Role(c.role), Status: c.status,
	}
	switch {
	case s.Of == "" && s.Request == "":
		return nil, console.Usage("want the ID of the action, or --request DIGEST")
	case s.Of != "" && !s.Of.Valid():
		return nil, console.Usage("want the ID of the action, id: and 64 hex digits, found %q", args[0])
	case c.agent == "" || c.role == "" || c.status == "":
		return nil, console.Usage("want --agent, --role and --status")
	}
	if c.note != "" {
		note, err := os.ReadFile(c.note)
		if err != nil {
			return nil, fmt.Errorf("reading note: %w", err)
		}
		s.Ref = attest.DigestOf(note)
	}
	var err error
	if s.At, err = console.ParseTime("--at", c.at, time.Now()); err != nil {
		return nil, err
	}
	if s.Target, err = parseTarget(c.target); err != nil {
		return nil, err
	}
	s.Credential, err = c.seen()
	return s, err
}

// seen commits to the credential that was seen.
func (c *countersignCommand) seen() (*attest.Credential, error) {
	if c.credential == "" && c.seed == "" {
		return nil, nil
	}
	kind, id, ok := strings.Cut(c.credential, ":")
	if !ok || c.seed == "" {
		return nil, console.Usage("want --credential KIND:ID and --credential-seed FILE, both or none")
	}
	doc, err := os.ReadFile(c.seed)
	if err != nil {
		return nil, fmt.Errorf("reading seed: %w", err)
	}
	seed, err := attest.ParseSeed([]byte(strings.TrimSpace(string(doc))))
	if err != nil {
		return nil, console.Usage("--credential-seed: %s: %w", c.seed, err)
	}
	return &attest.Credential{Commitment: attest.CredentialCommitment(seed, kind, id), Kind: kind}, nil
}

// parseTarget reads KIND:PROTOCOL:HOST; nothing is no target.
func parseTarget(s string) (*attest.Target, error) {
	if s == "" {
		return nil, nil
	}
	kind, rest, ok := strings.Cut(s, ":")
	protocol, endpoint, both := strings.Cut(rest, ":")
	if !ok || !both {
		return nil, console.Usage("--target: want KIND:PROTOCOL:HOST, such as external:https:bank.example, found %q", s)
	}
	return &attest.Target{Endpoint: endpoint, Kind: kind, Protocol: protocol}, nil
}
