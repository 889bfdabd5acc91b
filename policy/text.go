package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// quote writes s as a Cedar string literal in printable ASCII. Everything else
// is escaped, so that what a person reads is what is compared: no look-alike
// letter, no text that runs backwards, no invisible character.
func quote(s string) string { return `"` + escape(s) + `"` }

// likeUnder writes the pattern of everything below a path: "P/*".
func likeUnder(path string) string { return `"` + literal(path) + `/*"` }

// likeWithin writes the pattern of every host below a domain: "*.S".
func likeWithin(domain string) string { return `"*.` + literal(domain) + `"` }

// literal escapes s for a pattern, in which a bare * would match anything.
func literal(s string) string { return strings.ReplaceAll(escape(s), "*", `\*`) }

func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// quoteAll writes a Cedar set of strings, in the order given.
func quoteAll(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// reserved words are not identifiers in Cedar.
var reserved = []string{"__cedar", "else", "false", "has", "if", "in", "is", "like", "then", "true"}

var identifierForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// identifier reports whether name may stand without quotes.
func identifier(name string) bool {
	return identifierForm.MatchString(name) && !slices.Contains(reserved, name)
}

// member writes the access to a member of a record: record.name, or
// record["na-me"].
func member(record, name string) string {
	if identifier(name) {
		return record + "." + name
	}
	return record + "[" + quote(name) + "]"
}

// hasMember writes the test for a member of a record.
func hasMember(record, name string) string {
	if identifier(name) {
		return record + " has " + name
	}
	return record + " has " + quote(name)
}
