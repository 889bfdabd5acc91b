package audit

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
)

// NewGet makes deed get.
func NewGet() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "get INDEX|ID",
		Short: "Show an entry, its statement and what it shows",
		Long: `Show an entry with its statement, the decision, and in words what the evidence
shows and does not show. The statement's signature and the proof are checked.`,
		Example: "deed get 12\ndeed get id:6f2c... --json",
		Args:    console.Takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd, c, args[0])
		},
	}
	c.Flags(cmd)
	return cmd
}

func get(cmd *cobra.Command, c *register.Connection, ref string) error {
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	l, raw, err := cl.Logged(ctx, ref)
	if err != nil {
		return err
	}
	r, err := register.ReadReceipt(raw, cl.VKey)
	if err != nil {
		return err
	}
	statement := l.Verified.Statement()
	if c.JSON {
		out := r.JSON(cl.VKey)
		out.Statement, out.Request = statement, requestOf(statement)
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	if err := console.PrintPairs(cmd.OutOrStdout(), append(r.Pairs(), console.Pair{"request", string(requestOf(statement))})); err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), words(r)+predicate(statement))
}

// requestOf is the request digest of an action, by which its calls name it, or "".
func requestOf(s attest.Statement) attest.Digest {
	if a, ok := s.(*attest.Action); ok && a.Request != nil {
		return a.Request.Digest()
	}
	return ""
}

// words are the fixed sentences of the finding.
func words(r *register.Receipt) string {
	if r.Record.Attribution == nil {
		return ""
	}
	var b strings.Builder
	says, not := agency.Statement(*r.Record.Attribution)
	b.WriteString("\nWhat it shows\n")
	for _, s := range says {
		b.WriteString("  " + s + "\n")
	}
	b.WriteString("\nWhat it does not show\n")
	for _, s := range not {
		b.WriteString("  " + s + "\n")
	}
	return b.String()
}

// predicate is the statement as JSON for people.
func predicate(s attest.Statement) string {
	doc, err := json.Marshal(s, jsontext.WithIndent("  "))
	if err != nil {
		return ""
	}
	return "\nStatement\n" + string(doc) + "\n"
}
