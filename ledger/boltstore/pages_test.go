package boltstore_test

import (
	"encoding/binary"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// TestCheckPages marks a page in use as free, which no read notices.
func TestCheckPages(t *testing.T) {
	path := fill(t, 300)
	faults := func(path string) (list []*ledger.Corrupt) {
		s, err := boltstore.OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if n := len(check(t, s)); n > 0 {
			t.Fatalf("%d faults in what is read", n)
		}
		if err := s.CheckPages(func(c *ledger.Corrupt) { list = append(list, c) }); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := faults(path); len(list) > 0 {
		t.Fatalf("a sound file: %v", list)
	}
	const pageSize = 16 << 10
	bad := damage(t, path, func(b []byte) {
		// Pages of the list of free pages have the flag 0x10, then how many
		// there are and their numbers in the byte order of the machine.
		changed := 0
		meta := b // the newer of two: u64 root at 32, u64 transaction at 64
		if binary.NativeEndian.Uint64(b[pageSize+64:]) > binary.NativeEndian.Uint64(b[64:]) {
			meta = b[pageSize:]
		}
		for p := 2; p < len(b)/pageSize; p++ {
			page := b[p*pageSize : (p+1)*pageSize]
			if order := binary.NativeEndian; order.Uint16(page[8:]) == 0x10 && order.Uint16(page[10:]) > 0 {
				order.PutUint64(page[16:], order.Uint64(meta[32:]))
				changed++
			}
		}
		if changed == 0 {
			t.Fatal("no list of free pages")
		}
	})
	if list := faults(bad); len(list) == 0 || list[0].Bucket != "file" {
		t.Errorf("faults %v, want one in the file", list)
	}
}
