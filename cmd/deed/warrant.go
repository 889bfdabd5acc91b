package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
)

func newWarrant() *cobra.Command {
	return group("warrant", "Issue, narrow, explain and check warrants",
		newWarrantNew(), newWarrantDelegate(), newWarrantShow(), newWarrantCheck())
}

// warrantOf gets a warrant from the register.
func warrantOf(ctx context.Context, cl *client, ref string) (*admission.Logged, *attest.Warrant, error) {
	l, _, err := cl.logged(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	w, ok := l.Verified.Statement().(*attest.Warrant)
	if !ok {
		return nil, nil, usageError("%s is a %s, not a warrant", ref, l.Record.Kind)
	}
	return l, w, nil
}

// chain gets a warrant and those above it, root first.
func chain(ctx context.Context, cl *client, ref string) (consent.Chain, error) {
	l, _, err := warrantOf(ctx, cl, ref)
	if err != nil {
		return consent.Chain{}, err
	}
	return consent.ChainOf(ctx, cl.consent(), l.ID())
}

func newWarrantShow() *cobra.Command {
	c := &connection{}
	cmd := &cobra.Command{
		Use:   "show INDEX|ID|FILE",
		Short: "Explain a warrant in words",
		Long: `Explain a warrant in words: who may do what, within which limits, until when.
A FILE is an envelope, or the predicate as JSON; no register is asked then.`,
		Example: "deed warrant show id:6f2c...\ndeed warrant new --print ... > w.dsse && deed warrant show w.dsse",
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := findWarrant(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), w)
			}
			return printText(cmd.OutOrStdout(), warrant.Describe(w))
		},
	}
	c.flags(cmd)
	return cmd
}

func findWarrant(ctx context.Context, c *connection, ref string) (*attest.Warrant, error) {
	if fileExists(ref) {
		return readWarrant(ref)
	}
	ctx, cl, done, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	_, w, err := warrantOf(ctx, cl, ref)
	return w, err
}

func readWarrant(path string) (*attest.Warrant, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading warrant: %w", err)
	}
	var s attest.Statement
	if isEnvelope(doc) {
		e, err := attest.ParseEnvelope([]byte(strings.TrimRight(string(doc), "\r\n")))
		if err != nil {
			return nil, fmt.Errorf("reading warrant %s: %w", path, err)
		}
		s, err = attest.ParsePayload(e.Payload)
		if err != nil {
			return nil, fmt.Errorf("reading warrant %s: %w", path, err)
		}
	} else if s, err = readStatement(attest.KindWarrant, doc); err != nil {
		return nil, err
	}
	w, ok := s.(*attest.Warrant)
	if !ok {
		return nil, usageError("%s is a %s, not a warrant", path, s.Kind())
	}
	return w, nil
}
