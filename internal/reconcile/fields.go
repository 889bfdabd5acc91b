package reconcile

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Fields name the members of a JSON access log; a dot goes into an object. More
// than one name: the first that is there. Empty lists are the usual names.
type Fields struct {
	Credential, Digest, ID, Path, Time []string
}

// usual are names that services give them.
var usual = Fields{
	Credential: []string{"credential_id", "key_id", "jti", "user"},
	Digest:     []string{"x_action_digest", "action_digest", "headers.x-action-digest", "request.headers.X-Action-Digest"},
	ID:         []string{"request_id", "id"},
	Path:       []string{"path", "uri", "request_uri", "request.uri"},
	Time:       []string{"time", "ts", "timestamp", "@timestamp"},
}

// Set gives a field its names: credential, digest, id, path or time.
func (f *Fields) Set(field string, names ...string) bool {
	to := map[string]*[]string{"credential": &f.Credential, "digest": &f.Digest, "id": &f.ID, "path": &f.Path, "time": &f.Time}[field]
	if to == nil {
		return false
	}
	*to = names
	return true
}

// JSON makes a parser of access logs with one JSON object on each line.
func JSON(f Fields) Parser {
	or := func(names, usual []string) []string {
		if len(names) == 0 {
			return usual
		}
		return names
	}
	f = Fields{or(f.Credential, usual.Credential), or(f.Digest, usual.Digest), or(f.ID, usual.ID), or(f.Path, usual.Path), or(f.Time, usual.Time)}
	return func(doc []byte) (Line, error) {
		if jsontext.Value(doc).Kind() != '{' || !jsontext.Value(doc).IsValid() {
			return Line{}, refused("not a JSON object")
		}
		return f.line(doc)
	}
}

func (f Fields) line(doc []byte) (Line, error) {
	path := first(doc, f.Path)
	l := Line{Digest: digestIn(first(doc, f.Digest)), ID: clean(first(doc, f.ID)), Path: clean(path), What: clean(path)}
	if id := first(doc, f.Credential); id != "" && id != "-" {
		l.Credentials = append(l.Credentials, id)
	}
	at := first(doc, f.Time)
	if at == "" {
		return Line{}, refused("no time")
	}
	var err error
	l.At, err = moment(at)
	return l, err
}

// first is the text or number of the first of the names that is there.
func first(doc []byte, names []string) string {
	for _, name := range names {
		if text, ok := member(doc, name); ok {
			return text
		}
	}
	return ""
}

// member follows a name into the objects of a document.
func member(doc jsontext.Value, name string) (string, bool) {
	for {
		if text, ok := pick(doc, name); ok {
			return plain(text)
		}
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			return "", false
		}
		var ok bool
		if doc, ok = pick(doc, outer); !ok {
			return "", false
		}
		name = inner
	}
}

func pick(doc jsontext.Value, name string) (jsontext.Value, bool) {
	if doc.Kind() != '{' {
		return nil, false
	}
	var members map[string]jsontext.Value
	if json.Unmarshal(doc, &members) != nil {
		return nil, false
	}
	value, ok := members[name]
	return value, ok
}

// plain is a text, a number, or the first item of a list of these: headers are
// often lists.
func plain(v jsontext.Value) (string, bool) {
	switch v.Kind() {
	case '"':
		var text string
		return text, json.Unmarshal(v, &text) == nil
	case '0':
		return string(v), true
	case '[':
		var list []jsontext.Value
		if json.Unmarshal(v, &list) == nil && len(list) > 0 && list[0].Kind() != '[' {
			return plain(list[0])
		}
	}
	return "", false
}

// moment reads a time: RFC 3339, or a number of seconds or milliseconds.
func moment(s string) (int64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return stamp(s)
	}
	if n < 1e11 {
		n *= 1000 // seconds, until the year 5138
	}
	if !(n >= 1 && n < 1<<53) {
		return 0, refused("a time that is not RFC 3339, seconds or milliseconds")
	}
	return int64(n), nil
}
