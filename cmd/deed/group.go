package main

import "github.com/spf13/cobra"

// group makes a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	g.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return usageError("%s needs a command", cmd.CommandPath())
	}
	g.AddCommand(commands...)
	return g
}

func unknownCommand(cmd *cobra.Command, name string) error {
	unknown := usageError("unknown command %q for %s", name, cmd.CommandPath())
	for distance := 1; distance <= 2; distance++ { // the closest first
		cmd.SuggestionsMinimumDistance = distance
		if s := cmd.SuggestionsFor(name); len(s) > 0 {
			return withHint(unknown, "did you mean "+cmd.CommandPath()+" "+s[0]+"?")
		}
	}
	return unknown
}

// takes checks the number of arguments; most below 0 is any number.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := len(args); n < least || most >= 0 && n > most {
			return usageError("%d arguments do not fit %q", n, useLine(cmd))
		}
		return nil
	}
}
