package cms

import (
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// reader takes DER apart, one element after the other. The first thing that is not
// as wanted fails it, and with it all readers that are of the same bytes; what is
// read after that is empty or zero, and nobody may rest on it.
type reader struct {
	rest cryptobyte.String
	bad  *bool
}

func newReader(der []byte) *reader { return &reader{der, new(bool)} }

// failed reports whether anything was not as wanted.
func (r *reader) failed() bool { return *r.bad }

// empty reports whether nothing is left.
func (r *reader) empty() bool { return r.rest.Empty() }

// next reports whether another element is there and has this tag.
func (r *reader) next(t tag.Tag) bool { return r.rest.PeekASN1Tag(t) }

// want fails the reader unless ok. Nothing is left of one that failed, so that no
// loop over it goes on.
func (r *reader) want(ok bool) {
	if !ok {
		*r.bad, r.rest = true, nil
	}
}

// inside is a reader of a part.
func (r *reader) inside(part []byte) *reader { return &reader{part, r.bad} }

// open takes an element and reads its content.
func (r *reader) open(t tag.Tag) *reader {
	var content cryptobyte.String
	r.want(r.rest.ReadASN1(&content, t))
	return r.inside(content)
}

// optional takes an element that need not be there, and reads its content.
func (r *reader) optional(t tag.Tag) *reader {
	if !r.next(t) {
		return r.inside(nil)
	}
	return r.open(t)
}

// whole takes an element as it stands.
func (r *reader) whole(t tag.Tag) (der []byte) {
	r.want(r.rest.ReadASN1Element((*cryptobyte.String)(&der), t))
	return der
}

func (r *reader) oid() (id asn1.ObjectIdentifier) {
	r.want(r.rest.ReadASN1ObjectIdentifier(&id))
	return id
}

func (r *reader) integer() *big.Int {
	n := new(big.Int)
	r.want(r.rest.ReadASN1Integer(n))
	return n
}

// small takes an integer of at most 64 bits, under a tag.
func (r *reader) small(t tag.Tag) (n int64) {
	r.want(r.rest.ReadASN1Int64WithTag(&n, t))
	return n
}
