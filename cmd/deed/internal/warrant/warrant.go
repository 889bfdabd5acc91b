package warrant

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
)

// New makes deed warrant, a group.
func New() *cobra.Command {
	return console.Group("warrant", "Issue, narrow, explain, check and end warrants",
		newWarrantNew(), newWarrantDelegate(), newWarrantShow(), newWarrantCheck(), newWarrantRevoke())
}

// warrantOf gets a warrant from the register.
func warrantOf(ctx context.Context, cl *register.Client, ref string) (*admission.Logged, *attest.Warrant, error) {
	l, _, err := cl.Logged(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	w, ok := l.Verified.Statement().(*attest.Warrant)
	if !ok {
		return nil, nil, console.Usage("%s is a %s, not a warrant", ref, l.Record.Kind)
	}
	return l, w, nil
}

// chain gets a warrant and those above it, root first.
func chain(ctx context.Context, cl *register.Client, ref string) (consent.Chain, error) {
	l, _, err := warrantOf(ctx, cl, ref)
	if err != nil {
		return consent.Chain{}, err
	}
	return consent.ChainOf(ctx, cl.Consent(), l.ID())
}

func newWarrantShow() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "show INDEX|ID|FILE",
		Short: "Explain a warrant in words",
		Long: `Explain a warrant in words: who may do what, within which limits, until when.
A FILE is an envelope, or the predicate as JSON; no register is asked then.`,
		Example: "deed warrant show id:6f2c...\ndeed warrant new --print ... > w.dsse && deed warrant show w.dsse",
		Args:    console.Takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := findWarrant(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if c.JSON {
				return console.PrintJSON(cmd.OutOrStdout(), w)
			}
			return console.Print(cmd.OutOrStdout(), warrant.Describe(w))
		},
	}
	c.Flags(cmd)
	return cmd
}

func findWarrant(ctx context.Context, c *register.Connection, ref string) (*attest.Warrant, error) {
	if console.FileExists(ref) {
		return readWarrant(ref)
	}
	ctx, cl, done, err := c.Open(ctx)
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
	if statement.IsEnvelope(doc) {
		e, err := attest.ParseEnvelope([]byte(strings.TrimRight(string(doc), "\r\n")))
		if err != nil {
			return nil, fmt.Errorf("reading warrant %s: %w", path, err)
		}
		s, err = attest.ParsePayload(e.Payload)
		if err != nil {
			return nil, fmt.Errorf("reading warrant %s: %w", path, err)
		}
	} else if s, err = statement.ReadStatement(attest.KindWarrant, doc); err != nil {
		return nil, err
	}
	w, ok := s.(*attest.Warrant)
	if !ok {
		return nil, console.Usage("%s is a %s, not a warrant", path, s.Kind())
	}
	return w, nil
}
