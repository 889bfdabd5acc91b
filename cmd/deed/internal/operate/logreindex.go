package operate

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

const logReindexLong = `Make the database of a register again, from its entries and objects alone, where
what is derived from them is damaged: the index (a start is refused), the search
rows, the state, the tiles. Every statement is checked and decided again as its
record says. A database that was made by an older deed, with less derived from the
same entries, takes it once. The root must be the one that is stored and signed: a damaged entry
or a lost object cannot be made again, and then nothing is changed.

The register must not be served. The new file is written beside the old one, which
needs the same room once more, and takes its place when it is whole. A run that
does not end changes nothing. The old file is kept under its name with
".before-reindex" at the end: remove it once 'deed log check' finds nothing.`

// logReindex makes a database again.
type logReindex struct {
	config   string
	progress bool
	json     bool
}

// NewLogReindex makes deed log reindex.
func NewLogReindex() *cobra.Command {
	l := &logReindex{}
	cmd := &cobra.Command{
		Use:     "reindex",
		Short:   "Make a damaged index again, from the log",
		Long:    logReindexLong,
		Example: "deed log reindex --config acme/deed.yaml",
		Args:    console.Takes(0, 0),
		RunE:    l.run,
	}
	configFlag(cmd, &l.config)
	cmd.Flags().BoolVar(&l.progress, "progress", false, "say how far it is also where nobody watches")
	cmd.Flags().BoolVar(&l.json, "json", false, "print JSON")
	return cmd
}

func (l *logReindex) run(cmd *cobra.Command, _ []string) error {
	if l.config == "" {
		return console.Usage("want the configuration: --config FILE")
	}
	config, err := setup.ReadConfig(l.config)
	if err != nil {
		return err
	}
	setup.TuneMemory()
	r := setup.Reindex{Config: config, Report: func(c *ledger.Corrupt) { fmt.Fprintf(cmd.ErrOrStderr(), "deed: %v\n", c) }}
	if l.progress || console.OnTerminal(cmd.ErrOrStderr()) {
		r.Progress = (&teller{out: cmd.ErrOrStderr()}).tell
	}
	out, err := r.Run(cmd.Context())
	switch {
	case errors.Is(err, boltstore.ErrLocked):
		return console.Hint(errors.New("another process has the database open"), "stop the deed serve that has it open")
	case errors.Is(err, setup.ErrExists):
		return console.Hint(err, "an earlier reindex kept it: remove it if 'deed log check' finds nothing")
	case errors.Is(err, boltstore.ErrNewer):
		return err
	case err != nil:
		return console.Hint(err, "the old file is as it was; put a replica that is as new as the head file in its place")
	case l.json:
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	return console.Print(cmd.OutOrStdout(), fmt.Sprintf("made again  %d entries, with index, search rows, state and tiles\nold file    %s\n", out.Entries, out.Kept))
}

// teller says how far a command is: when it comes to another bucket, and every
// second.
type teller struct {
	out    io.Writer
	bucket string
	said   time.Time
}

func (t *teller) tell(bucket string, done, size uint64) {
	if bucket == t.bucket && time.Since(t.said) < time.Second && done != size {
		return
	}
	t.bucket, t.said = bucket, time.Now()
	fmt.Fprintf(t.out, "deed: reading %s: %d of %d\n", bucket, done, size)
}
