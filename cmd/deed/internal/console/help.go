package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupKey annotates a flag with the heading that it is listed under.
const groupKey = "group"

// Headings that flags are listed under: see [inGroup].
const (
	ConnectionGroup = "connection"
	SigningGroup    = "signing"
)

// Help prints a command's help on stdout.
func Help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	fmt.Fprintf(w, "usage: %s\n\n%s\n", useLine(cmd), strings.TrimSpace(long))
	helpCommands(w, cmd)
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nexamples:\n%s\n", indent(cmd.Example))
	}
	helpFlags(w, cmd, "", "flags")
	helpFlags(w, cmd, SigningGroup, "who signs")
	helpFlags(w, cmd, ConnectionGroup, "which register")
}

func useLine(cmd *cobra.Command) string {
	use := cmd.CommandPath()
	if _, rest, ok := strings.Cut(cmd.Use, " "); ok {
		use += " " + rest
	}
	if cmd.HasAvailableSubCommands() {
		return use + " COMMAND"
	}
	return use
}

func helpCommands(w io.Writer, cmd *cobra.Command) {
	titles := map[string]string{"": "commands"}
	order := []string{}
	for _, g := range cmd.Groups() {
		titles[g.ID] = g.Title
		order = append(order, g.ID)
	}
	for _, id := range append(order, "") {
		first := true
		for _, c := range cmd.Commands() {
			if c.GroupID != id || !c.IsAvailableCommand() || c.Name() == "help" {
				continue
			}
			if first {
				fmt.Fprintf(w, "\n%s:\n", titles[id])
				first = false
			}
			fmt.Fprintf(w, "  %-12s %s\n", c.Name(), c.Short)
		}
	}
}

func helpFlags(w io.Writer, cmd *cobra.Command, group, title string) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false // in the order in which they were added
	cmd.Flags().SortFlags = false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		in := ""
		if a := f.Annotations[groupKey]; len(a) > 0 {
			in = a[0]
		}
		if in == group && f.Name != "help" {
			set.AddFlag(f)
		}
	})
	if set.HasAvailableFlags() {
		fmt.Fprintf(w, "\n%s:\n%s", title, set.FlagUsages())
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ")
}

// InGroup lists flags under a heading; defaults that came from the environment
// are not part of the help.
func InGroup(set *pflag.FlagSet, group string) {
	set.SortFlags = false
	set.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{groupKey: {group}}
		if f.Value.Type() == "string" {
			f.DefValue = ""
		}
	})
}
