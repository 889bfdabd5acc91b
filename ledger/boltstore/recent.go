package boltstore

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/deedlog/deed/ledger"
)

// keys are what the index learns of one commit.
type keys struct {
	start   uint64        // index of the first entry
	ids     []ledger.Hash // of the entries from start on
	first   uint64        // ordinal of the first object
	objects []ledger.Hash // from first on
	rows    []posting
}

// A posting is a row with the entries that have it, ascending.
type posting struct {
	row     ledger.Row
	indexes []uint64
}

// end is the index after the last entry.
func (k *keys) end() uint64 { return k.start + uint64(len(k.ids)) }

// group gathers the rows of a commit by row, in the order in which each comes
// first, and drops repetitions.
func group(rows []ledger.IndexedRow) []posting {
	at := make(map[ledger.Row]int)
	var list []posting
	for _, r := range rows {
		i, ok := at[r.Row]
		if !ok {
			i = len(list)
			at[r.Row] = i
			list = append(list, posting{row: r.Row})
		}
		list[i].indexes = append(list[i].indexes, r.Index)
	}
	for i := range list {
		if !slices.IsSorted(list[i].indexes) {
			slices.Sort(list[i].indexes)
		}
		list[i].indexes = slices.Compact(list[i].indexes)
	}
	return list
}

// appendKeys is the stored form, whose key is the start:
//
//	u32 n || n identities || u64 first || u32 m || m digests || rows
//	row:  uvarint len || name || uvarint len || key || uvarint n || n uvarints
//
// The indexes of a row are each the difference to the one before, the first to
// the start.
func appendKeys(b []byte, k *keys) []byte {
	b = appendHashes(b, k.ids)
	b = binary.BigEndian.AppendUint64(b, k.first)
	b = appendHashes(b, k.objects)
	for _, p := range k.rows {
		b = append(binary.AppendUvarint(b, uint64(len(p.row.Name))), p.row.Name...)
		b = append(binary.AppendUvarint(b, uint64(len(p.row.Key))), p.row.Key...)
		b = binary.AppendUvarint(b, uint64(len(p.indexes)))
		b = appendDeltas(b, k.start, p.indexes)
	}
	return b
}

func appendHashes(b []byte, list []ledger.Hash) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
	for _, h := range list {
		b = append(b, h[:]...)
	}
	return b
}

func appendDeltas(b []byte, before uint64, indexes []uint64) []byte {
	for _, i := range indexes {
		b = binary.AppendUvarint(b, i-before)
		before = i
	}
	return b
}

// parseKeys reads the stored form; its sum was checked.
func parseKeys(start uint64, b []byte) (*keys, error) {
	r := &reader{rest: b}
	k := &keys{start: start, ids: r.hashes(), first: r.uint64(), objects: r.hashes()}
	for len(r.rest) > 0 && r.err == nil {
		p := posting{row: ledger.Row{Name: string(r.bytes(r.uvarint())), Key: string(r.bytes(r.uvarint()))}}
		p.indexes = r.deltas(start, r.uvarint())
		k.rows = append(k.rows, p)
	}
	return k, r.err
}

// A reader takes a value apart. After an error it returns zeros.
type reader struct {
	rest []byte
	err  error
}

var errShort = errors.New("a value that ends too early")

func (r *reader) bytes(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.rest, r.err = nil, errShort
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bytes(uint64(len(r.rest)) + 1)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) hashes() []ledger.Hash {
	var n uint64
	if b := r.bytes(4); b != nil {
		n = uint64(binary.BigEndian.Uint32(b))
	}
	b := r.bytes(n * 32)
	list := make([]ledger.Hash, len(b)/32)
	for i := range list {
		list[i] = ledger.Hash(b[i*32 : i*32+32])
	}
	return list
}

func (r *reader) deltas(before, n uint64) []uint64 {
	var list []uint64
	for range n {
		if r.err != nil {
			break
		}
		before += r.uvarint()
		list = append(list, before)
	}
	return list
}

// A part is the index of the entries of one level-0 segment while that is not
// written. The last part grows with every commit.
type part struct {
	number uint64

	mu      sync.RWMutex
	ids     map[ledger.Hash]uint64
	objects map[ledger.Hash]uint64 // ordinals
	rows    map[ledger.Row][]uint64
	// older has the ordinals of further copies: of an object that was damaged and
	// came again, or was erased before.
	older map[ledger.Hash][]uint64
}

func newPart(number uint64) *part {
	return &part{
		number: number, ids: make(map[ledger.Hash]uint64), objects: make(map[ledger.Hash]uint64),
		rows: make(map[ledger.Row][]uint64), older: make(map[ledger.Hash][]uint64),
	}
}

// add takes in what a commit has of this part's entries. All objects of a
// commit belong to the part of its first entry.
func (p *part) add(k *keys) {
	p.mu.Lock()
	defer p.mu.Unlock()
	low, high := p.number*partEntries, (p.number+1)*partEntries
	for i := max(low, k.start); i < min(high, k.end()); i++ {
		p.ids[k.ids[i-k.start]] = i
	}
	if low <= k.start && k.start < high {
		for i, d := range k.objects {
			if before, ok := p.objects[d]; ok && before != k.first+uint64(i) {
				p.older[d] = append(p.older[d], before)
			}
			p.objects[d] = k.first + uint64(i)
		}
	}
	for _, r := range k.rows {
		from, _ := slices.BinarySearch(r.indexes, low)
		to, _ := slices.BinarySearch(r.indexes, high)
		if from < to {
			p.rows[r.row] = append(p.rows[r.row], r.indexes[from:to]...)
		}
	}
}

func (p *part) id(id ledger.Hash) (uint64, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	i, ok := p.ids[id]
	return i, ok
}

// copies returns the ordinals of all copies of an object, newest first.
func (p *part) copies(d ledger.Hash) []uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	i, ok := p.objects[d]
	if !ok {
		return nil
	}
	list := append(slices.Clone(p.older[d]), i)
	slices.Reverse(list)
	return list
}

// indexes returns up to n entries with a row, from one index on, or downwards.
func (p *part) indexes(r ledger.Row, from uint64, newest bool, n int) []uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return page(p.rows[r], from, newest, n)
}

// page returns a copy of up to n of an ascending list, from one on, or downwards.
func page(list []uint64, from uint64, newest bool, n int) []uint64 {
	at, found := slices.BinarySearch(list, from)
	if !newest {
		return slices.Clone(list[at:min(len(list), at+n)])
	}
	if found {
		at++
	}
	down := slices.Clone(list[max(0, at-n):at])
	slices.Reverse(down)
	return down
}
