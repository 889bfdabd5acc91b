package web

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/request"
)

// Limits of the form.
const (
	maxText  = 16 << 10 // bytes of an instruction's text
	maxLines = 5        // requests
)

// instructForm is the form of an instruction: as it was typed, and as it was read.
type instructForm struct {
	To, Text, Life, Actions string
	Lines                   []requestLine

	life       int64 // ms
	maxActions int64
	requests   []attest.Request
}

// requestLine is a typed request in its three parts.
type requestLine struct {
	N                        int
	Action, Resource, Limits string
}

// Number is what the line is called.
func (l requestLine) Number() int { return l.N + 1 }

func (l requestLine) empty() bool { return l.Action == "" && l.Resource == "" && l.Limits == "" }

// problem is what is wrong with a field.
type problem struct{ field, text string }

// Error names the field.
func (p *problem) Error() string { return p.field + ": " + p.text }

func asProblem(err error) *problem {
	var p *problem
	errors.As(err, &p)
	return p
}

// lifetimes are how long an instruction may hold.
var lifetimes = []struct {
	value string
	text  string
	ms    int64
}{
	{"15m", "15 minutes", 15 * 60_000}, {"1h", "1 hour", 3600_000}, {"4h", "4 hours", 4 * 3600_000},
	{"1d", "1 day", 24 * 3600_000}, {"7d", "7 days", 7 * 24 * 3600_000},
}

func emptyInstruct() instructForm {
	f := instructForm{Life: "1h"}
	for n := range maxLines {
		f.Lines = append(f.Lines, requestLine{N: n})
	}
	return f
}

func (f instructForm) lives() (out []choice) {
	for _, l := range lifetimes {
		out = append(out, choice{l.value, l.text, l.value == f.Life})
	}
	return out
}

// parseInstruct reads the form. A *problem is for the person; the form is then what
// they typed. A field that is not one of the form is refused.
func parseInstruct(fields map[string]string) (instructForm, error) {
	fields = maps.Clone(fields)
	take := func(name string) string {
		text := fields[name]
		delete(fields, name)
		return text
	}
	take("token")
	f := emptyInstruct()
	f.To, f.Text, f.Life, f.Actions = strings.TrimSpace(take("to")), take("text"), take("life"), strings.TrimSpace(take("actions"))
	for n := range f.Lines {
		l := &f.Lines[n]
		l.Action, l.Resource, l.Limits = strings.TrimSpace(take(fmt.Sprintf("action%d", n))), strings.TrimSpace(take(fmt.Sprintf("resource%d", n))), strings.TrimSpace(take(fmt.Sprintf("limits%d", n)))
	}
	if len(fields) > 0 {
		return f, refuse(400, "Not so", "The form has a field that it has not.")
	}
	return f, f.read()
}

// read checks what was typed.
func (f *instructForm) read() error {
	switch {
	case !attest.ValidSPIFFEID(f.To):
		return &problem{"to", "Choose the agent that is asked, by its SPIFFE ID: spiffe://..."}
	case strings.TrimSpace(f.Text) == "" || !utf8.ValidString(f.Text):
		return &problem{"text", "Say what you ask for."}
	case len(f.Text) > maxText:
		return &problem{"text", fmt.Sprintf("The text has at most %d bytes.", maxText)}
	}
	for _, l := range lifetimes {
		if l.value == f.Life {
			f.life = l.ms
		}
	}
	if f.life == 0 {
		return &problem{"life", "Choose how long it holds."}
	}
	if f.Actions != "" {
		n, err := strconv.ParseInt(f.Actions, 10, 32)
		if err != nil || n < 1 {
			return &problem{"actions", "How many actions it may carry is a number from 1 up, or nothing."}
		}
		f.maxActions = n
	}
	return f.readLines()
}

// readLines reads the typed requests; lines that are empty say nothing.
func (f *instructForm) readLines() error {
	f.requests = []attest.Request{}
	for _, l := range f.Lines {
		if l.empty() {
			continue
		}
		args, err := request.Words(l.Limits)
		if err == nil {
			var r attest.Request
			if r, err = request.New(l.Action, l.Resource, args); err == nil {
				f.requests = append(f.requests, r)
				continue
			}
		}
		return &problem{fmt.Sprintf("action%d", l.N), fmt.Sprintf("Action %d: %s.", l.N+1, err)}
	}
	return nil
}
