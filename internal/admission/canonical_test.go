package admission

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// filler fills structs from a source of bytes; when that is used up, with zeros.
type filler struct {
	in    []byte
	plain bool // nothing is zero, and nothing needs an escape
}

func (f *filler) next() byte {
	if len(f.in) == 0 {
		return 0
	}
	b := f.in[0]
	f.in = f.in[1:]
	return b
}

func (f *filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Int, reflect.Int64:
		v.SetInt(f.integer())
	case reflect.Uint64:
		v.SetUint(uint64(f.integer()))
	case reflect.Bool:
		v.SetBool(f.plain || f.next()&1 == 1)
	case reflect.Pointer:
		if f.plain || f.next()&1 == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		n := int(f.next() % 4)
		if f.plain {
			n = n%3 + 1
		} else if n == 3 {
			return // nil
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic("a document has a " + v.Kind().String())
	}
}

func (f *filler) text() string {
	n := int(f.next() % 80)
	if f.plain {
		return strings.Repeat("x y~", n/4) + string('#'+rune(n%2))
	}
	s := make([]byte, n)
	for i := range s {
		s[i] = 'a' + byte(i%26)
	}
	for range f.next() % 3 {
		if n > 0 {
			s[int(f.next())%n] = f.next()
		}
	}
	return string(s)
}

func (f *filler) integer() int64 {
	var b [8]byte
	for i := range b {
		b[i] = f.next()
	}
	n := int64(binary.LittleEndian.Uint64(b[:]))
	if f.plain {
		return n&(maxInteger-1) | 1
	}
	return n >> (f.next() % 64)
}

// blanks are all documents that write themselves.
func blanks() []document {
	return []document{new(Record), new(Entry), new(Ref), new(Tip), new(Spent), new(Control), new(Mark)}
}

// same compares encode with the general way.
func same(t *testing.T, d document) {
	t.Helper()
	got, err := encode(d)
	want, wantErr := attest.Encode(d)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || !bytes.Equal(got, want) {
		t.Errorf("%T: %s, %v\nby reflection %s, %v", d, got, err, want, wantErr)
	}
}

// TestCanonical fills every member of every document. All of them are written
// without reflection, and as they are with it.
func TestCanonical(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	bytesOf := func() []byte {
		b := make([]byte, 8192)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for range 300 {
		for _, d := range blanks() {
			f := filler{in: bytesOf(), plain: true}
			f.fill(reflect.ValueOf(d).Elem())
			same(t, d)
			p := new(plain)
			if d.write(p); p.since(0) == nil {
				t.Fatalf("%T is written by reflection", d)
			}
			f = filler{in: bytesOf()}
			f.fill(reflect.ValueOf(d).Elem())
			same(t, d)
		}
	}
	for _, d := range blanks() {
		same(t, d) // with nothing in it
	}
}

// TestCanonicalLimit: a document that is too large is refused as it was.
func TestCanonicalLimit(t *testing.T) {
	for n := range 3 {
		r := &Record{Log: strings.Repeat("x", attest.MaxPayload)}
		doc, _ := attest.Encode(&Record{})
		r.Log = r.Log[:attest.MaxPayload-len(doc)-1+n]
		same(t, r)
		if _, err := encode(r); (err != nil) != (n == 2) {
			t.Errorf("a record of %d bytes: %v", attest.MaxPayload-1+n, err)
		}
	}
}

// A cell that is not plain is written with care, and one that nobody can write is an
// error.
func TestPut(t *testing.T) {
	s := state{plain: newPlain()}
	careful := Ref{ID: "id:é"}
	put(&s, forceTable, "slot", careful)
	s.own()
	want, _ := attest.Encode(careful)
	if s.err != nil || !bytes.Equal(s.cells[0].Value, want) {
		t.Errorf("%s, %v", s.cells[0].Value, s.err)
	}
	if put(&s, forceTable, "slot", Ref{Entry: maxInteger}); s.err == nil {
		t.Error("an index that is no number of the profile")
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(bytes.Repeat([]byte{1, 0, 0x7f, 3, '"', '\\', 0xff, 9}, 200), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, which uint8) {
		d := blanks()[int(which)%len(blanks())]
		source := filler{in: in}
		source.fill(reflect.ValueOf(d).Elem())
		same(t, d)
	})
}

func TestPrintable(t *testing.T) {
	for c := range 256 {
		for size := range 20 {
			for at := range size {
				b := bytes.Repeat([]byte{'a'}, size)
				b[at] = byte(c)
				want := c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
				if printable(b) != want {
					t.Fatalf("byte %#x at %d of %d: printable is %v", c, at, size, !want)
				}
				if unescaped(b) != (want || c == '"') {
					t.Fatalf("byte %#x at %d of %d: unescaped is %v", c, at, size, unescaped(b))
				}
			}
		}
	}
}

// quickly reads a document as get does, and in the general way.
func quickly[T comparable](t *testing.T, doc []byte, known string, quick func([]byte, string) (T, bool)) (taken bool) {
	t.Helper()
	var want T
	wantErr := attest.Decode(doc, &want)
	got, ok := quick(doc, known)
	if ok && (wantErr != nil || got != want) {
		t.Errorf("%q as %T is %v; by reflection %v, %v", doc, want, got, want, wantErr)
	}
	return ok
}

func stateQuick(t *testing.T, doc []byte, known string) (taken bool) {
	t.Helper()
	ref := quickly(t, doc, known, readRef)
	tip := quickly(t, doc, known, readTip)
	spent := quickly(t, doc, known, readSpent)
	control := quickly(t, doc, known, readControl)
	mark := quickly(t, doc, known, readMark)
	carried := quickly(t, doc, known, readCarried)
	return ref || tip || spent || control || mark || carried
}

// TestStateQuick: what the register writes is read without reflection, with
// every text that it may be expected to hold.
func TestStateQuick(t *testing.T) {
	for _, d := range []document{
		Ref{Entry: 7, ID: "id:a"}, Ref{Entry: maxInteger - 1, ID: "id:b"}, Ref{}, Tip{ID: "id:a", Seq: 3}, Tip{}, Tip{Closed: true, ID: "id:a", Seq: 3},
		Spent{Entry: 10, Grant: 1, ID: "id:a", Sum: 120000, Uses: 2}, Spent{ID: "id:a"}, Control{Count: 9, Hash: "sha256:a"},
		Mark{Entry: 7, ID: "id:a", Since: 5, What: "spiffe://a/b"}, Mark{},
		Carried{Bundle: "sha256:a"}, Carried{},
	} {
		doc, err := encode(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, known := range []string{"", "id:a", "id:aa", "sha256:a"} {
			if !stateQuick(t, doc, known) {
				t.Errorf("%s is read by reflection", doc)
			}
		}
	}
}

// near are documents that are almost what the register writes.
var near = []string{
	``, `{`, `{}`, `{"entry":1,"id":"id:a"}`, `{"entry":01,"id":"id:a"}`, `{"entry":-1,"id":"id:a"}`, `{"entry":1.0,"id":"id:a"}`,
	`{"entry":1e3,"id":"a"}`, `{"entry":9007199254740991,"id":""}`, `{"entry":9007199254740992,"id":""}`,
	`{"entry":18446744073709551617,"id":""}`, `{"entry":,"id":""}`, `{"entry":1,"id":"a\"}`, `{"entry":1,"id":"\u0061"}`,
	"{\"entry\":1,\"id\":\"\x7f\"}", "{\"entry\":1,\"id\":\"\xff\"}", `{"entry":1,"id":"é"}`, `{"entry":1,"id":"a"} `, `{"entry":1,"id":"a"}}`,
	`{"id":"a","entry":1}`, `{"entry":1, "id":"a"}`, `{"entry":1,"id":null}`, `{"entry":"1","id":"a"}`, `{"entry":1,"id":"a","x":1}`,
	`{"id":"id:a","seq":0}`, `{"id":"id:a","seq":00}`, `{"id":"id:a","seq":-0}`, `{"count":1,"hash":"sha256:a"}`,
	`{"closed":true,"id":"id:a","seq":0}`, `{"closed":false,"id":"id:a","seq":0}`, `{"closed":1,"id":"id:a","seq":0}`, `{"closed":true,"seq":0}`,
	`{"entry":7,"id":"a","since":5,"what":"b"}`, `{"entry":7,"id":"a","since":-5,"what":"b"}`, `{"entry":7,"id":"a","since":5,"what":"\"}`,
	`{"entry":0,"grant":0,"id":"a","sum":0,"uses":0}`, `{"grant":0,"id":"a","sum":0,"uses":0}`,
	`{"bundle":"sha256:a"}`, `{"bundle":"a\"}`, `{"bundle":"a"} `, `{"bundle":null}`,
	`{"entry":5,"grant":2147483648,"id":"a","sum":1,"uses":1}`, `{"entry":5,"grant":1,"id":"a","sum":1,"uses":1}`,
}

// TestStateNear: what is almost right is not taken for right.
func TestStateNear(t *testing.T) {
	for _, doc := range near {
		stateQuick(t, []byte(doc), "a")
	}
	long := `{"entry":1,"id":"` + strings.Repeat("a", attest.MaxPayload) + `"}`
	if stateQuick(t, []byte(long), "") {
		t.Error("a document that is too large is read")
	}
}

func FuzzState(f *testing.F) {
	for _, doc := range near {
		f.Add([]byte(doc), "a")
	}
	f.Fuzz(func(t *testing.T, doc []byte, known string) { stateQuick(t, doc, known) })
}
