package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
)

// readInput reads the file that is named, or stdin for "-"; nothing where none
// is.
func readInput(cmd *cobra.Command, args []string) ([]byte, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if args[0] == "-" {
		doc, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), attest.MaxEnvelope+1))
		if err != nil {
			return nil, fmt.Errorf("reading stdin: %w", err)
		}
		return nonEmpty("stdin", doc)
	}
	doc, err := os.ReadFile(args[0])
	if err != nil {
		return nil, fmt.Errorf("reading statement: %w", err)
	}
	return nonEmpty(args[0], doc)
}

func nonEmpty(name string, doc []byte) ([]byte, error) {
	if len(strings.TrimSpace(string(doc))) == 0 {
		return nil, fmt.Errorf("reading %s: it is empty", name)
	}
	return doc, nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// parseTime reads a point in time, in ms; 0 is none.
func parseTime(flag, s string, now time.Time) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d).UnixMilli(), nil
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 0 {
		return ms, nil
	}
	return 0, usageError("%s: want 2026-03-01T12:00:00Z, 2026-03-01, 36h or milliseconds, found %q", flag, s)
}

// oneOf refuses what is given and in no set.
func oneOf[T ~string](name string, value T, set []T) error {
	if value == "" || slices.Contains(set, value) {
		return nil
	}
	return usageError("%s: want one of %s, found %q", name, joined(set), string(value))
}

func joined[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ",")
}
