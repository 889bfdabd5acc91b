package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/setup"
)

func newTrust() *cobra.Command {
	return group("trust", "Trust directories for verifiers", newTrustExport())
}

type trustExport struct {
	connection
	overwrite bool
}

func newTrustExport() *cobra.Command {
	t := &trustExport{}
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the log's own opinion of a trust directory",
		Long: `Write a trust directory with the keys, people and SPIFFE bundles that the register
itself names. Whoever uses it as it is trusts the operator: its README says which
parts must come from someone else.

A directory that has anything in it is refused, because it may hold what came
from someone else; --overwrite replaces the files of the same names.`,
		Example: "deed trust export trust && deed verify evidence.deed.zip",
		Args:    takes(1, 1),
		RunE:    t.run,
	}
	cmd.Flags().BoolVar(&t.overwrite, "overwrite", false, "replace the files that are there")
	t.connection.flags(cmd)
	return cmd
}

func (t *trustExport) run(cmd *cobra.Command, args []string) error {
	list, err := os.ReadDir(args[0])
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing trust directory: %w", err)
	}
	if len(list) > 0 && !t.overwrite {
		return withHint(fmt.Errorf("%s has files in it", args[0]), "name another directory, or give --overwrite if none of them came from someone else")
	}
	ctx, cl, done, err := t.open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	files, err := auditor.Over(cl.evidence).Trust(ctx)
	if err != nil {
		return err
	}
	if cl.vkey != "" && !bytes.Contains(files["log.policy"], []byte(cl.vkey)) {
		return falseError("the register's genesis names another log key than the one known here")
	}
	if err := setup.WriteTrust(args[0], files); err != nil {
		return err
	}
	if t.json {
		return printJSON(cmd.OutOrStdout(), map[string]string{"dir": args[0]})
	}
	return printText(cmd.OutOrStdout(), args[0]+"\n")
}
