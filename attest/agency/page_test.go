package agency_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest/agency"
)

var update = flag.Bool("update", false, "rewrite docs/spec/attribution.md and testdata/vectors/agency.json")

const page = "../../docs/spec/attribution.md"

// TestPage keeps the generated parts of the page equal to the code.
func TestPage(t *testing.T) {
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := got
	for name, text := range map[string]string{"table": tableText(), "cells": cellsText(), "wording": wordingText()} {
		if want, err = between(want, name, text); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, page, got, want)
}

// compare fails, or with -update writes, when a generated file differs.
func compare(t *testing.T, path string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the code; if the change is meant, run go test ./attest/agency -update", path)
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

func between(doc []byte, name, text string) ([]byte, error) {
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
	before, rest, ok := strings.Cut(string(doc), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return nil, fmt.Errorf("no markers for %s in %s", name, page)
	}
	return []byte(before + begin + text + end + after), nil
}

// tableText prints the collapsed enumeration, then the count per class.
func tableText() string {
	e := enumerate()
	var b strings.Builder
	b.WriteString("| row | class |")
	for _, a := range axes {
		b.WriteString(" " + a.name + " |")
	}
	b.WriteString(" cases |\n|" + strings.Repeat("---|", len(axes)+2) + "---:|\n")
	for _, c := range e.table {
		fmt.Fprintf(&b, "| %d | %s |", c.row, className(e.class[c.row]))
		for i := range axes {
			b.WriteString(" " + c.text(i) + " |")
		}
		fmt.Fprintf(&b, " %d |\n", c.cases)
	}
	b.WriteString("\n| row | class | cases |\n|---|---|---:|\n")
	for row := 1; row <= 9; row++ {
		fmt.Fprintf(&b, "| %d | %s | %d |\n", row, className(e.class[row]), e.counts[row])
	}
	fmt.Fprintf(&b, "| | all | %d |\n", len(e.points))
	return b.String()
}

// text prints the values that a cube allows on one axis; · allows all.
func (c cube) text(i int) string {
	var in []string
	for v, ok := range c.in[i] {
		if ok {
			in = append(in, axes[i].values[v])
		}
	}
	switch last := len(c.in[i]) - 1; {
	case len(in) == len(c.in[i]):
		return "·"
	case axes[i].name == "key" && c.in[i][last] && len(in) > 1:
		return in[0] + "+"
	}
	return strings.Join(in, ", ")
}

func className(c agency.Class) string {
	if c == agency.None {
		return "none"
	}
	return "`" + string(c) + "`"
}

// cellsText prints which keys can stand beside which class and binding.
func cellsText() string {
	cells := enumerate().cells
	var b strings.Builder
	b.WriteString("| class |")
	for binding := agency.B0; binding <= agency.B4; binding++ {
		fmt.Fprintf(&b, " B%d |", binding)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", 5) + "\n")
	for row := 1; row <= 9; row++ {
		class := enumerate().class[row]
		b.WriteString("| " + className(class) + " |")
		for binding := agency.B0; binding <= agency.B4; binding++ {
			b.WriteString(" " + keysText(cells, class, binding) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func keysText(cells map[cell]bool, class agency.Class, binding agency.Binding) string {
	var keys []string
	for key := agency.K0; key <= agency.K4; key++ {
		if cells[cell{class, binding, key}] {
			keys = append(keys, fmt.Sprintf("K%d", key))
		}
	}
	if len(keys) == 5 {
		return "K0+"
	}
	return strings.Join(keys, " ")
}

// wordingText prints the sentences of one attribution per class.
func wordingText() string {
	var b strings.Builder
	for _, v := range rowVectors() {
		a := agency.Attribute(v.Evidence)
		says, not := agency.Statement(a)
		fmt.Fprintf(&b, "### Row %d: %s\n\n", a.Row, className(a.Agency))
		for _, s := range says {
			b.WriteString("- " + s + "\n")
		}
		b.WriteString("\nNot shown:\n\n")
		for _, s := range not {
			b.WriteString("- " + s + "\n")
		}
		b.WriteString("\nStronger: " + agency.Stronger(a) + "\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
