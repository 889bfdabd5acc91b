package console

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer // data; errors and hints
}

// Run executes a command line and returns the exit code.
func Run(ctx context.Context, root *cobra.Command, args []string, s Streams) int {
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	if wantsHelp(args) { // help wins over errors in the rest of the line
		cmd, _, err := root.Find(args)
		if err != nil {
			cmd = root
		}
		Help(cmd, nil)
		return ExitDone
	}
	cmd, err := root.ExecuteContextC(ctx)
	return complain(s.Err, cmd, err)
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		switch a {
		case "--":
			return false
		case "-h", "--help":
			return true
		}
	}
	return false
}
