package attest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Quote writes text from outside for a person: in Go's quoted form, and with what
// nobody would see escaped as well, so that two texts that differ do not look
// alike for want of ink: characters without a shape, and spaces at an end or
// after another. strconv.Unquote reads it back.
func Quote(s string) string {
	in := strconv.Quote(s)
	in = in[1 : len(in)-1]
	var out strings.Builder
	out.WriteByte('"')
	before := ' '
	for i, r := range in {
		switch {
		case r == ' ' && (before == ' ' || i == len(in)-1):
			out.WriteString(`\x20`)
		case unseen(r):
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			out.WriteRune(r)
		}
		before = r
	}
	out.WriteByte('"')
	return out.String()
}

// unseen reports characters that Go takes for printable and that have no shape.
func unseen(r rune) bool {
	const blank = '\u2800' // braille without a dot
	return r == blank || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
