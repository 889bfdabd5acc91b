package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// Prepared is a checked statement with all of its documents that depends neither
// on the register's state nor on the entry's time. Whoever waits for the entry
// computes it, in parallel; in log order there is little left to do. It does not
// change: Read and Decide may be called again, and say the same.
type Prepared struct {
	*Checked
	seed [32]byte

	force      []Pin       // what the slots held, ascending
	references []Ref       // that the statement names, ascending
	revocable  []attest.ID // the warrants among them
	tip        string      // key of the session's tip, of an action
	refusers   []refuser   // who may have refused the action, ascending
	path       []int       // grants of the chain that are debited; nil without a chain, or where there is no path
	pools      []pool      // of the path, root first, then of the instruction that is counted
	arguments  map[string]attest.Value

	kept   []Object        // a place for the record, then envelope, seed and what the statement relies on
	relied []attest.Digest // what the statement relies on, ascending
	fields likelyFields
}

// pool is where a counter is kept.
type pool struct {
	key   string
	id    attest.ID
	grant int
}

// likelyFields are the register's own fields as they will be if nothing turns up,
// and the commitment to them.
type likelyFields struct {
	values [3]string
	root   attest.Digest
}

// Prepare computes what does not depend on state. seed opens the server's fields.
func (c *Checked) Prepare(seed [32]byte) *Prepared {
	p := &Prepared{Checked: c, seed: seed}
	p.prepareRead()
	p.prepareDebits()
	p.prepareRefusers()
	p.prepareObjects()
	p.prepareFields()
	return p
}

func (p *Prepared) prepareRead() {
	p.force = make([]Pin, 0, len(p.pins))
	for _, slot := range sortedKeys(p.pins) {
		pin := Pin{Slot: slot}
		if l := p.pins[slot]; l != nil {
			pin.Entry, pin.ID = l.Index, l.ID()
		}
		p.force = append(p.force, pin)
	}
	late := NeverLate(p.verified.Statement())
	for _, id := range sortedKeys(p.statements) {
		l := p.statements[id]
		p.references = append(p.references, Ref{Entry: l.Index, ID: id})
		if !late && statementOf[*attest.Warrant](l) != nil {
			p.revocable = append(p.revocable, id)
		}
	}
	p.references = slices.Clip(p.references) // records share it
	if a, ok := p.verified.Statement().(*attest.Action); ok {
		p.tip = sessionKey(a)
	}
}

// prepareDebits finds the pools that an action draws from. Where the chain has no
// path it is denied already, and there is nothing to debit: nor is there without one.
func (p *Prepared) prepareDebits() {
	if p.act == nil {
		return
	}
	path, err := p.act.chain.Path(p.act.grant)
	if err != nil {
		return
	}
	p.path, p.arguments = path, p.act.action.Arguments()
	p.pools = make([]pool, 0, len(path)+1)
	add := func(id attest.ID, grant int) { p.pools = append(p.pools, pool{spentKey(id, grant), id, grant}) }
	for i, l := range p.act.chain.Links() {
		add(l.ID, path[i])
	}
	if i, ok := p.act.counted(); ok {
		add(i.logged.ID(), 0)
	}
}

func (p *Prepared) prepareObjects() {
	object := attest.SeedObject(p.seed)
	p.relied = sortedKeys(p.objects)
	p.kept = append(make([]Object, 1, 3+len(p.relied)), objectOf(p.envelope), objectOf(object))
	for _, d := range p.relied {
		sum, _ := d.Sum() // Check took it for a digest of these bytes
		p.kept = append(p.kept, Object{Digest: d, Bytes: p.objects[d], Sum: sum})
	}
}

// prepareFields commits to what will most likely be found.
func (p *Prepared) prepareFields() {
	effect := Allow
	if len(p.faults) > 0 {
		effect = Deny
	}
	var a *agency.Attribution
	if p.act != nil {
		found := agency.Attribute(p.act.agencyEvidence(p.at, approvalState{}))
		a = &found
	}
	p.fields.values = serverValues(a, effect)
	p.fields.root = attest.Commit(p.seed, serverFields(p.fields.values))
}

// commitment is to the register's own fields of a record.
func (p *Prepared) commitment(r *Record) attest.Commitment {
	values, root := serverValues(r.Attribution, r.Decision.Effect), p.fields.root
	if values != p.fields.values {
		root = attest.Commit(p.seed, serverFields(values))
	}
	return attest.Commitment{Root: root, Seed: p.kept[2].Digest}
}
