package policy

import "bytes"

// token is a word, a string or a single character of Cedar text, Cedar schema
// text or JSON.
type token struct {
	kind byte // word, text, or the character itself
	word string
}

const (
	word = 'w'
	text = '"'
)

// scanner splits text just enough to count: it knows words, strings and
// comments, so that a bracket inside a string or a comment does not count. It
// takes as a comment or a string only what cedar-go's own scanners take as one,
// up to the place where they give up, and never recurses.
type scanner struct {
	src []byte
	at  int
}

// next returns the next token; ok is false at the end.
func (s *scanner) next() (t token, ok bool) {
	s.skip()
	if s.at >= len(s.src) {
		return token{}, false
	}
	c := s.src[s.at]
	switch {
	case c == '"':
		s.quoted()
		return token{kind: text}, true
	case wordByte(c):
		start := s.at
		for s.at < len(s.src) && wordByte(s.src[s.at]) {
			s.at++
		}
		return token{kind: word, word: string(s.src[start:s.at])}, true
	default:
		s.at++
		return token{kind: c}, true
	}
}

// skip passes over white space and comments.
func (s *scanner) skip() {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			s.at++
		case s.follows("//"):
			for s.at < len(s.src) && s.src[s.at] != '\n' {
				s.at++
			}
		case s.follows("/*"):
			s.at += 2
			for s.at < len(s.src) && !s.follows("*/") {
				s.at++
			}
			s.at += 2
		default:
			return
		}
	}
}

func (s *scanner) follows(mark string) bool { return bytes.HasPrefix(s.src[s.at:], []byte(mark)) }

// quoted passes over a string.
func (s *scanner) quoted() {
	for s.at++; s.at < len(s.src) && s.src[s.at] != '"'; s.at++ {
		if s.src[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// nesting returns the largest number of brackets that are open at once. Angle
// brackets count in a schema, where they nest types; in a policy they compare.
func nesting(src []byte, angles bool) int {
	s := scanner{src: src}
	open, deepest := 0, 0
	for t, ok := s.next(); ok; t, ok = s.next() {
		switch {
		case opens(t.kind) || angles && t.kind == '<':
			open++
			deepest = max(deepest, open)
		case closes(t.kind) || angles && t.kind == '>':
			open = max(open-1, 0)
		}
	}
	return deepest
}

func opens(c byte) bool  { return c == '(' || c == '[' || c == '{' }
func closes(c byte) bool { return c == ')' || c == ']' || c == '}' }

// longest returns the bytes of the longest policy of a text, with what stands
// between it and the one before.
func longest(src []byte) int {
	s := scanner{src: src}
	start, most := 0, 0
	for t, ok := s.next(); ok; t, ok = s.next() {
		most = max(most, min(s.at, len(src))-start)
		if t.kind == ';' {
			start = s.at
		}
	}
	return most
}

// effort is what makes cedar-go's type checker work hard on one policy.
type effort struct {
	has, is int // tests for members or tags, and for entity types
	chain   int // longest run of member accesses: a.b.c is 2
}

// hardest returns the largest efforts over all policies of a text.
func hardest(src []byte) effort {
	s := scanner{src: src}
	var worst effort
	var m meter
	for t, ok := s.next(); ok; t, ok = s.next() {
		m.add(t)
		worst.has = max(worst.has, m.has)
		worst.is = max(worst.is, m.is)
		worst.chain = max(worst.chain, m.run)
		if t.kind == ';' {
			m = meter{}
		}
	}
	return worst
}

// meter measures one policy, token by token.
type meter struct {
	has, is int
	run     int   // accesses in the expression being read
	longest int   // run within the innermost open bracket
	outside []int // longest of the brackets around it
	path    bool  // after has, where a.b.c is three tests
	last    token
}

func (m *meter) add(t token) {
	switch {
	case t.kind == word:
		m.word(t.word)
	case t.kind == '.':
		m.run++
		if m.path {
			m.has++
		}
	case opens(t.kind):
		if t.kind == '[' {
			m.run++ // an access, a["b"], or a set, where one more does no harm
		}
		m.outside = append(m.outside, m.longest)
		m.longest = m.run
	case closes(t.kind) && len(m.outside) > 0:
		last := len(m.outside) - 1
		m.run = max(m.run, m.longest)
		m.longest, m.outside = m.outside[last], m.outside[:last]
	case t.kind != text:
		m.run, m.path = 0, false
	}
	m.longest = max(m.longest, m.run)
	m.last = t
}

func (m *meter) word(w string) {
	if m.last.kind != '.' {
		m.run = 0
		m.path = m.last.word == "has"
	}
	switch w {
	case "has", "hasTag":
		m.has++
	case "is":
		m.is++
	}
}
