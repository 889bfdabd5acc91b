package checker

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Acknowledgement is what a client was told of one statement.
type Acknowledgement struct {
	Index      uint64
	ID         string // "id:" and 64 hex digits
	Entry      []byte
	Checkpoint []byte // the signed one of the receipt
}

// Checker checks databases of one log, one after the other.
type Checker struct {
	keys []vkey

	// What was computed for the databases before, which share most of it.
	notes   map[string]checkpoint
	objects map[Hash]string
	known   []item
	tree    tree
	rows    map[row]int // of known, numbered
	numbers int         // given to rows
}

// New makes a checker for the log with these keys; the first names it. A
// checkpoint needs a signature of each.
func New(vkeys ...string) (*Checker, error) {
	c := &Checker{notes: map[string]checkpoint{}, objects: map[Hash]string{}, rows: map[row]int{}}
	for _, text := range vkeys {
		k, err := parseVKey(text)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, k)
	}
	if len(c.keys) == 0 {
		return nil, errors.New("no key to check with")
	}
	return c, nil
}

// Database checks a database and its head file, which no process has open. Of
// acks, each must be in the log; of seen, signed checkpoints, each must be a
// prefix of it.
func (c *Checker) Database(path, headFile string, acks []Acknowledgement, seen ...[]byte) error {
	text, err := ReadHead(headFile)
	if err != nil {
		return err
	}
	signed, err := c.open(text)
	if err != nil {
		return fmt.Errorf("head file: %w", err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bolt.Tx) error { return c.check(tx, signed, acks, seen) })
	return errors.Join(err, db.Close())
}

func (c *Checker) check(tx *bolt.Tx, signed checkpoint, acks []Acknowledgement, seen [][]byte) error {
	var damage error
	for err := range tx.Check() { // to its end: it goes on in a goroutine
		damage = errors.Join(damage, err)
	}
	if damage != nil {
		return fmt.Errorf("bbolt: %w", damage)
	}
	objects, err := c.scanObjects(tx)
	if err != nil {
		return err
	}
	n, err := c.scanEntries(tx)
	if err != nil {
		return err
	}
	return errors.Join(
		c.checkHead(tx, n, signed), c.checkTiles(tx, n), c.checkIndex(tx, n, objects), checkCells(tx),
		c.checkNamed(n, objects), c.checkAcknowledged(n, acks), c.checkSeen(n, seen),
	)
}

// erased reports whether the state says that an erasure destroyed an object.
func erased(tx *bolt.Tx, d Hash) bool {
	b := tx.Bucket([]byte("cell/erased"))
	return b != nil && b.Get(fmt.Appendf(nil, "%x", d[:])) != nil
}

// scanObjects hashes every object, unless it was hashed before, and returns all
// digests in the order of their ordinals.
func (c *Checker) scanObjects(tx *bolt.Tx) (stored []Hash, err error) {
	err = readObjects(tx, func(ordinal uint64, d Hash, object []byte) error {
		if ordinal != uint64(len(stored)) {
			return fmt.Errorf("object %d where %d is due", ordinal, len(stored))
		}
		if known, ok := c.objects[d]; !ok || known != string(object) {
			if len(object) == 0 && erased(tx, d) {
				stored = append(stored, d)
				return nil
			}
			if sha256.Sum256(object) != d {
				return errors.New("the object has another hash")
			}
			c.objects[d] = string(object)
		}
		stored = append(stored, d)
		return nil
	})
	return stored, err
}

// scanEntries reads all entries, and returns how many there are. c.known and
// c.tree then begin with them, and may go on with those of a longer database.
func (c *Checker) scanEntries(tx *bolt.Tx) (n uint64, err error) {
	err = readEntries(tx, func(index uint64, id, leaf Hash, entry []byte) error {
		if index != n {
			return fmt.Errorf("entry %d where %d is due", index, n)
		}
		n++
		if index >= uint64(len(c.known)) || c.known[index].entry != string(entry) {
			c.forget(index)
			it, err := derive(index, entry, c.objects)
			if err != nil {
				return err
			}
			c.remember(it)
		}
		it := c.known[index]
		switch {
		case it.id != id:
			return fmt.Errorf("stored under the identity %x", id)
		case c.tree.levels[0][index] != leaf:
			return fmt.Errorf("stored with the leaf hash %x", leaf)
		case index > 0 && it.time < c.known[index-1].time:
			return fmt.Errorf("the time %d is before that of the entry before", it.time)
		}
		return nil
	})
	return n, err
}

// forget drops what is known from an index on.
func (c *Checker) forget(from uint64) {
	for _, it := range c.known[from:] {
		for _, r := range it.rows {
			delete(c.rows, r)
		}
	}
	c.known = c.known[:from]
	c.tree.cut(int(from))
}

func (c *Checker) remember(it item) {
	c.known = append(c.known, it)
	c.tree.append(leafHash([]byte(it.entry)))
	for _, r := range it.rows {
		c.rows[r] = c.numbers
		c.numbers++
	}
}

// checkAcknowledged wants every acknowledged entry, no statement at two indexes,
// and no index for two statements.
func (c *Checker) checkAcknowledged(n uint64, acks []Acknowledgement) error {
	var p checkpoint
	for i, a := range acks {
		if a.Index >= n || c.known[a.Index].entry != string(a.Entry) {
			return fmt.Errorf("acknowledged entry %d is not in the log with its bytes", a.Index)
		}
		if id := fmt.Sprintf("id:%x", c.known[a.Index].id); id != a.ID {
			return fmt.Errorf("entry %d is of statement %s, and %s was acknowledged for it", a.Index, id, a.ID)
		}
		if i == 0 || !bytes.Equal(a.Checkpoint, acks[i-1].Checkpoint) { // a batch has one for all
			var err error
			if p, err = c.open(a.Checkpoint); err != nil {
				return fmt.Errorf("acknowledgement of entry %d: %w", a.Index, err)
			}
			if err := c.prefix(n, p); err != nil {
				return err
			}
		}
		if p.size <= a.Index {
			return fmt.Errorf("entry %d was acknowledged with a checkpoint of size %d", a.Index, p.size)
		}
	}
	return nil
}

func (c *Checker) checkSeen(n uint64, seen [][]byte) error {
	for _, text := range seen {
		p, err := c.open(text)
		if err != nil {
			return err
		}
		if err := c.prefix(n, p); err != nil {
			return err
		}
	}
	return nil
}

// prefix wants a checkpoint to be of the first entries of the log.
func (c *Checker) prefix(n uint64, p checkpoint) error {
	if p.size > n || c.tree.root(p.size) != p.root {
		return fmt.Errorf("a checkpoint of size %d left the process, and the log of %d entries does not have its root", p.size, n)
	}
	return nil
}

// Size verifies a signed checkpoint and returns its size.
func (c *Checker) Size(text []byte) (uint64, error) {
	p, err := c.open(text)
	return p.size, err
}

// History checks the checkpoints of one run in the order in which they were
// signed: each is larger than the one before, and none is of an earlier time.
func (c *Checker) History(texts [][]byte) error {
	var last checkpoint
	for _, text := range texts {
		p, err := c.open(text)
		if err != nil {
			return err
		}
		if p.size <= last.size || p.time < last.time {
			return fmt.Errorf("a checkpoint of size %d and time %d came after one of size %d and time %d", p.size, p.time, last.size, last.time)
		}
		last = p
	}
	return nil
}
