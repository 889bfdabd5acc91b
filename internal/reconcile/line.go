package reconcile

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/deedlog/deed/attest"
)

// Line is what is taken of one line of a service's log.
type Line struct {
	At          int64         `json:"at,omitzero"` // ms
	Credentials []string      `json:"-"`           // IDs of what was used
	Digest      attest.Digest `json:"digest,omitzero"`
	Hashed      bool          `json:"-"` // there was a digest, and the log keeps only a hash of it
	ID          string        `json:"id,omitzero"`
	Number      int64         `json:"line"` // from 1
	Path        string        `json:"path,omitzero"`
	What        string        `json:"what,omitzero"` // for people
}

// Parser reads a line. One that is in form and tells of no call is errSkip.
type Parser func(line []byte) (Line, error)

// errSkip is for lines that are no calls.
var errSkip = errors.New("no call")

// refused names what is wrong with a line, in fixed words.
type refused string

// Error says what is wrong.
func (r refused) Error() string { return string(r) }

// maxText bounds what is kept of a text of a line.
const maxText = 200

// clean makes a text of a log fit for a terminal: on one line, short, nothing that
// is not shown.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// digestIn is a text that is a digest, or "".
func digestIn(s string) attest.Digest {
	if d := attest.Digest(strings.TrimSpace(s)); d.Valid() {
		return d
	}
	return ""
}

// stamp reads a time in RFC 3339, in ms.
func stamp(s string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UnixMilli() <= 0 {
		return 0, refused("a time that is not RFC 3339")
	}
	return t.UnixMilli(), nil
}
