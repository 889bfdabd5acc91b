package admission

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// quicklyRead reads a document as entry and as record, quickly and in the general
// way: what is taken is the same.
func quicklyRead(t *testing.T, doc []byte) (taken bool) {
	t.Helper()
	entry, isEntry := quickEntry(doc)
	record, isRecord := quickRecord(doc)
	for _, r := range []struct {
		taken     bool
		got, want any
	}{{isEntry, entry, new(Entry)}, {isRecord, record, new(Record)}} {
		err := attest.Decode(doc, r.want)
		if r.taken && (err != nil || !reflect.DeepEqual(r.got, r.want)) {
			t.Errorf("%q is read as %+v\nby reflection %+v, %v", doc, r.got, r.want, err)
		}
	}
	return isEntry || isRecord
}

// TestReadQuick fills every member of entries and records: all of them are read
// without reflection, as they are with it.
func TestReadQuick(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	fill := func(d document, plain bool) []byte {
		f := filler{in: make([]byte, 8192), plain: plain}
		for i := range f.in {
			f.in[i] = byte(random.Uint32())
		}
		f.fill(reflect.ValueOf(d).Elem())
		doc, err := attest.Encode(d)
		if err != nil && plain {
			t.Fatal(err)
		}
		return doc
	}
	for range 300 {
		for _, d := range []document{new(Entry), new(Record)} {
			doc := fill(d, true)
			if !quicklyRead(t, doc) {
				t.Fatalf("%s is read by reflection", doc)
			}
			for range 20 { // and what is nearly right is not taken for right
				bad := bytes.Clone(doc)
				switch at := random.IntN(len(bad)); random.IntN(3) {
				case 0:
					bad[at] ^= 1 << random.IntN(8)
				case 1:
					bad = append(bad[:at], bad[at+1:]...)
				case 2:
					bad = append(bad[:at], append([]byte{`{}[],":0a`[random.IntN(9)]}, bad[at:]...)...)
				}
				quicklyRead(t, bad)
			}
			quicklyRead(t, fill(d, false))
		}
	}
	for _, d := range []document{new(Entry), new(Record)} {
		doc, err := attest.Encode(d) // with nothing in it
		if err != nil || !quicklyRead(t, doc) {
			t.Errorf("%s is read by reflection, %v", doc, err)
		}
	}
	long, err := attest.Encode(&Record{Log: strings.Repeat("x", attest.MaxPayload-1000)})
	if err != nil || !quicklyRead(t, long) || quicklyRead(t, append([]byte(`{"x":"`), long...)) {
		t.Errorf("a long record is not read quickly, %v", err)
	}
}

func FuzzReadQuick(f *testing.F) {
	for _, d := range []document{new(Entry), new(Record), &Record{Read: Read{Outcome: new(Ref), Session: new(Tip), Spent: []Spent{{}}}}} {
		doc, err := attest.Encode(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) { quicklyRead(t, doc) })
}
