package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/setup"
)

const bundleSuffix = ".deed.zip"

func newExport() *cobra.Command {
	c := &connection{}
	out := ""
	cmd := &cobra.Command{
		Use:   "export --out FILE" + bundleSuffix + " INDEX|ID...",
		Short: "Export entries as an evidence bundle",
		Long: `Export entries with everything that they rely on as one file, which verifies
offline: see 'deed verify'. The bundle holds evidence in plain; keep it private.`,
		Example: "deed export --out payment.deed.zip 17\ndeed export --out case.deed.zip 17 18 id:6f2c...",
		Args:    takes(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasSuffix(out, bundleSuffix) {
				return usageError("want --out FILE%s", bundleSuffix)
			}
			ctx, cl, done, err := c.open(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			if err := exportTo(ctx, cl, out, args); err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"file": out})
			}
			return printText(cmd.OutOrStdout(), out+"\n")
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the bundle to write, `FILE"+bundleSuffix+"`")
	c.flags(cmd)
	return cmd
}

// exportTo writes the evidence of entries to a file.
func exportTo(ctx context.Context, cl *client, path string, refs []string) error {
	bundle, err := auditor.Over(cl.evidence).Export(ctx, refs...)
	if err != nil {
		return err
	}
	if err := setup.WriteFile(path, bundle.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	return nil
}
