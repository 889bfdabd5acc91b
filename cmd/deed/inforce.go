package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// listed is a statement of a register, with its index.
type listed[T attest.Statement] struct {
	index     uint64
	statement T
}

// inForce lists the statements of a kind that are in force: the newest allowed
// one of each key, newest first.
func inForce[T attest.Statement](ctx context.Context, cl *client, kind attest.Kind, key func(T) string) ([]listed[T], error) {
	var out []listed[T]
	seen := map[string]bool{}
	for before := uint64(0); ; {
		page, err := cl.search(ctx, &deedv1.SearchRequest{Kind: string(kind), Decision: "allow", Before: before, Limit: 1000})
		if err != nil {
			return nil, err
		}
		for _, r := range page.GetResults() {
			l, _, err := cl.logged(ctx, r.GetId())
			if err != nil {
				return nil, err
			}
			s, ok := l.Verified.Statement().(T)
			if ok && !seen[key(s)] {
				seen[key(s)] = true
				out = append(out, listed[T]{l.Index, s})
			}
		}
		if before = page.GetNext(); !page.GetMore() {
			return out, nil
		}
	}
}

// listing prints what is in force, as a table or as JSON.
func listing[T attest.Statement](cmd *cobra.Command, c *connection, kind attest.Kind, key func(T) string, header []string, row func(listed[T]) []string) error {
	ctx, cl, done, err := c.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	list, err := inForce(ctx, cl, kind, key)
	if err != nil {
		return err
	}
	if c.json {
		statements := make([]T, len(list))
		for i, l := range list {
			statements[i] = l.statement
		}
		return printJSON(cmd.OutOrStdout(), statements)
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		rows[i] = row(l)
	}
	return printTable(cmd.OutOrStdout(), header, rows)
}
