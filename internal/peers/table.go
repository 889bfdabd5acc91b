package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A table collects the figures of all repetitions, row by row.
type table struct {
	rows  []*row
	notes []string
}

// A row is one figure, as often as it was taken.
type row struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`
}

func (t *table) add(name, unit string, value float64) {
	for _, r := range t.rows {
		if r.Name == name {
			r.Values = append(r.Values, value)
			return
		}
	}
	t.rows = append(t.rows, &row{name, unit, []float64{value}})
}

// note adds a line below the table, once.
func (t *table) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(t.notes, text) {
		t.notes = append(t.notes, text)
	}
}

// values of a row, nil if it was not measured.
func (t *table) values(name string) []float64 {
	for _, r := range t.rows {
		if r.Name == name {
			return r.Values
		}
	}
	return nil
}

// digits writes a figure with three significant digits, without an exponent.
func digits(v float64) string {
	mantissa, exponent, ok := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
	magnitude, err := strconv.Atoi(exponent)
	if !ok || err != nil {
		return mantissa // no number
	}
	rounded, _ := strconv.ParseFloat(mantissa+"e"+exponent, 64) // it was formatted just now
	return strconv.FormatFloat(rounded, 'f', max(0, 2-magnitude), 64)
}

// A result is a ratio with what it is judged by.
type result struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Goal  string  `json:"goal"`
	About string  `json:"about"`
}

func (r *run) results() (list []result) {
	only := names(r.only)
	for _, q := range ratios {
		values := q.of(&r.table)
		if len(values) == 0 || len(only) > 0 && !slices.Contains(only, q.name) {
			continue
		}
		list = append(list, result{q.name, median(values), q.goal, q.about})
	}
	return list
}
