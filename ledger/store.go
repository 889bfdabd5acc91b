package ledger

import (
	"context"
	"slices"
)

// A Store keeps a log durably. It is the seam between the log and a database:
// compare-head-and-commit, and reads. Batching, hashing, signing, idempotency
// and back-pressure stand above it.
//
// Durability: when Commit returns nil, the delta survives the loss of power.
// Concurrency: Commit and Load are called by one goroutine at a time; reads are
// called by any number of goroutines, also during a Commit, and see a commit
// either whole or not at all. Consistency: a read that starts after Commit
// returned sees it. Bytes returned belong to the caller.
//
// What a Store returns was checked: the bytes of entries and objects are hashed
// on every read, and damage is a [*Corrupt], never wrong bytes.
type Store interface {
	Reader

	// Load returns the head of the last commit; of an empty store, the
	// [EmptyHead]. It reads the database, never a copy in memory, because it
	// is called to find out whether a commit with an unknown outcome took
	// place.
	Load(ctx context.Context) (Head, error)

	// Commit appends d if the stored head equals expect in size and root, in
	// one transaction, synced. It must not keep d or change it.
	//
	// An error says what the caller may do:
	//
	//	wraps ErrConflict   nothing was written; the head is another one
	//	wraps ErrRetryable  nothing was written; the same commit may be tried again
	//	wraps ErrUnknown    it may or may not have been written: Load tells
	//	anything else       the store is not to be used any more
	//
	// A failed sync is of the last kind: what the operating system then holds
	// in memory does not tell what is on the disk.
	Commit(ctx context.Context, expect Head, d Delta) error

	// Close releases the store. No other call may follow or be under way.
	Close() error
}

// A Reader reads a committed log.
type Reader interface {
	// Get returns the value of a cell, or of an object for [ObjectTable]. A
	// missing key is (nil, nil); an empty value is not nil.
	Get(ctx context.Context, table, key string) ([]byte, error)

	// Scan calls fn in ascending byte order for the cells of table that start
	// with prefix and are greater than after, until fn returns false. No lock
	// is held during the calls: fn may use the store, and a commit meanwhile is
	// seen or not, key by key.
	Scan(ctx context.Context, table, prefix, after string, fn func(key string, value []byte) bool) error

	// ScanRows calls fn with the indexes of the entries that have row r, until
	// fn returns false: upwards from index from, or downwards if newest. As
	// with Scan, no lock is held. To go on after a page, give the last index
	// plus 1, or less 1; math.MaxUint64 starts with the newest.
	ScanRows(ctx context.Context, r Row, from uint64, newest bool, fn func(index uint64) bool) error

	// Entries returns the entries from index start on: n of them, or fewer at
	// the end of the log. With a *Corrupt error it returns those before the
	// damaged one.
	Entries(ctx context.Context, start, n uint64) ([]Entry, error)

	// Objects returns the objects from the start-th on, in the order in which
	// they came: n of them, or fewer at the end. With a *Corrupt error it
	// returns those before the damaged one. A digest may come twice. One that
	// was erased has nil Bytes.
	Objects(ctx context.Context, start, n uint64) ([]Object, error)

	// Tile returns the data of a full tile as it was committed, or (nil, nil)
	// if there is none.
	Tile(ctx context.Context, level int, index uint64) ([]byte, error)

	// Lookup returns the index of the entry whose submission had this
	// identity, and whether there is one.
	Lookup(ctx context.Context, id Hash) (index uint64, found bool, err error)
}

// An Entry is one logged item with the identity of its submission.
type Entry struct {
	ID    Hash
	Leaf  Hash // HashLeaf(Bytes)
	Bytes []byte
}

// A Delta is what one commit adds to the store.
type Delta struct {
	Head    Head    // the new head; Head.Size = expect.Size + len(Entries)
	Entries []Entry // at the indexes expect.Size, expect.Size+1, ...
	Tiles   []Tile  // the tiles that these entries completed
	Objects []Object
	Cells   []Cell // at most one per table and key; a nil value deletes
	Rows    []IndexedRow
	// Erase are objects of earlier commits of which only the digests stay, of every
	// copy: a read then finds none. A store on a disk leaves nothing of the bytes
	// in its files when Commit returns, or says what it leaves.
	Erase []Hash
}

// A Tile is a completed tile in stored form. A store keeps Data as it is and
// needs not understand it: the 256 hashes of the C2SP tile, then the 16 nodes
// four levels above them, which make a proof cost 22 hashes per tile instead of
// 247.
type Tile struct {
	Level int    // tile level, 0 for leaf hashes
	Index uint64 // from 0 within the level
	Data  []byte // (256 + 16) * 32 bytes

	nodes *partial // of a tile that was just completed: what is inside
}

// An IndexedRow is a row with the entry that has it.
type IndexedRow struct {
	Row
	Index uint64
}

// A HeadFile keeps the last signed checkpoint outside the database, so that a
// database restored from an old copy is recognised before it signs a fork.
// Put it on storage that is not backed up and restored with the database.
type HeadFile interface {
	// Load returns the last text saved, or (nil, nil) if there never was one.
	Load() ([]byte, error)
	// Save replaces the text atomically and durably. After an error the log
	// stops for good.
	Save(checkpoint []byte) error
}

// A Head is the state of the tree after a commit.
type Head struct {
	Size uint64 // number of entries
	Root Hash
	// Edge is the right edge of the tree: the roots of the perfect subtrees
	// that Size is made of, largest first; one for each 1 bit of Size.
	Edge []Hash
	// Time is the time of the last entry in Unix milliseconds, 0 if there is
	// none.
	Time int64
}

// EmptyHead is the head of a log without entries.
func EmptyHead() Head { return Head{Root: EmptyRoot} }

// Equal reports whether h and o are the same head.
func (h Head) Equal(o Head) bool {
	return h.Size == o.Size && h.Root == o.Root && h.Time == o.Time && slices.Equal(h.Edge, o.Edge)
}
