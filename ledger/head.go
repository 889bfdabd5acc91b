package ledger

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// The stored form of a head, for stores that keep it as bytes:
//
//	struct {
//	    uint8  version = 1;
//	    uint64 size;
//	    int64  time;       // Unix milliseconds
//	    opaque root[32];
//	    opaque edge[32 * popcount(size)];
//	} head;
const (
	headVersion = 1
	headFixed   = 1 + 8 + 8 + 32
)

// AppendBinary appends the stored form of h to b. It never fails; the error is
// there for encoding.BinaryAppender.
func (h Head) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, headVersion)
	b = binary.BigEndian.AppendUint64(b, h.Size)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Time))
	b = append(b, h.Root[:]...)
	for _, e := range h.Edge {
		b = append(b, e[:]...)
	}
	return b, nil
}

// ParseHead parses the stored form of a head. It checks that the edge has the
// length that the size asks for and hashes to the root, so that damage does not
// pass.
func ParseHead(b []byte) (Head, error) {
	if len(b) < headFixed || b[0] != headVersion {
		return Head{}, fmt.Errorf("parsing head: %d bytes are not a head of version %d", len(b), headVersion)
	}
	h := Head{Size: binary.BigEndian.Uint64(b[1:]), Root: Hash(b[17:headFixed])}
	ms := binary.BigEndian.Uint64(b[9:])
	if ms > math.MaxInt64 {
		return Head{}, fmt.Errorf("parsing head: negative time")
	}
	h.Time = int64(ms)
	rest := b[headFixed:]
	if want := 32 * bits.OnesCount64(h.Size); len(rest) != want {
		return Head{}, fmt.Errorf("parsing head: edge of %d bytes, want %d for size %d", len(rest), want, h.Size)
	}
	for ; len(rest) > 0; rest = rest[32:] {
		h.Edge = append(h.Edge, Hash(rest[:32]))
	}
	if got := foldEdge(h.Edge); got != h.Root {
		return Head{}, fmt.Errorf("parsing head: edge hashes to %s, root is %s", got, h.Root)
	}
	return h, nil
}

// foldEdge returns the root of the tree whose perfect subtrees, largest first,
// have these roots (RFC 6962, section 2.1).
func foldEdge(edge []Hash) Hash {
	if len(edge) == 0 {
		return EmptyRoot
	}
	root := edge[len(edge)-1]
	for i := len(edge) - 2; i >= 0; i-- {
		root = hashNode(edge[i], root)
	}
	return root
}
