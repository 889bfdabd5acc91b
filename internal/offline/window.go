package offline

import (
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// A window goes along a log with the objects that its entries brought. A store
// keeps both in the order in which they came, so most of what an entry names is
// near it: to read objects in a row costs a fraction of looking each one up.
type window struct {
	reader ledger.Reader
	next   uint64 // object to read
	older  map[ledger.Hash][]byte
	newest map[ledger.Hash][]byte
}

const (
	objectChunk = 256
	// windowBytes bounds what is read for one chunk of entries: about a hundred
	// times what it needs as a rule.
	windowBytes = 64 << 20
	// windowGaps bounds the damaged objects that are passed over for one.
	windowGaps = 64
)

// A chunk is entries with the objects that are near. It is not changed any more.
type chunk struct {
	reader  ledger.Reader
	start   uint64
	entries []ledger.Entry
	objects [2]map[ledger.Hash][]byte
	err     error // after the entries
}

// chunk reads the next entries.
func (w *window) chunk(ctx context.Context, start, n uint64) chunk {
	c := chunk{reader: w.reader, start: start}
	c.entries, c.err = w.reader.Entries(ctx, start, n)
	if c.err == nil && len(c.entries) == 0 {
		c.err = &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(start), Want: "an entry", Got: "none"}
	}
	if len(c.entries) > 0 {
		w.move(ctx, c.entries[len(c.entries)-1].Bytes)
	}
	c.objects = [...]map[ledger.Hash][]byte{w.newest, w.older}
	return c
}

// move reads on to the record of an entry. Whatever stops it before, such as
// damage, is found by whoever needs the object.
func (w *window) move(ctx context.Context, last []byte) {
	w.older, w.newest = w.newest, make(map[ledger.Hash][]byte, len(w.newest))
	entry, err := admission.ParseEntry(last)
	if err != nil {
		return
	}
	record, _ := entry.Admission.Sum()
	for bytes, gaps := 0, 0; bytes < windowBytes && gaps < windowGaps; {
		if w.newest[record] != nil || w.older[record] != nil {
			return
		}
		list, err := w.reader.Objects(ctx, w.next, objectChunk)
		for _, o := range list {
			w.newest[o.Digest] = o.Bytes
			bytes += len(o.Bytes)
		}
		w.next += uint64(len(list))
		if _, damaged := errors.AsType[*ledger.Corrupt](err); damaged {
			w.next, gaps = w.next+1, gaps+1
		} else if err != nil || len(list) == 0 {
			return
		}
	}
}

// object returns an object, from near or far.
func (c chunk) object(ctx context.Context, d attest.Digest) ([]byte, error) {
	sum, _ := d.Sum()
	for _, near := range c.objects {
		if b := near[sum]; b != nil { // nil of one that was erased
			return b, nil
		}
	}
	b, err := c.reader.Get(ctx, ledger.ObjectTable, d.Hex())
	if err == nil && b == nil {
		err = &ledger.Corrupt{Bucket: "objects", Key: d.Hex(), Want: "an object that an entry names", Got: "none"}
	}
	return b, err
}
