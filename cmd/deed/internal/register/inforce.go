package register

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Listed is a statement of a register, with its index.
type Listed[T attest.Statement] struct {
	Index     uint64 // of its entry
	Statement T      // its signature is checked
}

// InForce lists the statements of a kind that are in force: the newest allowed
// one of each key, newest first.
func InForce[T attest.Statement](ctx context.Context, cl *Client, kind attest.Kind, key func(T) string) ([]Listed[T], error) {
	var out []Listed[T]
	seen := map[string]bool{}
	query := &deedv1.SearchRequest{Kind: string(kind), Decision: "allow", Limit: 1000}
	err := cl.Each(ctx, query, func(r *deedv1.SearchResult) error {
		l, _, err := cl.Logged(ctx, r.GetId())
		if err != nil {
			return err
		}
		if s, ok := l.Verified.Statement().(T); ok && !seen[key(s)] {
			seen[key(s)] = true
			out = append(out, Listed[T]{l.Index, s})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// List prints what is in force, as a table or as JSON.
func List[T attest.Statement](cmd *cobra.Command, c *Connection, kind attest.Kind, key func(T) string, header []string, row func(Listed[T]) []string) error {
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	list, err := InForce(ctx, cl, kind, key)
	if err != nil {
		return err
	}
	if c.JSON {
		statements := make([]T, len(list))
		for i, l := range list {
			statements[i] = l.Statement
		}
		return console.PrintJSON(cmd.OutOrStdout(), statements)
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		rows[i] = row(l)
	}
	return console.PrintTable(cmd.OutOrStdout(), header, rows)
}
