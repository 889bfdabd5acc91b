package identity

import (
	"encoding/binary"
	"testing"
	"time"
)

func key(n uint64) cacheKey {
	var k cacheKey
	binary.BigEndian.PutUint64(k.chain[:], n)
	return k
}

// TestCacheIsBounded: it never holds more than it was made for, and what is
// used stays.
func TestCacheIsBounded(t *testing.T) {
	m := NewCache(10)
	always := key(1 << 40)
	m.put(always, []interval{{time.Unix(1, 0), time.Unix(2, 0)}})
	for n := range uint64(1000) {
		m.put(key(n), []interval{{}})
		if size := len(m.young) + len(m.old); size > 10 {
			t.Fatalf("holds %d", size)
		}
		if n%3 == 0 && m.get(always) == nil {
			t.Fatalf("dropped the one in use after %d others", n)
		}
	}
	if m.get(key(0)) != nil {
		t.Error("kept the oldest")
	}
}
