package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, root *cobra.Command, args []string, s streams) int {
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	if wantsHelp(args) { // help wins over errors in the rest of the line
		cmd, _, err := root.Find(args)
		if err != nil {
			cmd = root
		}
		help(cmd, nil)
		return exitDone
	}
	cmd, err := root.ExecuteContextC(ctx)
	return complain(s.err, cmd, err)
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
