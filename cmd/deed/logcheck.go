package main

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

	"github.com/deedlog/deed/internal/setup"
)

const logCheckLong = `Read the whole database of a register that is not being served, and name every
fault with its place: all entries and objects are hashed again, root and tiles
rebuilt from the entries, every statement opened with its record and objects.

The database is read in a process of its own, which is ended when it makes no
progress for --stall: a damaged file can make the database library loop.`

type logCheck struct {
	config string
	stall  time.Duration
	inside bool
	json   bool
}

func newLogCheck() *cobra.Command {
	l := &logCheck{}
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check a register's database, entry by entry",
		Long:    logCheckLong,
		Example: "deed log check --config acme/deed.yaml",
		Args:    takes(0, 0),
		RunE:    l.run,
	}
	configFlag(cmd, &l.config)
	cmd.Flags().DurationVar(&l.stall, "stall", time.Minute, "give up after so long without progress")
	cmd.Flags().BoolVar(&l.inside, "inside", false, "be the process that reads")
	cmd.Flags().BoolVar(&l.json, "json", false, "print JSON")
	_ = cmd.Flags().MarkHidden("inside") // the flag exists
	return cmd
}

// checkLine is a line between the two processes, and a fault as --json prints
// it.
type checkLine struct {
	Fault *faultAt `json:"fault,omitempty"`
	Done  uint64   `json:"done,omitempty"`
	Size  uint64   `json:"size,omitempty"`
	Error string   `json:"error,omitempty"` // the check itself could not go on
	End   bool     `json:"end,omitempty"`
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
		return usageError("want the configuration: --config FILE")
	}
	config, err := setup.ReadConfig(l.config)
	if err != nil {
		return err
	}
	if _, err := os.Stat(config.Store); err != nil {
		return fmt.Errorf("opening database: %w", err)
	}
	if l.inside {
		return readInside(cmd.Context(), config.Store, cmd.OutOrStdout())
	}
	out, err := l.outside(cmd)
	if err != nil {
		return err
	}
	if err := l.print(cmd, out); err != nil {
		return err
	}
	if !out.Sound {
		return errQuiet
	}
	return nil
}

// outside runs the process that reads, and ends it when it stalls.
func (l *logCheck) outside(cmd *cobra.Command) (checkJSON, error) {
	self, err := os.Executable()
	if err != nil {
		return checkJSON{}, fmt.Errorf("starting the check: %w", err)
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	child := exec.CommandContext(ctx, self, "log", "check", "--inside", "--config", l.config)
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
	out, ended, err := follow(pipe, cmd.ErrOrStderr(), func() { watchdog.Reset(l.stall) })
	waitErr := child.Wait()
	watchdog.Stop()
	switch {
	case err != nil:
		return out, err
	case cmd.Context().Err() != nil:
		return out, cmd.Context().Err()
	case stalled.Load():
		return out, withHint(fmt.Errorf("reading the database: no progress for %s after %d entries", l.stall, out.Entries),
			"the file is probably damaged: restore the newest copy, or give a longer --stall")
	case !ended: // a fault of the file made the library give up
		out.Sound = false
		out.Faults = append(out.Faults, faultAt{"file", "-", "a database that can be read to its end", lastWords(waitErr, complaint.String())})
	}
	return out, nil
}

// follow reads the lines of the process that reads.
func follow(r io.Reader, progress io.Writer, alive func()) (out checkJSON, ended bool, err error) {
	out.Sound, out.Faults = true, []faultAt{}
	said := time.Now()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		alive()
		var line checkLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return out, false, fmt.Errorf("reading the check's answer: %w", err)
		}
		switch {
		case line.Error != "":
			return out, true, errors.New(line.Error)
		case line.End:
			ended = true
		case line.Fault != nil:
			out.Sound = false
			out.Faults = append(out.Faults, *line.Fault)
			continue
		}
		out.Entries = max(out.Entries, line.Done)
		if time.Since(said) > time.Second {
			said = time.Now()
			fmt.Fprintf(progress, "checked %d of %d entries\n", line.Done, line.Size)
		}
	}
	return out, ended, nil
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
		return printJSON(cmd.OutOrStdout(), c)
	}
	if c.Sound {
		return printText(cmd.OutOrStdout(), fmt.Sprintf("sound: %d entries with their records and objects\n", c.Entries))
	}
	var rows [][]string
	for _, f := range c.Faults {
		rows = append(rows, []string{f.Bucket, f.Key, f.Want, f.Got})
	}
	return printTable(cmd.OutOrStdout(), []string{"BUCKET", "KEY", "WANT", "GOT"}, rows)
}
