package ledger

import "time"

// MaxEntry is the largest entry in bytes: an entry bundle prefixes each entry
// with a uint16 length (c2sp.org/tlog-tiles, "Log entries").
const MaxEntry = 65535

// ObjectTable is the reserved table under which [View] and [Reader] serve
// objects; the key is the SHA-256 of the bytes in lower-case hexadecimal.
// Cells cannot be written to it.
const ObjectTable = "object"

// EdgeTable is the reserved table of the cells in which a log keeps the partial
// tiles above its entries: the key is the tile level, from 1, the value the
// hashes. Cells cannot be written to it.
const EdgeTable = "edge"

// A Submission is something that wants to become one entry.
type Submission interface {
	// ID is the identity used for idempotency: of all submissions with one
	// ID, the log takes the first that is placed, and answers the others with
	// its entry. ID must be constant, and must not depend on anything that
	// differs in a retry.
	ID() Hash

	// Place decides, in log order, what to append. It is called by one
	// goroutine at a time, with the state as of the entry just before and the
	// time that the entry will carry (whole milliseconds, never earlier than
	// that of an earlier entry). It must be quick and free of side effects:
	// it is called again, perhaps with other state, when a commit did not
	// take place. An error fails this submission only, consumes nothing, and
	// is returned from [Log.Append] as it is.
	Place(v View, at time.Time) (Placement, error)
}

// A View is the state of the log as of the entry just before the one being
// placed, including earlier entries of the same batch that are not yet on
// disk. It is valid during the call of Place only.
type View interface {
	// Size is the index that the submission's entry will have.
	Size() uint64
	// Get returns the value of a cell, or the bytes of an object for table
	// [ObjectTable]. A missing key is (nil, nil). An error is a fault of the
	// store, which Place should return. The bytes must not be modified.
	Get(table, key string) ([]byte, error)
	// Entry returns the bytes of an earlier entry: the index is below Size.
	Entry(index uint64) ([]byte, error)
}

// A Placement is everything that one entry brings into the log. It is written
// in one transaction or not at all. Its bytes must not be changed any more.
type Placement struct {
	Entry   []byte   // 1 to MaxEntry bytes; hashed into the tree
	Objects []Object // content-addressed; one that is already there is kept
	Cells   []Cell   // state, in order: the last write of a key wins
	Rows    []Row    // search rows for this entry
	Erase   []Hash   // objects of earlier entries to be destroyed; their digests stay
}

// An Object is a content-addressed piece of evidence.
type Object struct {
	Digest Hash // SHA-256(Bytes)
	Bytes  []byte
	// Fresh says that no earlier entry can have brought it, so that it needs
	// not be looked for. If that is wrong, it is stored twice.
	Fresh bool
}

// A Cell is one write of state. Table is any name except the reserved one, and
// key is not empty. A nil Value deletes the key.
type Cell struct {
	Table, Key string
	Value      []byte
}

// A Row says that the entry being placed is to be found under (Name, Key), for
// example ("agent", "spiffe://example.org/payments"). The sequencer adds the
// entry's index. Name and Key are at most [MaxRowText] bytes each.
type Row struct{ Name, Key string }

// MaxRowText is the largest length in bytes of a row's name or key, and of a
// cell's table or key.
const MaxRowText = 4096

// A Receipt is the answer to an append.
type Receipt struct {
	// Index of the entry, from 0.
	Index uint64
	// Entry is the logged bytes: of a duplicate, those of the first.
	Entry []byte
	// Proof is a C2SP tlog-proof text: the inclusion of Entry at Index in a
	// checkpoint that was published no earlier than the answer was due.
	Proof []byte
	// Duplicate reports that an earlier append had this identity.
	Duplicate bool
}
