package admission

import (
	"bytes"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// The documents of an entry, read in the order of their members. What is read is
// written again and has to give the same bytes, so nothing here needs to be
// strict; a document that does not come out the same goes to [attest.Decode],
// which reads it or says what is wrong with it.

func quickEntry(doc []byte) (*Entry, bool) {
	e := new(Entry)
	in := quickReader{rest: string(doc)}
	in.entry(e)
	return e, in.done() && isWritten(e, doc)
}

func quickRecord(doc []byte) (*Record, bool) {
	r := new(Record)
	in := quickReader{rest: string(doc)}
	in.record(r)
	return r, in.done() && isWritten(r, doc)
}

// isWritten reports whether doc is what is written of d without reflection.
func isWritten(d document, doc []byte) bool {
	p := newPlain()
	defer scratch.Put(p)
	d.write(p)
	return bytes.Equal(p.since(0), doc)
}

// quickReader reads documents without escapes. Texts are parts of the document.
type quickReader struct {
	rest string
	off  bool // given up
}

func (q *quickReader) done() bool { return !q.off && q.rest == "" }

func (q *quickReader) exactly(s string) {
	rest, ok := strings.CutPrefix(q.rest, s)
	q.rest, q.off = rest, q.off || !ok
}

// has reports whether a member comes next, and passes over its name.
func (q *quickReader) has(name string) bool {
	rest := strings.TrimPrefix(q.rest, ",")
	n := len(name)
	if len(rest) < n+3 || rest[0] != '"' || rest[1:n+1] != name || rest[n+1:n+3] != `":` {
		return false
	}
	q.rest = rest[n+3:]
	return true
}

func (q *quickReader) need(name string) { q.off = !q.has(name) || q.off }

func (q *quickReader) text() string {
	q.exactly(`"`)
	text, rest, ok := strings.Cut(q.rest, `"`)
	q.rest, q.off = rest, q.off || !ok
	return text
}

func (q *quickReader) integer() (n int64) {
	i := 0
	for ; i < len(q.rest) && '0' <= q.rest[i] && q.rest[i] <= '9' && n < maxInteger; i++ {
		n = n*10 + int64(q.rest[i]-'0')
	}
	q.rest, q.off = q.rest[i:], q.off || i == 0
	return n
}

func needText[T ~string](q *quickReader, name string, to *T) {
	q.need(name)
	*to = T(q.text())
}

func mayText[T ~string](q *quickReader, name string, to *T) {
	if q.has(name) {
		*to = T(q.text())
	}
}

func needInt[T ~int | ~int64 | ~uint64](q *quickReader, name string, to *T) {
	q.need(name)
	*to = T(q.integer())
}

func mayInt[T ~int | ~int64 | ~uint64](q *quickReader, name string, to *T) {
	if q.has(name) {
		*to = T(q.integer())
	}
}

// items reads a list, one item at a time.
func items[T any](q *quickReader, item func(*quickReader, *T)) []T {
	list := []T{}
	for q.exactly("["); !q.off && !strings.HasPrefix(q.rest, "]"); {
		if len(list) > 0 {
			q.exactly(",")
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

func mayTexts(q *quickReader, name string, to *[]string) {
	if q.has(name) {
		*to = items(q, textItem[string])
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
	if d.Evaluated = strings.HasPrefix(q.rest, "true"); d.Evaluated {
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
	q.need("control")
	q.control(&r.Control)
	needList(q, "force", &r.Force, (*quickReader).pin)
	if q.has("outcome") {
		r.Outcome = new(Ref)
		q.ref(r.Outcome)
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

func (q *quickReader) tip(t *Tip) {
	q.exactly("{")
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
