package operate

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

const logScrubLong = `Read all entries, objects and tiles of a register that is not being served, hash
them again, and name what is damaged. 'deed serve' does the same by itself, in
the background and slowly (scrub in deed.yaml), and writes what it finds to its
log. 'deed log check' reads the state and the search rows too.`

// NewLogScrub makes deed log scrub.
func NewLogScrub() *cobra.Command {
	l := &logCheck{verb: "scrub", read: scrub}
	cmd := &cobra.Command{
		Use:     "scrub",
		Short:   "Hash a register's database again",
		Long:    logScrubLong,
		Example: "deed log scrub --config acme/deed.yaml",
		Args:    console.Takes(0, 0),
		RunE:    l.run,
	}
	l.flags(cmd)
	return cmd
}

// served is the answer where deed serve has the database open.
func (l *logCheck) served(c setup.Config) error {
	if l.verb != "scrub" {
		return console.Hint(errors.New("another process has the database open"), "stop the deed serve that has it open, or check a copy")
	}
	if c.Scrub.Interval == 0 {
		return console.Hint(errors.New("deed serve has the database open, and scrubs nothing: scrub.interval is 0"),
			"set scrub.interval in deed.yaml, or stop deed serve first")
	}
	return console.Hint(fmt.Errorf("deed serve has the database open, and scrubs it by itself every %v", c.Scrub.Interval),
		"look for 'damage in the database' in its log, or stop it first")
}
