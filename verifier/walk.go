package verifier

import (
	"bytes"
	"strconv"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// A walk goes back from an entry along what its record says that the register
// held: to the session's statement before it, to the last entry that drew from the
// same pool, and so on to the first. Where all of it is in the bundle and stood up
// to its checks, the record rests on a line of entries, each of which names the one
// before. Another line could only be another entry that names the same one before
// it, and where both are in a bundle they contradict each other (read.bounds).

// lead carries the lines on over an entry: what it wrote is on a line if what it
// read is.
func (r *replay) lead() {
	for _, c := range r.cells {
		cell := cellKey{c.Table, c.Key}
		if c.Table != "session" && c.Table != "spent" {
			continue
		}
		if r.onLine(cell) {
			r.line[cell] = c.Value
		} else {
			delete(r.line, cell)
		}
	}
}

// onLine reports whether what the record says of a cell is a beginning, or what the
// last entry of a line left.
func (r *replay) onLine(cell cellKey) bool {
	said, beginning := r.saidOf(cell)
	if said == nil {
		return beginning
	}
	doc, err := attest.Encode(said)
	return err == nil && r.line[cell] != nil && bytes.Equal(doc, r.line[cell])
}

// saidOf is what the record says of a session or pool; nil and true where it says
// that there was nothing yet.
func (r *replay) saidOf(cell cellKey) (said any, beginning bool) {
	read := r.record.Read
	if cell.table == "session" {
		if read.Session == nil {
			return nil, true
		}
		return *read.Session, false
	}
	for _, s := range read.Spent {
		if spentCell(s) != cell {
			continue
		}
		if s.Entry == 0 && s.Uses == 0 && s.Sum == 0 {
			return nil, true
		}
		return s, false
	}
	return nil, false
}

// walk notes for the verdict that something is shown by a walk.
func (r *replay) walk(check string, line func() bool) bool {
	if !line() {
		return false
	}
	r.item.walks = append(r.item.walks, check)
	return true
}

// walkedTo reports whether a line of at least one entry leads to what the record says
// of a cell. That there was nothing yet is no walk: nobody but the register says so.
func (r *replay) walkedTo(cell cellKey) bool {
	_, beginning := r.saidOf(cell)
	return !beginning && r.onLine(cell)
}

func (r *replay) sessionLine() bool {
	a := r.action()
	return a != nil && r.walkedTo(sessionCell(a))
}

func (r *replay) spentLine() bool {
	for _, s := range r.record.Read.Spent {
		if !r.walkedTo(spentCell(s)) {
			return false
		}
	}
	return len(r.record.Read.Spent) > 0
}

// usedLine: every action that an approval consents to is under its warrant, and
// draws from a grant that permits it. If there is one such grant, all of them are
// on its line.
func (r *replay) usedLine() bool {
	a := r.action()
	links := r.chain(a)
	if len(links) == 0 {
		return false
	}
	leaf, _ := links[len(links)-1].statement().(*attest.Warrant)
	permitting := 0
	for _, g := range leaf.Grants {
		if warrant.Permits(g, warrant.ActOf(a)) == nil {
			permitting++
		}
	}
	for _, s := range r.record.Read.Spent {
		if s.ID == a.Authority.Warrant {
			return permitting == 1 && r.walkedTo(spentCell(s)) && r.usesSeen()
		}
	}
	return false
}

// usesSeen: where an approval was used, the entry that did is here.
func (r *replay) usesSeen() bool {
	for _, u := range r.record.Read.Used {
		if r.at(u.Entry).statement() == nil {
			return false
		}
	}
	return true
}

func sessionCell(a *attest.Action) cellKey { return cellKey{"session", a.Agent + " " + a.Session.ID} }

func spentCell(s admission.Spent) cellKey {
	return cellKey{"spent", string(s.ID) + "/" + strconv.Itoa(s.Grant)}
}
