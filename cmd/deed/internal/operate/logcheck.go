package operate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
)

const logCheckLong = `Read the whole database of a register that is not being served, and name every
fault with its place. All entries and objects are hashed again; root, tiles and
identities are rebuilt from the entries and compared with the head file; every
statement is checked and decided again as its record says, and the state and the
search rows that this gives are compared with the stored ones.

--depth reads less of a database that is too large to read all of it each time:
root only hashes the entries again and compares the root; statements opens every
statement too and checks its signature. Both use all cores.

The database is read in a process of its own, which is ended when it makes no
progress for --stall: a damaged file can make the database library loop. How far
it is goes to standard error, if that is a terminal or with --progress.`

// logCheck reads a database in a process of its own.
type logCheck struct {
	verb string // check | scrub
	read func(context.Context, setup.Config, func(*ledger.Corrupt), ledger.Progress) (uint64, error)

	depth    string // of check
	config   string
	stall    time.Duration
	inside   bool
	progress bool
	json     bool
}

// NewLogCheck makes deed log check.
func NewLogCheck() *cobra.Command {
	l := &logCheck{verb: "check"}
	l.read = l.inspect
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check a register's database, entry by entry",
		Long:    logCheckLong,
		Example: "deed log check --config acme/deed.yaml",
		Args:    console.Takes(0, 0),
		RunE:    l.run,
	}
	l.flags(cmd)
	cmd.Flags().StringVar(&l.depth, "depth", string(setup.DepthAll), "how much is read: root, statements or all")
	return cmd
}

func (l *logCheck) flags(cmd *cobra.Command) {
	configFlag(cmd, &l.config)
	cmd.Flags().DurationVar(&l.stall, "stall", time.Minute, "give up after so long without progress")
	cmd.Flags().BoolVar(&l.inside, "inside", false, "be the process that reads")
	cmd.Flags().BoolVar(&l.progress, "progress", false, "say how far it is also where nobody watches")
	cmd.Flags().BoolVar(&l.json, "json", false, "print JSON")
	_ = cmd.Flags().MarkHidden("inside") // the flag exists
}

// checkLine is a line between the two processes, and a fault as --json prints
// it.
type checkLine struct {
	Fault  *faultAt `json:"fault,omitempty"`
	Bucket string   `json:"bucket,omitempty"` // that is being read
	Done   uint64   `json:"done,omitempty"`
	Size   uint64   `json:"size,omitempty"`
	Locked bool     `json:"locked,omitempty"` // another process has the file
	Error  string   `json:"error,omitempty"`  // the check itself could not go on
	Hint   string   `json:"hint,omitempty"`   // what to do about it
	End    bool     `json:"end,omitempty"`
}

// faultAt is damage with its place.
type faultAt struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Want   string `json:"want"`
	Got    string `json:"got"`
}

// checkJSON is the finding as --json prints it.
type checkJSON struct {
	Entries uint64    `json:"entries"`
	Sound   bool      `json:"sound"`
	Faults  []faultAt `json:"faults"`
}

func (l *logCheck) run(cmd *cobra.Command, _ []string) error {
	if l.config == "" {
		return console.Usage("want the configuration: --config FILE")
	}
	switch setup.Depth(l.depth) {
	case "", setup.DepthRoot, setup.DepthStatements, setup.DepthAll:
	default:
		return console.Usage("--depth: want root, statements or all, found %q", l.depth)
	}
	config, err := setup.ReadConfig(l.config)
	if err != nil {
		return err
	}
	if _, err := os.Stat(config.Store); err != nil {
		return fmt.Errorf("opening database: %w", err)
	}
	if l.inside {
		setup.TuneMemory()
		return readInside(cmd.Context(), config, cmd.OutOrStdout(), l.read)
	}
	out, err := l.outside(cmd, config)
	if err != nil {
		return err
	}
	if err := l.print(cmd, out); err != nil {
		return err
	}
	if !out.Sound {
		return console.ErrQuiet
	}
	return nil
}

// outside runs the process that reads, and ends it when it stalls.
func (l *logCheck) outside(cmd *cobra.Command, config setup.Config) (checkJSON, error) {
	self, err := os.Executable()
	if err != nil {
		return checkJSON{}, fmt.Errorf("starting the check: %w", err)
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	args := []string{"log", l.verb, "--inside", "--config", l.config}
	if l.depth != "" {
		args = append(args, "--depth", l.depth)
	}
	child := exec.CommandContext(ctx, self, args...)
	var complaint bytes.Buffer
	child.Stderr = &complaint
	pipe, err := child.StdoutPipe()
	if err != nil {
		return checkJSON{}, fmt.Errorf("starting the check: %w", err)
	}
	if err := child.Start(); err != nil {
		return checkJSON{}, fmt.Errorf("starting the check: %w", err)
	}
	var stalled atomic.Bool
	watchdog := time.AfterFunc(l.stall, func() { stalled.Store(true); stop() })
	f := &following{out: checkJSON{Sound: true, Faults: []faultAt{}}, alive: func() { watchdog.Reset(l.stall) }}
	if l.progress || console.OnTerminal(cmd.ErrOrStderr()) {
		f.progress = cmd.ErrOrStderr()
	}
	err = f.lines(pipe)
	waitErr := child.Wait()
	watchdog.Stop()
	switch {
	case err != nil:
		return f.out, err
	case f.locked:
		return f.out, l.served(config)
	case cmd.Context().Err() != nil:
		return f.out, cmd.Context().Err()
	case stalled.Load():
		f.fault("no progress for " + l.stall.String() + "; a longer --stall waits longer")
	case !f.ended: // a fault of the file made the library give up
		f.fault(lastWords(waitErr, complaint.String()))
	}
	return f.out, nil
}

// following is what the process that reads has said so far.
type following struct {
	out      checkJSON
	at       checkLine // what it was reading last
	ended    bool
	locked   bool
	alive    func()
	progress io.Writer // may be nil
	said     time.Time
}

// fault is what became of the process itself, with the place that it had come to.
func (f *following) fault(got string) {
	at := faultAt{"file", "-", "a database that can be read to its end", got}
	if f.at.Bucket != "" {
		at.Bucket, at.Key = f.at.Bucket, fmt.Sprint("after ", f.at.Done)
	}
	f.out.Sound = false
	f.out.Faults = append(f.out.Faults, at)
}

// lines follows the process that reads to its end.
func (f *following) lines(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f.alive()
		var line checkLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("reading the check's answer: %w", err)
		}
		switch {
		case line.Error != "":
			return console.Hint(errors.New(line.Error), line.Hint)
		case line.Locked:
			f.locked = true
		case line.Fault != nil:
			f.out.Sound = false
			f.out.Faults = append(f.out.Faults, *line.Fault)
		case line.End:
			f.ended = true
			f.out.Entries = max(f.out.Entries, line.Size)
		default:
			f.tell(line)
		}
	}
	return nil
}

// tell says how far it is: when it comes to another bucket, and every second.
func (f *following) tell(line checkLine) {
	if line.Bucket == "entries" {
		f.out.Entries = max(f.out.Entries, line.Done)
	}
	if f.progress != nil && (line.Bucket != f.at.Bucket || time.Since(f.said) > time.Second) {
		f.said = time.Now()
		of := ""
		if line.Size > 0 {
			of = fmt.Sprint(" of ", line.Size)
		}
		fmt.Fprintf(f.progress, "deed: reading %s: %d%s\n", line.Bucket, line.Done, of)
	}
	f.at = line
}

// lastWords is the first line of a crash.
func lastWords(err error, stderr string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
	if first == "" && err != nil {
		first = err.Error()
	}
	return first
}

func (l *logCheck) print(cmd *cobra.Command, c checkJSON) error {
	if l.json {
		return console.PrintJSON(cmd.OutOrStdout(), c)
	}
	if c.Sound {
		what := "with their records and objects, state and search rows"
		switch {
		case l.verb == "scrub":
			what = "with their objects"
		case l.depth == string(setup.DepthRoot):
			what = "that have the root; nothing else was read"
		case l.depth == string(setup.DepthStatements):
			what = "with their statements, each with its signature"
		}
		return console.Print(cmd.OutOrStdout(), fmt.Sprintf("sound: %d entries %s\n", c.Entries, what))
	}
	var rows [][]string
	for _, f := range c.Faults {
		rows = append(rows, []string{f.Bucket, f.Key, f.Want, f.Got})
	}
	return console.PrintTable(cmd.OutOrStdout(), []string{"BUCKET", "KEY", "WANT", "GOT"}, rows)
}
