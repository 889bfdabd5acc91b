package checker

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// TestTree compares with another implementation of RFC 6962.
func TestTree(t *testing.T) {
	var tr tree
	other := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	roots := []Hash{sha256.Sum256(nil)}
	for i := range 700 {
		entry := fmt.Appendf(nil, "entry %d", i)
		tr.append(leafHash(entry))
		if err := other.Append(rfc6962.DefaultHasher.HashLeaf(entry), nil); err != nil {
			t.Fatal(err)
		}
		root, err := other.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, Hash(root))
	}
	for n, want := range roots {
		if got := tr.root(uint64(n)); got != want {
			t.Fatalf("root of size %d is %x, want %x", n, got, want)
		}
	}
	tr.cut(300)
	if got := tr.root(300); got != roots[300] || len(tr.levels[0]) != 300 {
		t.Errorf("after a cut, root of size 300 is %x, want %x", got, roots[300])
	}
	if n := len(tr.tile(0, 0)); n != (256+16)*32 {
		t.Errorf("a tile of %d bytes", n)
	}
}
