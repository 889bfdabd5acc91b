package operate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
)

const serveLong = `Serve a register: Connect, gRPC, gRPC-Web, plain JSON and the log's tiles on one
port. Without tls in deed.yaml it listens on loopback only. Where deed.yaml has
them, the approval page (web) and the metrics have addresses of their own.

SIGTERM and SIGINT let the calls under way finish and end the server. SIGHUP
reads the files of bundles, people's authorities and providers' keys again; what
changed becomes an entry of the log.

--check reads configuration, keys and bundles, says what is wrong, and exits.`

type serveCommand struct {
	config string
	check  bool
	json   bool
}

// NewServe makes deed serve.
func NewServe() *cobra.Command {
	s := &serveCommand{}
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Serve a register",
		Long:    serveLong,
		Example: "deed serve --config acme/deed.yaml\ndeed serve --config acme/deed.yaml --check",
		Args:    console.Takes(0, 0),
		RunE:    s.run,
	}
	configFlag(cmd, &s.config)
	cmd.Flags().BoolVar(&s.check, "check", false, "check the configuration and exit")
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

// configFlag adds --config, with the register of DEED_DIR as its default.
func configFlag(cmd *cobra.Command, path *string) {
	usual := ""
	if dir := os.Getenv("DEED_DIR"); dir != "" {
		usual = filepath.Join(dir, setup.ConfigFile)
	}
	cmd.Flags().StringVar(path, "config", usual, "the register's deed.yaml `FILE` (default: that of DEED_DIR)")
	cmd.Flags().Lookup("config").DefValue = ""
}

// serveJSON is what serve prints when it is ready.
type serveJSON struct {
	Address string `json:"address"`
	Origin  string `json:"origin"`
	VKey    string `json:"vkey"`
	Size    uint64 `json:"size"`
	Page    string `json:"page,omitzero"` // the approval page
}

func (s *serveCommand) run(cmd *cobra.Command, _ []string) error {
	if s.config == "" {
		return console.Usage("want the configuration: --config FILE")
	}
	if s.check {
		if err := setup.Check(s.config); err != nil {
			return fmt.Errorf("checking configuration: %w", err)
		}
		return console.Print(cmd.OutOrStdout(), "ok\n")
	}
	config, err := setup.ReadConfig(s.config)
	if err != nil {
		return err
	}
	setup.TuneMemory()
	instance, err := setup.Open(cmd.Context(), s.config, config.Logs.Logger(os.Stderr))
	if err != nil {
		return err
	}
	err = s.serve(cmd, instance)
	return errors.Join(err, instance.Close())
}

func (s *serveCommand) serve(cmd *cobra.Command, i *setup.Instance) error {
	ln, err := i.Listen()
	if errors.Is(err, server.ErrPlainAddress) {
		return console.Hint(err, "set tls in deed.yaml, or listen on "+setup.DefaultListen)
	}
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	go rereading(ctx, i, hangup)
	return i.ServeReady(ctx, ln, func() error { return s.print(cmd, i, ln) })
}

// rereading logs the bundles that changed at every SIGHUP.
func rereading(ctx context.Context, i *setup.Instance, hangup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			i.Rehash(ctx)
		}
	}
}

func (s *serveCommand) print(cmd *cobra.Command, i *setup.Instance, ln net.Listener) error {
	scheme := "http://"
	if i.Config.TLS.Enabled() {
		scheme = "https://"
	}
	out := serveJSON{Address: scheme + ln.Addr().String(), Origin: i.Config.Origin, VKey: i.VKey(), Size: i.Log.Size(), Page: i.Config.Web.Origin}
	if s.json {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	return console.PrintPairs(cmd.OutOrStdout(), []console.Pair{
		{"address", out.Address}, {"origin", out.Origin}, {"vkey", out.VKey}, {"size", fmt.Sprint(out.Size)}, {"page", out.Page},
	})
}
