package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
)

// commands lists a command and all below it, without those of cobra and the
// demo, whose help is its own.
func commands(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		switch sub.Name() {
		case "completion", "help", "demo":
			continue
		}
		list = append(list, commands(sub)...)
	}
	return list
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, c := range commands(newRoot()) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short text is %q", c.CommandPath(), c.Short)
		}
		if c.RunE == nil {
			t.Errorf("%s cannot be run", c.CommandPath())
		}
		for _, line := range strings.Split(c.Long+"\n"+c.Example, "\n") {
			if len(line) > 110 {
				t.Errorf("%s: help line of %d characters: %s", c.CommandPath(), len(line), line)
			}
		}
	}
}

// The help must not depend on where it is printed.
func TestHelpHidesTheEnvironment(t *testing.T) {
	t.Setenv("DEED_DIR", "/secret/place")
	t.Setenv("DEED_SERVER", "http://secret.example")
	t.Setenv("DEED_LISTEN", "127.0.0.1:1")
	root := newRoot()
	var out strings.Builder
	root.SetOut(&out)
	for _, c := range commands(root) {
		console.Help(c, nil)
	}
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "127.0.0.1:1 ") {
		t.Error("the help shows what the environment says")
	}
}
