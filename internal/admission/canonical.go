package admission

import (
	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// The documents of an entry, written in the order of their members. That they
// are what [attest.Encode] writes of the same struct, member by member, is the
// test's to say: TestCanonical fails where a member is forgotten.

func (r *Record) write(p *plain) {
	p.begin('{')
	if r.Attribution != nil {
		p.name("attribution")
		writeAttribution(r.Attribution, p)
	}
	p.name("basis")
	r.Basis.write(p)
	p.integer("checked_at", r.CheckedAt)
	p.name("decision")
	r.Decision.write(p)
	documents(p, "endorsements", r.Endorsements, Endorsement.write)
	p.text("envelope", string(r.Envelope))
	p.text("id", string(r.ID))
	p.text("kind", string(r.Kind))
	p.text("log", r.Log)
	p.optional("mode", string(r.Mode))
	texts(p, "objects", r.Objects)
	p.name("read")
	r.Read.write(p)
	p.integer("rules", int64(r.Rules))
	p.name("signer")
	r.Signer.write(p)
	p.name("submitter")
	r.Submitter.write(p)
	p.integer("v", int64(r.V))
	p.end('}')
}

func writeAttribution(a *agency.Attribution, p *plain) {
	p.begin('{')
	p.optional("accountable", a.Accountable)
	p.text("agency", string(a.Agency))
	p.text("authority", string(a.Authority))
	p.optional("authorizing", a.Authorizing)
	p.optional("basis", string(a.Basis))
	p.integer("binding", int64(a.Binding))
	p.optional("cause", string(a.Cause))
	texts(p, "decisive", a.Decisive)
	someTexts(p, "disagree", a.Disagree)
	texts(p, "flags", a.Flags)
	p.integer("hops", int64(a.Hops))
	p.optional("human", string(a.Human))
	p.integer("key", int64(a.Key))
	someTexts(p, "missing", a.Missing)
	p.text("order", string(a.Order))
	someTexts(p, "ratified", a.Ratified)
	p.integer("row", int64(a.Row))
	if a.TriggerKey != 0 {
		p.integer("trigger_key", int64(a.TriggerKey))
	}
	p.end('}')
}

// someTexts is texts for a member that is left out when it is empty.
func someTexts(p *plain, name string, list []string) {
	if len(list) > 0 {
		texts(p, name, list)
	}
}

func (b Basis) write(p *plain) {
	p.begin('{')
	p.text("attribution", b.Attribution)
	p.text("decision", b.Decision)
	p.text("read", b.Read)
	p.text("signer", b.Signer)
	p.end('}')
}

func (d *Decision) write(p *plain) {
	p.begin('{')
	texts(p, "determining", d.Determining)
	p.text("effect", string(d.Effect))
	texts(p, "errors", d.Errors)
	p.boolean("evaluated", d.Evaluated)
	texts(p, "faults", d.Faults)
	p.end('}')
}

func (e Endorsement) write(p *plain) {
	p.begin('{')
	p.text("envelope", string(e.Envelope))
	p.name("signer")
	p.begin('{')
	p.text("id", e.Signer.ID)
	p.text("kind", string(e.Signer.Kind))
	p.end('}')
	p.end('}')
}

func (s *RecordSigner) write(p *plain) {
	p.begin('{')
	p.text("key", string(s.Key))
	p.text("key_id", string(s.KeyID))
	p.text("kind", string(s.Kind))
	p.text("name", s.Name)
	p.end('}')
}

func (s Submitter) write(p *plain) {
	p.begin('{')
	p.text("kind", s.Kind)
	p.optional("name", s.Name)
	p.end('}')
}

func (r *Read) write(p *plain) {
	p.begin('{')
	if len(r.Compromised) > 0 {
		documents(p, "compromised", r.Compromised, Mark.write)
	}
	p.name("control")
	r.Control.write(p)
	documents(p, "force", r.Force, Pin.write)
	if r.Outcome != nil {
		p.name("outcome")
		r.Outcome.write(p)
	}
	if len(r.Refused) > 0 {
		documents(p, "refused", r.Refused, Refused.write)
	}
	documents(p, "revoked", r.Revoked, Ref.write)
	if r.Session != nil {
		p.name("session")
		r.Session.write(p)
	}
	p.index("size", r.Size)
	documents(p, "spent", r.Spent, Spent.write)
	documents(p, "statements", r.Statements, Ref.write)
	documents(p, "used", r.Used, Ref.write)
	p.end('}')
}

func (n Pin) write(p *plain) {
	p.begin('{')
	if n.Entry != 0 {
		p.index("entry", n.Entry)
	}
	p.optional("id", string(n.ID))
	p.text("slot", string(n.Slot))
	p.end('}')
}

func (r Ref) write(p *plain) {
	p.begin('{')
	p.index("entry", r.Entry)
	p.text("id", string(r.ID))
	p.end('}')
}

func (r Refused) write(p *plain) {
	p.begin('{')
	p.index("entry", r.Entry)
	p.text("id", string(r.ID))
	p.text("person", r.Person)
	p.end('}')
}

func (m Mark) write(p *plain) {
	p.begin('{')
	p.index("entry", m.Entry)
	p.text("id", string(m.ID))
	p.integer("since", m.Since)
	p.text("what", m.What)
	p.end('}')
}

func (t Tip) write(p *plain) {
	p.begin('{')
	if t.Closed {
		p.boolean("closed", true)
	}
	p.text("id", string(t.ID))
	p.integer("seq", t.Seq)
	p.end('}')
}

func (s Spent) write(p *plain) {
	p.begin('{')
	if s.Entry != 0 {
		p.index("entry", s.Entry)
	}
	p.integer("grant", int64(s.Grant))
	p.text("id", string(s.ID))
	p.integer("sum", s.Sum)
	p.integer("uses", s.Uses)
	p.end('}')
}

func (c Carried) write(p *plain) {
	p.begin('{')
	p.text("bundle", string(c.Bundle))
	p.end('}')
}

func (c Control) write(p *plain) {
	p.begin('{')
	p.integer("count", c.Count)
	p.text("hash", string(c.Hash))
	p.end('}')
}

func (e *Entry) write(p *plain) {
	p.begin('{')
	p.text("admission", string(e.Admission))
	p.name("control")
	e.Control.write(p)
	p.text("envelope", string(e.Envelope))
	if e.Fields != nil {
		p.name("fields")
		writeCommitment(*e.Fields, p)
	}
	p.text("kind", string(e.Kind))
	p.integer("received_at", e.ReceivedAt)
	p.name("server_fields")
	writeCommitment(e.ServerFields, p)
	p.integer("v", int64(e.V))
	p.end('}')
}

func writeCommitment(c attest.Commitment, p *plain) {
	p.begin('{')
	p.text("root", string(c.Root))
	p.optional("seed", string(c.Seed))
	p.end('}')
}

// The values of the register's state, read back. known is the ID or hash that
// the value probably holds.

func readRef(doc []byte, known string) (r Ref, ok bool) {
	in := plainReader{rest: doc}
	in.literal(`{"entry":`)
	r.Entry = uint64(in.integer())
	in.literal(`,"id":"`)
	r.ID = attest.ID(in.text(known))
	in.literal(`"}`)
	return r, in.done()
}

func readTip(doc []byte, known string) (t Tip, ok bool) {
	in := plainReader{rest: doc}
	if t.Closed = in.skip(`{"closed":true,"id":"`); !t.Closed {
		in.literal(`{"id":"`)
	}
	t.ID = attest.ID(in.text(known))
	in.literal(`","seq":`)
	t.Seq = in.integer()
	in.literal(`}`)
	return t, in.done()
}

func readMark(doc []byte, known string) (m Mark, ok bool) {
	in := plainReader{rest: doc}
	in.literal(`{"entry":`)
	m.Entry = uint64(in.integer())
	in.literal(`,"id":"`)
	m.ID = attest.ID(in.text(known))
	in.literal(`","since":`)
	m.Since = in.integer()
	in.literal(`,"what":"`)
	m.What = in.text("")
	in.literal(`"}`)
	return m, in.done()
}

func readCarried(doc []byte, known string) (c Carried, ok bool) {
	in := plainReader{rest: doc}
	in.literal(`{"bundle":"`)
	c.Bundle = attest.Digest(in.text(known))
	in.literal(`"}`)
	return c, in.done()
}

func readSpent(doc []byte, known string) (s Spent, ok bool) {
	in := plainReader{rest: doc}
	if in.skip(`{"entry":`) {
		s.Entry = uint64(in.integer())
		in.off = in.off || s.Entry == 0 // it is left out then
		in.literal(`,"grant":`)
	} else {
		in.literal(`{"grant":`)
	}
	s.Grant = int(in.integer())
	in.off = in.off || s.Grant > attest.MaxPayload // where an int may be too small
	in.literal(`,"id":"`)
	s.ID = attest.ID(in.text(known))
	in.literal(`","sum":`)
	s.Sum = in.integer()
	in.literal(`,"uses":`)
	s.Uses = in.integer()
	in.literal(`}`)
	return s, in.done()
}

func readControl(doc []byte, known string) (c Control, ok bool) {
	in := plainReader{rest: doc}
	in.literal(`{"count":`)
	c.Count = in.integer()
	in.literal(`,"hash":"`)
	c.Hash = attest.Digest(in.text(known))
	in.literal(`"}`)
	return c, in.done()
}
