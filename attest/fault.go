package attest

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is a refusal or a denial: which rule failed, where, and what it
// expected. Codes are stable and listed in docs/spec/faults.md; [Faults] holds
// the same list in code.
type Fault struct {
	// Code is the stable name of the rule, such as "profile.order".
	Code string
	// Field is the member the rule looked at, in dotted form; may be empty.
	Field string
	// Expected and Found are short, printable and free of secrets.
	Expected, Found string
}

// Refuse returns a fault as an error. Expected and found are cut to one line's
// length and made valid UTF-8, since both may quote what came from outside.
func Refuse(code, field, expected, found string) error {
	return &Fault{Code: code, Field: field, Expected: clip(expected), Found: clip(found)}
}

// Error names the code, the field, what was expected and what was found.
func (f *Fault) Error() string {
	s := f.Code
	if f.Field != "" {
		s += ": " + f.Field
	}
	if f.Expected != "" {
		s += ": expected " + f.Expected
	}
	if f.Found != "" {
		s += fmt.Sprintf(", found %q", f.Found)
	}
	return s
}

// Retry reports whether the same bytes may be accepted later, once what is
// missing is there. Nothing was consumed.
func (f *Fault) Retry() bool { return Faults[f.Code].Handling == Retryable }

// AsFault returns the fault inside err, or nil.
func AsFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// clip bounds text that came from outside, so that a fault stays one line.
func clip(s string) string {
	const most = 160
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
