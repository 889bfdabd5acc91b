package admission

import (
	"encoding/binary"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// The documents of an entry, read in one pass, without reflection. What is taken
// is in the one form that it is written in: members in their order, none that is
// left out, no escapes. All else goes to [attest.Decode], which reads it or says
// what is wrong with it. TestReadQuick and FuzzReadQuick hold both against each
// other.

func quickEntry(doc []byte) (*Entry, bool) {
	e := new(Entry)
	q := newQuickReader(doc)
	q.entry(e)
	return e, q.done()
}

func quickRecord(doc []byte) (*Record, bool) {
	r := new(Record)
	q := newQuickReader(doc)
	q.record(r)
	return r, q.done()
}

// quickReader reads documents without escapes. Texts are parts of the document.
type quickReader struct {
	doc string
	at  int
	off bool // given up
}

func newQuickReader(doc []byte) quickReader {
	if len(doc) > attest.MaxPayload || !unescaped(doc) {
		return quickReader{off: true}
	}
	return quickReader{doc: string(doc)}
}

// unescaped reports whether b is printable ASCII without backslash, as printable
// does.
func unescaped(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		backslash, del := x^ones*'\\', x^ones*0x7f
		if (x|(x-ones*0x20)&^x|(backslash-ones)&^backslash|(del-ones)&^del)&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

func (q *quickReader) done() bool { return !q.off && q.at == len(q.doc) }

func (q *quickReader) next(c byte) bool { return q.at < len(q.doc) && q.doc[q.at] == c }

func (q *quickReader) exactly(s string) {
	if q.off || !strings.HasPrefix(q.doc[q.at:], s) {
		q.off = true
		return
	}
	q.at += len(s)
}

// has reports whether a member comes next, and passes over its name.
func (q *quickReader) has(name string) bool {
	at, n := q.at, len(name)
	if q.off || at == 0 {
		return false
	}
	if q.doc[at-1] != '{' { // not the first
		if !q.next(',') {
			return false
		}
		at++
	}
	rest := q.doc[at:]
	if len(rest) < n+3 || rest[0] != '"' || rest[1:n+1] != name || rest[n+1:n+3] != `":` {
		return false
	}
	q.at = at + n + 3
	return true
}

func (q *quickReader) need(name string) { q.off = !q.has(name) || q.off }

func (q *quickReader) text() string {
	q.exactly(`"`)
	end := strings.IndexByte(q.doc[q.at:], '"')
	if q.off || end < 0 {
		q.off = true
		return ""
	}
	text := q.doc[q.at : q.at+end]
	q.at += end + 1
	return text
}

func (q *quickReader) integer() (n int64) {
	start := q.at
	for ; q.at < len(q.doc) && '0' <= q.doc[q.at] && q.doc[q.at] <= '9' && n < maxInteger; q.at++ {
		n = n*10 + int64(q.doc[q.at]-'0')
	}
	digits := q.at - start
	q.off = q.off || digits == 0 || n >= maxInteger || digits > 1 && q.doc[start] == '0'
	return n
}

func needText[T ~string](q *quickReader, name string, to *T) {
	q.need(name)
	*to = T(q.text())
}

// mayText reads a member that is left out when it is empty.
func mayText[T ~string](q *quickReader, name string, to *T) {
	if q.has(name) {
		*to = T(q.text())
		q.off = q.off || *to == ""
	}
}

func needInt[T ~int | ~int64 | ~uint64](q *quickReader, name string, to *T) {
	q.need(name)
	n := q.integer()
	*to = T(n)
	q.off = q.off || int64(*to) != n
}

// mayInt reads a member that is left out when it is zero.
func mayInt[T ~int | ~int64 | ~uint64](q *quickReader, name string, to *T) {
	if q.has(name) {
		n := q.integer()
		*to = T(n)
		q.off = q.off || n == 0 || int64(*to) != n
	}
}

// items reads a list, one item at a time.
func items[T any](q *quickReader, item func(*quickReader, *T)) []T {
	list := []T{}
	for q.exactly("["); !q.off && !q.next(']'); {
		if len(list) > 0 {
			q.exactly(",")
		} else {
			list = make([]T, 0, 4)
		}
		list = append(list, *new(T))
		item(q, &list[len(list)-1])
	}
	q.exactly("]")
	return list
}

func needList[T any](q *quickReader, name string, to *[]T, item func(*quickReader, *T)) {
	q.need(name)
	*to = items(q, item)
}

// mayTexts reads a list that is left out when it is empty.
func mayTexts(q *quickReader, name string, to *[]string) {
	if q.has(name) {
		*to = items(q, textItem[string])
		q.off = q.off || len(*to) == 0
	}
}

func textItem[T ~string](q *quickReader, to *T) { *to = T(q.text()) }

func (q *quickReader) entry(e *Entry) {
	q.exactly("{")
	needText(q, "admission", &e.Admission)
	q.need("control")
	q.control(&e.Control)
	needText(q, "envelope", &e.Envelope)
	if q.has("fields") {
		e.Fields = new(attest.Commitment)
		q.commitment(e.Fields)
	}
	needText(q, "kind", &e.Kind)
	needInt(q, "received_at", &e.ReceivedAt)
	q.need("server_fields")
	q.commitment(&e.ServerFields)
	needInt(q, "v", &e.V)
	q.exactly("}")
}

func (q *quickReader) commitment(c *attest.Commitment) {
	q.exactly("{")
	needText(q, "root", &c.Root)
	mayText(q, "seed", &c.Seed)
	q.exactly("}")
}

func (q *quickReader) control(c *Control) {
	q.exactly("{")
	needInt(q, "count", &c.Count)
	needText(q, "hash", &c.Hash)
	q.exactly("}")
}

func (q *quickReader) record(r *Record) {
	q.exactly("{")
	if q.has("attribution") {
		r.Attribution = new(agency.Attribution)
		q.attribution(r.Attribution)
	}
	q.need("basis")
	q.basis(&r.Basis)
	needInt(q, "checked_at", &r.CheckedAt)
	q.need("decision")
	q.decision(&r.Decision)
	needList(q, "endorsements", &r.Endorsements, (*quickReader).endorsement)
	needText(q, "envelope", &r.Envelope)
	needText(q, "id", &r.ID)
	needText(q, "kind", &r.Kind)
	needText(q, "log", &r.Log)
	mayText(q, "mode", &r.Mode)
	needList(q, "objects", &r.Objects, textItem[attest.Digest])
	q.need("read")
	q.read(&r.Read)
	needInt(q, "rules", &r.Rules)
	q.need("signer")
	q.signer(&r.Signer)
	q.need("submitter")
	q.submitter(&r.Submitter)
	needInt(q, "v", &r.V)
	q.exactly("}")
}

func (q *quickReader) attribution(a *agency.Attribution) {
	q.exactly("{")
	mayText(q, "accountable", &a.Accountable)
	needText(q, "agency", &a.Agency)
	needText(q, "authority", &a.Authority)
	mayText(q, "authorizing", &a.Authorizing)
	mayText(q, "basis", &a.Basis)
	needInt(q, "binding", &a.Binding)
	mayText(q, "cause", &a.Cause)
	needList(q, "decisive", &a.Decisive, textItem[attest.ID])
	mayTexts(q, "disagree", &a.Disagree)
	needList(q, "flags", &a.Flags, textItem[string])
	needInt(q, "hops", &a.Hops)
	mayText(q, "human", &a.Human)
	needInt(q, "key", &a.Key)
	mayTexts(q, "missing", &a.Missing)
	needText(q, "order", &a.Order)
	mayTexts(q, "ratified", &a.Ratified)
	needInt(q, "row", &a.Row)
	mayInt(q, "trigger_key", &a.TriggerKey)
	q.exactly("}")
}

func (q *quickReader) basis(b *Basis) {
	q.exactly("{")
	needText(q, "attribution", &b.Attribution)
	needText(q, "decision", &b.Decision)
	needText(q, "read", &b.Read)
	needText(q, "signer", &b.Signer)
	q.exactly("}")
}

func (q *quickReader) decision(d *Decision) {
	q.exactly("{")
	needList(q, "determining", &d.Determining, textItem[string])
	needText(q, "effect", &d.Effect)
	needList(q, "errors", &d.Errors, textItem[string])
	q.need("evaluated")
	if d.Evaluated = q.next('t'); d.Evaluated {
		q.exactly("true")
	} else {
		q.exactly("false")
	}
	needList(q, "faults", &d.Faults, textItem[string])
	q.exactly("}")
}

func (q *quickReader) endorsement(e *Endorsement) {
	q.exactly("{")
	needText(q, "envelope", &e.Envelope)
	q.need("signer")
	q.exactly("{")
	needText(q, "id", &e.Signer.ID)
	needText(q, "kind", &e.Signer.Kind)
	q.exactly("}}")
}

func (q *quickReader) signer(s *RecordSigner) {
	q.exactly("{")
	needText(q, "key", &s.Key)
	needText(q, "key_id", &s.KeyID)
	needText(q, "kind", &s.Kind)
	needText(q, "name", &s.Name)
	q.exactly("}")
}

func (q *quickReader) submitter(s *Submitter) {
	q.exactly("{")
	needText(q, "kind", &s.Kind)
	mayText(q, "name", &s.Name)
	q.exactly("}")
}

func (q *quickReader) read(r *Read) {
	q.exactly("{")
	if q.has("compromised") {
		r.Compromised = items(q, (*quickReader).mark)
		q.off = q.off || len(r.Compromised) == 0
	}
	q.need("control")
	q.control(&r.Control)
	needList(q, "force", &r.Force, (*quickReader).pin)
	if q.has("outcome") {
		r.Outcome = new(Ref)
		q.ref(r.Outcome)
	}
	if q.has("refused") {
		r.Refused = items(q, (*quickReader).refused)
		q.off = q.off || len(r.Refused) == 0
	}
	needList(q, "revoked", &r.Revoked, (*quickReader).ref)
	if q.has("session") {
		r.Session = new(Tip)
		q.tip(r.Session)
	}
	needInt(q, "size", &r.Size)
	needList(q, "spent", &r.Spent, (*quickReader).spent)
	needList(q, "statements", &r.Statements, (*quickReader).ref)
	needList(q, "used", &r.Used, (*quickReader).ref)
	q.exactly("}")
}

func (q *quickReader) pin(n *Pin) {
	q.exactly("{")
	mayInt(q, "entry", &n.Entry)
	mayText(q, "id", &n.ID)
	needText(q, "slot", &n.Slot)
	q.exactly("}")
}

func (q *quickReader) ref(r *Ref) {
	q.exactly("{")
	needInt(q, "entry", &r.Entry)
	needText(q, "id", &r.ID)
	q.exactly("}")
}

func (q *quickReader) refused(r *Refused) {
	q.exactly("{")
	needInt(q, "entry", &r.Entry)
	needText(q, "id", &r.ID)
	needText(q, "person", &r.Person)
	q.exactly("}")
}

func (q *quickReader) mark(m *Mark) {
	q.exactly("{")
	needInt(q, "entry", &m.Entry)
	needText(q, "id", &m.ID)
	needInt(q, "since", &m.Since)
	needText(q, "what", &m.What)
	q.exactly("}")
}

func (q *quickReader) tip(t *Tip) {
	q.exactly("{")
	if t.Closed = q.has("closed"); t.Closed {
		q.exactly("true") // it is left out else
	}
	needText(q, "id", &t.ID)
	needInt(q, "seq", &t.Seq)
	q.exactly("}")
}

func (q *quickReader) spent(s *Spent) {
	q.exactly("{")
	mayInt(q, "entry", &s.Entry)
	needInt(q, "grant", &s.Grant)
	needText(q, "id", &s.ID)
	needInt(q, "sum", &s.Sum)
	needInt(q, "uses", &s.Uses)
	q.exactly("}")
}
