package boltstore

import "math/bits"

// A filter tells of most identities that are not in a segment that they are
// not: a Bloom filter in blocks of one cache line. At 12 bits for each identity
// about one in 150 others passes.
//
// Identities are hashes, so that their first 8 bytes are all that it needs.
type filter []byte

const (
	filterBlock = 64 // bytes
	filterBits  = 12 // for each identity
	filterSets  = 6  // bits that an identity sets in its block
)

func newFilter(identities uint64) filter {
	blocks := (identities*filterBits + filterBlock*8 - 1) / (filterBlock * 8)
	return make(filter, max(blocks, 1)*filterBlock)
}

// place returns the block of an identity, and a number of which every nine bits
// name a bit of the block.
func (f filter) place(prefix uint64) (block []byte, sets uint64) {
	hi, _ := bits.Mul64(prefix*0x9e3779b97f4a7c15, uint64(len(f)/filterBlock))
	return f[hi*filterBlock : (hi+1)*filterBlock], bits.RotateLeft64(prefix, 31) * 0xc2b2ae3d27d4eb4f >> 10
}

func (f filter) add(prefix uint64) {
	block, sets := f.place(prefix)
	for range filterSets {
		block[sets>>3&63] |= 1 << (sets & 7)
		sets >>= 9
	}
}

func (f filter) has(prefix uint64) bool {
	block, sets := f.place(prefix)
	for range filterSets {
		if block[sets>>3&63]&(1<<(sets&7)) == 0 {
			return false
		}
		sets >>= 9
	}
	return true
}
