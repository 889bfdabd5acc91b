package reconcile

import (
	"strings"
	"time"
)

// Combined reads a line of an access log in the common or combined form, with any
// number of further fields in quotes:
//
//	host ident user [02/Jan/2006:15:04:05 -0700] "POST /path HTTP/1.1" 201 12 "referer" "agent" "sha256:..."
//
// The digest is a further field that is one. The user is the credential's ID.
func Combined(doc []byte) (Line, error) {
	s := scan{rest: string(doc)}
	s.word() // host
	s.word() // ident
	user := s.word()
	when, request := s.between('[', ']'), s.quoted()
	status := s.word()
	s.word() // bytes
	if s.bad || status == "" {
		return Line{}, refused("not in the common or combined form")
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", when)
	if err != nil || at.UnixMilli() <= 0 {
		return Line{}, refused("a time that is not 02/Jan/2006:15:04:05 -0700")
	}
	l := Line{At: at.UnixMilli(), What: clean(request + " " + status)}
	if parts := strings.Fields(request); len(parts) > 1 {
		l.Path = clean(parts[1])
	}
	if user != "-" && user != "" {
		l.Credentials = append(l.Credentials, user)
	}
	for n := 0; s.rest != "" && !s.bad; n++ {
		if d := digestIn(s.field()); d != "" {
			l.Digest = d
		}
	}
	if s.bad {
		return Line{}, refused("a quote that does not end")
	}
	return l, nil
}

// scan reads the fields of a line.
type scan struct {
	rest string
	bad  bool
}

func (s *scan) skip() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *scan) word() string {
	s.skip()
	end := strings.IndexAny(s.rest, " \t")
	if end < 0 {
		end = len(s.rest)
	}
	s.bad = s.bad || end == 0
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

func (s *scan) between(open, shut byte) string {
	s.skip()
	end := strings.IndexByte(s.rest, shut)
	if end < 1 || s.rest[0] != open {
		s.bad = true
		return ""
	}
	text := s.rest[1:end]
	s.rest = s.rest[end+1:]
	return text
}

// quoted reads a text in quotes, in which a backslash takes the next byte along.
func (s *scan) quoted() string {
	s.skip()
	if !strings.HasPrefix(s.rest, `"`) {
		s.bad = true
		return ""
	}
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '"':
			text := s.rest[1:i]
			s.rest = s.rest[i+1:]
			return text
		}
	}
	s.bad, s.rest = true, ""
	return ""
}

// field reads a further field, in quotes or without; "" at the end.
func (s *scan) field() string {
	s.skip()
	switch {
	case s.rest == "":
		return ""
	case s.rest[0] == '"':
		return s.quoted()
	}
	return s.word()
}
