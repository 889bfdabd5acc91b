package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	"github.com/deedlog/deed/ledger"
)

// The part of bbolt's own layout that says which pages are in use: bbolt tells it
// of one page at a time, and reads each for that. Integers are in the byte order of
// the machine.
//
//	page       u64 id || u16 flags || u16 count || u32 overflow
//	meta       page || u32 magic || u32 version || u32 page size || u32 flags ||
//	           u64 root || u64 sequence || u64 free list || u64 pages || u64 transaction || u64 sum
//	free list  page || count times u64 id; of a count of 0xffff, the count as a u64 before
//
// Pages 0 and 1 are the two metas. The one with the greater transaction counts, of
// those whose sum (FNV-1a, 64 bits) is right; the other one is what a crash in the
// middle of the next commit falls back to.
const (
	pageHeader   = 16
	metaSize     = 64
	metaMagic    = 0xed0cdaed
	metaVersion  = 2
	freelistFlag = 0x10
	manyPages    = 0xffff
)

var machine = binary.NativeEndian

// meta is what a meta page says of the file.
type meta struct {
	freelist uint64 // its page
	pages    uint64 // there are; the file may be larger
}

// parseMeta reads a page with a meta. ok is false where it is not whole, so that
// nothing rests on it.
func parseMeta(b []byte, size int) (m meta, ok bool) {
	if len(b) < pageHeader+metaSize {
		return m, false
	}
	b = b[pageHeader : pageHeader+metaSize]
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if machine.Uint32(b) != metaMagic || machine.Uint32(b[4:]) != metaVersion || machine.Uint32(b[8:]) != uint32(size) ||
		machine.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return m, false
	}
	return meta{freelist: machine.Uint64(b[32:]), pages: machine.Uint64(b[40:])}, true
}

// freeList is the head of a free list: how many bytes its numbers take, and where
// they begin.
func freeList(b []byte) (start, length int64, err error) {
	if len(b) < pageHeader+8 || machine.Uint16(b[8:])&freelistFlag == 0 {
		return 0, 0, pagesFault("a list of free pages", "another page")
	}
	start, n := int64(pageHeader), uint64(machine.Uint16(b[10:]))
	if n == manyPages {
		start, n = start+8, machine.Uint64(b[pageHeader:])
	}
	if overflow := uint64(machine.Uint32(b[12:])); n > (overflow+1)*uint64(len(b))/8 {
		return 0, 0, pagesFault("a list of free pages", fmt.Sprint(n, " on ", overflow+1, " pages"))
	}
	return start, int64(n) * 8, nil
}

// parseFree reads the numbers of a free list: ascending, of pages there are, and
// of none with a meta.
func parseFree(b []byte, pages uint64) ([]uint64, error) {
	list := make([]uint64, 0, len(b)/8)
	last := uint64(1)
	for ; len(b) >= 8; b = b[8:] {
		id := machine.Uint64(b)
		if id <= last || id >= pages {
			return nil, pagesFault(fmt.Sprintf("a free page after %d and below %d", last, pages), fmt.Sprint(id))
		}
		list, last = append(list, id), id
	}
	return list, nil
}

func pagesFault(want, got string) error {
	return &ledger.Corrupt{Bucket: "file", Key: "free pages", Want: want, Got: got}
}

// unused lists the pages that neither meta refers to, ascending, and the number
// after the last page of either. length is that of the file, size that of a page.
func unused(file io.ReaderAt, length int64, size int) (list []uint64, end uint64, err error) {
	whole := 0
	for slot := range int64(2) {
		page := make([]byte, size)
		if _, err := file.ReadAt(page, slot*int64(size)); err != nil {
			return nil, 0, err
		}
		m, ok := parseMeta(page, size)
		if !ok {
			continue
		}
		if most := uint64(length) / uint64(size); m.pages > most {
			return nil, 0, pagesFault(fmt.Sprint("at most ", most, " pages"), fmt.Sprint(m.pages))
		}
		free, err := readFree(file, m, size)
		if err != nil {
			return nil, 0, err
		}
		if whole++; whole == 1 {
			list, end = free, m.pages
			continue
		}
		list, end = both(list, free, end, m.pages), max(end, m.pages)
	}
	if whole == 0 {
		return nil, 0, pagesFault("a meta page", "none that is whole")
	}
	return list, end, nil
}

// readFree reads the free list of a meta.
func readFree(file io.ReaderAt, m meta, size int) ([]uint64, error) {
	if m.freelist < 2 || m.freelist >= m.pages {
		return nil, pagesFault("a list of free pages", fmt.Sprint("page ", m.freelist))
	}
	first := make([]byte, size)
	at := int64(m.freelist) * int64(size)
	if _, err := file.ReadAt(first, at); err != nil {
		return nil, err
	}
	start, length, err := freeList(first)
	if err != nil {
		return nil, err
	}
	numbers := make([]byte, length)
	if _, err := file.ReadAt(numbers, at+start); err != nil {
		return nil, err
	}
	return parseFree(numbers, m.pages)
}

// both lists the pages that are free in two lists; a page after the end of a list's
// file is free there.
func both(a, b []uint64, endA, endB uint64) []uint64 {
	all := slices.Concat(a, b)
	for id := min(endA, endB); id < max(endA, endB); id++ {
		all = append(all, id) // free in the smaller one; counts if it is in the list of the other
	}
	slices.Sort(all)
	var out []uint64
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			out = append(out, all[i])
		}
	}
	return out
}

// isZero reports whether nothing is in a page.
func isZero(page []byte) bool { return len(bytes.TrimLeft(page, "\x00")) == 0 }
