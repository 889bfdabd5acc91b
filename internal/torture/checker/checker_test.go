package checker

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/deedlog/deed/internal/setup"
)

const origin = "checker.example/log"

// register makes a register of three entries and returns its directory and keys.
func register(t *testing.T) (dir string, vkeys []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "register")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: origin, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, []string{i.VKey(), i.MLDSAVKey()}
}

// key is a log key of the test's own, to sign what no log would.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func ownVKey() string {
	raw := append([]byte{typeEd25519}, key.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte(origin+"\n"), raw...))
	return fmt.Sprintf("%s+%x+%s", origin, sum[:4], base64.StdEncoding.EncodeToString(raw))
}

func signed(t *testing.T, size uint64, root Hash) []byte {
	t.Helper()
	k, err := parseVKey(ownVKey())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root[:]))
	sig := append(bytes.Clone(k.id), ed25519.Sign(key, []byte(text))...)
	return []byte(text + "\n— " + origin + " " + base64.StdEncoding.EncodeToString(sig) + "\n")
}

// TestSound checks a register as it was made, with both keys, twice with one
// checker.
func TestSound(t *testing.T) {
	dir, vkeys := register(t)
	c, err := New(vkeys...)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Database(filepath.Join(dir, "ledger.db"), filepath.Join(dir, "head"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.known) != 3 || len(c.rows) < 6 {
		t.Fatalf("%d entries and %d rows were looked at", len(c.known), len(c.rows))
	}
	head, err := ReadHead(filepath.Join(dir, "head"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.SplitAfter(string(head), "\n") {
		if !strings.HasPrefix(line, "— ") {
			continue
		}
		without := strings.Replace(string(head), line, "", 1)
		flipped := strings.Replace(string(head), line, line[:len(line)-80]+flip(line[len(line)-80])+line[len(line)-79:], 1)
		for _, text := range []string{without, flipped, string(head) + line} {
			if _, err := c.Size([]byte(text)); err == nil {
				t.Errorf("a head file with line %d gone, wrong or doubled passes", i)
			}
		}
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// damages are changes to the database of a register of three entries. None may
// pass.
var damages = []struct {
	name    string
	change  func(tx *bolt.Tx) error
	finding string
}{
	{"no entry in the middle", remove("entries", u64(1)), "entry 2 where 1 is due"},
	{"no last entry", remove("entries", u64(2)), "the stored head is of size 3"},
	{"entry with other bytes", edit("entries", u64(1), func(v []byte) { v[len(v)-3] ^= 1 }), "leaf hash"},
	{"entry with another leaf hash", edit("entries", u64(1), func(v []byte) { v[44] ^= 1 }), "leaf hash"},
	{"entry with another identity", func(tx *bolt.Tx) error {
		return edit("entries", u64(1), func(v []byte) { v[7] ^= 1; copy(v, sum(v[4:36])) })(tx)
	}, "stored under the identity"},
	{"entries in another order", swap("entries", u64(1), u64(2)), "is before that of|the stored head"},
	{"entry whose identity has another sum", edit("entries", u64(1), func(v []byte) { v[0] ^= 1 }), "does not have its sum"},
	{"no object", remove("objects", u64(0)), "object 1 where 0 is due"},
	{"no last object", func(tx *bolt.Tx) error { return last(tx, "objects", (*bolt.Bucket).Delete) }, "is missing"},
	{"an object with other bytes", edit("objects", u64(0), func(v []byte) { v[40] ^= 1 }), "another hash"},
	{"a state cell with other bytes", func(tx *bolt.Tx) error {
		return last(tx, "cell/force", func(b *bolt.Bucket, k []byte) error { return b.Put(k, append(bytes.Clone(b.Get(k)), 'x')) })
	}, "does not have its sum"},
	{"no recent commit", func(tx *bolt.Tx) error { return last(tx, "recent", (*bolt.Bucket).Delete) }, "entry 2 is not found"},
	{"no recent commit in the middle", remove("recent", u64(1)), "where 1 is due"},
	{"a recent commit with other bytes", edit("recent", u64(1), func(v []byte) { v[9] ^= 1 }), "does not have its sum"},
	{"a recent commit with another identity", reseal(u64(1), func(v []byte) []byte { v[5] ^= 1; return v }), "leads to entry 1"},
	{"a recent commit without its last search row", reseal(u64(1), func(v []byte) []byte { return v[:bytes.LastIndex(v, []byte("\x04kind"))] }), "search rows, want"},
	{"a recent commit with another search row", reseal(u64(1), func(v []byte) []byte { return append(v, "\x04kind\x01x\x01\x00"...) }), "has no row kind"},
	{"a catalog of a segment that is not there", func(tx *bolt.Tx) error {
		name, v := []byte("catalog"), make([]byte, 9)
		return tx.Bucket([]byte("segments")).Put(name, append(sum([]byte("segments"), name, v), v...))
	}, "there is no such segment"},
	{"a tile of no entries", func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("tiles")).Put(append([]byte{0}, u64(0)...), make([]byte, 272*32))
	}, "of a log of 3 entries"},
	{"a head with other bytes", edit("head", []byte("head"), func(v []byte) { v[20] ^= 1 }), "the stored head: the value does not have its sum"},
	{"a head of another time", edit("head", []byte("head"), resum("head", "head", func(v []byte) { v[16] ^= 1 })), "is of time"},
	{"a head with another edge", edit("head", []byte("head"), resum("head", "head", func(v []byte) { v[60] ^= 1 })), "the stored head"},
}

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func remove(bucket string, k []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Delete(k) }
}

func edit(bucket string, k []byte, change func([]byte)) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		v := bytes.Clone(tx.Bucket([]byte(bucket)).Get(k))
		change(v)
		return tx.Bucket([]byte(bucket)).Put(k, v)
	}
}

// resum changes a value and gives it the sum of what it is then.
func resum(bucket, key string, change func([]byte)) func([]byte) {
	return func(v []byte) {
		change(v[sumSize:])
		copy(v, sum([]byte(bucket), []byte(key), v[sumSize:]))
	}
}

func swap(bucket string, k, l []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		v, w := bytes.Clone(b.Get(k)), bytes.Clone(b.Get(l))
		if err := b.Put(k, w); err != nil {
			return err
		}
		return b.Put(l, v)
	}
}

func last(tx *bolt.Tx, bucket string, change func(*bolt.Bucket, []byte) error) error {
	b := tx.Bucket([]byte(bucket))
	k, _ := b.Cursor().Last()
	return change(b, bytes.Clone(k))
}

// reseal changes a recent commit and gives it the sum of what it is then.
func reseal(k []byte, change func([]byte) []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("recent"))
		v := change(bytes.Clone(b.Get(k)[sumSize:]))
		return b.Put(k, append(sum([]byte("recent"), k, v), v...))
	}
}

func TestDamage(t *testing.T) {
	dir, vkeys := register(t)
	sound, err := os.ReadFile(filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			if err := os.WriteFile(path, sound, 0o600); err != nil {
				t.Fatal(err)
			}
			change(t, path, d.change)
			// Once knowing nothing, and once knowing the sound database.
			for _, before := range []bool{false, true} {
				c, err := New(vkeys...)
				if err != nil {
					t.Fatal(err)
				}
				if before {
					if err := c.Database(filepath.Join(dir, "ledger.db"), filepath.Join(dir, "head"), nil); err != nil {
						t.Fatal(err)
					}
				}
				found(t, c.Database(path, filepath.Join(dir, "head"), nil), d.finding+"|reading ")
			}
		})
	}
}

func change(t *testing.T, path string, f func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// found wants an error with one of these texts in it.
func found(t *testing.T, err error, texts string) {
	t.Helper()
	for text := range strings.SplitSeq(texts, "|") {
		if err != nil && strings.Contains(err.Error(), text) {
			return
		}
	}
	t.Errorf("want %q, found %v", texts, err)
}

// TestPromises holds a sound database against what it never promised.
func TestPromises(t *testing.T) {
	dir, _ := register(t)
	c, err := New(ownVKey())
	if err != nil {
		t.Fatal(err)
	}
	db, head := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "head")
	c.rehead(t, db, head)
	ok := Acknowledgement{Index: 1, ID: fmt.Sprintf("id:%x", c.known[1].id), Entry: []byte(c.known[1].entry), Checkpoint: signed(t, 2, c.tree.root(2))}
	if err := c.Database(db, head, []Acknowledgement{ok}, signed(t, 0, sha256.Sum256(nil)), signed(t, 1, c.tree.root(1))); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name    string
		change  func(*Acknowledgement)
		finding string
	}{
		{"beyond the end", func(a *Acknowledgement) { a.Index = 3 }, "entry 3 is not in the log"},
		{"other bytes", func(a *Acknowledgement) { a.Entry = []byte("x") }, "is not in the log with its bytes"},
		{"another statement", func(a *Acknowledgement) { a.ID = "id:00" }, "was acknowledged for it"},
		{"no signature", func(a *Acknowledgement) { a.Checkpoint = a.Checkpoint[:90] }, "not a checkpoint"},
		{"not covered", func(a *Acknowledgement) { a.Checkpoint = signed(t, 1, c.tree.root(1)) }, "with a checkpoint of size 1"},
		{"a fork", func(a *Acknowledgement) { a.Checkpoint = signed(t, 3, c.tree.root(2)) }, "does not have its root"},
		{"a longer log", func(a *Acknowledgement) { a.Checkpoint = signed(t, 4, c.tree.root(2)) }, "does not have its root"},
	} {
		t.Run(p.name, func(t *testing.T) {
			a := ok
			p.change(&a)
			found(t, c.Database(db, head, []Acknowledgement{ok, a}), p.finding)
		})
	}
	found(t, c.Database(db, head, nil, signed(t, 2, c.tree.root(1))), "does not have its root")
	save(t, head, 1, signed(t, 2, c.tree.root(2)))
	found(t, c.Database(db, head, nil), "the head file is of size 2")
}

// rehead signs the database with the test's key, after reading it.
func (c *Checker) rehead(t *testing.T, db, head string) {
	t.Helper()
	save(t, head, 1, signed(t, 0, sha256.Sum256(nil)))
	found(t, c.Database(db, head, nil), "the head file is of size 0")
	save(t, head, 2, signed(t, 3, c.tree.root(3)))
}

func TestHistory(t *testing.T) {
	c, err := New(ownVKey())
	if err != nil {
		t.Fatal(err)
	}
	one, two, other := signed(t, 1, Hash{1}), signed(t, 2, Hash{2}), signed(t, 2, Hash{3})
	if err := c.History([][]byte{one, two}); err != nil {
		t.Fatal(err)
	}
	for _, texts := range [][][]byte{{two, one}, {one, two, other}, {one, one}, {one, []byte("x")}} {
		if err := c.History(texts); err == nil {
			t.Errorf("a history of %q passes", texts)
		}
	}
}
