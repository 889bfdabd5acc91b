package admission

import (
	"bytes"
	"slices"

	"github.com/deedlog/deed/attest"
)

// board is who administers the log: the administrators in force, and how many of
// them it takes.
type board struct {
	list   []attest.Administrator
	quorum int
}

// boardOf is the set of administrators that a statement puts in force.
func boardOf(l *Logged) board {
	if l == nil {
		return board{}
	}
	switch s := l.Verified.Statement().(type) {
	case *attest.Genesis:
		return board{s.Administrators, s.Quorum}
	case *attest.Administrators:
		return board{s.Administrators, s.Quorum}
	}
	return board{}
}

// AdministratorsOf are the administrators that a statement puts in force, such as
// that in [AdministratorsSlot]; none of one that puts none.
func AdministratorsOf(l *Logged) []attest.Administrator { return boardOf(l).list }

// key is an administrator's, or nil.
func (b board) key(name string) attest.Key {
	for _, a := range b.list {
		if a.Name == name {
			return a.Key
		}
	}
	return nil
}

func (b board) has(a attest.Administrator) bool { return bytes.Equal(b.key(a.Name), a.Key) }

// seat looks up who administers the log.
func (c *check) seat() error {
	logged, err := c.current(AdministratorsSlot)
	c.board = boardOf(logged)
	return err
}

// administrators: a quorum of those in force says who comes after them, and
// whoever is new has the key that is given for them.
func (c *check) administrators(a *attest.Administrators) error {
	fresh := slices.DeleteFunc(slices.Clone(a.Administrators), c.board.has)
	if err := c.endorse(endorsers(append(c.others(), fresh...))); err != nil {
		return err
	}
	if !c.administrator() {
		c.deny("control.administrator")
		return nil
	}
	if err := c.enough(); err != nil {
		return err
	}
	for _, n := range fresh {
		if c.endorsed[n.Key.Digest()] == "" {
			return attest.Refuse("control.possession", "endorsements", "one with the new key of "+n.Name, "none")
		}
		if err := c.ownKey(n.Name, n.Key.Digest()); err != nil {
			return err
		}
	}
	return nil
}

// ownKey: no other person and no administrator of another name has the key or had
// it, and it is not the register's. An identity of certificates is one's own like a
// key.
func (c *check) ownKey(name string, key attest.Digest) error {
	logged, err := c.current(KeySlot(key))
	if err != nil {
		return err
	}
	if owner := keyOwner(logged, key); owner != "" && owner != name {
		c.deny("control.key")
	}
	if g := statementOf[*attest.Genesis](c.pins[GenesisSlot]); g.ServerKey.Digest() == key {
		c.deny("control.key")
	}
	return nil
}

// keyOwner is whose key it is by a statement that has taken its slot, or "".
func keyOwner(l *Logged, key attest.Digest) string {
	if p := statementOf[*attest.Person](l); p != nil {
		return p.Name
	}
	for _, a := range boardOf(l).list {
		if a.Key.Digest() == key {
			return a.Name
		}
	}
	return ""
}

// administrator reports whether the signer signed with an administrator's key, and
// not with a passkey that has it. The key of who is none is empty: no keyid names it.
func (c *check) administrator() bool {
	s := c.verified.Signer()
	return c.board.key(s.ID).Digest() == s.KeyID
}

// others are the administrators besides the signer.
func (c *check) others() []attest.Administrator {
	return slices.DeleteFunc(slices.Clone(c.board.list), func(a attest.Administrator) bool {
		return a.Name == c.verified.Signer().ID
	})
}

// enough asks for a quorum of administrators, the signer included. Without it
// nothing is logged: the same payload may come again with more endorsements.
func (c *check) enough() error {
	have := 1
	for _, a := range c.others() {
		if c.endorsed[a.Key.Digest()] != "" {
			have++
		}
	}
	if have < c.board.quorum {
		return attest.Refuse("control.quorum", "endorsements", number(int64(c.board.quorum))+" administrators", number(int64(have)))
	}
	return nil
}
