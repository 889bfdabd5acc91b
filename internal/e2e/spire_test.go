//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SPIRE is a running SPIRE server and agent of one trust domain.
type SPIRE struct {
	// TrustDomain is the bare name.
	TrustDomain string

	t     testing.TB
	bin   Binaries
	dir   string
	admin string // the server's own socket
	node  string // the agent's SPIFFE ID, parent of all workloads
}

const serverConf = `
server {
	bind_address = "127.0.0.1"
	bind_port    = "%[1]d"
	socket_path  = "%[2]s/server.sock"
	trust_domain = "%[3]s"
	data_dir     = "%[2]s/server"
	log_level    = "INFO"
}
plugins {
	DataStore "sql" {
		plugin_data {
			database_type     = "sqlite3"
			connection_string = "%[2]s/server/datastore.sqlite3"
		}
	}
	NodeAttestor "join_token" { plugin_data {} }
	KeyManager "disk" { plugin_data { keys_path = "%[2]s/server/keys.json" } }
}
`

const agentConf = `
agent {
	server_address    = "127.0.0.1"
	server_port       = "%[1]d"
	socket_path       = "%[2]s/agent.sock"
	trust_bundle_path = "%[2]s/bootstrap.pem"
	trust_domain      = "%[3]s"
	data_dir          = "%[2]s/agent"
	log_level         = "INFO"
}
plugins {
	NodeAttestor "join_token" { plugin_data {} }
	KeyManager "memory" { plugin_data {} }
	WorkloadAttestor "unix" { plugin_data { discover_workload_path = true } }
}
`

// StartSPIRE starts a server with a self-signed authority and an agent that
// joined by token, both on free ports of 127.0.0.1 with their data in a
// temporary directory. They stop when the test ends.
func StartSPIRE(t testing.TB, bin Binaries, trustDomain string) *SPIRE {
	t.Helper()
	dir := ShortDir(t)
	s := &SPIRE{TrustDomain: trustDomain, t: t, bin: bin, dir: dir, admin: filepath.Join(dir, "server.sock")}
	port := FreePort(t)
	s.write("server.conf", fmt.Sprintf(serverConf, port, dir, trustDomain))
	s.write("agent.conf", fmt.Sprintf(agentConf, port, dir, trustDomain))
	for _, sub := range []string{"server", "agent"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	StartProcess(t, dir, "spire-server", bin.Server, "run", "-config", filepath.Join(dir, "server.conf"))
	Await(t, "SPIRE server", time.Minute, func() error { _, err := s.try("bundle", "show"); return err })
	s.startAgent()
	return s
}

func (s *SPIRE) startAgent() {
	s.t.Helper()
	s.write("bootstrap.pem", string(s.run("bundle", "show", "-format", "pem")))
	var token struct{ Value string }
	if err := json.Unmarshal(s.run("token", "generate", "-output", "json"), &token); err != nil || token.Value == "" {
		s.t.Fatalf("reading join token: %v", err)
	}
	s.node = "spiffe://" + s.TrustDomain + "/spire/agent/join_token/" + token.Value
	StartProcess(s.t, s.dir, "spire-agent", s.bin.Agent, "run", "-config", filepath.Join(s.dir, "agent.conf"), "-joinToken", token.Value)
	Await(s.t, "SPIRE agent", time.Minute, func() error {
		_, err := os.Stat(filepath.Join(s.dir, "agent.sock"))
		return err
	})
}

// Register gives a SPIFFE ID to the processes that all the selectors match,
// such as "unix:path:/tmp/x/deed"; without selectors, to those of this user.
// ttl is the life of their SVIDs in whole seconds; the agent renews at half of
// it.
func (s *SPIRE) Register(spiffeID string, ttl time.Duration, selectors ...string) {
	s.t.Helper()
	if len(selectors) == 0 {
		selectors = []string{"unix:uid:" + strconv.Itoa(os.Getuid())}
	}
	args := []string{"entry", "create", "-parentID", s.node, "-spiffeID", spiffeID, "-x509SVIDTTL", strconv.Itoa(int(ttl.Seconds()))}
	for _, selector := range selectors {
		args = append(args, "-selector", selector)
	}
	s.run(args...)
}

// Socket is the Workload API's address, for SPIFFE_ENDPOINT_SOCKET.
func (s *SPIRE) Socket() string { return "unix://" + filepath.Join(s.dir, "agent.sock") }

// BundleDocument is the trust domain's bundle of now in SPIFFE's form, as the
// server gives it.
func (s *SPIRE) BundleDocument() []byte {
	s.t.Helper()
	return s.run("bundle", "show", "-format", "spiffe")
}

// run calls spire-server's command line and ends the test if that fails.
func (s *SPIRE) run(args ...string) []byte {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *SPIRE) try(args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.bin.Server, append(args, "-socketPath", s.admin)...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("running spire-server %s: %w", strings.Join(args[:2], " "), err)
	}
	return out, nil
}

func (s *SPIRE) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}
