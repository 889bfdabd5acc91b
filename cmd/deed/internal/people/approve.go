package people

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/setup"
)

const approveLong = `Approve one exact action, once, with your key; or refuse it; or list what asks for it.

--list finds the actions that were denied for want of an approval: the faults are
all approval.*, or policy.denied by rules that look at approvals or at a human;
the chain of warrants holds; and the same request was not allowed since. The
register keeps no such list: it is searched for, back to --since.

ID is such an action, or one that --list does not show; FILE is an action that
the agent drafted and has not submitted. What is approved is shown before it is
signed, with the warrant it falls under and what differs from the instruction,
and is asked for, or takes --yes. --show shows it and signs nothing. What you
were shown is kept with the approval.

Where the key is elsewhere, such as a passkey, --draft prints the statement for
'deed sign approval FILE', and --objects keeps what was shown, to be submitted
along.

The agent then submits the same request, with the same salts, naming the
approval: 'deed submit --again ID', 'deed submit FILE --approval ID' of a draft, or
Prepared.Approve in clients/agent.

--refuse says no instead, with --reason if you like. Your approvals of this action
from before do not count any more, and where a gate asks for yours, it stays
closed; an approval that you give later counts again. It is of the action in
plain: the agent cannot ask again with other salts. Whoever merely does not
approve does nothing. To end the warrant as well: 'deed warrant revoke'.`

const approveExample = `deed approve --list
deed approve id:6f2c... --key maria.key
deed approve id:6f2c... --show
deed approve id:6f2c... --key maria.key --refuse --reason 'not before the goods are here'
A=$(deed approve draft.json --key maria.key --for 10m --yes -q)`

type approveCommand struct {
	register.Connection
	signing.Signer
	list       bool
	agent      string
	since      string
	life       time.Duration
	refuse     bool
	reason     string
	show, yes  bool
	draft      bool
	out        string
	objectsDir string
	quiet      bool
}

// NewApprove makes deed approve.
func NewApprove() *cobra.Command {
	a := &approveCommand{}
	cmd := &cobra.Command{
		Use:     "approve --list | ID|INDEX|FILE",
		Short:   "Approve an action that asks for it, or list those",
		Long:    approveLong,
		Example: approveExample,
		Args:    console.Takes(0, 1),
		RunE:    a.run,
	}
	f := cmd.Flags()
	f.BoolVar(&a.list, "list", false, "list the actions that ask for an approval")
	console.SPIFFEIDVar(f, &a.agent, "agent", "with --list: of this SPIFFE `ID` only")
	f.StringVar(&a.since, "since", "24h", "with --list: denied at or after this `TIME`")
	f.DurationVar(&a.life, "for", time.Hour, "how long the approval holds")
	f.BoolVar(&a.refuse, "refuse", false, "refuse the action instead of approving it")
	f.StringVar(&a.reason, "reason", "", "with --refuse: why, in a few `WORDS`; kept with the register's evidence, not in its public tree")
	f.BoolVar(&a.show, "show", false, "show what would be approved and sign nothing")
	f.BoolVar(&a.yes, "yes", false, "do not ask")
	f.BoolVar(&a.draft, "draft", false, "print the statement and sign nothing")
	f.StringVar(&a.out, "out", "", "write the envelope to `FILE` and submit nothing")
	f.StringVar(&a.objectsDir, "objects", "", "`DIR` for the objects that belong to it, with --out or --draft (default: FILE"+statement.ObjectsSuffix+")")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print the statement's ID only")
	a.Signer.Flags(cmd)
	a.Connection.Flags(cmd)
	return cmd
}

func (a *approveCommand) run(cmd *cobra.Command, args []string) error {
	switch {
	case a.list == (len(args) == 1):
		return console.Usage("want --list, or the ID of an action")
	case a.reason != "" && !a.refuse:
		return console.Usage("--reason goes with --refuse")
	case a.refuse && (a.list || cmd.Flags().Changed("for")):
		return console.Usage("--refuse goes with neither --list nor --for: a refusal does not expire")
	case a.life <= 0:
		return console.Usage("--for: want a length of time above 0, such as 1h")
	case a.draft && (a.As == "" || a.objectsDir == ""):
		return console.Usage("--draft needs who will sign, --as NAME, and --objects DIR for what is shown")
	case a.list:
		return a.pending(cmd)
	}
	s, view, err := a.statement(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	shown := a.words(view, s)
	if a.show {
		return console.Print(cmd.OutOrStdout(), shown)
	}
	if err := console.Print(cmd.ErrOrStderr(), shown); err != nil {
		return err
	}
	s.Display = attest.DigestOf([]byte(shown))
	var what attest.Statement = s
	question := "Approve exactly this, as " + s.Person + "?"
	if a.refuse {
		what, question = consent.Refusal(s, a.reason), "Refuse exactly this, as "+s.Person+"?"
	}
	if a.draft {
		return errors.Join(statement.WriteObjects(a.objectsDir, [][]byte{[]byte(shown)}), console.PrintJSON(cmd.OutOrStdout(), what))
	}
	if err := console.Confirm(cmd, a.yes, question); err != nil {
		return err
	}
	return a.sign(cmd, what, s.Person, shown, view)
}

// words are what is shown of what is signed.
func (a *approveCommand) words(v *consent.View, s *attest.Approval) string {
	if a.refuse {
		return v.RefusalWords(s, a.reason)
	}
	return v.Words(s)
}

func (a *approveCommand) pending(cmd *cobra.Command) error {
	now := time.Now()
	since, err := console.ParseTime("--since", a.since, now)
	if err != nil {
		return err
	}
	ctx, cl, done, err := a.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	list, _, err := consent.Pending(ctx, cl.Consent(), consent.Search{Agent: a.agent, Since: since, Now: now.UnixMilli()})
	if err != nil {
		return fmt.Errorf("looking for what asks for an approval: %w", err)
	}
	return a.printList(cmd, list, now.UnixMilli())
}

// statement makes the approval and what its person sees. With --show nobody needs a
// key.
func (a *approveCommand) statement(ctx context.Context, ref string) (*attest.Approval, *consent.View, error) {
	ctx, cl, done, err := a.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	now := time.Now()
	one, err := asked(ctx, cl, ref, now.UnixMilli())
	if err != nil {
		return nil, nil, err
	}
	s := &attest.Approval{V: 1, Person: a.As, At: now.UnixMilli(), Expires: now.Add(a.life).UnixMilli()}
	if s.Log, err = cl.Origin(ctx); err != nil {
		return nil, nil, err
	}
	if s.Nonce, err = setup.Random16(rand.Reader); err != nil {
		return nil, nil, err
	}
	if err := approvalError(consent.Check(s, one.Action)); err != nil {
		return nil, nil, err
	}
	if !a.show && !a.draft {
		if s.Person, err = a.person(ctx, cl); err != nil {
			return nil, nil, err
		}
	}
	v, err := consent.Look(ctx, cl.Consent(), one, now.UnixMilli())
	if err != nil {
		return nil, nil, err
	}
	if h := v.Hopeless(); h != nil && !a.show && !a.refuse {
		return nil, nil, approvalError(h)
	}
	return s, v, nil
}

// person is whose approval it is.
func (a *approveCommand) person(ctx context.Context, cl *register.Client) (string, error) {
	if a.KeyFile == "" {
		return "", console.Hint(errors.New("an approval is signed with a person's key"), "give --key FILE, or --show to look only")
	}
	signer, err := signing.ReadKey(a.KeyFile)
	if err != nil {
		return "", err
	}
	signer.Name = a.As
	party, err := signer.Party(ctx, cl)
	return party.ID, err
}

// sign signs what was shown, and submits it or keeps it. It connects anew: the
// person may have taken a while.
func (a *approveCommand) sign(cmd *cobra.Command, s attest.Statement, person, shown string, v *consent.View) error {
	signer, err := signing.ReadKey(a.KeyFile)
	if err != nil {
		return err
	}
	signer.Name = person
	objects := [][]byte{[]byte(shown)}
	envelope, err := signer.Sign(s)
	if err != nil {
		return err
	}
	if a.out != "" {
		return statement.KeepSigned(cmd, a.out, a.objectsDir, envelope, objects)
	}
	ctx, cl, done, err := a.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	r, denied := cl.Submit(ctx, envelope, objects)
	if r == nil {
		return denied
	}
	if err := register.PrintReceipt(cmd.OutOrStdout(), &a.Connection, a.quiet, cl, r); err != nil || a.quiet || a.JSON || denied != nil {
		return errors.Join(err, denied)
	}
	return a.next(ctx, cmd, cl, v, person, r.ID())
}

// next says how the gates stand now, and what lets the action pass.
func (a *approveCommand) next(ctx context.Context, cmd *cobra.Command, cl *register.Client, v *consent.View, person, id string) error {
	if err := consent.Complete(ctx, cl.Consent(), v.Asked, time.Now().UnixMilli()); err != nil {
		return err
	}
	gates := v.Standing()
	var pairs []console.Pair
	for _, g := range gates {
		pairs = append(pairs, console.Pair{"gate", g.Words()})
	}
	if !consent.Asks(gates, person) {
		pairs = append(pairs, console.Pair{"counts", "for no gate: none asks for " + person})
	}
	if !a.refuse {
		pairs = append(pairs, console.Pair{"named by", "the agent, which submits the same request again: " + again(v, id)})
	}
	return console.PrintPairs(cmd.OutOrStdout(), pairs)
}

// again is how the agent asks once more: for what was denied, or with its draft.
func again(v *consent.View, approval string) string {
	if v.Logged == nil {
		return "deed submit FILE --approval " + approval
	}
	return "deed submit --again " + string(v.Logged.ID())
}

// asked gets an action that may be approved: by its ID or index, or from a file
// with its draft.
func asked(ctx context.Context, cl *register.Client, ref string, now int64) (*consent.Asked, error) {
	if console.FileExists(ref) {
		doc, err := os.ReadFile(ref)
		if err != nil {
			return nil, fmt.Errorf("reading drafted action: %w", err)
		}
		s, err := statement.ReadStatement(attest.KindAction, doc)
		if err != nil {
			return nil, err
		}
		return completed(ctx, cl, &consent.Asked{Action: s.(*attest.Action)}, now)
	}
	l, receipt, err := cl.Logged(ctx, ref)
	if err != nil {
		return nil, err
	}
	r, err := register.ReadReceipt(receipt, cl.VKey)
	if err != nil {
		return nil, err
	}
	a, ok := l.Verified.Statement().(*attest.Action)
	switch {
	case !ok:
		return nil, console.Hint(console.Usage("%s is a %s, not an action", ref, l.Record.Kind), "see what asks for an approval with 'deed approve --list'")
	case l.Allowed():
		return nil, console.Hint(console.False("%s was allowed: there is nothing to approve or to refuse", ref), "see what asks for an approval with 'deed approve --list'")
	}
	return completed(ctx, cl, &consent.Asked{Action: a, Logged: l, Received: r.Entry.ReceivedAt}, now)
}

// completed adds the approvals and refusals that are there.
func completed(ctx context.Context, cl *register.Client, a *consent.Asked, now int64) (*consent.Asked, error) {
	return a, approvalError(consent.Complete(ctx, cl.Consent(), a, now))
}

// approvalError says what can be done about an action that is not fit to be
// approved.
func approvalError(err error) error {
	if errors.Is(err, consent.ErrIncomplete) {
		return console.Hint(err, "an approval is of an intent or a record under a warrant, of which the agent opened every argument")
	}
	if _, ok := errors.AsType[consent.Mismatch](err); ok {
		return console.False("%w", err)
	}
	if h, ok := errors.AsType[*consent.Hopeless](err); ok {
		return &console.Failure{Code: console.ExitFalse, Hint: attest.Faults[h.Fault.Code].Fix, Err: fmt.Errorf("nothing was signed: %w", err)}
	}
	return err
}
