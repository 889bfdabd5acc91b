package register

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
)

// Connection holds the flags that say which register to talk to.
type Connection struct {
	Dir, Server string // of a register on this machine; URL of any
	SVIDDir     string // with the identity of this process
	Timeout     time.Duration
	JSON        bool // print JSON; every command that connects has it

	serverID, logVKey string
}

// Flags adds the flags of a connection to a command.
func (c *Connection) Flags(cmd *cobra.Command) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVar(&c.Dir, "dir", os.Getenv("DEED_DIR"), "a register's `DIR` on this machine: gives address, log key and administrator")
	set.StringVar(&c.Server, "server", os.Getenv("DEED_SERVER"), "`URL` of the register (default http://"+setup.DefaultListen+")")
	set.StringVar(&c.serverID, "server-id", os.Getenv("DEED_SERVER_ID"), "SPIFFE `ID` of the server, for https")
	set.StringVar(&c.SVIDDir, "svid-dir", os.Getenv("DEED_SVID_DIR"), "`DIR` with svid.pem, key.pem and bundle.json")
	set.StringVar(&c.logVKey, "log-vkey", "", "the log's verifier `KEY`, or a file with it: receipts are checked with it")
	set.DurationVar(&c.Timeout, "timeout", 30*time.Second, "how long to wait and retry")
	console.InGroup(set, console.ConnectionGroup)
	cmd.Flags().AddFlagSet(set)
	cmd.Flags().BoolVar(&c.JSON, "json", false, "print JSON")
}

// url is where the register is: the flag, else what its directory says.
func (c *Connection) url() (string, error) {
	if c.Server != "" {
		return strings.TrimSuffix(c.Server, "/"), nil
	}
	if c.Dir == "" {
		return "http://" + setup.DefaultListen, nil
	}
	config, err := setup.ReadConfig(filepath.Join(c.Dir, setup.ConfigFile))
	if err != nil {
		return "", console.Hint(err, "--dir or DEED_DIR names a directory that deed init made")
	}
	if config.TLS.Enabled() {
		return "https://" + config.Listen, nil
	}
	return "http://" + config.Listen, nil
}

// vkey is the log's verifier key, or "" when none is known here.
func (c *Connection) vkey() (string, error) {
	text := c.logVKey
	if text == "" && c.Dir != "" {
		text = filepath.Join(c.Dir, setup.LogVKeyFile)
	}
	if text == "" {
		return "", nil
	}
	if !strings.Contains(text, "+") || console.FileExists(text) {
		doc, err := os.ReadFile(text)
		if err != nil {
			return "", fmt.Errorf("reading log key: %w", err)
		}
		text = strings.TrimSpace(string(doc))
	}
	if _, err := ledger.ParseVKey(text); err != nil {
		return "", fmt.Errorf("reading log key: %w", err)
	}
	return text, nil
}

// Source is the identity of this process.
func (c *Connection) Source(ctx context.Context) (source workload.Source, release func(), err error) {
	if c.SVIDDir != "" {
		dir, err := workload.Dir(c.SVIDDir)
		if err != nil {
			return nil, nil, console.Hint(fmt.Errorf("reading SVID: %w", err), "--svid-dir names a directory with svid.pem, key.pem and bundle.json")
		}
		return dir, func() {}, nil
	}
	if os.Getenv("SPIFFE_ENDPOINT_SOCKET") == "" {
		return nil, nil, console.Hint(errors.New("no SVID to sign or connect with"), "give --svid-dir DIR, or set SPIFFE_ENDPOINT_SOCKET")
	}
	api, err := workload.Dial(ctx, "")
	if err != nil {
		return nil, nil, fmt.Errorf("asking the Workload API for an SVID: %w", err)
	}
	return api, func() { _ = api.Close() }, nil
}

// httpClient speaks plain HTTP, or mutual TLS for https.
func (c *Connection) httpClient(ctx context.Context, address string) (*http.Client, func(), error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, console.Usage("--server: want a URL such as http://%s, found %q", setup.DefaultListen, address)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 8, ForceAttemptHTTP2: true}
	if u.Scheme == "http" {
		return &http.Client{Transport: transport}, func() {}, nil
	}
	if c.serverID == "" {
		return nil, nil, console.Hint(errors.New("https needs the server's SPIFFE ID"), "give --server-id spiffe://..., so that nobody else is taken for the register")
	}
	source, release, err := c.Source(ctx)
	if err != nil {
		return nil, nil, err
	}
	var secure *tls.Config
	if secure, err = workload.ClientTLS(source, c.serverID); err != nil {
		release()
		return nil, nil, fmt.Errorf("preparing TLS: %w", err)
	}
	transport.TLSClientConfig = secure
	return &http.Client{Transport: transport}, release, nil
}
