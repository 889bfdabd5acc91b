package console

import "github.com/spf13/cobra"

// Group makes a command that only holds others.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	g.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return UnknownCommand(cmd, args[0])
		}
		return Usage("%s needs a command", cmd.CommandPath())
	}
	g.AddCommand(commands...)
	return g
}

// UnknownCommand is the error of a name that no command below cmd has, with the
// one that is meant, if one is close.
func UnknownCommand(cmd *cobra.Command, name string) error {
	unknown := Usage("unknown command %q for %s", name, cmd.CommandPath())
	for distance := 1; distance <= 2; distance++ { // the closest first
		cmd.SuggestionsMinimumDistance = distance
		if s := cmd.SuggestionsFor(name); len(s) > 0 {
			return Hint(unknown, "did you mean "+cmd.CommandPath()+" "+s[0]+"?")
		}
	}
	return unknown
}

// Takes checks the number of arguments; most below 0 is any number.
func Takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := len(args); n < least || most >= 0 && n > most {
			return Usage("%d arguments do not fit %q", n, useLine(cmd))
		}
		return nil
	}
}
