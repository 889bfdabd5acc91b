package act

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const submitLong = `Submit a signed envelope, or sign a statement and submit it, and print the
receipt.

FILE is an envelope as 'deed sign' prints it, or a predicate of --kind, which is
signed with --key or the SVID first. Without a FILE the flags make the
statement: an action, or with --kind an instruction or an approval.

An action with --status is a record of what was done; without, it is an intent:
the agent asks, acts if the answer is allow, and reports the outcome.

A statement that is denied is in the log too: its receipt is printed, and the
exit code is 1. Submitting the same envelope again gives the same entry.

` + statement.ActHelp

const submitExample = `deed submit --svid-dir svid/payments --warrant $W --action payments.transfer \
    --resource bank_account:iban/DE/nordlicht --arg amount='240.00 EUR' --arg reference=INV/1
deed submit --svid-dir svid/payments --outcome-of $INTENT --status done
deed submit --kind instruction --key maria.key --to spiffe://acme.example/agent/planner --text 'Tidy up'
deed submit envelope.dsse --object chain.der --out evidence.deed.zip`

type submitCommand struct {
	register.Connection
	signing.Signer
	draft   statement.Members
	kind    string
	objects []string
	out     string
	quiet   bool
}

// NewSubmit makes deed submit.
func NewSubmit() *cobra.Command {
	s := &submitCommand{}
	cmd := &cobra.Command{
		Use:     "submit [FILE|-]",
		Short:   "Submit a statement and print the receipt",
		Long:    submitLong,
		Example: submitExample,
		Args:    console.Takes(0, 1),
		RunE:    s.run,
	}
	cmd.Flags().StringVar(&s.kind, "kind", string(attest.KindAction), "`KIND` of a statement that is not signed yet")
	cmd.Flags().StringArrayVar(&s.objects, "object", nil, "`FILE` or directory of objects to send along")
	cmd.Flags().StringVar(&s.out, "out", "", "write the evidence bundle to `FILE.deed.zip`")
	cmd.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print the statement's ID only")
	s.draft.Flags(cmd)
	s.Signer.Flags(cmd)
	s.Connection.Flags(cmd)
	return cmd
}

func (s *submitCommand) run(cmd *cobra.Command, args []string) error {
	doc, err := console.ReadInput(cmd, args)
	if err != nil {
		return err
	}
	objects, err := statement.ReadObjects(s.objects)
	if err != nil {
		return err
	}
	ctx, cl, done, err := s.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	var envelope attest.Envelope
	if statement.IsEnvelope(doc) {
		envelope, objects, err = s.signed(ctx, doc, objects)
	} else {
		envelope, objects, err = s.sign(ctx, cl, doc, objects)
	}
	if err != nil {
		return err
	}
	return s.send(ctx, cmd, cl, envelope, objects)
}

// signed takes an envelope, and adds the SVID's certificates if it is the one
// that signed.
func (s *submitCommand) signed(ctx context.Context, doc []byte, objects [][]byte) (attest.Envelope, [][]byte, error) {
	envelope, err := attest.ParseEnvelope([]byte(strings.TrimRight(string(doc), "\r\n")))
	if err != nil {
		return envelope, nil, fmt.Errorf("reading envelope: %w", err)
	}
	if s.SVIDDir == "" {
		return envelope, objects, nil
	}
	signer, err := (&signing.Signer{}).Credential(ctx, &s.Connection)
	if err == nil && signer.KeyID == envelope.KeyID {
		objects = append(objects, signer.Chain)
	}
	return envelope, objects, err
}

func (s *submitCommand) sign(ctx context.Context, cl *register.Client, doc []byte, objects [][]byte) (attest.Envelope, [][]byte, error) {
	signer, err := s.Credential(ctx, &s.Connection)
	if err != nil {
		return attest.Envelope{}, nil, err
	}
	d, err := statement.ReadDraft(ctx, &s.draft, attest.Kind(s.kind), doc, signer, cl)
	if err != nil {
		return attest.Envelope{}, nil, err
	}
	envelope, err := signer.Sign(d.Statement)
	objects = append(append(objects, d.Objects...), signer.Objects()...)
	return envelope, objects, err
}

// send submits, prints the receipt, and keeps the evidence where asked to.
func (s *submitCommand) send(ctx context.Context, cmd *cobra.Command, cl *register.Client, e attest.Envelope, objects [][]byte) error {
	r, err := cl.Submit(ctx, e, objects)
	if r == nil {
		return err
	}
	printed := register.PrintReceipt(cmd.OutOrStdout(), &s.Connection, s.quiet, cl, r)
	if printed == nil && s.out != "" {
		printed = cl.Export(ctx, s.out, auditor.Options{Control: true}, []string{r.ID()})
	}
	return errors.Join(printed, err)
}
