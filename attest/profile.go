package attest

import (
	"strconv"
	"unicode/utf8"
)

// Limits of the strict profile (docs/spec/bytes.md, "Profile").
const (
	MaxPayload = 48 << 10 // bytes of one document
	MaxDepth   = 16       // nested objects and arrays
	maxName    = 64       // bytes of a member name
	maxInteger = 1 << 53  // integers are smaller than this in magnitude
)

// CheckProfile reports whether doc is a JSON object in the strict profile: its
// own RFC 8785 form, integers only, no null, no control character, unique and
// sorted member names. It reads doc once and allocates nothing on success.
//
// Faults: profile.size, profile.syntax, profile.depth, profile.name,
// profile.order, profile.duplicate, profile.number, profile.string,
// profile.utf8, profile.null.
func CheckProfile(doc []byte) error {
	if len(doc) == 0 || len(doc) > MaxPayload {
		return Refuse("profile.size", "", "1 to "+strconv.Itoa(MaxPayload)+" bytes", strconv.Itoa(len(doc)))
	}
	s := scanner{in: doc}
	if doc[0] != '{' {
		return s.fault("profile.syntax", "an object")
	}
	if err := s.value(0); err != nil {
		return err
	}
	if s.at != len(doc) {
		return s.fault("profile.syntax", "the end of the document")
	}
	return nil
}

// scanner is the one-pass reader behind CheckProfile.
type scanner struct {
	in []byte
	at int
}

func (s *scanner) fault(code, expected string) error {
	found := "end of document"
	if s.at < len(s.in) {
		found = strconv.QuoteToASCII(string(s.in[s.at:min(s.at+12, len(s.in))]))
	}
	return Refuse(code, "byte "+strconv.Itoa(s.at), expected, found)
}

func (s *scanner) peek() byte {
	if s.at < len(s.in) {
		return s.in[s.at]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.at >= len(s.in) {
		return false
	}
	s.at++
	return true
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return s.fault("profile.depth", "at most "+strconv.Itoa(MaxDepth)+" levels")
		}
		if c == '{' {
			return s.object(depth + 1)
		}
		return s.array(depth + 1)
	case c == '"':
		_, err := s.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.integer()
	case c == 'n':
		return s.fault("profile.null", "no null")
	default:
		return s.boolean()
	}
}

func (s *scanner) boolean() error {
	for _, word := range [...]string{"true", "false"} {
		if len(s.in)-s.at >= len(word) && string(s.in[s.at:s.at+len(word)]) == word {
			s.at += len(word)
			return nil
		}
	}
	return s.fault("profile.syntax", "a value")
}

func (s *scanner) object(depth int) error {
	s.at++
	if s.take('}') {
		return nil
	}
	var last []byte
	for first := true; ; first = false {
		start := s.at
		name, err := s.name()
		if err != nil {
			return err
		}
		if !first {
			if err := s.ordered(last, name, start); err != nil {
				return err
			}
		}
		last = name
		if !s.take(':') {
			return s.fault("profile.syntax", "a colon")
		}
		if err := s.value(depth); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fault("profile.syntax", "a comma or a closing brace")
		}
	}
}

// ordered checks that name follows last. Names are ASCII, so byte order is the
// UTF-16 order of RFC 8785.
func (s *scanner) ordered(last, name []byte, start int) error {
	switch {
	case string(last) < string(name):
		return nil
	case string(last) == string(name):
		s.at = start
		return s.fault("profile.duplicate", "each member once")
	default:
		s.at = start
		return s.fault("profile.order", "members in ascending order")
	}
}

// name reads a member name: [a-z0-9_]{1,64}, or in-toto's predicateType.
func (s *scanner) name() ([]byte, error) {
	start := s.at
	if s.peek() != '"' {
		return nil, s.fault("profile.syntax", "a member name")
	}
	name, err := s.text()
	if err != nil {
		return nil, err
	}
	if string(name) == "predicateType" || plainName(name) {
		return name, nil
	}
	s.at = start
	return nil, s.fault("profile.name", "[a-z0-9_]{1,64}")
}

func plainName(name []byte) bool {
	if len(name) == 0 || len(name) > maxName {
		return false
	}
	for _, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func (s *scanner) array(depth int) error {
	s.at++
	if s.take(']') {
		return nil
	}
	for {
		if err := s.value(depth); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.fault("profile.syntax", "a comma or a closing bracket")
		}
	}
}

// text reads a string and returns the bytes between its quotes. RFC 8785 writes
// every character as itself except the quote, the backslash and the control
// characters, and this profile has no control characters.
func (s *scanner) text() ([]byte, error) {
	s.at++
	start := s.at
	for s.at < len(s.in) {
		c := s.in[s.at]
		switch {
		case c == '"':
			s.at++
			return s.in[start : s.at-1], nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < 0x20 || c == 0x7f:
			return nil, s.fault("profile.string", "no control character")
		case c < utf8.RuneSelf:
			s.at++
		default:
			if err := s.rune(); err != nil {
				return nil, err
			}
		}
	}
	return nil, s.fault("profile.syntax", "a closing quote")
}

func (s *scanner) escape() error {
	if s.at+1 < len(s.in) && (s.in[s.at+1] == '"' || s.in[s.at+1] == '\\') {
		s.at += 2
		return nil
	}
	return s.fault("profile.string", `no escape but \" and \\`)
}

func (s *scanner) rune() error {
	r, n := utf8.DecodeRune(s.in[s.at:])
	if r == utf8.RuneError && n == 1 {
		return s.fault("profile.utf8", "valid UTF-8")
	}
	if r <= 0x9f {
		return s.fault("profile.string", "no control character")
	}
	s.at += n
	return nil
}

// integer reads -?(0|[1-9][0-9]*) with a magnitude below 2^53, and not "-0".
func (s *scanner) integer() error {
	start := s.at
	s.take('-')
	digits := s.at
	var n int64
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		n = n*10 + int64(c-'0')
		s.at++
		if n >= maxInteger {
			break
		}
	}
	end := s.at
	bad := end == digits || n >= maxInteger ||
		s.in[digits] == '0' && (end-digits > 1 || digits > start)
	switch s.peek() {
	case '.', 'e', 'E', '+', '-':
		bad = true
	}
	if bad {
		s.at = start
		return s.fault("profile.number", "an integer below 2^53 in magnitude, in its shortest form")
	}
	return nil
}
