package admission

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/warrant"
)

// maxWait is how long, in ms, a checked statement may wait for its place.
const maxWait = 10_000

// Result is what becomes of a statement: the documents, and what changes in the
// register with them, all in one transaction.
type Result struct {
	Entry, Record []byte
	Effect        Effect
	Erase         []attest.Digest // objects to be destroyed in the same transaction
	Objects       []Object        // the record, the envelope, what it relies on
	Cells         []Cell
	Parsed        *Record
}

// Object is a content-addressed piece of evidence.
type Object struct {
	Digest attest.Digest
	Bytes  []byte
	Sum    [32]byte // of the digest
	Own    bool     // made for this entry: no other one has brought it
}

// objectOf is an object of the entry's own.
func objectOf(b []byte) Object {
	sum := sha256.Sum256(b)
	return Object{attest.DigestFrom(sum), b, sum, true}
}

// Cell is a value of the register's state.
type Cell struct {
	Table, Key string
	Value      []byte
}

// outcomeOf collects what Decide finds.
type outcomeOf struct {
	*Prepared
	read     Read
	received int64
	faults   []string
	spend    []Spent
	fork     bool
	erased   []attest.Digest
	tainted  []attest.ID // what is relied on and may be a stranger's
}

// Decide is [Prepared.Decide] for a statement that is not prepared. seed opens the
// server's fields.
func (c *Checked) Decide(read Read, received int64, seed [32]byte) (Result, error) {
	return c.Prepare(seed).Decide(read, received)
}

// Decide applies the rules that need the register's state, attributes, and
// writes record and entry. It is pure: the verifier calls it with the recorded
// Read. received is the entry's time in ms. An error refuses the statement;
// nothing is consumed.
func (p *Prepared) Decide(read Read, received int64) (Result, error) {
	o := &outcomeOf{Prepared: p, read: read, received: received, faults: slices.Clone(p.faults)}
	for _, rule := range []func() error{o.time, o.compromised, o.session, o.warrants, o.approvals, o.gates, o.outcome, o.spent} {
		if err := rule(); err != nil {
			return Result{}, err
		}
	}
	slices.Sort(o.faults)
	o.faults = slices.Compact(o.faults)
	return o.write()
}

func (o *outcomeOf) deny(code string) { o.faults = append(o.faults, code) }

// time: the check is fresh, and the signer's credential still holds.
func (o *outcomeOf) time() error {
	if wait := o.received - o.at; wait < 0 || wait > maxWait {
		return attest.Refuse("trust.changed", "checked_at", "a check of at most 10 s ago", "an older or later one")
	}
	if o.expires != 0 && o.received > o.expires {
		return attest.Refuse("signer.expired", "keyid", "a credential valid when the entry is made", "one that has ended")
	}
	return nil
}

// session: seq counts without gaps and prev is the statement before. Too early
// is refused, too late is a fork and is logged.
func (o *outcomeOf) session() error {
	a, ok := o.verified.Statement().(*attest.Action)
	if !ok {
		return nil
	}
	next, prev := int64(0), attest.ID("")
	if tip := o.read.Session; tip != nil {
		next, prev = tip.Seq+1, tip.ID
	}
	switch {
	case a.Session.Seq > next:
		return attest.Refuse("session.order", "session.seq", number(next), number(a.Session.Seq))
	case a.Session.Seq < next || a.Session.Prev != prev:
		o.fork = true
		o.deny("session.fork")
	case o.read.Session != nil && o.read.Session.Closed:
		o.deny("session.closed")
	}
	return nil
}

// warrants: none of the chain is revoked; the signer is its holder now (D10).
func (o *outcomeOf) warrants() error {
	if len(o.read.Revoked) > 0 {
		o.deny("warrant.revoked")
	}
	if o.act == nil || len(o.act.chain.Links()) == 0 {
		return nil
	}
	f := warrant.CheckHolder(o.act.chain, o.verified.Signer(), o.act.registration, o.received)
	if f != nil {
		o.deny(f.Code)
	}
	return nil
}

// approvals: not expired, not used before, not taken back by a refusal.
func (o *outcomeOf) approvals() error {
	if o.act == nil {
		return nil
	}
	if len(o.read.Used) > 0 {
		o.deny("approval.used")
	}
	for _, a := range o.act.approvals {
		if o.received >= a.statement.Expires {
			o.deny("approval.expired")
		}
		if o.takenBack(a) {
			o.deny("approval.refused")
		}
	}
	return nil
}

// outcome: an intent has one outcome.
func (o *outcomeOf) outcome() error {
	if o.read.Outcome != nil {
		o.deny("outcome.intent")
	}
	return nil
}

// spent: uses and budgets of every link, and the instruction's count, cover one
// more (D7). They are debited only if nothing else denies.
func (o *outcomeOf) spent() error {
	if o.path == nil {
		return nil // no chain; or no path, and d5 or warrant.outside denies already
	}
	links := o.act.chain.Links()
	before := make([]warrant.Spent, len(links))
	for i, s := range o.read.Spent {
		if i < len(links) {
			before[i] = warrant.Spent{Uses: s.Uses, Sum: s.Sum}
		}
	}
	after, fault := o.act.chain.Debit(o.path, before, o.arguments)
	if fault != nil {
		o.deny(fault.Code)
		return nil
	}
	o.spend = make([]Spent, 0, len(o.pools))
	for i, l := range links {
		o.spend = append(o.spend, Spent{Entry: o.read.Size, Grant: o.path[i], ID: l.ID, Sum: after[i].Sum, Uses: after[i].Uses})
	}
	o.instructionSpent(len(links))
	return nil
}

// instructionSpent counts the actions of the instruction that the root names.
func (o *outcomeOf) instructionSpent(links int) {
	i, ok := o.act.counted()
	if !ok {
		return
	}
	uses := int64(0)
	if len(o.read.Spent) > links {
		uses = o.read.Spent[links].Uses
	}
	if most := i.statement.MaxActions; most > 0 && uses >= most {
		o.deny("instruction.spent")
		return
	}
	o.spend = append(o.spend, Spent{Entry: o.read.Size, ID: i.logged.ID(), Uses: uses + 1})
}

// counted returns the instruction that the root of the chain names. A link below
// that leaves it out is evidence of less, and must not allow more for it.
func (x *act) counted() (instructed, bool) {
	for _, i := range x.instructions {
		if i.logged.ID() == x.chain.Root().Warrant.Task.Instruction {
			return i, true
		}
	}
	return instructed{}, false
}

// attribution applies the table; nil for anything but an intent or record.
func (o *outcomeOf) attribution() *agency.Attribution {
	if o.act == nil {
		return nil
	}
	if o.recorded != nil {
		return o.recorded.Attribution
	}
	e := o.act.agencyEvidence(o.received, o.approvalState())
	o.distrust(&e)
	e.Authority = o.authority()
	a := agency.Attribute(e)
	return &a
}

// Reconsider applies the table again for a reader to whom some evidence is worth
// no more than a level of key: what vouches for it is the operator. r is the
// record of the statement, an intent or record, which was recomputed.
func (c *Checked) Reconsider(r *Record, received int64, most map[attest.ID]agency.Key) *agency.Attribution {
	o := &outcomeOf{Prepared: c.Prepare([32]byte{}), read: r.Read, received: received}
	_ = o.compromised() // whose refusal would not have been logged
	e := o.act.agencyEvidence(received, o.approvalState())
	if e.Authority = r.Attribution.Authority; len(c.lacks) > 0 { // that the root may name who is accountable too
		e.Authority, e.Accountable = agency.AuthorityIndeterminate, ""
	}
	o.distrust(&e)
	for i, h := range e.Humans {
		if level, ok := most[h.Ref]; ok {
			e.Humans[i].Key = min(h.Key, level)
		}
	}
	a := agency.Attribute(e)
	return &a
}

// authority is the finding of the chain and the policies, from the faults. Those
// of a session are faults of order: they say nothing about authority. Nor is it
// known, where what it rests on may be a stranger's.
func (o *outcomeOf) authority() agency.Authority {
	against := 0
	for _, code := range o.faults {
		if !strings.HasPrefix(code, "session.") && code != "reference.compromised" {
			against++
		}
	}
	switch {
	case against == 0 && len(o.tainted) > 0:
		return agency.AuthorityIndeterminate
	case against == 0:
		return agency.AuthorityWithin
	case !o.decision.Evaluated:
		return agency.AuthorityNotEvaluated
	default:
		return agency.AuthorityOutside
	}
}
