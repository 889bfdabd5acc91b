package operate

import (
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/internal/demo"
)

const demoLong = `Demo plays the main job with throwaway identities: a register on a loopback port,
agents with SVIDs of a throwaway CA, and real calls. A person instructs an agent,
another acts under what was handed on to it, a gate asks two people and they
approve; a job acts of its own agency; some things are tried and come to nothing.
Then the register is stopped and every piece of evidence is verified offline, with
what a key that is reported stolen does to it, and a byte is flipped.

Without --dir nothing is kept. With it, the directory is a register that deed
serve carries on with.`

// NewDemo plays the story of package internal/demo.
func NewDemo() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play the whole story in a few seconds",
		Long:  demoLong,
		Args:  cobra.NoArgs,
		Example: `deed demo
deed demo --dir acme && deed serve --config acme/deed.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Run(cmd.Context(), demo.Options{Dir: dir, Out: cmd.OutOrStdout()})
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "keep everything in this new `directory`")
	return c
}
