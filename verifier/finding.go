package verifier

import (
	"slices"
	"strings"
)

// Status is the answer of one check. That something is false and that it could
// not be checked are different answers, everywhere.
type Status string

// The answers.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"    // checked, and false
	Unknown Status = "unknown" // could not be checked
)

const (
	pass    = Pass
	fail    = Fail
	unknown = Unknown
)

// Finding is the result of one check at one or more places (docs/spec/verdict.md,
// "Findings"). Check is a stable name.
type Finding struct {
	Check    string   `json:"check"`
	Expected string   `json:"expected"`
	Found    string   `json:"found"`
	Required bool     `json:"required"`
	Status   Status   `json:"status"`
	Where    []string `json:"where"` // entries and members; empty: the bundle
}

// String is the finding in one line.
func (f Finding) String() string {
	s := f.Check
	if len(f.Where) > 0 {
		s += ": " + whereText(f.Where)
	}
	if f.Expected == "" && f.Found == "" {
		return s + ": " + string(f.Status)
	}
	return s + ": expected " + f.Expected + ", found " + f.Found
}

// whereText joins places: "entries 0, 3", "manifest.json".
func whereText(where []string) string {
	var numbers, others []string
	for _, w := range where {
		if n, ok := strings.CutPrefix(w, "entry "); ok {
			numbers = append(numbers, n)
		} else {
			others = append(others, w)
		}
	}
	if len(numbers) > 0 {
		word := "entry "
		if len(numbers) > 1 {
			word = "entries "
		}
		others = append([]string{word + strings.Join(numbers, ", ")}, others...)
	}
	return strings.Join(others, ", ")
}

// findings collects the results of all checks in order.
type findings struct{ list []Finding }

// add keeps a finding. Findings that differ in place only are one.
func (fs *findings) add(f Finding) {
	for i := range fs.list {
		g := &fs.list[i]
		if g.Check == f.Check && g.Status == f.Status && g.Required == f.Required &&
			g.Expected == f.Expected && g.Found == f.Found {
			g.Where = append(g.Where, f.Where...)
			g.Where = slices.Compact(g.Where)
			return
		}
	}
	if f.Where == nil {
		f.Where = []string{}
	}
	fs.list = append(fs.list, f)
}

// FormatError says that a file is not a bundle of this format, and which check
// of it did not pass. Nothing in the file was looked at further.
type FormatError struct{ Finding Finding }

// Error names the check, the place, what was expected and what was found.
func (e *FormatError) Error() string { return e.Finding.String() }

// refuse makes the error of a required check.
func refuse(s Status, check, where, expected, found string) error {
	f := Finding{Check: check, Expected: expected, Found: printable(found), Required: true, Status: s, Where: []string{}}
	if where != "" {
		f.Where = []string{where}
	}
	return &FormatError{f}
}
