package verifier

import (
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// cellKey names a state value of the register.
type cellKey struct{ table, key string }

// forceTable is where the register keeps what is in force, by slot, and
// controlCell its running hash (docs/spec/admission.md, "State").
const (
	forceTable       = "force"
	compromisedTable = "compromised"
)

var controlCell = cellKey{"log", "control"}

// written is a state value that an entry of the bundle left behind.
type written struct {
	value []byte
	by    uint64
}

// Size implements [admission.View].
func (r *replay) Size() uint64 { return r.index }

// Get implements [admission.View]: the value that the last of the bundle's
// entries before this one left.
func (r *replay) Get(table, key string) ([]byte, error) {
	return r.state[cellKey{table, key}].value, nil
}

// believe keeps what the record says that the register held: later entries must
// not say otherwise.
func (r *replay) believe() {
	said := r.record.Read
	r.said(controlCell, said.Control)
	for _, m := range said.Compromised {
		if key, err := admission.MarkKey(r, m.What); err == nil { // bounds asked for it
			r.said(cellKey{compromisedTable, key}, m)
		}
		r.said(cellKey{compromisedTable, "any"}, m)
	}
	for _, ref := range said.Revoked {
		r.said(cellKey{"revoked", string(ref.ID)}, ref)
	}
	for _, ref := range said.Used {
		r.said(cellKey{"used", string(ref.ID)}, ref)
	}
	for _, s := range said.Spent {
		r.said(spentCell(s), s)
	}
	a := r.action()
	for _, s := range said.Refused {
		if key, ok := admission.RefusedKey(a, s.Person); ok {
			r.said(cellKey{"refused", key}, admission.Ref{Entry: s.Entry, ID: s.ID})
		}
	}
	if a != nil && said.Session != nil {
		r.said(sessionCell(a), said.Session)
	}
	if a != nil && said.Outcome != nil {
		r.said(cellKey{"outcome", string(a.Intent)}, said.Outcome)
	}
}

func (r *replay) said(cell cellKey, v any) {
	if doc, err := attest.Encode(v); err == nil { // parts of a record that was read
		r.state[cell] = written{doc, r.index}
	}
}

// unseen counts the entries before this one that left nothing behind here: those
// that are not in the bundle, and those that did not stand up to their checks.
func (r *replay) unseen() uint64 {
	n := r.index
	for _, i := range r.items {
		if i.index < r.index && i.logged != nil {
			n--
		}
	}
	return n
}

// controls counts the control entries of the bundle before this one. If they are
// as many as the register had, the running hash shows that they are the same.
func (r *replay) controls() (n int64) {
	for _, i := range r.items {
		if i.included && i.index < r.index && i.entry.Kind.Control() {
			n++
		}
	}
	return n
}

// later reports whether the register may have read what a later entry left, one
// that is not seen here, instead of what the entry shown left.
func (r *replay) later(said, shown uint64) bool {
	i := r.at(said)
	return said > shown && said < r.index && (i == nil || i.logged == nil && i.read == nil)
}

// unknownID reports whether a statement may be in the log without being seen here.
func (r *replay) unknownID(id attest.ID) bool {
	return id.Valid() && r.byID[id].statement() == nil
}

// bounds: what the record says that the register held is what the bundle's
// entries left behind, or newer and from an entry that the bundle does not have.
func (r *replay) bounds() bool {
	const check = "read.bounds"
	shown, err := r.checked.Read(r)
	if fault := attest.AsFault(err); fault != nil {
		return r.fail(check, r.where, "a read that the register could have made", fault.Error())
	}
	if err != nil {
		return r.unknown(check, r.where, "a state to compare with", err.Error())
	}
	r.shown = shown
	said := r.record.Read
	for _, part := range []struct {
		name string
		ok   bool
	}{
		{"size", said.Size == shown.Size},
		{"force", slices.Equal(said.Force, shown.Force)},
		{"statements", slices.Equal(said.Statements, shown.Statements)},
		{"control", r.controlFits(said.Control, shown.Control)},
		{"session", r.sessionFits(said.Session, shown.Session)},
		{"outcome", r.outcomeFits(said.Outcome, shown.Outcome)},
		{"compromised", r.marksFit(said, shown.Compromised)},
		{"revoked", r.refsFit(said.Revoked, shown.Revoked, r.isWarrant) && r.revocationsFit(said)},
		{"used", r.refsFit(said.Used, shown.Used, r.isApproval)},
		{"refused", slices.Equal(said.Refused, shown.Refused)}, // the bundle holds what is named, so nothing newer may be
		{"spent", r.spentFits(said.Spent, shown.Spent)},
	} {
		if !part.ok {
			return r.fail(check, r.where, "read."+part.name+" as the entries of this bundle left it", "something else")
		}
	}
	r.pass(check, r.where)
	return true
}

// controlFits: the same count means the same control entries, so the same hash;
// a higher one is made up by entries that are not here.
func (r *replay) controlFits(said, shown admission.Control) bool {
	if said.Count == shown.Count {
		return said == shown
	}
	between := r.index // and the last entry that said how many there were
	if last, ok := r.state[controlCell]; ok {
		between -= last.by + 1
	}
	return said.Count > shown.Count && uint64(said.Count-shown.Count) <= between && said.Hash.Valid()
}

func (r *replay) action() *attest.Action {
	a, _ := r.checked.Verified().Statement().(*attest.Action)
	return a
}

func (r *replay) sessionFits(said, shown *admission.Tip) bool {
	switch {
	case said == nil || r.action() == nil:
		return said == nil && shown == nil
	case shown != nil && *said == *shown:
		return true
	}
	seen := int64(-1)
	if shown != nil {
		seen = shown.Seq
		if shown.Closed && !said.Closed { // nothing opens a session again
			return false
		}
	}
	return said.Seq > seen && uint64(said.Seq-seen) <= r.unseen() && r.unknownID(said.ID)
}

func (r *replay) outcomeFits(said, shown *admission.Ref) bool {
	if said == nil || shown != nil {
		return said == nil && shown == nil || said != nil && *said == *shown // one outcome is never replaced
	}
	a := r.action()
	return a != nil && a.Phase == attest.Outcome && r.later(said.Entry, r.indexOf(a.Intent)) && r.unknownID(said.ID)
}

// refsFit compares lists of statements that something later was said about:
// warrants that were revoked, approvals that were used.
func (r *replay) refsFit(said, shown []admission.Ref, asked func(attest.ID) bool) bool {
	left := map[attest.ID]uint64{}
	for _, s := range shown {
		left[s.ID] = s.Entry
	}
	for i, s := range said {
		if i > 0 && said[i-1].ID >= s.ID || !asked(s.ID) {
			return false
		}
		entry, ok := left[s.ID]
		if !ok {
			entry = r.indexOf(s.ID)
		}
		if !(ok && entry == s.Entry) && !r.later(s.Entry, entry) {
			return false
		}
		delete(left, s.ID)
	}
	return len(left) == 0
}

// indexOf is where a statement is that must come before what is said about it.
func (r *replay) indexOf(id attest.ID) uint64 {
	if i := r.byID[id]; i != nil {
		return i.index
	}
	return 0
}

// marksFit: of each thing what the bundle's entries left, or a later declaration
// that is not seen here.
func (r *replay) marksFit(said admission.Read, shown []admission.Mark) bool {
	left := map[string]admission.Mark{}
	for _, m := range shown {
		left[m.What] = m
	}
	suspects := r.checked.Suspects()
	for i, m := range said.Compromised {
		was, ok := left[m.What]
		delete(left, m.What)
		known := slices.Contains(suspects, m.What) && (i == 0 || said.Compromised[i-1].What < m.What)
		if !known || !(ok && m == was) && !(r.later(m.Entry, was.Entry) && m.Since > 0 && r.unknownID(m.ID)) {
			return false
		}
	}
	return len(left) == 0
}

// revocationsFit: a revocation is a control entry, and so is a compromise. Those
// that are not seen here are among the control entries that are not.
func (r *replay) revocationsFit(said admission.Read) bool {
	hidden := map[uint64]bool{}
	hide := func(entry uint64) {
		if r.at(entry) == nil {
			hidden[entry] = true
		}
	}
	for _, ref := range said.Revoked {
		hide(ref.Entry)
	}
	for _, m := range said.Compromised {
		hide(m.Entry)
	}
	return int64(len(hidden)) <= said.Control.Count-r.controls()
}

func (r *replay) isWarrant(id attest.ID) bool {
	l, _ := r.Logged(id)
	if l == nil {
		return false
	}
	_, ok := l.Verified.Statement().(*attest.Warrant)
	return ok && !admission.NeverLate(r.checked.Verified().Statement())
}

func (r *replay) isApproval(id attest.ID) bool {
	a := r.action()
	return a != nil && a.Authority != nil && slices.Contains(a.Authority.Approvals, id)
}

// spentFits: the same pools; each as the bundle's entries left it, or further
// debited by one that is not here.
func (r *replay) spentFits(said, shown []admission.Spent) bool {
	if len(said) != len(shown) {
		return false
	}
	for i, s := range said {
		was := shown[i]
		if s == was {
			continue
		}
		if s.ID != was.ID || s.Grant != was.Grant || !r.later(s.Entry, max(was.Entry, r.indexOf(s.ID))) ||
			s.Uses <= was.Uses || uint64(s.Uses-was.Uses) > r.unseen() || s.Sum < was.Sum {
			return false
		}
	}
	return true
}

// assertedWords are the fixed words for what rests on the register.
const (
	assertedExpected = "all entries before this one that could change it"
	assertedFound    = "the register's word: this bundle does not hold them all"
)

// asserted says what of the read the bundle shows by itself, because it holds
// every entry that could tell otherwise, and what rests on the register's word.
func (r *replay) asserted() bool {
	control := r.record.Read.Control == r.shown.Control && r.record.Read.Control.Count == r.controls()
	all := r.unseen() == 0
	a := r.action()
	asksPeople := len(r.record.Read.Refused) > 0 || a != nil && a.Authority != nil && len(a.Authority.Approvals) > 0 ||
		len(r.checked.Gates(r.record.Read, r.entry.ReceivedAt)) > 0
	warrants := slices.ContainsFunc(r.record.Read.Statements, func(s admission.Ref) bool { return r.isWarrant(s.ID) })
	for _, part := range []struct {
		check       string
		asked, seen bool
		line        func() bool // of a walk that shows it too
	}{
		{"read.force", len(r.record.Read.Force) > 0, control && !r.hidesForce(), nil},
		{"read.revoked", warrants, control && !r.hidesRevoked(), nil},
		{"read.compromised", r.index > 0, control && !r.hidesCompromised(), nil},
		{"read.session", a != nil, all, r.sessionLine},
		{"read.outcome", a != nil && a.Phase == attest.Outcome, all, nil},
		{"read.used", a != nil && a.Authority != nil && len(a.Authority.Approvals) > 0, all, r.usedLine},
		{"read.refused", asksPeople, all, nil},
		{"read.spent", len(r.record.Read.Spent) > 0, all, r.spentLine},
	} {
		switch {
		case !part.asked:
		case part.seen || part.line != nil && r.walk(part.check, part.line):
			r.add(Finding{Check: part.check, Status: pass, Where: places(r.where)})
		default:
			r.open(part.check, r.where, assertedExpected, assertedFound)
		}
	}
	return true
}

// openings: the register's commitment was recomputed if its seed is here; the
// agent's own is recomputed now. A false one is the agent's lie and takes
// nothing from the evidence, so it is not required.
func (r *replay) openings() bool {
	if r.sealed {
		r.open("entry.server_fields", r.where, "the seed that opens the register's commitment", "none: erased or kept back")
	} else {
		r.add(Finding{Check: "entry.server_fields", Status: pass, Where: places(r.where)})
	}
	a := r.action()
	if a == nil || a.Fields == nil {
		return true
	}
	seed, err := attest.ParseSeed(r.bundle.Object(a.Fields.Seed))
	if err != nil {
		r.open("action.fields", r.where, "the seed that opens the agent's own commitment", "none")
		return true
	}
	root := attest.Commit(seed, attest.AgentFields(a, r.rootWarrant(a)))
	if root != a.Fields.Root {
		r.add(Finding{Check: "action.fields", Status: fail, Where: places(r.where),
			Expected: string(root) + ", from the action's own values", Found: fmt.Sprintf("%s, committed to by the agent", a.Fields.Root)})
		return true
	}
	r.add(Finding{Check: "action.fields", Status: pass, Where: places(r.where)})
	return true
}

// rootWarrant is the first warrant of an action's chain, or "".
func (v *verification) rootWarrant(a *attest.Action) attest.ID {
	links := v.chain(a)
	if len(links) == 0 {
		return ""
	}
	return links[0].entry.Envelope
}

// chain is the chain of warrants that an action names, root first; nil where it
// leads nowhere or on for too long, as for admission.
func (v *verification) chain(a *attest.Action) []*item {
	if a.Authority == nil {
		return nil
	}
	var links []*item
	for id := a.Authority.Warrant; id != "" && len(links) < attest.MaxChain; {
		i := v.byID[id]
		w, ok := i.statement().(*attest.Warrant)
		if !ok {
			return nil
		}
		links = append(links, i)
		if id = w.Parent; id != "" && len(links) == attest.MaxChain {
			return nil
		}
	}
	slices.Reverse(links)
	return links
}

// statement is what an entry says, or nil where that was not established.
func (i *item) statement() attest.Statement {
	if i == nil || i.logged == nil {
		return nil
	}
	return i.logged.Verified.Statement()
}
