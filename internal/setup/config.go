package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/deedlog/deed/attest"
)

// Config is deed.yaml. Unknown keys are refused; relative paths are relative to
// the file.
type Config struct {
	// Origin names the log: the first line of its checkpoints. It never changes.
	Origin string `yaml:"origin"`
	// Listen is the address; without TLS it must be a loopback address.
	Listen string `yaml:"listen"`
	// Store is the database file.
	Store string `yaml:"store"`
	// Head is the file with the last signed checkpoint. Put it on another
	// volume: it is what tells an old copy of the database.
	Head string `yaml:"head"`
	// Keys are the private keys, by path.
	Keys Keys `yaml:"keys"`
	// TrustDomains says where the bundle of each trust domain comes from.
	TrustDomains map[string]BundleSource `yaml:"trust_domains"`
	// Roots says where the authorities of people's certificates come from.
	Roots NamedRoots `yaml:"roots"`
	// Providers says where the keys of each identity provider come from, by its
	// issuer.
	Providers map[string]KeySource `yaml:"providers"`
	// TLS is the server's own identity; empty is plain HTTP on loopback.
	TLS TLS `yaml:"tls"`
	// Metrics is where /metrics is served; empty is nowhere.
	Metrics Metrics `yaml:"metrics"`
	// Ready is what /readyz judges by.
	Ready Ready `yaml:"ready"`
	// Scrub is how the register reads itself while it is served.
	Scrub Scrubbing `yaml:"scrub"`
	// Web is the approval page; empty is none.
	Web Web `yaml:"web"`
	// Logs is what the operator sees on stderr.
	Logs Logs `yaml:"logs"`
}

// Metrics is the operator's own port.
type Metrics struct {
	Listen string `yaml:"listen"` // a loopback address; "" is off
}

// Ready is what readiness is judged by.
type Ready struct {
	// CheckpointAge is how old the last checkpoint may be while statements wait
	// for one.
	CheckpointAge time.Duration `yaml:"checkpoint_age"`
}

// Keys are paths of private keys, mode 0600.
type Keys struct {
	Log      string `yaml:"log"`       // signs checkpoints, Ed25519
	LogMLDSA string `yaml:"log_mldsa"` // cosigns checkpoints, ML-DSA-44
	Server   string `yaml:"server"`    // signs the server's own statements
}

// BundleSource is where a trust domain's bundle comes from: one of the two.
type BundleSource struct {
	BundleFile  string `yaml:"bundle_file,omitempty"`  // SPIFFE bundle document or PEM; read again at SIGHUP
	WorkloadAPI string `yaml:"workload_api,omitempty"` // unix:///path, followed all the time
}

// KeySource is where the keys (JWKS) of an identity provider come from: one of the
// two.
type KeySource struct {
	JWKSFile string `yaml:"jwks_file,omitempty"` // read again at SIGHUP
	JWKSURL  string `yaml:"jwks_url,omitempty"`  // fetched at the start, at SIGHUP and every 5 minutes
}

// TLS is where the server's own SVID comes from: one of the two, or neither.
type TLS struct {
	SVIDDir     string `yaml:"svid_dir,omitempty"`     // svid.pem, key.pem, bundle.json
	WorkloadAPI string `yaml:"workload_api,omitempty"` // unix:///path
}

// Enabled reports whether the server speaks mutual TLS.
func (t TLS) Enabled() bool { return t != TLS{} }

// Logs is the form of the operator's log.
type Logs struct {
	Level  string `yaml:"level"`  // debug | info | warn | error
	Format string `yaml:"format"` // auto | json | text; auto is JSON unless on a terminal
}

// DefaultListen is the address of a register that was not given another.
const DefaultListen = "127.0.0.1:7300"

// ConfigFile is the name of the configuration in a register's directory.
const ConfigFile = "deed.yaml"

// ReadConfig reads and checks a deed.yaml; paths in the result are absolute.
func ReadConfig(path string) (Config, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading config: %w", err)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading config: %w", err)
	}
	c, err := parseConfig(doc)
	if err != nil {
		return Config{}, fmt.Errorf("reading config %s: %w", path, err)
	}
	c.resolve(filepath.Dir(path))
	return c, nil
}

func parseConfig(doc []byte) (Config, error) {
	c := Config{Listen: DefaultListen, Ready: Ready{CheckpointAge: time.Minute}, Scrub: usualScrubbing, Logs: Logs{Level: "info", Format: "auto"}}
	d := yaml.NewDecoder(bytes.NewReader(doc))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return c, plainYAML(err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return c, errors.New("more than one YAML document")
	}
	c.Web.complete()
	return c, c.validate()
}

var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type [^\s;]+`)
	otherValue = regexp.MustCompile(`cannot unmarshal !!(\w+)( \x60[^\x60]*\x60)? into [^\s;]+`)
)

// plainYAML says what is wrong with a configuration without naming our types.
func plainYAML(err error) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return err
	}
	text := unknownKey.ReplaceAllString(strings.Join(typed.Errors, "; "), "unknown key $1")
	return errors.New(otherValue.ReplaceAllString(text, "found $1$2, want another kind of value"))
}

func (c Config) validate() error {
	if !attest.ValidOrigin(c.Origin) {
		return fmt.Errorf("origin: want a name such as log.example/2026, without scheme, space or plus, found %q", c.Origin)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for _, p := range [...]struct{ key, path string }{
		{"store", c.Store}, {"head", c.Head},
		{"keys.log", c.Keys.Log}, {"keys.log_mldsa", c.Keys.LogMLDSA}, {"keys.server", c.Keys.Server},
	} {
		if p.path == "" {
			return fmt.Errorf("%s: a path is required", p.key)
		}
	}
	if err := c.validateTrust(); err != nil {
		return err
	}
	if err := c.validateProviders(); err != nil {
		return err
	}
	if err := c.validateOperations(); err != nil {
		return err
	}
	if err := errors.Join(c.Scrub.validate(), c.Web.validate()); err != nil {
		return err
	}
	if c.TLS.SVIDDir != "" && c.TLS.WorkloadAPI != "" {
		return errors.New("tls: want svid_dir or workload_api, not both")
	}
	if _, err := c.Logs.level(); err != nil {
		return err
	}
	if !slices.Contains([]string{"auto", "json", "text"}, c.Logs.Format) {
		return fmt.Errorf("logs.format: want auto, json or text, found %q", c.Logs.Format)
	}
	return nil
}

func (c Config) validateOperations() error {
	if c.Metrics.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Metrics.Listen); err != nil {
			return fmt.Errorf("metrics.listen: %w", err)
		}
	}
	if c.Ready.CheckpointAge < time.Second {
		return fmt.Errorf("ready.checkpoint_age: want at least 1s, found %v", c.Ready.CheckpointAge)
	}
	return nil
}

func (c Config) validateTrust() error {
	if len(c.TrustDomains) == 0 {
		return errors.New("trust_domains: at least one is required")
	}
	for name, b := range c.TrustDomains {
		if !attest.ValidTrustDomain(name) {
			return fmt.Errorf("trust_domains: %q is not the name of a trust domain", name)
		}
		if (b.BundleFile == "") == (b.WorkloadAPI == "") {
			return fmt.Errorf("trust_domains.%s: want bundle_file or workload_api", name)
		}
	}
	return c.Roots.validate()
}

func (l Logs) level() (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return level, fmt.Errorf("logs.level: want debug, info, warn or error, found %q", l.Level)
	}
	return level, nil
}

// Logger makes the operator's log on a stream.
func (l Logs) Logger(f *os.File) *slog.Logger {
	level, err := l.level()
	if err != nil {
		level = slog.LevelInfo // validated before; a zero Logs is info
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "text" || l.Format != "json" && terminal(f) {
		return slog.New(slog.NewTextHandler(f, options))
	}
	return slog.New(slog.NewJSONHandler(f, options))
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// resolve makes paths absolute.
func (c *Config) resolve(dir string) {
	for _, p := range [...]*string{&c.Store, &c.Head, &c.Keys.Log, &c.Keys.LogMLDSA, &c.Keys.Server, &c.TLS.SVIDDir, &c.Web.TLS.Cert, &c.Web.TLS.Key} {
		*p = under(dir, *p)
	}
	for name, b := range c.TrustDomains {
		b.BundleFile = under(dir, b.BundleFile)
		c.TrustDomains[name] = b
	}
	c.Roots.resolve(dir)
	for issuer, k := range c.Providers {
		k.JWKSFile = under(dir, k.JWKSFile)
		c.Providers[issuer] = k
	}
}

func under(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// domains lists the trust domains in order.
func (c Config) domains() []string {
	names := make([]string, 0, len(c.TrustDomains))
	for name := range c.TrustDomains {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// configText is what Create writes.
const configText = `# Configuration of a Deed register. Check it: deed serve --check --config deed.yaml
# Relative paths are relative to this file. Unknown keys are refused.

# The log's name, in every checkpoint and statement. It never changes.
origin: %q

# Without tls, only a loopback address is accepted.
listen: %q

store: ledger.db

# The last signed checkpoint. It is what tells an old copy of the database from
# the newest: put it on another volume, or leave it out of backups.
head: head

# Private keys, mode 0600.
keys:
  log: keys/log.ed25519.key
  log_mldsa: keys/log.mldsa.key
  server: keys/server.key

# Where the SPIFFE bundle of each trust domain comes from: bundle_file, read
# again at SIGHUP, or workload_api, such as unix:///run/spire/agent.sock.
trust_domains:
  %q:
    bundle_file: %q

# Authorities that certify people's signatures, by name: x509, fulcio (sigstore)
# and tsa (time stamps). Certificates in PEM, or for these two a trusted root of
# sigstore (trusted_root.json); read again at SIGHUP.
# roots:
#   x509:
#     acme-people:
#       file: acme-people.pem

# Where the keys of each identity provider come from, by its issuer: jwks_file,
# read again at SIGHUP, or jwks_url, fetched every 5 minutes. Tokens count only
# of providers that administrators registered: deed provider add.
# providers:
#   "https://login.acme.example":
#     jwks_url: https://login.acme.example/keys

# The server's own SVID, for mutual TLS: svid_dir or workload_api.
# tls:
#   svid_dir: tls

# Prometheus metrics and the probes for this machine, on a loopback address.
# metrics:
#   listen: 127.0.0.1:9464

# The approval page, where people sign in with a passkey, approve and instruct.
# origin is where browsers find it; passkeys are for its host. Without tls only a
# loopback address is accepted: a proxy in front may speak TLS.
# web:
#   listen: 127.0.0.1:7380
#   origin: http://localhost:7380
#   tls: {cert: tls/page.pem, key: tls/page.key}

# /readyz says no when statements have waited longer than this for a checkpoint.
ready:
  checkpoint_age: 60s

# All of the log is read again and hashed, to find damage while there still are
# sound copies. rate is in MiB per second; interval: 0 is off.
scrub:
  interval: 24h
  rate: 4

logs:
  level: info   # debug, info, warn, error
  format: auto  # json, text; auto is JSON unless on a terminal
`

func newConfigText(o Options) []byte {
	return fmt.Appendf(nil, configText, o.Origin, o.Listen, o.TrustDomain, o.bundlePath())
}
