package console

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

// ReadInput reads the file that is named, or stdin for "-"; nothing where none
// is.
func ReadInput(cmd *cobra.Command, args []string) ([]byte, error) {
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
		return nil, fmt.Errorf("reading input: %w", err)
	}
	return nonEmpty(args[0], doc)
}

func nonEmpty(name string, doc []byte) ([]byte, error) {
	if len(strings.TrimSpace(string(doc))) == 0 {
		return nil, fmt.Errorf("reading %s: it is empty", name)
	}
	return doc, nil
}

// FileExists tells the name of a file from other words of a command line.
func FileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ParseTime reads a point in time, in ms; 0 is none.
func ParseTime(flag, s string, now time.Time) (int64, error) {
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
	return 0, Usage("%s: want 2026-03-01T12:00:00Z, 2026-03-01, 36h or milliseconds, found %q", flag, s)
}

// OneOf refuses what is given and in no set.
func OneOf[T ~string](name string, value T, set []T) error {
	if value == "" || slices.Contains(set, value) {
		return nil
	}
	return Usage("%s: want one of %s, found %q", name, Joined(set), string(value))
}

// Joined is a set of names as help and errors show it.
func Joined[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ",")
}
