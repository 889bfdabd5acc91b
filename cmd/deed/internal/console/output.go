package console

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/internal/consent"
)

// PrintJSON prints v for machines, indented for people who look.
func PrintJSON(w io.Writer, v any) error {
	doc, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return Print(w, string(doc)+"\n")
}

// Print prints text; a reader that has gone is an error.
func Print(w io.Writer, s string) error {
	if _, err := io.WriteString(w, s); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// Pair is a line of a report: a name and a value.
type Pair [2]string

// PrintPairs prints aligned lines; those without a value are left out.
func PrintPairs(w io.Writer, pairs []Pair) error {
	var b strings.Builder
	for _, p := range pairs {
		if p[1] != "" {
			fmt.Fprintf(&b, "%-10s %s\n", p[0], p[1])
		}
	}
	return Print(w, b.String())
}

// PrintTable prints aligned columns.
func PrintTable(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if cell == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// Instant prints a time of the log.
func Instant(ms int64) string { return consent.Instant(ms) }

// Short cuts a digest for a table.
func Short(digest string) string {
	kind, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 16 {
		return digest
	}
	return kind + ":" + hex[:16]
}
