package audit

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/reconcile"
)

const reconcileLong = `Compare the log of a service with the actions of the register: what both have,
what only one of them has, and what cannot be told. Where the service wrote a line
of a call that no logged action names, an agent acted without submitting.

Calls name their action by the request digest, in the header X-Action-Digest.
Vault and OpenBao keep it in clear after
  vault write sys/config/auditing/request-headers/X-Action-Digest hmac=false
An access log in the common or combined form has it as a further field in quotes;
one of JSON objects as the member x_action_digest, or as --field digest=NAME says.
The other fields are time, path, credential and id; a dot goes into an object.

Lines without a digest are joined by the credential that was used, where the agent
handed over the seed of its commitment: --credentials is a FILE of JSON objects,
one on each line, {"kind":"oauth","seed":"<64 hex digits>"}, with "id" where the
seed is for one credential only.

Only lines and actions from --since until --until are reported; --slack is how far
the two clocks may be apart. With --endpoint, the service need have lines only of
actions on that target; with --path, only lines of calls below it are compared.
With --bundle the actions are those of an evidence bundle, which --trust verifies
first, and no register is asked.

A service's log is as good as whoever keeps it.

Exit codes: 0 they agree; 1 they differ; 2 they do not differ, but lines were
malformed, could be of several actions, or name one action more often than
--calls; or the command could not run.`

const reconcileExample = `deed reconcile --vault-audit audit.log --since 2026-03-01 --until 2026-03-02 --endpoint vault.example
deed reconcile --access-log access.json --field digest=headers.digest --path /transfers --since 24h
deed reconcile --vault-audit - --bundle case.deed.zip --trust /srv/auditor/trust --json < audit.log`

type reconcileCommand struct {
	register.Connection
	vault, access         []string
	format                string
	fields                []string
	since, until          string
	slack                 time.Duration
	endpoint, agent       string
	paths                 []string
	credentials           string
	bundle, trust         string
	calls                 int64
	list                  int
	progress, acceptRoots bool
}

// NewReconcile makes deed reconcile.
func NewReconcile() *cobra.Command {
	r := &reconcileCommand{}
	cmd := &cobra.Command{
		Use:     "reconcile",
		Short:   "Compare a service's own log with the register",
		Long:    reconcileLong,
		Example: reconcileExample,
		Args:    console.Takes(0, 0),
		RunE:    r.run,
	}
	f := cmd.Flags()
	f.StringArrayVar(&r.vault, "vault-audit", nil, "audit log of Vault or OpenBao: `FILE`, or - for stdin")
	f.StringArrayVar(&r.access, "access-log", nil, "access log of a service: `FILE`, or - for stdin")
	f.StringVar(&r.format, "format", "", "form of the access log: `combined` (or common) or json (default: as it begins)")
	f.StringArrayVar(&r.fields, "field", nil, "`FIELD=NAME` of a JSON access log: time, digest, path, credential or id")
	f.StringVar(&r.since, "since", "", "from this `TIME` on")
	f.StringVar(&r.until, "until", "", "before this `TIME`")
	f.DurationVar(&r.slack, "slack", 5*time.Minute, "how far the clocks may be apart")
	f.StringVar(&r.endpoint, "endpoint", "", "`HOST` of the service, as the actions name their target")
	f.StringVar(&r.agent, "agent", "", "only actions of this SPIFFE `ID`")
	f.StringArrayVar(&r.paths, "path", nil, "only calls below this `PATH`")
	f.StringVar(&r.credentials, "credentials", "", "`FILE` with the seeds of credentials")
	f.StringVar(&r.bundle, "bundle", "", "take the actions from this `FILE.deed.zip`, and ask no register")
	f.StringVar(&r.trust, "trust", "", "`DIR` that says whom you believe, with --bundle")
	f.BoolVar(&r.acceptRoots, "accept-ledger-roots", false, "with --bundle, take from it what the trust directory lacks")
	f.Int64Var(&r.calls, "calls", 1, "how many calls one action may make; more are reported")
	f.IntVar(&r.list, "list", 100, "print at most this many of each list; all are counted")
	f.BoolVar(&r.progress, "progress", false, "say on standard error how far it is, also where that is no terminal")
	r.Connection.Flags(cmd)
	return cmd
}

func (r *reconcileCommand) run(cmd *cobra.Command, _ []string) error {
	options, err := r.options()
	if err != nil {
		return err
	}
	actions, err := r.actions(cmd.Context(), options)
	if err != nil {
		return err
	}
	join := reconcile.New(actions, options)
	for _, name := range r.vault {
		if err := r.read(cmd, join, name, func([]byte) reconcile.Parser { return reconcile.Vault }); err != nil {
			return err
		}
	}
	for _, name := range r.access {
		if err := r.read(cmd, join, name, r.parser); err != nil {
			return err
		}
	}
	return r.print(cmd, join.Report())
}

// options checks what is known before anything is read.
func (r *reconcileCommand) options() (o reconcile.Options, err error) {
	switch {
	case len(r.vault)+len(r.access) == 0:
		return o, console.Usage("want --vault-audit FILE or --access-log FILE")
	case r.bundle != "" && r.trust == "":
		return o, console.Hint(console.Usage("--bundle: want --trust DIR to verify it with"), "make one with 'deed trust export', and have it from someone other than the operator")
	case r.format != "" && r.format != "combined" && r.format != "common" && r.format != "json":
		return o, console.Usage("--format: want combined, common or json, found %q", r.format)
	case r.slack < 0 || r.list < 1 || r.calls < 1:
		return o, console.Usage("--slack, --calls and --list are above 0")
	}
	now := time.Now()
	if o.Since, err = console.ParseTime("--since", r.since, now); err != nil {
		return o, err
	}
	if o.Until, err = console.ParseTime("--until", r.until, now); err != nil {
		return o, err
	}
	if o.Until != 0 && o.Until <= o.Since {
		return o, console.Usage("--until is after --since")
	}
	if _, err := r.names(); err != nil {
		return o, err
	}
	o.Slack, o.Endpoint, o.Paths, o.Calls, o.List = r.slack.Milliseconds(), r.endpoint, r.paths, r.calls, r.list
	o.Openings, err = readOpenings(r.credentials)
	return o, err
}

// names are the members of a JSON access log.
func (r *reconcileCommand) names() (f reconcile.Fields, err error) {
	for _, text := range r.fields {
		field, name, ok := strings.Cut(text, "=")
		if !ok || name == "" || !f.Set(field, name) {
			return f, console.Usage("--field: want time, digest, path, credential or id, = and a name, found %q", text)
		}
	}
	return f, nil
}

// parser reads access logs in the form that was given, or that the log begins in.
func (r *reconcileCommand) parser(begin []byte) reconcile.Parser {
	if r.format == "json" || r.format == "" && strings.HasPrefix(strings.TrimSpace(string(begin)), "{") {
		names, _ := r.names() // checked before
		return reconcile.JSON(names)
	}
	return reconcile.Combined
}

// maxOpenings bounds the seeds, each of which is tried with every credential.
const maxOpenings = 10_000

// openingJSON is a line of --credentials.
type openingJSON struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Seed string `json:"seed"`
}

func readOpenings(path string) (out []reconcile.Opening, err error) {
	if path == "" {
		return nil, nil
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(doc)) {
		if n++; strings.TrimSpace(line) == "" {
			continue
		}
		var o openingJSON
		if err := json.Unmarshal([]byte(line), &o, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("reading credentials %s, line %d: %w", path, n, console.PlainJSON(err))
		}
		seed, err := attest.ParseSeed([]byte(o.Seed))
		if err != nil || o.Kind == "" {
			return nil, fmt.Errorf("reading credentials %s, line %d: want a kind, and a seed of 64 hex digits", path, n)
		}
		if out = append(out, reconcile.Opening{ID: o.ID, Kind: o.Kind, Seed: seed}); len(out) > maxOpenings {
			return nil, fmt.Errorf("reading credentials %s: more than %d", path, maxOpenings)
		}
	}
	return out, nil
}

// actions are those of the bundle, or of the register in the window.
func (r *reconcileCommand) actions(ctx context.Context, o reconcile.Options) ([]reconcile.Action, error) {
	if r.bundle != "" {
		return bundleActions(r.bundle, r.trust, r.acceptRoots, r.agent)
	}
	ctx, cl, done, err := r.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return actionsIn(ctx, cl, o, r.agent)
}

// read compares one file.
func (r *reconcileCommand) read(cmd *cobra.Command, join *reconcile.Join, name string, parser func(begin []byte) reconcile.Parser) error {
	in, size := cmd.InOrStdin(), int64(0)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading log: %w", err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil {
			size = info.Size()
		}
		in = file
	}
	begin := make([]byte, 512)
	n, err := io.ReadFull(in, begin)
	if err != nil && n == 0 && err != io.EOF {
		return fmt.Errorf("reading log %s: %w", name, err)
	}
	begin = begin[:n]
	in = io.MultiReader(strings.NewReader(string(begin)), in)
	if err := join.Read(in, parser(begin), r.say(cmd, name, size)); err != nil {
		return fmt.Errorf("reading log %s: %w", name, err)
	}
	return nil
}

// say reports how far a long log is read, every two seconds.
func (r *reconcileCommand) say(cmd *cobra.Command, name string, size int64) reconcile.Progress {
	if !r.progress && !console.OnTerminal(cmd.ErrOrStderr()) {
		return nil
	}
	next := time.Now().Add(2 * time.Second)
	return func(bytes, lines int64) {
		if now := time.Now(); now.After(next) {
			next = now.Add(2 * time.Second)
			of := ""
			if size > 0 {
				of = fmt.Sprintf(" of %d", size>>20)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "deed: %s: read %d%s MiB, %d lines\n", name, bytes>>20, of, lines)
		}
	}
}
