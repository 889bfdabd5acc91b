package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/consent"
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

An approval is of one exact action, salts included. --again ID asks once more for
the action that was denied under this ID, with the approvals that it has by now, or
with those of --approval. It needs no draft: the register has the action.

` + statement.ActHelp

const submitExample = `deed submit --svid-dir svid/payments --warrant $W --action payments.transfer \
    --resource bank_account:iban/DE/nordlicht --arg amount='240.00 EUR' --arg reference=INV/1
deed submit --svid-dir svid/payments --outcome-of $INTENT --status done
deed submit --kind instruction --key maria.key --to spiffe://acme.example/agent/planner --text 'Tidy up'
deed submit --again id:6f2c... --svid-dir svid/payments
deed submit envelope.dsse --object chain.der --out evidence.deed.zip`

type submitCommand struct {
	register.Connection
	signing.Signer
	draft   statement.Members
	kind    string
	again   string
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
	cmd.Flags().StringVar(&s.again, "again", "", "ask again for the action that was denied under this `ID`, now that it is approved")
	cmd.Flags().StringArrayVar(&s.objects, "object", nil, "`FILE` or directory of objects to send along")
	cmd.Flags().StringVar(&s.out, "out", "", "write the evidence bundle to `FILE.deed.zip`")
	cmd.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print the statement's ID only")
	s.draft.Flags(cmd)
	s.Signer.Flags(cmd)
	s.Connection.Flags(cmd)
	return cmd
}

func (s *submitCommand) run(cmd *cobra.Command, args []string) error {
	if s.again != "" && (len(args) > 0 || s.kind != string(attest.KindAction)) {
		return console.Usage("--again takes the action from the register: want no FILE and no --kind")
	}
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
	var d *statement.Draft
	if s.again != "" {
		d, err = statement.Again(ctx, &s.draft, s.again, signer, cl)
	} else {
		d, err = statement.ReadDraft(ctx, &s.draft, attest.Kind(s.kind), doc, signer, cl)
	}
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
	return errors.Join(printed, waits(ctx, cl, r.ID(), err))
}

// waits adds to a denial how to ask again, where an approval could let the action
// pass. That this cannot be told is no fault of its own.
func waits(ctx context.Context, cl *register.Client, id string, denied error) error {
	if denied == nil {
		return nil
	}
	if ok, err := consent.Waits(ctx, cl.Consent(), attest.ID(id), time.Now().UnixMilli()); err != nil || !ok {
		return denied
	}
	_, hint := console.Classify(denied)
	return console.Hint(denied, hint+"; once it is approved: deed submit --again "+id)
}
