package warrant

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/request"
)

const warrantNewLong = `Issue a root warrant: sign it, submit it, print the receipt.

With --instruction, holder, grants and basis follow from the instruction where
they are not given: the agent it asks may do what it asks for. --print prints the
signed envelope instead of submitting it.

` + statement.ActHelp + "\n\n" + gateHelp

const warrantNewExample = `W=$(deed warrant new --key maria.key --instruction $I --purpose 'pay invoice 4711' --max-depth 1 -q)
deed warrant new --key maria.key --to spiffe://acme.example/agent/planner --purpose 'pay suppliers' \
    --action payments.transfer --resource bank_account:iban/... --arg 'amount<=500.00 EUR' --arg reference \
    --budget 'amount<=2000.00 EUR' --max-depth 2 \
    --gate 'payments.transfer above amount 100.00 EUR by 2 of maria,bob,carol'`

// issuing is what new and delegate share.
type issuing struct {
	statement.Submitter
	grant   statement.Grants
	to      string
	expires time.Duration
	never   []string
	gate    []string
	print   bool
}

func (i *issuing) flags(cmd *cobra.Command, life time.Duration, lifeText string) {
	console.SPIFFEIDVar(cmd.Flags(), &i.to, "to", "SPIFFE `ID` of the agent that may use it")
	i.grant.Flags(cmd)
	cmd.Flags().StringArrayVar(&i.never, "never", nil, "what is denied to it and all below: `ACTION`, or ACTION@KIND:PATH")
	cmd.Flags().StringArrayVar(&i.gate, "gate", nil, "what takes people's approval: `GATE`, as above")
	cmd.Flags().DurationVar(&i.expires, "expires", life, lifeText)
	cmd.Flags().BoolVar(&i.print, "print", false, "print the signed envelope and submit nothing")
	i.Submitter.Flags(cmd)
}

// issue signs a warrant and submits or prints it.
func (i *issuing) issue(ctx context.Context, cmd *cobra.Command, cl *register.Client, signer *signing.Credential, w *attest.Warrant) error {
	if !i.print {
		return i.SubmitAs(ctx, cmd, cl, signer, w, nil, nil)
	}
	e, err := i.Signed(ctx, cl, signer, w)
	if err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), string(e.JSON())+"\n")
}

// denials reads --never.
func (i *issuing) denials() ([]attest.Denial, error) {
	var out []attest.Denial
	for _, text := range i.never {
		action, resource, limited := strings.Cut(text, "@")
		d := attest.Denial{Actions: []string{action}}
		if limited {
			match, err := request.Resource(resource)
			if err != nil {
				return nil, console.UsageOf("--resource", err)
			}
			d.Resource = &match
		}
		out = append(out, d)
	}
	return out, nil
}

// gateHelp explains --gate.
const gateHelp = `--gate asks for approvals of the exact action before it is allowed, in one line:

  ACTIONS CONDITION by M of PERSON,... [shown] [within TIME]

ACTIONS are names joined by commas, or * for any. CONDITION is one of
  always
  above ARGUMENT AMOUNT UNIT       an argument that is not shown is above as well
  irreversible                     unless the agent says otherwise, and the policy:
                                   its schema has it in the group "reversible"
  outside DAYS HH:MM-HH:MM         UTC, such as mon-fri 08:00-18:00
M different persons of those named must have approved; 'shown' asks that what they
were shown came with the approval, 'within' that it is not older than that. Who is
named and refuses closes the gate until they approve. A child repeats every gate.

  'payments.transfer above amount 1000.00 EUR by 2 of alice,bob,carol'
  '* outside mon-fri 08:00-18:00 by 1 of alice,bob shown within 30m'`

// gates reads --gate.
func (i *issuing) gates() ([]attest.WarrantGate, error) {
	var out []attest.WarrantGate
	for _, text := range i.gate {
		g, err := request.Gate(text)
		if err != nil {
			return nil, console.UsageOf("--gate", err)
		}
		out = append(out, g)
	}
	return out, nil
}

type warrantNew struct {
	issuing
	purpose, instruction, basis, accountable string
	evidence                                 []string
	maxDepth                                 int
}

func newWarrantNew() *cobra.Command {
	w := &warrantNew{}
	cmd := &cobra.Command{
		Use:     "new",
		Short:   "Issue a root warrant",
		Long:    warrantNewLong,
		Example: warrantNewExample,
		Args:    console.Takes(0, 0),
		RunE:    w.run,
	}
	f := cmd.Flags()
	f.StringVar(&w.purpose, "purpose", "", "what it is for, in a few `WORDS`")
	f.StringVar(&w.instruction, "instruction", "", "`ID` of the instruction that it follows")
	f.StringVar(&w.basis, "basis", "", "`BASIS`: human_instruction, human_standing, org_standing or event_trigger")
	f.StringVar(&w.accountable, "accountable", "", "`PERSON` who answers for it (default: as the issuer is registered)")
	f.StringSliceVar(&w.evidence, "evidence", nil, "`ID` of a statement that it rests on")
	f.IntVar(&w.maxDepth, "max-depth", 0, "how many times it may be delegated on")
	w.issuing.flags(cmd, 8*time.Hour, "how long it holds")
	return cmd
}

func (n *warrantNew) run(cmd *cobra.Command, _ []string) error {
	if n.purpose == "" {
		return console.Usage("want what it is for: --purpose WORDS")
	}
	ctx, cl, done, err := n.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := n.Credential(ctx, &n.Connection)
	if err != nil {
		return err
	}
	issuer, err := signer.Party(ctx, cl)
	if err != nil {
		return err
	}
	now := time.Now()
	w := &attest.Warrant{
		Issuer: issuer, Holder: attest.Holder{SPIFFEID: n.to}, MaxDepth: n.maxDepth,
		NotBefore: now.Add(-statement.Backdate).UnixMilli(), Expires: now.Add(n.expires).UnixMilli(), Task: attest.Task{Purpose: n.purpose},
		Root: &attest.WarrantRoot{Accountable: n.accountable, Basis: attest.Basis(n.basis)},
	}
	if w.Never, err = n.denials(); err != nil {
		return err
	}
	if w.Gates, err = n.gates(); err != nil {
		return err
	}
	if err := errors.Join(n.authority(ctx, cl, w), warnOfGates(ctx, cmd, cl, w.Gates)); err != nil {
		return err
	}
	return n.issue(ctx, cmd, cl, signer, w)
}

// authority fills in what follows from the instruction and the register.
func (n *warrantNew) authority(ctx context.Context, cl *register.Client, w *attest.Warrant) (err error) {
	for _, id := range n.evidence {
		w.Root.Evidence = append(w.Root.Evidence, attest.ID(id))
	}
	if n.instruction != "" {
		err = n.follow(ctx, cl, w)
	}
	if err == nil && (n.grant.Given() || w.Grants == nil) {
		w.Grants, err = n.grant.Grants()
	}
	switch {
	case err != nil:
		return err
	case w.Holder.SPIFFEID == "":
		return console.Usage("want who may use it: --to SPIFFE_ID")
	}
	if w.Root.Basis == "" {
		w.Root.Basis = usualBasis(w)
	}
	if w.Root.Accountable == "" {
		w.Root.Accountable, err = accountable(ctx, cl, w.Issuer)
	}
	return err
}

func usualBasis(w *attest.Warrant) attest.Basis {
	switch {
	case w.Issuer.Kind == attest.BySVID:
		return attest.OrgStanding
	case w.Task.Instruction != "":
		return attest.HumanInstruction
	}
	return attest.HumanStanding
}

// follow takes holder, grants and end from the instruction.
func (n *warrantNew) follow(ctx context.Context, cl *register.Client, w *attest.Warrant) error {
	l, _, err := cl.Logged(ctx, n.instruction)
	if err != nil {
		return err
	}
	i, ok := l.Verified.Statement().(*attest.Instruction)
	if !ok {
		return console.Usage("--instruction: %s is a %s, not an instruction", n.instruction, l.Record.Kind)
	}
	w.Task.Instruction = l.ID()
	if !slices.Contains(w.Root.Evidence, l.ID()) {
		w.Root.Evidence = append(w.Root.Evidence, l.ID())
	}
	w.Holder.SPIFFEID = cmp.Or(w.Holder.SPIFFEID, i.Addressee)
	w.Expires = min(w.Expires, i.Expires)
	for _, r := range i.Requests {
		w.Grants = append(w.Grants, r.Grant())
	}
	return nil
}

// accountable is who the register says answers for an issuer's warrants.
func accountable(ctx context.Context, cl *register.Client, issuer attest.Party) (string, error) {
	registered, err := cl.Issuer(ctx, issuer)
	if err != nil {
		return "", err
	}
	if registered == nil {
		return "", console.Hint(errors.New(issuer.ID+" is not registered as an issuer"), "register with 'deed issuer add'")
	}
	return registered.Accountable, nil
}
