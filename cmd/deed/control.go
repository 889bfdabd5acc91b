package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
)

// control is what the commands of an administrator share: build a statement,
// sign it, submit it, print the receipt.
type control struct {
	connection
	signing
	also  []string
	quiet bool
}

func (c *control) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&c.quiet, "quiet", "q", false, "print the statement's ID only")
	c.signing.flags(cmd)
	c.connection.flags(cmd)
}

// quorumFlags are the flags of a statement that takes a quorum of administrators.
func (c *control) quorumFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&c.also, "also", nil, "private key of another administrator in force who endorses, PEM `FILE`")
}

// put completes, signs and submits a statement as an administrator, endorsed with
// the keys of --also. endorse makes the other objects that depend on the payload.
func (c *control) put(cmd *cobra.Command, s attest.Statement, objects [][]byte, endorse func(payload []byte) ([][]byte, error)) error {
	keys, err := readKeys(c.also)
	if err != nil {
		return err
	}
	ctx, cl, done, err := c.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := c.administrator(&c.connection)
	if err != nil {
		return err
	}
	return c.submitAs(ctx, cmd, cl, signer, s, objects, func(payload []byte) ([][]byte, error) {
		all, err := signer.endorsedBy(keys)(payload)
		if err != nil || endorse == nil {
			return all, err
		}
		more, err := endorse(payload)
		return append(all, more...), err
	})
}

func (c *control) submitAs(ctx context.Context, cmd *cobra.Command, cl *client, signer *credential, s attest.Statement, objects [][]byte, endorse func([]byte) ([][]byte, error)) error {
	envelope, err := c.signed(ctx, cl, signer, s)
	if err != nil {
		return err
	}
	objects = append(objects, signer.objects()...)
	if endorse != nil {
		more, err := endorse(envelope.Payload)
		if err != nil {
			return err
		}
		objects = append(objects, more...)
	}
	receipt, err := cl.submit(ctx, envelope, objects)
	if receipt == nil {
		return err
	}
	return errors.Join(printReceipt(cmd.OutOrStdout(), &c.connection, c.quiet, cl, receipt), err)
}

// signed completes a statement and signs it.
func (c *control) signed(ctx context.Context, cl *client, signer *credential, s attest.Statement) (attest.Envelope, error) {
	d := &draft{flags: &draftFlags{}, statement: s, signer: signer, client: cl, now: time.Now()}
	if err := d.complete(ctx); err != nil {
		return attest.Envelope{}, err
	}
	return signer.sign(s)
}

// bring submits a statement that a service signs with its own SVID. what says so,
// for whoever gives a person's key.
func (c *control) bring(cmd *cobra.Command, s attest.Statement, objects [][]byte, what string) error {
	if c.keyFile != "" {
		return withHint(errors.New(what+" by a service"), "give --svid-dir DIR, or an SVID by SPIFFE_ENDPOINT_SOCKET, instead of --key")
	}
	ctx, cl, done, err := c.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := c.credential(ctx, &c.connection)
	if err != nil {
		return err
	}
	return c.submitAs(ctx, cmd, cl, signer, s, objects, nil)
}
