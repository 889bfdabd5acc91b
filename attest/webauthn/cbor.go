package webauthn

import (
	"encoding/binary"
	"math"
)

// The major types of CBOR (RFC 8949, section 3.1).
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

// maxNesting is the depth that CTAP2 allows, and one more for good measure.
const maxNesting = 5

// cborReader reads the part of CBOR that authenticators may write (CTAP2,
// "message encoding"): definite lengths in their shortest form, no tags, no
// floats. Order of names is left open; a name stands once.
type cborReader struct{ rest []byte }

// head reads the first bytes of an item: its major type and its number.
func (r *cborReader) head() (major byte, n uint64, ok bool) {
	if len(r.rest) == 0 {
		return 0, 0, false
	}
	major, n = r.rest[0]>>5, uint64(r.rest[0]&31)
	r.rest = r.rest[1:]
	if n < 24 {
		return major, n, true
	}
	if n > 27 {
		return 0, 0, false // reserved, or of no definite length
	}
	size := 1 << (n - 24)
	if len(r.rest) < size {
		return 0, 0, false
	}
	var wide [8]byte
	copy(wide[8-size:], r.rest)
	r.rest = r.rest[size:]
	n = binary.BigEndian.Uint64(wide[:])
	least := [...]uint64{1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
	return major, n, n >= least[size]
}

// bytes reads a string of a major type.
func (r *cborReader) bytes(want byte) ([]byte, bool) {
	major, n, ok := r.head()
	if !ok || major != want || n > uint64(len(r.rest)) {
		return nil, false
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b, true
}

// integer reads a number of either sign.
func (r *cborReader) integer() (int64, bool) {
	major, n, ok := r.head()
	if !ok || n > math.MaxInt64 || major > cborNegative {
		return 0, false
	}
	if major == cborNegative {
		return -1 - int64(n), true
	}
	return int64(n), true
}

// skip reads over one item, of any kind.
func (r *cborReader) skip(depth int) bool {
	before := r.rest
	major, n, ok := r.head()
	if !ok || depth >= maxNesting {
		return false
	}
	switch major {
	case cborUint, cborNegative:
		return true
	case cborBytes, cborText:
		r.rest = before
		_, ok := r.bytes(major)
		return ok
	case cborArray:
		return r.skipItems(n, depth)
	case cborMap:
		return r.skipMap(n, depth)
	case cborSimple:
		return n >= 20 && n <= 22 // false, true, null
	}
	return false
}

func (r *cborReader) skipItems(n uint64, depth int) bool {
	for ; n > 0; n-- {
		if !r.skip(depth + 1) { // each takes a byte at least: this ends with the input
			return false
		}
	}
	return true
}

func (r *cborReader) skipMap(n uint64, depth int) bool {
	names := map[string]bool{}
	for ; n > 0; n-- {
		before := r.rest
		if !r.skip(depth + 1) {
			return false
		}
		name := string(before[:len(before)-len(r.rest)])
		if names[name] || !r.skip(depth+1) {
			return false
		}
		names[name] = true
	}
	return true
}
