package operate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

const initLong = `Make the directory of a new register: keys (mode 0600), deed.yaml, a log with its
genesis, first bundle and default policy, and a trust directory for verifiers.
A directory that has anything in it is refused, and nothing is left of an init
that did not end.

--dev makes a throwaway SPIFFE CA in DIR/ca, for trying things: see 'deed dev'.
Otherwise --svid-bundle is the trust domain's SPIFFE bundle, such as SPIRE prints
it ('spire-server bundle show -format spiffe').`

const initExample = `deed init acme --origin log.acme.example/1 --dev
deed init /srv/deed --origin log.acme.example/1 --svid-bundle bundle.json --trust-domain acme.example`

type initCommand struct {
	origin, bundle, domain, admin, listen string
	dev, json                             bool
}

// NewInit makes deed init.
func NewInit() *cobra.Command {
	i := &initCommand{}
	cmd := &cobra.Command{
		Use:     "init DIR",
		Short:   "Make a new register",
		Long:    initLong,
		Example: initExample,
		Args:    console.Takes(1, 1),
		RunE:    i.run,
	}
	f := cmd.Flags()
	f.StringVar(&i.origin, "origin", "", "the log's `NAME`, such as log.acme.example/1; it never changes")
	f.BoolVar(&i.dev, "dev", false, "make a throwaway SPIFFE CA")
	f.StringVar(&i.bundle, "svid-bundle", "", "SPIFFE bundle or PEM `FILE` of the trust domain")
	f.StringVar(&i.domain, "trust-domain", "", "`NAME` of the trust domain (with --dev: dev.example)")
	f.StringVar(&i.admin, "admin", "admin", "`NAME` of the first administrator")
	f.StringVar(&i.listen, "listen", os.Getenv("DEED_LISTEN"), "`ADDRESS` to put into deed.yaml (default "+setup.DefaultListen+")")
	f.Lookup("listen").DefValue = ""
	f.BoolVar(&i.json, "json", false, "print JSON")
	return cmd
}

// initJSON is what init made, as --json prints it.
type initJSON struct {
	Dir     string `json:"dir"`
	Origin  string `json:"origin"`
	VKey    string `json:"vkey"`
	Genesis string `json:"genesis"`
	Admin   string `json:"admin"`
	Size    uint64 `json:"size"`
}

func (i *initCommand) run(cmd *cobra.Command, args []string) error {
	options, err := i.options()
	if err != nil {
		return err
	}
	instance, err := setup.Create(cmd.Context(), args[0], options)
	if err != nil {
		return err
	}
	genesis, err := os.ReadFile(filepath.Join(instance.Dir, setup.GenesisFile))
	out := initJSON{
		Dir: args[0], Origin: options.Origin, VKey: instance.VKey(), Genesis: string(genesis[:max(0, len(genesis)-1)]),
		Admin: options.Admin, Size: instance.Log.Size(),
	}
	if err := errors.Join(err, instance.Close()); err != nil {
		return err
	}
	if i.json {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	if err := console.PrintPairs(cmd.OutOrStdout(), []console.Pair{
		{"directory", out.Dir}, {"origin", out.Origin}, {"vkey", out.VKey}, {"genesis", out.Genesis},
		{"admin", out.Admin + ", with " + filepath.Join(out.Dir, setup.AdminKeyFile)},
		{"size", fmt.Sprintf("%d entries: genesis, bundle, policy", out.Size)},
	}); err != nil {
		return err
	}
	return console.Print(cmd.OutOrStdout(), "\nNext: deed serve --config "+filepath.Join(out.Dir, setup.ConfigFile)+"\n")
}

func (i *initCommand) options() (setup.Options, error) {
	o := setup.Options{Origin: i.origin, TrustDomain: i.domain, Dev: i.dev, Admin: i.admin, Listen: i.listen}
	switch {
	case i.origin == "":
		return o, console.Usage("want the log's name: --origin NAME")
	case i.dev == (i.bundle != ""):
		return o, console.Usage("want --dev or --svid-bundle FILE, one of the two")
	case i.dev:
		return o, nil
	case i.domain == "":
		return o, console.Usage("--svid-bundle needs --trust-domain NAME: a bundle does not say which it is of")
	}
	doc, err := os.ReadFile(i.bundle)
	if err != nil {
		return o, fmt.Errorf("reading bundle: %w", err)
	}
	o.Bundle, o.BundleSource = doc, filepath.Base(i.bundle)
	return o, nil
}
