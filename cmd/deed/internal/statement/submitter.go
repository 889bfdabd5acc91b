package statement

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
)

// Submitter is what commands share that make one statement, of an administrator or
// of a service: complete it, sign it, submit it, print the receipt.
type Submitter struct {
	register.Connection
	signing.Signer
	Also  []string // files with keys of administrators who endorse
	Quiet bool     // print the ID only, not the receipt
}

// Flags adds the flags of who signs, where to, and what is printed.
func (c *Submitter) Flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&c.Quiet, "quiet", "q", false, "print the statement's ID only")
	c.Signer.Flags(cmd)
	c.Connection.Flags(cmd)
}

// QuorumFlags are the flags of a statement that takes a quorum of administrators.
func (c *Submitter) QuorumFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&c.Also, "also", nil, "private key of another administrator in force who endorses, PEM `FILE`")
}

// Put completes, signs and submits a statement as an administrator, endorsed with
// the keys of --also. endorse makes the other objects that depend on the payload.
func (c *Submitter) Put(cmd *cobra.Command, s attest.Statement, objects [][]byte, endorse func(payload []byte) ([][]byte, error)) error {
	return c.put(cmd, func(context.Context, *register.Client) (attest.Statement, error) { return s, nil }, objects, endorse)
}

// PutFound is Put of a statement that build makes of what the register has.
func (c *Submitter) PutFound(cmd *cobra.Command, build func(context.Context, *register.Client) (attest.Statement, error)) error {
	return c.put(cmd, build, nil, nil)
}

func (c *Submitter) put(cmd *cobra.Command, build func(context.Context, *register.Client) (attest.Statement, error), objects [][]byte, endorse func([]byte) ([][]byte, error)) error {
	keys, err := signing.ReadKeys(c.Also)
	if err != nil {
		return err
	}
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	s, err := build(ctx, cl)
	if err != nil {
		return err
	}
	signer, err := c.Administrator(&c.Connection)
	if err != nil {
		return err
	}
	return c.SubmitAs(ctx, cmd, cl, signer, s, objects, func(payload []byte) ([][]byte, error) {
		all, err := signer.EndorsedBy(keys)(payload)
		if err != nil || endorse == nil {
			return all, err
		}
		more, err := endorse(payload)
		return append(all, more...), err
	})
}

// SubmitAs completes, signs and submits a statement, with the objects that belong
// to it and those that endorse, which may be nil, makes of its payload. It prints
// the receipt of a denial, too, and returns the denial.
func (c *Submitter) SubmitAs(ctx context.Context, cmd *cobra.Command, cl *register.Client, signer *signing.Credential, s attest.Statement, objects [][]byte, endorse func([]byte) ([][]byte, error)) error {
	envelope, err := c.Signed(ctx, cl, signer, s)
	if err != nil {
		return err
	}
	objects = append(objects, signer.Objects()...)
	if endorse != nil {
		more, err := endorse(envelope.Payload)
		if err != nil {
			return err
		}
		objects = append(objects, more...)
	}
	r, err := cl.Submit(ctx, envelope, objects)
	if r == nil {
		return err
	}
	return errors.Join(register.PrintReceipt(cmd.OutOrStdout(), &c.Connection, c.Quiet, cl, r), err)
}

// Signed completes a statement and signs it.
func (c *Submitter) Signed(ctx context.Context, cl *register.Client, signer *signing.Credential, s attest.Statement) (attest.Envelope, error) {
	d := &Draft{flags: &Members{}, Statement: s, Signer: signer, Client: cl, now: time.Now()}
	if err := d.complete(ctx); err != nil {
		return attest.Envelope{}, err
	}
	return signer.Sign(s)
}

// Bring submits a statement that a service signs with its own SVID. what says so,
// for whoever gives a person's key.
func (c *Submitter) Bring(cmd *cobra.Command, s attest.Statement, objects [][]byte, what string) error {
	if c.KeyFile != "" {
		return console.Hint(errors.New(what+" by a service"), "give --svid-dir DIR, or an SVID by SPIFFE_ENDPOINT_SOCKET, instead of --key")
	}
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := c.Credential(ctx, &c.Connection)
	if err != nil {
		return err
	}
	return c.SubmitAs(ctx, cmd, cl, signer, s, objects, nil)
}
