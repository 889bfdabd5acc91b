package operate

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

type logRecover struct{ config string }

// NewLogRecover makes deed log recover.
func NewLogRecover() *cobra.Command {
	r := &logRecover{}
	cmd := &cobra.Command{
		Use:   "recover CHECKPOINT",
		Short: "Make a new head file where it was lost",
		Long: `Make a new head file where it was lost, from the newest checkpoint that is known
to have left this register: one that an agent's proof, a mirror, an auditor or
'deed log head --raw' has kept. The database has to continue it. A head file that
is there is never replaced: if the register refuses to start beside it, the
database is an old copy.`,
		Example: "deed log recover --config acme/deed.yaml 2026-03-01.checkpoint",
		Args:    console.Takes(1, 1),
		RunE:    r.run,
	}
	configFlag(cmd, &r.config)
	return cmd
}

func (r *logRecover) run(cmd *cobra.Command, args []string) error {
	if r.config == "" {
		return console.Usage("want --config or DEED_DIR")
	}
	text, err := console.ReadInput(cmd, args)
	if err != nil {
		return err
	}
	head, err := setup.RestoreHead(cmd.Context(), r.config, text)
	if errors.Is(err, setup.ErrExists) {
		return console.Hint(err, "the head file is there; restore the newest database instead")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "restored   the database continues the checkpoint of size %d\n", head.Size)
	return nil
}
