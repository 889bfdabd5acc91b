package admission

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"sync"

	"github.com/deedlog/deed/attest"
)

// plain writes a document of the strict profile member by member, without
// reflection and in one pass. It can write only what takes no escape and no
// thought: printable ASCII, and integers that are not negative and in range.
// At anything else it gives up, and [attest.Encode] writes the document, or
// says what is wrong with it. Where both can, the bytes are the same.
type plain struct {
	doc []byte
	off bool // given up
}

// maxInteger bounds integers of the strict profile (docs/spec/bytes.md,
// "Profile").
const maxInteger = 1 << 53

// scratch holds writers between documents, for their buffers.
var scratch = sync.Pool{New: func() any { return &plain{doc: make([]byte, 0, 4096)} }}

// newPlain takes an empty writer from scratch; put it back.
func newPlain() *plain {
	p := scratch.Get().(*plain)
	p.doc, p.off = p.doc[:0], false
	return p
}

// A document can write itself.
type document interface{ write(*plain) }

// encode is attest.Encode for documents that can write themselves.
func encode(d document) ([]byte, error) {
	p := newPlain()
	defer scratch.Put(p)
	d.write(p)
	if doc := p.since(0); doc != nil {
		return bytes.Clone(doc), nil
	}
	return attest.Encode(d)
}

// since returns the document that begins at a place in the buffer, or nil where
// it has to be written in the general way.
func (p *plain) since(start int) []byte {
	doc := p.doc[start : len(p.doc)-1] // without the last comma
	if p.off || len(doc) > attest.MaxPayload {
		return nil
	}
	return doc
}

// Every value is written with a comma after it, which end replaces.

func (p *plain) begin(bracket byte) { p.doc = append(p.doc, bracket) }

func (p *plain) end(bracket byte) {
	if last := len(p.doc) - 1; p.doc[last] == ',' {
		p.doc = p.doc[:last]
	}
	p.doc = append(p.doc, bracket, ',')
}

func (p *plain) name(name string) {
	p.doc = append(append(append(p.doc, '"'), name...), `":`...)
}

func (p *plain) string(s string) {
	p.doc = append(append(p.doc, '"'), s...)
	p.off = p.off || !printable(p.doc[len(p.doc)-len(s):])
	p.doc = append(p.doc, `",`...)
}

func (p *plain) text(name, s string) {
	p.name(name)
	p.string(s)
}

// optional is text for a member that is left out when it is empty.
func (p *plain) optional(name, s string) {
	if s != "" {
		p.text(name, s)
	}
}

func (p *plain) integer(name string, n int64) {
	p.name(name)
	p.off = p.off || n < 0 || n >= maxInteger
	p.doc = append(strconv.AppendInt(p.doc, n, 10), ',')
}

// index is integer for the number of an entry.
func (p *plain) index(name string, n uint64) { p.integer(name, int64(min(n, maxInteger))) }

func (p *plain) boolean(name string, b bool) {
	p.name(name)
	p.doc = append(strconv.AppendBool(p.doc, b), ',')
}

func texts[S ~string](p *plain, name string, list []S) {
	p.name(name)
	p.begin('[')
	for _, s := range list {
		p.string(string(s))
	}
	p.end(']')
}

func documents[T any](p *plain, name string, list []T, write func(T, *plain)) {
	p.name(name)
	p.begin('[')
	for _, d := range list {
		write(d, p)
	}
	p.end(']')
}

// printable reports whether b is printable ASCII without quote and backslash.
// It looks at eight bytes at a time: below, the high bit of a byte is set where
// that byte is bad, and perhaps in bytes above it.
func printable(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		quote, backslash, del := x^ones*'"', x^ones*'\\', x^ones*0x7f
		bad := x | (x-ones*0x20)&^x | (quote-ones)&^quote | (backslash-ones)&^backslash | (del-ones)&^del
		if bad&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// plainReader reads what plain writes. A document in any other form it gives
// up, and [attest.Decode] reads it or says what is wrong with it.
type plainReader struct {
	rest []byte
	off  bool
}

// skip reads exactly s, if that comes next.
func (r *plainReader) skip(s string) bool {
	if len(r.rest) < len(s) || string(r.rest[:len(s)]) != s {
		return false
	}
	r.rest = r.rest[len(s):]
	return true
}

// literal reads exactly s.
func (r *plainReader) literal(s string) { r.off = !r.skip(s) || r.off }

// longest bounds a text that is read, so that the document is within its limit.
const longest = 4096

// text reads to the next quote. known is what it probably says, so that it need
// not be copied.
func (r *plainReader) text(known string) string {
	end := bytes.IndexByte(r.rest, '"')
	if r.off || end < 0 || end > longest || !printable(r.rest[:end]) {
		r.off = true
		return ""
	}
	s := r.rest[:end]
	r.rest = r.rest[end:]
	if string(s) == known {
		return known
	}
	return string(s)
}

func (r *plainReader) integer() (n int64) {
	i := 0
	for ; i < len(r.rest) && '0' <= r.rest[i] && r.rest[i] <= '9' && n < maxInteger; i++ {
		n = n*10 + int64(r.rest[i]-'0')
	}
	if i == 0 || n >= maxInteger || r.rest[0] == '0' && i > 1 {
		r.off = true
		return 0
	}
	r.rest = r.rest[i:]
	return n
}

// done reports whether exactly one document was read.
func (r *plainReader) done() bool { return !r.off && len(r.rest) == 0 }
