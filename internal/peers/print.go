package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes what was measured, in the form that was asked for.
func (r *run) print(w io.Writer) error {
	switch {
	case r.json:
		return r.printJSON(w)
	case r.markdown:
		return printPage(w, r.table.page(), r.ratioPage(), r.last())
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range slices.Concat(r.table.page(), [][]string{nil}, r.ratioPage()) {
		fmt.Fprintln(tab, strings.Join(line, "\t"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\n", strings.Join(r.last(), "\n"), "\n")
	return err
}

func (r *run) printJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		Machine string   `json:"machine"`
		Rows    []*row   `json:"rows"`
		Notes   []string `json:"notes"`
		Ratios  []result `json:"ratios"`
	}{r.machine(), r.table.rows, r.table.notes, r.results()})
}

// page is the table with its head.
func (t *table) page() [][]string {
	page := [][]string{{"MEASURED", "MEDIAN", "MIN", "MAX", "UNIT"}}
	for _, row := range t.rows {
		page = append(page, []string{row.Name, digits(median(row.Values)), digits(slices.Min(row.Values)), digits(slices.Max(row.Values)), row.Unit})
	}
	return page
}

func (r *run) ratioPage() [][]string {
	page := [][]string{{"RATIO", "VALUE", "GOAL", "OF WHAT"}}
	for _, q := range r.results() {
		page = append(page, []string{r.name(q.Name), digits(q.Value), q.Goal, q.About})
	}
	return page
}

// last are the lines below the tables: notes, the ratios for scripts, the
// machine.
func (r *run) last() []string {
	lines := slices.Clone(r.table.notes)
	for _, q := range r.results() {
		if !r.markdown {
			lines = append(lines, "ratio "+q.Name+" "+digits(q.Value))
		}
	}
	return append(lines, "machine: "+r.machine())
}

// printPage writes tables as docs/design/performance.md has them.
func printPage(w io.Writer, rows, ratios [][]string, last []string) error {
	var b strings.Builder
	for _, page := range [][][]string{ratios, rows} {
		for i, line := range page {
			text := strings.Join(line, " | ")
			if i == 0 {
				text = strings.ToLower(text)
			}
			fmt.Fprintf(&b, "| %s |\n", text)
			if i == 0 {
				b.WriteString(strings.Repeat("|---", len(line)) + "|\n")
			}
		}
		b.WriteString("\n")
	}
	_, err := fmt.Fprintln(w, b.String()+strings.Join(last, "\n\n"))
	return err
}

// name of a ratio, as the form of the output has names.
func (r *run) name(of string) string {
	if r.markdown {
		return "`" + of + "`"
	}
	return of
}
